/**
 * A configuration and what it imports as one script, by esbuild: TypeScript without types,
 * `bellwether` from the running installation wherever the file lies, and exact lines for errors.
 * Nothing of the configuration runs here.
 */
import path from 'node:path';
import type { BuildOptions, BuildResult, Message, Metafile, Plugin } from 'esbuild';
import { ConfigError, type Problem } from './config-error.ts';
import { problemCount } from './limits.ts';
import { bundleName, makeLocate, type Locate } from './positions.ts';

/** A configuration that was bundled. */
export interface Bundle {
  readonly script: string;
  readonly locate: Locate;
  /** All files of the configuration, absolute; those of the installation are not among them. */
  readonly files: readonly string[];
}

const resolveBellwether = (module: string): Plugin => ({
  name: 'bellwether',
  setup: (build) => {
    build.onResolve({ filter: /^bellwether$/ }, () => ({ path: module }));
  },
});

const optionsFor = (file: string, bellwether: string): BuildOptions => ({
  stdin: {
    contents: `import * as config from ${JSON.stringify(`./${path.basename(file)}`)};
      import { describe } from 'bellwether';
      export const described = describe(config);`,
    resolveDir: path.dirname(file),
    loader: 'js',
  },
  absWorkingDir: path.dirname(file),
  outfile: path.join(path.dirname(file), bundleName),
  write: false,
  bundle: true,
  metafile: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  charset: 'utf8',
  sourcemap: 'external',
  sourcesContent: false,
  // The same text means the same thing whatever project it lies in.
  tsconfigRaw: '{}',
  logLevel: 'silent',
  logOverride: { 'empty-import-meta': 'error' },
  plugins: [resolveBellwether(bellwether)],
});

/**
 * Bundles `file`; undefined if that took too long (an import of a pipe never ends). `bellwether` is
 * the main module of the installation. The process that esbuild keeps is ended afterwards, so only
 * one configuration may be bundled at a time.
 * @throws ConfigError for what cannot be read as a module.
 */
export const bundle = async (
  file: string,
  bellwether: string,
  timeoutMs: number,
): Promise<Bundle | undefined> => {
  const esbuild = await import('esbuild');
  let timer: NodeJS.Timeout | undefined;
  try {
    const deadline = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, undefined);
    });
    const build = esbuild.build(optionsFor(file, bellwether));
    const built = await Promise.race([build, deadline]);
    return built === undefined ? undefined : bundleOf(built, file, bellwether);
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    throw new ConfigError(error.errors.slice(0, problemCount).map((each) => problemOf(each, file)));
  } finally {
    clearTimeout(timer);
    await esbuild.stop();
  }
};

const bundleOf = (
  { outputFiles = [], metafile }: BuildResult,
  file: string,
  bellwether: string,
): Bundle => {
  const textOf = (ending: string): string =>
    outputFiles.find((each) => each.path.endsWith(ending))?.text ?? '';
  const folder = path.dirname(file);
  const installation = path.dirname(bellwether) + path.sep;
  return {
    script: textOf('.cjs'),
    locate: makeLocate(textOf('.cjs.map'), folder, installation),
    files: filesOf(metafile, folder).filter((each) => !each.startsWith(installation)),
  };
};

const filesOf = (metafile: Metafile | undefined, folder: string): readonly string[] =>
  Object.keys(metafile?.inputs ?? {})
    .filter((name) => name !== '<stdin>')
    .map((name) => path.resolve(folder, name));

const isBuildFailure = (error: unknown): error is { readonly errors: readonly Message[] } =>
  error instanceof Error && 'errors' in error && Array.isArray(error.errors);

const hints: readonly (readonly [RegExp, string])[] = [
  [/^Could not resolve/, 'install it beside the configuration, or correct its path'],
  [/Top-level await/, 'a configuration is evaluated at once and cannot wait'],
  [/import\.meta/, "a relative cwd is taken from the configuration's own folder"],
];

const problemOf = ({ text, location, notes }: Message, file: string): Problem => {
  const hint = hints.find(([pattern]) => pattern.test(text))?.[1] ?? notes[0]?.text;
  const place =
    location === null || location.file === '<stdin>'
      ? { file }
      : {
          file: path.resolve(path.dirname(file), location.file),
          line: location.line,
          column: location.column + 1,
        };
  return { ...place, text, ...(hint === undefined || hint === '' ? {} : { hint }) };
};
