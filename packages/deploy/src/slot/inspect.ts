/** What is known of a release once its manifest was read: little, however many files it has. */
import type { Crypto } from '@bellwether/ocapn';
import { sha256Of } from '@bellwether/shepherd';
import { BadRelease } from '../release/errors.ts';
import { contentsOf, digestOf, readManifest, treeBytesOf } from '../release/manifest.ts';
import type { Digest, Manifest } from '../release/types.ts';
import { packed } from './packed.ts';
import type { PackedContents } from './types.ts';

/** What a manifest says, beside its files. */
export interface Inspected extends Omit<Manifest, 'files' | 'links' | 'provenance' | 'schema'> {
  /** Bytes of its files. */
  readonly byteCount: number;
  /** All contents, the text of the manifest among them. */
  readonly contents: PackedContents;
}

/**
 * Reads the text of a manifest that is said to be that of a release. It takes a second where there are 100,000 files:
 * who serves others meanwhile has it done elsewhere. @throws BadRelease
 */
export const inspected = (
  release: Digest,
  bytes: Uint8Array,
  crypto: Pick<Crypto, 'sha256'>,
): Inspected => {
  if (digestOf(crypto, bytes) !== release)
    throw new BadRelease('manifest', 'is not what its digest says');
  const manifest = readManifest(bytes);
  const { files: _files, links: _links, provenance: _from, schema: _schema, ...facts } = manifest;
  const text = { sha256: sha256Of(release), size: bytes.length };
  return {
    ...facts,
    byteCount: treeBytesOf(manifest),
    contents: packed([text, ...contentsOf(manifest)]),
  };
};
