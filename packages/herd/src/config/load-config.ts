/**
 * Loads a configuration.
 *
 *     file ──► may others write it? ──► bundle ──► may others write what it imports?
 *          ──► evaluate in a child ──► plain data? ──► schema ──► names and circles ──► Description
 *
 * Each step ends with a ConfigError where something is wrong; nothing of the configuration has run
 * before the child, and nothing of it ever runs in this process.
 */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import { bundle, type Bundle } from './bundle.ts';
import { checkConfig } from './check-config.ts';
import { ConfigError, type Position, type Problem } from './config-error.ts';
import { evaluate, type Evaluation } from './evaluate.ts';
import { evaluationMs, problemCount, resultBytes, thrownChars } from './limits.ts';
import type { Locate } from './positions.ts';
import { pathText, type Site } from './problems.ts';
import type { Description } from './schema.ts';
import { hintForMover, hintForScheme } from './scheme.ts';
import { distrust, distrustLinks, unmappedOwner, type Trusted } from './trust.ts';

/** What loading needs besides the file. */
export interface LoadOptions {
  /** Absolute: the main module of the package `bellwether` of this installation. */
  readonly bellwether: string;
  /** The node's name where the configuration gives none. */
  readonly nodeName: string;
  /** The environment of the evaluation. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For bundling and evaluation together. Absent: a minute. */
  readonly timeoutMs?: number;
  /** Gets what the configuration printed. */
  readonly print?: (text: string) => void;
}

/**
 * The description that a configuration evaluates to. One at a time in a process.
 * @throws ConfigError for whatever is wrong with the file or what it says.
 */
export const loadConfig = async (file: string, options: LoadOptions): Promise<Description> => {
  const { real, value, siteOf } = await loadModule(file, options, shepherdModule);
  return checkConfig(value, { file: real, siteOf, nodeName: options.nodeName });
};

/** How modules of one kind are written. */
export interface ModuleKind {
  /** What such a one exports, for those who name no file. */
  readonly made: string;
  /** What to do where it takes too long. */
  readonly lateHint: string;
}
const shepherdModule: ModuleKind = {
  made: 'defineShepherd({ … })',
  lateHint:
    'a configuration only describes; does it loop, or wait for something? ' +
    "If the machine is busy, 'herd check FILE --timeout 600' shows whether it ends",
};

/** What a module says by its default export. */
export interface Loaded {
  /** The file itself, whatever links led to it. */
  readonly real: string;
  readonly value: unknown;
  readonly siteOf: Site;
}
/**
 * Evaluates a module in a child, and hands over what it exports as plain data. One at a time in a process.
 * @throws ConfigError
 */
export const loadModule = async (
  file: string,
  options: LoadOptions,
  { made, lateHint }: ModuleKind,
): Promise<Loaded> => {
  const start = performance.now();
  const limitMs = options.timeoutMs ?? evaluationMs;
  const leftMs = (): number => limitMs - (performance.now() - start);
  const real = await findFile(path.resolve(file), options, made);
  const late = new ConfigError([lateProblem(real, limitMs, lateHint)]);
  const bundled = await bundle(real, await fs.realpath(options.bellwether), leftMs());
  if (bundled === undefined) throw late;
  await checkTrust(bundled.files, options);
  const evaluation = await evaluate(bundled.script, leftMs(), path.dirname(real), options.env);
  if (evaluation.printed !== '') options.print?.(evaluation.printed);
  if (evaluation.kind === 'late') throw late;
  const result = resultOf(evaluation, real);
  if ('late' in result) throw late;
  return { real, ...valueOf(result, real, bundled) };
};

const lateProblem = (file: string, limitMs: number, hint: string): Problem => ({
  file,
  text: `was still running after ${limitMs / 1_000} s and was stopped`,
  hint,
});

const extensions = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
/**
 * The file itself, whatever links led to it; the links must not be at the mercy of others either.
 */
const findFile = async (file: string, options: LoadOptions, made: string): Promise<string> => {
  const refuse = (text: string, hint?: string): never => {
    throw new ConfigError([{ file, text, ...(hint === undefined ? {} : { hint }) }]);
  };
  if (!extensions.includes(path.extname(file))) {
    refuse(`expected a name that ends with one of ${extensions.join(' ')}`, hintForScheme(file));
  }
  let real: string;
  try {
    real = await fs.realpath(file);
    if (!(await fs.stat(real)).isFile()) refuse('is not a file');
  } catch (error) {
    if (error instanceof ConfigError || !(error instanceof Error)) throw error;
    const isMissing = 'code' in error && error.code === 'ENOENT';
    return refuse(
      isMissing ? 'there is no such file' : error.message,
      isMissing
        ? (hintForMover(options.env) ?? `a configuration is a module that exports ${made}`)
        : undefined,
    );
  }
  await checkTrust(real === file ? [real] : [real, file], options);
  refuseFor(await distrustLinks(file, await trustedBy(options)));
  return real;
};

const checkTrust = async (files: readonly string[], options: LoadOptions): Promise<void> =>
  refuseFor(await distrust(files, await trustedBy(options)));

const trustedBy = async (options: LoadOptions): Promise<Trusted> => {
  // Whoever owns this program can make it do anything already.
  const { uid } = await fs.stat(options.bellwether);
  const unmapped = await unmappedOwner();
  const owners = new Set(unmapped === undefined ? [uid] : [uid, unmapped]);
  return { uid: process.geteuid?.(), owners };
};

const refuseFor = (problems: readonly Problem[]): void => {
  if (problems.length > 0) throw new ConfigError(problems.slice(0, problemCount));
};

const told = z.union([
  z.strictObject({ late: z.literal(true) }),
  z.strictObject({ thrown: z.strictObject({ text: z.string(), stack: z.string() }) }),
  z.strictObject({
    described: z.strictObject({
      value: z.unknown().optional(),
      sites: z.record(z.string(), z.string()),
      strange: z.array(z.strictObject({ path: z.string(), found: z.string() })),
    }),
  }),
]);

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)?.slice(0, 200) ?? '';

/** What the child said. It ran foreign code, so it is checked as such. */
const resultOf = (
  evaluation: Exclude<Evaluation, { kind: 'late' }>,
  file: string,
): z.output<typeof told> => {
  if (evaluation.kind === 'too-much') {
    throw new ConfigError([{ file, text: `describes more than ${resultBytes} bytes` }]);
  }
  if (evaluation.kind === 'ended') {
    const said = lastLine(evaluation.printed);
    const text = `ended before it was evaluated (${evaluation.how})`;
    throw new ConfigError([{ file, text: said === '' ? text : `${text}: ${said}` }]);
  }
  return parseTold(evaluation.json, file);
};

/** The default export as plain data, and where its entries were made. */
const valueOf = (
  result: Exclude<z.output<typeof told>, { late: true }>,
  file: string,
  { locate }: Bundle,
): { readonly value: unknown; readonly siteOf: Site } => {
  if ('thrown' in result) {
    const { text, stack } = result.thrown;
    throw new ConfigError([{ ...(locate(stack) ?? { file }), text: text.slice(0, thrownChars) }]);
  }
  const { value, sites, strange } = result.described;
  const siteOf = siteFinder(sites, locate, file);
  if (strange.length > 0) {
    throw new ConfigError(
      strange.map(({ path: place, found: what }) => ({
        ...siteOf(keysOf(place)),
        path: place === '' ? 'the default export' : place,
        text: `expected plain data, found ${what}`,
        ...(what === 'a function' ? { hint: 'a command is written exec([program, …])' } : {}),
      })),
    );
  }
  return { value, siteOf };
};

const parseTold = (json: string, file: string): z.output<typeof told> => {
  try {
    return told.parse(JSON.parse(json));
  } catch (error) {
    throw new ConfigError([{ file, text: 'its evaluation gave no description' }], { cause: error });
  }
};

const keysOf = (place: string): readonly PropertyKey[] =>
  Array.from(place.matchAll(/\[(\d+)\]|([A-Za-z_$][\w$]*)/g), ([, index, key]) =>
    index === undefined ? (key ?? '') : Number(index),
  );

/** The nearest entry around a path whose line is known. */
const siteFinder =
  (sites: Readonly<Record<string, string>>, locate: Locate, file: string): Site =>
  (keys): Position => {
    for (let length = keys.length; length >= 0; length -= 1) {
      const stack = sites[pathText(keys.slice(0, length))];
      const position = stack === undefined ? undefined : locate(stack);
      if (position !== undefined) return position;
    }
    return { file };
  };

/** The name of this node where the configuration gives none. */
export const defaultNodeName = (): string => os.hostname().split('.')[0] ?? 'node';
