/** Turns descriptions of other service managers into a configuration. Nothing of them is run. */
import path from 'node:path';
import { nameChars } from '../config/limits.ts';
import type { ImportedEntry, Imported, Note, SourceFile } from './found.ts';
import { readPm2 } from './pm2.ts';
import { readProcfile } from './procfile.ts';
import { readSupervisor } from './supervisor.ts';
import { readUnits } from './systemd.ts';

export type { Imported, Note, SourceFile } from './found.ts';
export { configText } from './write.ts';

/** Whose description a file is. */
export const sourceKinds = ['systemd', 'procfile', 'supervisor', 'pm2'] as const;
/** One of them. */
export type SourceKind = (typeof sourceKinds)[number];

/** By the name of a file, and what stands in it; undefined where neither tells. */
export const kindOf = ({ file, text }: SourceFile): SourceKind | undefined => {
  const name = path.basename(file);
  if (/\.(?:service|timer|socket|target|mount|path|slice)$/.test(name)) return 'systemd';
  if (/^Procfile/.test(name)) return 'procfile';
  if (name.endsWith('.json')) return 'pm2';
  if (/^[ \t]*\[(?:program|group|supervisord|eventlistener|fcgi-program)\b/m.test(text))
    return 'supervisor';
  if (/^[ \t]*\[(?:Unit|Service|Timer)\]/m.test(text)) return 'systemd';
  return undefined;
};

/** All that files describe, units read together. A name that is taken gets a number behind it, and a note. */
export const imported = (sources: readonly (readonly [SourceKind, SourceFile])[]): Imported => {
  const of = (kind: SourceKind): readonly SourceFile[] =>
    sources.flatMap(([each, source]) => (each === kind ? [source] : []));
  const parts: readonly Imported[] = [
    readUnits(of('systemd')),
    ...of('procfile').map(readProcfile),
    ...of('supervisor').map(readSupervisor),
    ...of('pm2').map(orNote(readPm2)),
  ];
  const found = parts.flatMap((part) => part.found);
  return { found: withOwnNames(found), notes: parts.flatMap((part) => part.notes) };
};
const orNote =
  (read: (source: SourceFile) => Imported) =>
  (source: SourceFile): Imported => {
    try {
      return read(source);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return { found: [], notes: [{ file: source.file, text: `${source.file} is no JSON` }] };
    }
  };
const withOwnNames = (found: readonly ImportedEntry[]): readonly ImportedEntry[] => {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return found.map((each) => {
    let name = each.name;
    // Goes on where the last one of this name ended: all of them may have one.
    let count = counts.get(each.name) ?? 1;
    while (taken.has(name)) {
      const end = `-${(count += 1)}`;
      name = each.name.slice(0, nameChars - end.length) + end;
    }
    counts.set(each.name, count);
    taken.add(name);
    if (name === each.name) return each;
    const note: Note = {
      file: each.from,
      text: `it is called ${name}, since ${each.name} is taken`,
    };
    return { ...each, name, notes: [...each.notes, note] };
  });
};
