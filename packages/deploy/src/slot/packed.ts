/**
 * Many contents in a few bytes each: a release may have 100,000, and as many objects take a tenth of a second to make,
 * to copy to another thread, or to look through. They stand in the order of their SHA-256. All of it is plain data.
 */
import type { Content } from '../release/types.ts';
import type { Lacking, PackedContents } from './types.ts';

/** Those of them that are not whole, and what there is of each. */
export interface PackedLacking extends PackedContents {
  readonly haves: Float64Array;
  /** Bytes that are missing, of all of them. */
  readonly missingBytes: number;
}

const digestBytes = 32;

/** Packs contents, in whatever order they are; each digest once. */
export const packed = (contents: readonly Content[]): PackedContents => {
  const sorted = [...contents].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  return { count: sorted.length, ...columnsOf(sorted) };
};
/** Packs what is lacking, in the order of its SHA-256. */
export const packedLacking = (lacking: readonly Lacking[]): PackedLacking => {
  const haves = new Float64Array(lacking.length);
  let missingBytes = 0;
  for (const [at, { size, have }] of lacking.entries()) {
    haves[at] = have;
    missingBytes += size - have;
  }
  return { count: lacking.length, ...columnsOf(lacking), haves, missingBytes };
};
const columnsOf = (contents: readonly Content[]): Pick<PackedContents, 'digests' | 'sizes'> => {
  const digests = new Uint8Array(contents.length * digestBytes);
  const sizes = new Float64Array(contents.length);
  for (const [at, { sha256, size }] of contents.entries()) {
    for (let byte = 0; byte < digestBytes; byte += 1)
      digests[at * digestBytes + byte] = Number.parseInt(sha256.slice(2 * byte, 2 * byte + 2), 16);
    sizes[at] = size;
  }
  return { digests, sizes };
};

/** The content at a place. */
export const contentAt = (list: PackedContents, at: number): Content => ({
  sha256: sha256At(list, at),
  size: list.sizes[at] ?? 0,
});
const sha256At = ({ digests }: PackedContents, at: number): string => {
  let text = '';
  for (let byte = at * digestBytes; byte < (at + 1) * digestBytes; byte += 1)
    text += hexDigits[digests[byte] ?? 0] ?? '';
  return text;
};
const hexDigits: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** How large a content is; undefined where it is none of them. */
export const sizeIn = (list: PackedContents, sha256: string): number | undefined => {
  const at = firstFrom(list, sha256);
  return at < list.count && sha256At(list, at) === sha256 ? list.sizes[at] : undefined;
};
/** So many of what is lacking, behind this SHA-256 where one is given, and whether there is more. */
export const lackingPage = (
  list: PackedLacking,
  count: number,
  after?: string,
): { readonly missing: readonly Lacking[]; readonly isMore: boolean } => {
  let start = after === undefined ? 0 : firstFrom(list, after);
  if (after !== undefined && start < list.count && sha256At(list, start) === after) start += 1;
  const end = Math.min(list.count, start + count);
  const missing = Array.from({ length: end - start }, (_, at) => ({
    ...contentAt(list, start + at),
    have: list.haves[start + at] ?? 0,
  }));
  return { missing, isMore: end < list.count };
};
/** The first place whose digest is not below this one. */
const firstFrom = (list: PackedContents, sha256: string): number => {
  let [low, high] = [0, list.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sha256At(list, middle) < sha256) low = middle + 1;
    else high = middle;
  }
  return low;
};
