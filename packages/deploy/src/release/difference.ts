/** What is different between two releases, for those who decide about one. */
import { canonicalText } from '@bellwether/shepherd';
import { comparePaths } from './paths.ts';
import type { Manifest, ReleaseFile, ReleaseLink } from './types.ts';

/** A file or a link in both, with what is different about it. */
export interface ChangedEntry {
  readonly path: string;
  /** What it holds, whether it may be run, where it leads, or what kind of thing it is. */
  readonly what: readonly ('content' | 'mode' | 'target' | 'kind')[];
}
/** A field of the manifest that is different; undefined where it is absent. */
export interface ChangedField {
  readonly field: (typeof fields)[number];
  readonly before: unknown;
  readonly after: unknown;
}
/** From one release to another. Paths in order. */
export interface ReleaseDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly ChangedEntry[];
  readonly fields: readonly ChangedField[];
  /** Bytes of contents that the second has and the first has not: what would have to be sent. */
  readonly newBytes: number;
}

const fields = [
  'app',
  'version',
  'run',
  'checks',
  'platform',
  'dataMigration',
  'provenance',
] as const;

/** Compares two releases. */
export const releaseDifference = (before: Manifest, after: Manifest): ReleaseDifference => {
  const old = entriesOf(before);
  const fresh = entriesOf(after);
  const has = new Set(before.files.map(({ sha256 }) => sha256));
  const missing = new Map(after.files.map(({ sha256, size }) => [sha256, size]));
  for (const sha256 of has) missing.delete(sha256);
  return {
    added: sortedPaths([...fresh.keys()].filter((path) => !old.has(path))),
    removed: sortedPaths([...old.keys()].filter((path) => !fresh.has(path))),
    changed: sortedPaths([...fresh.keys()]).flatMap((path) => {
      const what = changes(old.get(path), fresh.get(path));
      return what.length === 0 ? [] : [{ path, what }];
    }),
    fields: fields
      .filter((field) => text(before[field]) !== text(after[field]))
      .map((field) => ({ field, before: before[field], after: after[field] })),
    newBytes: [...missing.values()].reduce((sum, size) => sum + size, 0),
  };
};

type Entry = ReleaseFile | ReleaseLink;
const entriesOf = ({ files, links }: Manifest): ReadonlyMap<string, Entry> =>
  new Map<string, Entry>([...files, ...links].map((entry) => [entry.path, entry]));

const sortedPaths = (paths: readonly string[]): readonly string[] => [...paths].sort(comparePaths);

const changes = (old: Entry | undefined, fresh: Entry | undefined): ChangedEntry['what'] => {
  if (old === undefined || fresh === undefined) return [];
  if ('to' in old && 'to' in fresh) return old.to === fresh.to ? [] : ['target'];
  if ('to' in old || 'to' in fresh) return ['kind'];
  return [
    ...(old.sha256 === fresh.sha256 ? [] : (['content'] as const)),
    ...(old.mode === fresh.mode ? [] : (['mode'] as const)),
  ];
};

/** Absent is a text of its own. */
const text = (value: unknown): string => (value === undefined ? '' : canonicalText(value));
