/** The words of a release. All of it is plain data. */

export type { Digest } from '@bellwether/shepherd';

/** A file of a tree: what it holds is named by its SHA-256, in hex. `size` in bytes. */
export interface ReleaseFile {
  readonly path: string;
  /** 0644, or 0755 for what its owner may run. */
  readonly mode: 0o644 | 0o755;
  readonly size: number;
  readonly sha256: string;
}
/** What a file holds, or the text of a manifest: its digest, and how many bytes that is. */
export type Content = Pick<ReleaseFile, 'sha256' | 'size'>;
/** A symbolic link of a tree: relative, and it stays inside. */
export interface ReleaseLink {
  readonly path: string;
  readonly to: string;
}
/** How what is released is run, with its tree as the working folder. */
export interface Run {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}
/** What has to hold before a release is taken for good. */
export type Check =
  | { readonly http: string; readonly timeoutMs: number }
  | { readonly exec: readonly string[]; readonly timeoutMs: number }
  /** `host:port`, to which a connection can be made. */
  | { readonly tcp: string; readonly timeoutMs: number };
/**
 * What its start does to data that outlives it: nothing, something that an older release copes with, or something that
 * none does.
 */
export type DataMigration = 'none' | 'reversible' | 'forward-only';
/** Where a release comes from, in the words of whoever built it. */
export interface Provenance {
  readonly commit?: string;
  readonly builder?: string;
  readonly source?: string;
}
/** All that makes up a release. Who vouches for it stands beside it, not in it. */
export interface Manifest {
  readonly schema: 1;
  readonly app: string;
  readonly version?: string;
  /** In the order of their paths. */
  readonly files: readonly ReleaseFile[];
  /** In the order of their paths. */
  readonly links: readonly ReleaseLink[];
  readonly run: Run;
  readonly checks: readonly Check[];
  /** Where it runs: `linux-x64`, in Node's words; anywhere, where it is absent. */
  readonly platform?: string;
  readonly dataMigration: DataMigration;
  readonly provenance?: Provenance;
}

/** What somebody says for a release: an Ed25519 key and what it signed, both base64url. */
export interface Signature {
  readonly key: string;
  readonly signature: string;
}
