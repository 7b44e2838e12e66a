/**
 * `herd import FILE…`: units of systemd, Procfiles, and what supervisor and pm2 are told, as a configuration. Needs no
 * shepherd, starts nothing, and runs nothing of what it reads.
 */
import fs from 'node:fs';
import path from 'node:path';
import { visible } from '../../client/escape.ts';
import { hintForScheme } from '../../config/scheme.ts';
import {
  configText,
  imported,
  kindOf,
  sourceKinds,
  type Imported,
  type Note,
  type SourceFile,
  type SourceKind,
} from '../../import/index.ts';
import type { Context } from '../context.ts';
import { counted } from '../format/times.ts';
import { importLimits } from '../limits.ts';
import { print, printErrors } from '../terminal/print.ts';
import { Usage } from '../grammar/usage.ts';
import { AlreadyThere, bytesOf, writeSecret } from '../../refs/secret-file.ts';

/**
 * Runs the command: the configuration goes to standard output, or into the file of `--out`; what was left behind to the
 * other. With `--strict` that is exit code 1. @throws Usage
 */
export const runImport = async (context: Context, words: readonly string[]): Promise<number> => {
  const { out, force, strict, from } = context.options;
  const sources = words.map((file) => {
    const source = sourceIn(file);
    const kind = kindFor(source, from);
    const dropIns = kind === 'systemd' ? dropInsOf(file).map(sourceIn) : [];
    return [kind, { ...source, dropIns }] as const;
  });
  const all = imported(sources);
  const notes = [...all.notes, ...all.found.flatMap((each) => each.notes)];
  if (all.found.length === 0) {
    printErrors(context, notes.map(noteLine));
    throw new Usage(`import: no service was found in ${words.join(', ')}`);
  }
  const text = configText(
    all,
    words.map((file) => path.basename(file)),
  );
  if (out !== undefined) write(out, text, force === true);
  const document = {
    kind: 'import',
    config: text,
    ...(out !== undefined && { file: path.resolve(out) }),
    services: all.found.map(({ name }) => name),
    notes,
  };
  print(context, out === undefined ? [text.trimEnd()] : [summaryOf(all, notes, out)], document);
  printErrors(context, [
    ...notes.map(noteLine),
    ...(out === undefined ? [`herd: ${summaryOf(all, notes)}`] : []),
  ]);
  return strict === true && notes.length > 0 ? 1 : 0;
};

const sourceIn = (file: string): SourceFile => {
  try {
    const text = bytesOf(file, importLimits.fileBytes)?.toString('utf8');
    if (text !== undefined) return { file, folder: path.dirname(path.resolve(file)), text };
  } catch (error) {
    throw new Usage(`import: cannot read ${file}: ${codeOf(error)}`, undefined, { cause: error });
  }
  throw new Usage(`import: ${file} has more than ${importLimits.fileBytes} bytes`);
};
/** Where systemd looks for units; what stands in a later one wins. */
const systemFolders = ['/lib', '/usr/lib', '/usr/local/lib', '/run', '/etc'].map(
  (folder) => `${folder}/systemd/system`,
);
/** Whose drop-ins are read with a unit; those of a later one win: of its kind, its prefixes, its template, itself. */
const namesFor = (unit: string): ReadonlySet<string> => {
  const [, stem = '', type = ''] = /^(.*)\.(\w+)$/.exec(unit) ?? [];
  const dashes = [...(stem.split('@')[0] ?? '').matchAll(/-/g)];
  const prefixes = dashes.map(({ index }) => `${stem.slice(0, index + 1)}.${type}`);
  return new Set([type, ...prefixes, unit.replace(/@.*(?=\.)/, '@'), unit]);
};
/** Of a unit, by their names: those of a folder's own names, as above; the administrator's win over a vendor's. */
const dropInsOf = (file: string): readonly string[] => {
  const { dir, base } = path.parse(file);
  const folders = systemFolders.includes(path.resolve(dir)) ? systemFolders : [dir];
  const found = new Map<string, string>();
  for (const folder of folders)
    for (const unit of namesFor(base))
      for (const name of namesIn(path.join(folder, `${unit}.d`)))
        if (name.endsWith('.conf')) found.set(name, path.join(folder, `${unit}.d`, name));
  if (found.size > importLimits.dropInCount)
    throw new Usage(`import: ${file} has more than ${importLimits.dropInCount} drop-ins`);
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, dropIn]) => dropIn);
};
const namesIn = (folder: string): readonly string[] => {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if (/ENOENT|ENOTDIR/.test(codeOf(error))) return [];
    throw new Usage(`import: cannot read ${folder}: ${codeOf(error)}`, undefined, { cause: error });
  }
};
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

const kindFor = (source: SourceFile, from: string | undefined): SourceKind => {
  if (from !== undefined) {
    const said = sourceKinds.find((each) => each === from);
    if (said === undefined)
      throw new Usage(`import: --from takes ${sourceKinds.join(', ')}, not '${from}'`);
    return said;
  }
  const kind = kindOf(source);
  if (kind !== undefined) return kind;
  if (/\.[cm]?js$/.test(source.file))
    throw new Usage(
      `import: ${source.file} is a program, and none is run here`,
      `Have it print what it exports: node -p 'JSON.stringify(require("./${path.basename(source.file)}"))' > apps.json`,
    );
  throw new Usage(
    `import: ${source.file} is none of ${sourceKinds.join(', ')} by its name or what stands in it`,
    hintForScheme(source.file) ?? 'Say which: --from systemd',
  );
};

/** Nobody else can read it: variables that it has may be secrets. */
const write = (file: string, text: string, isForced: boolean): void => {
  try {
    writeSecret(file, text.trimEnd(), isForced);
  } catch (error) {
    if (error instanceof AlreadyThere)
      throw new Usage(`import: ${file} is there already`, '--force writes over it');
    throw new Usage(`import: cannot write ${file}: ${codeOf(error)}`, undefined, { cause: error });
  }
};
const noteLine = ({ file, line, text }: Note): string =>
  visible(`herd: ${file}${line === undefined ? '' : `:${line}`}: ${text}`);
const summaryOf = ({ found }: Imported, notes: readonly Note[], out?: string): string => {
  const left =
    notes.length === 0 ? 'nothing was left behind' : `${counted(notes.length, 'thing')} to look at`;
  const next = out === undefined ? '' : `; 'herd check ${visible(out)}' says whether it is good`;
  return `${counted(found.length, 'service')}, ${left}${next}`;
};
