/** What is read of files that were never written. */
import {
  configText,
  imported,
  type SourceFile,
  type SourceKind,
} from '../../../packages/herd/src/import/index.ts';
import { load } from '../config/support.ts';

/** One in /srv. */
export const source = (file: string, text: string): SourceFile => ({ file, folder: '/srv', text });
/** What becomes of some, by their names, with all that is told. */
export const read = (kind: SourceKind, files: Readonly<Record<string, string>>) =>
  readAll(
    kind,
    Object.entries(files).map(([file, text]) => source(file, text)),
  );
/** The same of files that have others beside them. */
export const readAll = (kind: SourceKind, files: readonly SourceFile[]) => {
  const all = imported(files.map((each) => [kind, each] as const));
  const text = configText(
    all,
    files.map(({ file }) => file),
  );
  const notes = [...all.notes, ...all.found.flatMap((each) => each.notes)];
  const told = notes.map(({ line, text }) => (line === undefined ? text : `${line}: ${text}`));
  return { all, text, told };
};
/** As a shepherd would take it. */
export const loaded = async (text: string) => (await load(text)).services;
