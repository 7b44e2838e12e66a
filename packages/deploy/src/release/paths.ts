/**
 * What the paths and links of a tree may be. A tree must mean the same wherever it is unpacked, and nothing in it may
 * lead out of it:
 *
 *     a path        relative, names with `/` between them; no `.`, no `..`, nothing empty
 *     a name        no control character and none that is invisible or turns text around; no backslash, which parts
 *                   names on other systems, and escapes what follows it for shells and for whoever reads a message
 *     two paths     differ in more than case or composition of letters: some file systems take such two for one
 *     a prefix      is a folder: nothing lies below a file, and nothing below a link
 *     a link        is relative; followed through the other links of the tree, as a system does it, it stays inside
 */
import { BadRelease, quoted } from './errors.ts';
import { invisible } from './invisible.ts';
import { releaseLimits } from './limits.ts';

/** Control characters, invisible ones, and a backslash. */
const forbidden = new RegExp(`[\\0-\\x1f\\\\${invisible}]`, 'u');
/** Half of a pair: it has no form in UTF-8. */
const half = /\p{Surrogate}/u;

/** Whether all of a text can be written as UTF-8. */
export const isWhole = (text: string): boolean => !half.test(text);

/** Bytes of a text in UTF-8; one whose halves of pairs stand alone counts 3 for each. */
export const byteCountOf = (text: string): number => {
  let count = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) count += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(at + 1))) {
      count += 2;
      at += 1;
    } else count += 2;
  }
  return count;
};
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** What is wrong with one name, in lower case; undefined for one that may be in a tree. */
export const nameMisfit = (name: string): string | undefined => {
  if (name === '') return 'has an empty name in it';
  if (name === '.' || name === '..') return `has ${quoted(name)} in it`;
  if (!isWhole(name)) return 'is no whole text';
  if (name.includes('\\')) return 'has a backslash in it';
  if (forbidden.test(name)) return 'has a character in it that is not shown';
  if (byteCountOf(name) > releaseLimits.nameBytes)
    return `has a name of more than ${releaseLimits.nameBytes} bytes in it`;
  return undefined;
};

/** What is wrong with a path; undefined for one that may be in a tree. */
export const pathMisfit = (path: string): string | undefined => {
  if (path === '') return 'is empty';
  if (path.startsWith('/')) return 'is absolute';
  if (path.length > releaseLimits.pathBytes || byteCountOf(path) > releaseLimits.pathBytes)
    return `is longer than ${releaseLimits.pathBytes} bytes`;
  const names = path.split('/');
  if (names.length > releaseLimits.depth) return `is deeper than ${releaseLimits.depth} names`;
  return names.map(nameMisfit).find((misfit) => misfit !== undefined);
};

/** What is wrong with what a link says, wherever it stands; undefined for what one may say. */
export const targetMisfit = (to: string): string | undefined => {
  if (to === '') return 'leads to an empty path';
  if (to.startsWith('/')) return 'leads to an absolute path';
  if (to.length > releaseLimits.pathBytes || byteCountOf(to) > releaseLimits.pathBytes)
    return `says more than ${releaseLimits.pathBytes} bytes`;
  if (!isWhole(to)) return 'is no whole text';
  return forbidden.test(to) ? 'has a character in it that a name may not have' : undefined;
};

/**
 * The order of paths: that of their bytes in UTF-8, in which a pair of UTF-16 stands behind all that is no pair.
 */
export const comparePaths = (a: string, b: string): number => {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    const one = a.charCodeAt(at);
    const other = b.charCodeAt(at);
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
};
const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit);

/** One text for all spellings that some file system takes for the same name. */
const folded = (name: string): string =>
  name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFC');

/** A file or a link, and where it stands in its manifest. */
interface Place {
  readonly where: string;
  readonly path: string;
}
/** A path with its kind. */
interface Known {
  readonly spelling: string;
  readonly kind: 'folder' | 'file' | 'link';
}

/** Checks what paths are to each other; each by itself has been checked. @throws BadRelease */
export const checkPlaces = (files: readonly Place[], links: readonly Place[]): void => {
  const known = new Map<string, Known>();
  const folders = new Set<string>();
  const add = (kind: 'file' | 'link', { where, path }: Place): void => {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      const spelling = path.slice(0, at);
      if (folders.has(spelling)) continue;
      addOne(known, where, { spelling, kind: 'folder' });
      folders.add(spelling);
    }
    addOne(known, where, { spelling: path, kind });
  };
  for (const file of files) add('file', file);
  for (const link of links) add('link', link);
};
const addOne = (known: Map<string, Known>, where: string, made: Known): void => {
  const fold = folded(made.spelling);
  const before = known.get(fold);
  if (before === undefined) return void known.set(fold, made);
  const [one, other] = [quoted(before.spelling), quoted(made.spelling)];
  throw new BadRelease(`${where}.path`, clash(before, made, one, other));
};
const clash = (before: Known, made: Known, one: string, other: string): string => {
  if (before.spelling !== made.spelling)
    return `${other} and ${one} are the same where case and composition do not count`;
  if (before.kind === 'folder') return `other paths lie below ${other}, which is a ${made.kind}`;
  if (made.kind === 'folder') return `lies below ${one}, which is a ${before.kind}`;
  return `${other} is there twice`;
};

/** A link of a tree. */
interface Link extends Place {
  readonly to: string;
}
/**
 * Follows every link through the tree's own links, as a system would, and also one that takes two spellings for one
 * name. A link may lead to nothing: then it did where the tree was built.
 * @throws BadRelease for one that leads out of the tree, or in a circle
 */
export const checkLinks = (links: readonly Link[]): void => {
  const targets = new Map(links.map(({ path, to }) => [folded(path), to]));
  let stepsLeft: number = releaseLimits.linkStepCount;
  for (const { where, path, to } of links) {
    const walked = followed(targets, path, to, stepsLeft);
    if (typeof walked === 'string')
      throw new BadRelease(`${where}.to`, `${quoted(path)} ${walked}`);
    stepsLeft -= walked;
  }
};
/** How many names were looked up, or what is wrong with the link. */
const followed = (
  targets: ReadonlyMap<string, string>,
  path: string,
  to: string,
  stepsLeft: number,
): number | string => {
  const at = path.split('/').slice(0, -1);
  const rest = to.split('/').reverse();
  let hopCount = 1;
  let stepCount = 0;
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    stepCount += 1;
    if (stepCount > stepsLeft) return 'takes too long to be followed';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (at.pop() === undefined) return 'leads out of the tree';
      continue;
    }
    at.push(name);
    const reached = at.join('/');
    if (reached.length > releaseLimits.pathBytes) return 'leads deeper than a path may';
    const further = targets.get(folded(reached));
    if (further === undefined) continue;
    hopCount += 1;
    if (hopCount > releaseLimits.linkHopCount) return 'leads through too many links';
    at.pop();
    rest.push(...further.split('/').reverse());
  }
  return stepCount;
};
