/** What the tests of releases share: manifests of small trees, and the powers of Node. */
import { createHash } from 'node:crypto';
import { canonicalText } from '@bellwether/shepherd';
import { comparePaths } from '../../packages/deploy/src/release/paths.ts';
import { BadRelease, type Manifest, type ReleaseFile } from '@bellwether/deploy';

/** The SHA-256 of a text or bytes, in hex. */
export const sha256Of = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

/** A file of a manifest that holds this. */
export const fileOf = (path: string, content: string | Uint8Array = path): ReleaseFile => ({
  path,
  mode: 0o644,
  size: Buffer.byteLength(content),
  sha256: sha256Of(content),
});

/** A manifest of these files, in order, and whatever else it is to have. */
export const manifestOf = (
  files: readonly ReleaseFile[],
  more: Partial<Manifest> = {},
): Manifest => ({
  schema: 1,
  app: 'web',
  files: [...files].sort((a, b) => comparePaths(a.path, b.path)),
  links: [],
  run: { command: ['node', 'server.js'] },
  checks: [],
  dataMigration: 'none',
  ...more,
});

/** Canonical bytes of anything at all, unchecked: what somebody hostile writes. */
export const rawManifest = (value: unknown): Uint8Array =>
  new TextEncoder().encode(canonicalText(value));

/** What some work refuses; fails the test where it refuses nothing, or by anything else. */
export const refusalOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof BadRelease) return error.message;
    throw error;
  }
  throw new Error('was taken');
};
