/**
 * The manifest of a release, whose text is what is hashed and signed:
 *
 *     {"app":"web","checks":[],"dataMigration":"none","files":[{"mode":420,"path":"a","sha256":"…","size":1}],
 *      "links":[],"run":{"command":["./a"]},"schema":1}
 *
 * The same tree, run the same way, has the same text wherever and whenever it was built: no times, no owners, no
 * folders (one is there where something lies in it), and of modes only whether something may be run.
 */
import { hexOf } from '@bellwether/authority';
import type { Crypto } from '@bellwether/ocapn';
import { canonicalText } from '@bellwether/shepherd';
import { checkCanonical, parsed } from './canonical.ts';
import { BadRelease, quoted } from './errors.ts';
import {
  argumentIn,
  commandIn,
  formIn,
  integerIn,
  isThere,
  listIn,
  objectIn,
  oneOfIn,
  textIn,
  type Field,
} from './fields.ts';
import { releaseLimits } from './limits.ts';
import { byteCountOf, checkLinks, checkPlaces, comparePaths } from './paths.ts';
import { pathMisfit, targetMisfit } from './paths.ts';
import type {
  Check,
  Content,
  Digest,
  Manifest,
  Provenance,
  ReleaseFile,
  ReleaseLink,
} from './types.ts';
import type { Run } from './types.ts';

/**
 * Reads the text of a manifest. What comes back is checked: every path, link, size and limit of it.
 * @throws BadRelease, which names the place of the first misfit
 */
export const readManifest = (bytes: Uint8Array): Manifest => {
  const where = 'manifest';
  if (bytes.length > releaseLimits.manifestBytes)
    throw new BadRelease(where, `is longer than ${releaseLimits.manifestBytes} bytes`);
  const { text, value } = parsed(bytes, where);
  const manifest = manifestIn({ where, value });
  checkCanonical(text, manifest, where);
  return manifest;
};

/** The text of a manifest, after the same checks as for one that is read. @throws BadRelease */
export const writeManifest = (manifest: Manifest): Uint8Array => {
  const bytes = new TextEncoder().encode(canonicalText(manifest));
  readManifest(bytes);
  return bytes;
};

/** The name of the release whose manifest has this text. */
export const digestOf = (crypto: Pick<Crypto, 'sha256'>, bytes: Uint8Array): Digest =>
  `rel:sha256-${hexOf(crypto.sha256(bytes))}`;

/** Bytes of all files of a release; one that is there twice counts twice. */
export const treeBytesOf = ({ files }: Pick<Manifest, 'files'>): number =>
  files.reduce((sum, { size }) => sum + size, 0);

/** The contents of a release, each once, in the order of the first file that has it. */
export const contentsOf = ({ files }: Pick<Manifest, 'files'>): readonly Content[] => [
  ...new Map(files.map(({ sha256, size }) => [sha256, { sha256, size }])).values(),
];

const names = [
  'schema',
  'app',
  'version',
  'files',
  'links',
  'run',
  'checks',
  'platform',
  'dataMigration',
  'provenance',
] as const;
const manifestIn = (field: Field): Manifest => {
  const of = objectIn(field, names);
  if (of('schema').value !== 1)
    throw new BadRelease('schema', 'is not 1, the only one that this version knows');
  const files = listIn(of('files'), releaseLimits.entryCount).map(fileIn);
  const links = listIn(of('links'), releaseLimits.entryCount).map(linkIn);
  checkTree(files, links);
  const [version, platform, provenance] = [of('version'), of('platform'), of('provenance')];
  return {
    schema: 1,
    app: appIn(of('app')),
    ...(isThere(version) && { version: versionIn(version) }),
    files,
    links,
    run: runIn(of('run')),
    checks: listIn(of('checks'), releaseLimits.checkCount).map(checkIn),
    ...(isThere(platform) && { platform: platformIn(platform) }),
    dataMigration: oneOfIn(of('dataMigration'), ['none', 'reversible', 'forward-only']),
    ...(isThere(provenance) && { provenance: provenanceIn(provenance) }),
  };
};

const fileIn = (field: Field): ReleaseFile => {
  const of = objectIn(field, ['path', 'mode', 'size', 'sha256']);
  const { where, value: mode } = of('mode');
  if (mode !== 0o644 && mode !== 0o755)
    throw new BadRelease(where, 'is neither 420 (0644) nor 493 (0755)');
  return {
    path: pathIn(of('path')),
    mode,
    size: integerIn(of('size'), 0, releaseLimits.fileBytes),
    sha256: formIn(of('sha256'), 64, /^[0-9a-f]{64}$/, 'SHA-256 in hex'),
  };
};
const linkIn = (field: Field): ReleaseLink => {
  const of = objectIn(field, ['path', 'to']);
  const path = pathIn(of('path'));
  const to = textIn(of('to'));
  const misfit = targetMisfit(to);
  if (misfit !== undefined) throw new BadRelease(of('to').where, `${quoted(path)} ${misfit}`);
  return { path, to };
};
const pathIn = (field: Field): string => {
  const path = textIn(field);
  const misfit = pathMisfit(path);
  if (misfit !== undefined) throw new BadRelease(field.where, `${quoted(path)} ${misfit}`);
  return path;
};

const checkTree = (files: readonly ReleaseFile[], links: readonly ReleaseLink[]): void => {
  const count = files.length + links.length;
  if (count > releaseLimits.entryCount)
    throw new BadRelease(
      'links',
      `with the files there are ${count}, above ${releaseLimits.entryCount}`,
    );
  checkOrder('files', files);
  checkOrder('links', links);
  checkSizes(files);
  const placed = links.map(({ path, to }, at) => ({ where: `links[${at}]`, path, to }));
  checkPlaces(
    files.map(({ path }, at) => ({ where: `files[${at}]`, path })),
    placed,
  );
  checkLinks(placed);
};
const checkOrder = (where: string, entries: readonly { readonly path: string }[]): void => {
  for (const [at, { path }] of entries.entries()) {
    const before = entries[at - 1]?.path;
    if (before === undefined || comparePaths(before, path) < 0) continue;
    const why = before === path ? 'is there twice' : `stands after ${quoted(before)}`;
    throw new BadRelease(`${where}[${at}].path`, `${quoted(path)} ${why}`);
  }
};
/** What has the same digest is the same; a size that says otherwise is a lie. */
const checkSizes = (files: readonly ReleaseFile[]): void => {
  const sizes = new Map<string, number>();
  for (const [at, { path, sha256, size }] of files.entries()) {
    const known = sizes.get(sha256) ?? size;
    if (known !== size)
      throw new BadRelease(
        `files[${at}].size`,
        `${quoted(path)} has ${size} bytes, and ${known} elsewhere with the same digest`,
      );
    sizes.set(sha256, size);
  }
  const bytes = treeBytesOf({ files });
  if (bytes > releaseLimits.treeBytes)
    throw new BadRelease('files', `have ${bytes} bytes, above ${releaseLimits.treeBytes}`);
};

const appIn = (field: Field): string =>
  formIn(
    field,
    releaseLimits.nameCharacters,
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    'name of an application',
  );
const versionIn = (field: Field): string =>
  formIn(field, releaseLimits.nameCharacters, /^[!-~]+$/, 'version');
const platformIn = (field: Field): string =>
  formIn(field, releaseLimits.nameCharacters, /^[a-z0-9]+-[a-z0-9]+$/, 'platform like linux-x64');

const runIn = (field: Field): Run => {
  const of = objectIn(field, ['command', 'env']);
  const command = commandIn(of('command'), releaseLimits.wordCount, releaseLimits.commandBytes);
  return { command, ...(isThere(of('env')) && { env: environmentIn(of('env')) }) };
};
const environmentIn = ({ where, value }: Field): Readonly<Record<string, string>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadRelease(where, 'is no object');
  const pairs = Object.entries(value);
  if (pairs.length > releaseLimits.environmentCount)
    throw new BadRelease(
      where,
      `has ${pairs.length} variables, above ${releaseLimits.environmentCount}`,
    );
  let bytes = 0;
  const read = pairs.map(([name, each]): readonly [string, string] => {
    // A later copy by assignment would change the object and not its fields.
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name === '__proto__')
      throw new BadRelease(where, `${quoted(name)} is no name of a variable`);
    const text = argumentIn({ where: `${where}.${name}`, value: each });
    bytes += name.length + byteCountOf(text) + 2;
    return [name, text];
  });
  if (bytes > releaseLimits.environmentBytes)
    throw new BadRelease(where, `is longer than ${releaseLimits.environmentBytes} bytes`);
  return Object.fromEntries(read);
};

/** No user, no password, no fragment: what is asked stands in plain text on every node. */
const urlForm = /^https?:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?(\/[!"$-~]*)?$/;
const hostForm = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):[1-9][0-9]{0,4}$/;
const checkIn = (field: Field): Check => {
  const of = objectIn(field, ['http', 'exec', 'tcp', 'timeoutMs']);
  const timeoutMs = integerIn(
    of('timeoutMs'),
    releaseLimits.checkLeastMs,
    releaseLimits.checkMostMs,
  );
  const kinds = (['http', 'exec', 'tcp'] as const).filter((kind) => isThere(of(kind)));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1)
    throw new BadRelease(field.where, 'is none of http, exec, tcp, or more than one');
  switch (kind) {
    case 'http': {
      const http = formIn(of(kind), releaseLimits.urlCharacters, urlForm, 'plain URL');
      checkPort(of(kind), urlForm.exec(http)?.[2]?.slice(1) ?? '80');
      return { http, timeoutMs };
    }
    case 'exec':
      return {
        exec: commandIn(of(kind), releaseLimits.wordCount, releaseLimits.commandBytes),
        timeoutMs,
      };
    case 'tcp': {
      const tcp = formIn(of(kind), releaseLimits.hostCharacters, hostForm, 'host with a port');
      checkPort(of(kind), tcp.slice(tcp.lastIndexOf(':') + 1));
      return { tcp, timeoutMs };
    }
  }
};
const checkPort = ({ where, value }: Field, port: string): void => {
  if (Number(port) >= 1 && Number(port) <= 65_535) return;
  throw new BadRelease(where, `${quoted(String(value))} has no port that there is`);
};

const provenanceIn = (field: Field): Provenance => {
  const of = objectIn(field, ['commit', 'builder', 'source']);
  const read = (['commit', 'builder', 'source'] as const)
    .filter((name) => isThere(of(name)))
    .map((name): readonly [string, string] => [name, originIn(of(name))]);
  return Object.fromEntries(read);
};
const originIn = (field: Field): string => {
  const text = formIn(field, releaseLimits.provenanceCharacters, /^[ -~]+$/, 'line of plain text');
  if (/:\/\/[^/]*@/.test(text))
    throw new BadRelease(field.where, 'has a user in it, and perhaps his password');
  return text;
};
