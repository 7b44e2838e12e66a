/**
 * The search of a run: which secrets it issued, and whether one is anywhere but in the files that are for it.
 *
 * A secret may be in `admin.ref`, in a ref store, among those of machines that join, in the file of a key, and in a file
 * that a program was told to put it into or to take it from. What else there is, is searched: logs, audits, records, backups, cores, and what was noted.
 */
import fs from 'node:fs';
import path from 'node:path';
import { secretsIn, SecretSearch, type Finding, type Secret } from './secrets.ts';
import { isOfProject, mark, notedIn, searched, sources } from './traces.ts';

/** What a run has been searched for and in. */
export interface Swept {
  /** Lines that say where a secret is, and which kind of one; never which. */
  readonly leaks: readonly string[];
  /** How many different ones were issued, of each kind. */
  readonly secrets: Readonly<Record<Secret['kind'], number>>;
  /** Bytes that were searched, of each kind of place. */
  readonly bytes: Readonly<Record<string, number>>;
}

/** Of one file, from its begin: what is longer was filled by a test. Notes are searched whole. */
const maxFileBytes = 64 * 1024 * 1024;
const maxSecretFileBytes = 4_096;

/** Searches what a run has left in its folder so far. */
export const sweep = (traces: string): Swept => {
  const home = path.dirname(traces);
  const spent = path.join(traces, 'spent');
  const files = [...filesIn(spent), ...filesIn(home).filter((file) => !isWithin(traces, file))];
  const secrets = [
    ...files.flatMap((file) => orGone(() => (isSmall(file) ? secretsIn(read(file)) : []), [])),
    ...sources.flatMap((kind) => notedIn(traces, kind)).flatMap((file) => secretsIn(read(file))),
  ];
  const search = new SecretSearch(secrets);
  const sums: Record<string, number> = {};
  const leaks: string[] = [];
  const look = (
    kind: string,
    file: string,
    limitBytes: number,
    said: (finding: Finding) => string,
  ): void => {
    const nothing = { findings: [], byteCount: 0 };
    const { findings, byteCount } = orGone(() => search.inFile(file, limitBytes), nothing);
    sums[kind] = (sums[kind] ?? 0) + byteCount;
    leaks.push(...findings.map((found) => `${said(found)}: a ${found.kind} as ${found.form}`));
  };
  const isAllowed = allowing(traces);
  for (const file of files) {
    const place = placeOf(traces, file);
    if (!isAllowed(place)) look(kindOf(file), file, maxFileBytes, () => place);
    else if (isForSecrets.test(place) && isOpen(file)) leaks.push(`${place}: others may read it`);
  }
  for (const kind of searched)
    for (const file of notedIn(traces, kind))
      look(kind, file, Infinity, ({ at }) => `${kind} of ${whoseIs(file, at)}`);
  return { leaks, secrets: countsOf(secrets), bytes: sums };
};

const read = (file: string): string => fs.readFileSync(file, 'utf8');
const isOpen = (file: string): boolean =>
  orGone(() => (fs.statSync(file).mode & 0o077) !== 0, false);
const isSmall = (file: string): boolean => fs.statSync(file).size <= maxSecretFileBytes;
const isWithin = (folder: string, file: string): boolean => file.startsWith(folder + path.sep);

/** A test that failed may have left a program, which goes on. */
const orGone = <T>(find: () => T, otherwise: T): T => {
  try {
    return find();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return otherwise;
    throw error;
  }
};

/** Plain files alone: no links, sockets or pipes. */
const filesIn = (folder: string): readonly string[] =>
  orGone(() => fs.readdirSync(folder, { withFileTypes: true }), []).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return isOfProject(entry.name) ? [] : filesIn(file);
    return entry.isFile() ? [file] : [];
  });

/** Where a file was while its test ran, from the folder of the run. */
const placeOf = (traces: string, file: string): string => {
  const spent = path.join(traces, 'spent');
  return path.relative(isWithin(spent, file) ? spent : path.dirname(traces), file);
};

/** Which files are there to hold a secret. */
const allowing = (traces: string): ((place: string) => boolean) => {
  const named = new Set(
    notedIn(traces, 'named')
      .flatMap((file) => read(file).split('\n'))
      .filter((line) => path.isAbsolute(line))
      .map((line) => path.relative(path.dirname(traces), line)),
  );
  return (place) => named.has(place) || isForSecrets.test(place);
};
/** A `.new` is what is about to be one of these; a daemon that is killed leaves it. */
const isForSecrets =
  /\/([\w@-]+\.(ref|invite|join)|tcp-tls\.key|keys\/holder\.key|(refs|nodes|homes)\/[\w-][\w.-]*)(\.new)?$/;

const kindOf = (file: string): string => {
  for (const [kind, form] of kinds) if (form.test(file)) return kind;
  return 'other files';
};
const kinds: readonly (readonly [string, RegExp])[] = [
  ['audits', /\/audit\/[^/]+$/],
  ['records', /\/(records|store)[^/]*\/.*[^/]+$/],
  ['logs', /\.log(\.[\w]+)?$/],
  ['cores', /\/core(\.\d+)?$/],
  ['backups', /backup[^/]*$/],
];

/** The note that a place in a file of notes belongs to. */
const whoseIs = (file: string, at: number): string => {
  const bytes = fs.readFileSync(file);
  const begin = bytes.lastIndexOf(mark, at);
  return begin < 0
    ? '?'
    : bytes.toString('utf8', begin + mark.length, bytes.indexOf('\n', begin + 1));
};

const countsOf = (secrets: readonly Secret[]): Swept['secrets'] => {
  const different = new Map(secrets.map((secret) => [secret.bytes.join(), secret.kind]));
  const counts = { swissnum: 0, 'holder key': 0, 'node key': 0 };
  for (const kind of different.values()) counts[kind] += 1;
  return counts;
};
