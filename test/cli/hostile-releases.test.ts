/**
 * Hostile releases, offered over the wire to a real daemon by whoever may deploy: each is refused for what it is,
 * and nothing else notices. What a file or a disk may hide has tests of its own in test/deploy.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { isRemote } from '@bellwether/actors';
import { signRelease, writeSignatures, type Manifest } from '@bellwether/deploy';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { limits } from '@bellwether/shepherd';
import { describe, expect } from 'vitest';
import { codeIn } from '../../packages/herd/src/client/errors.ts';
import { openRef } from '../../packages/herd/src/client/petname.ts';
import { releaseClient, type ReleaseClient } from '../../packages/herd/src/client/releases.ts';
import { sturdyrefOf } from '../../packages/herd/src/refs/ref-store.ts';
import {
  answerOf,
  contentsIn,
  partialBytesIn,
  releaseOf,
  startSlot,
  type Slotted,
} from '../support/deploys.ts';
import { it, together } from '../support/placed.ts';
import { eventually } from '../support/programs.ts';
import { fileOf, manifestOf, rawManifest, sha256Of } from '../support/releases.ts';
import { mint } from '../support/web-fleet.ts';

const patience = { waitMs: 60_000 };
const listening = `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`;
const short = 'confirmSeconds: 30, healthySeconds: 0.3, stop: { graceSeconds: 1 }';

/** Somebody with a ref to the slot, and no program of ours. */
const intruder = async <T>(
  slotted: Slotted,
  work: (client: ReleaseClient) => Promise<T>,
): Promise<T> => {
  const file = await mint(slotted.place, slotted.daemon, 'web');
  const line = await openRef(sturdyrefOf(fs.readFileSync(file, 'utf8').trim(), 'web'), 'web');
  try {
    return await work(releaseClient(line));
  } finally {
    line.close();
  }
};
/** Brings the text of a manifest, whatever is in it, and offers it; what is said to that. */
const offerOf = async (
  client: ReleaseClient,
  bytes: Uint8Array,
  signatures?: Uint8Array,
): Promise<string> => {
  const sha256 = sha256Of(bytes);
  const release = `rel:sha256-${sha256}`;
  const offer = { release, manifestBytes: bytes.length, ...(signatures && { signatures }) };
  try {
    const { missing } = await client.offer(offer, patience);
    if (missing[0]?.sha256 === sha256)
      for (let at = missing[0].have; at < bytes.length; at += limits.pieceOfReleaseBytes) {
        const piece = bytes.slice(at, at + limits.pieceOfReleaseBytes);
        await client.put(sha256, at, piece, patience);
      }
    await client.offer(offer, patience);
    return 'taken';
  } catch (error) {
    if (!(error instanceof Error) || !isRemote(error)) throw error;
    return `${codeIn(error)}: ${error.message}`;
  }
};

const files = (...paths: readonly string[]) => paths.map((each) => fileOf(each, 'x'));
const links = (...pairs: readonly (readonly [string, string])[]) => ({
  links: pairs.map(([where, to]) => ({ path: where, to })),
});
const raw = (more: object): Uint8Array => rawManifest({ ...manifestOf([]), ...more });
const many = (count: number): Uint8Array =>
  rawManifest(manifestOf(Array.from({ length: count }, (_, at) => fileOf(`f${at}`, 'x'))));
const hostile: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  [
    'a path out of the tree',
    () => raw({ files: files('../x') }),
    /files\[0\]\.path: .*has ".." in it/,
  ],
  ['an absolute path', () => raw({ files: files('/etc/passwd') }), /is absolute/],
  ['a NUL', () => raw({ files: files('a\0b') }), /a character in it that is not shown/],
  [
    'a link out of the tree',
    () => raw(links(['a', '../../etc'])),
    /links\[0\]\.to: .*leads out of the tree/,
  ],
  ['an absolute link', () => raw(links(['a', '/etc'])), /leads to an absolute path/],
  [
    'a file through a link',
    () => raw({ files: files('a/passwd'), ...links(['a', 'b']) }),
    /other paths lie below "a", which is a link/,
  ],
  [
    'a link through a link',
    () => raw(links(['a/b', '..'], ['c', 'a/b/../../etc'])),
    /leads out of the tree/,
  ],
  ['links in a circle', () => raw(links(['a', 'b'], ['b', 'a'])), /leads through too many links/],
  [
    'a device',
    () => raw({ files: [{ ...fileOf('null', ''), mode: 0o020666 }] }),
    /files\[0\]\.mode/,
  ],
  ['a program of root', () => raw({ files: [{ ...fileOf('su', ''), mode: 0o4755 }] }), /mode/],
  [
    '10 GB of zeros',
    () => raw({ files: [{ ...fileOf('zeros'), size: 10_000_000_000 }] }),
    /files\[0\]\.size: is 10000000000/,
  ],
  [
    'more entries than there may be',
    () => many(100_001),
    /files: has 100001 entries, above 100000/,
  ],
  [
    'names that differ in case alone',
    () => raw({ files: files('A', 'a') }),
    /are the same where case/,
  ],
  ['a name twice', () => raw({ files: files('a', 'a') }), /does not stand|is there twice|order/],
  [
    'another meaning than its text',
    () => raw({ ['__proto__x']: 1 }),
    /field "__proto__x" that is not known/,
  ],
  [
    'blanks',
    () => new TextEncoder().encode(JSON.stringify(manifestOf(files('a')), undefined, 1)),
    /is not canonical/,
  ],
  ['brackets', () => new TextEncoder().encode('['.repeat(1_000_000)), /manifest: is deeper than/],
  ['no text', () => new Uint8Array(4_096).fill(0xff), /is no text in UTF-8/],
  [
    'another platform',
    () => raw({ files: files('a'), platform: 'win32-x64' } satisfies Partial<Manifest>),
    /is for win32-x64/,
  ],
];

describe('a hostile release', together, () => {
  it('is refused for what it is, and the slot serves on', async ({ place }) => {
    const slotted = await startSlot(place, short, listening);
    const good = await releaseOf(slotted, 'one');
    expect((await slotted.daemon.herd('deploy', 'web', good)).code).toBe(0);
    const before = [...contentsIn(slotted.folder)];
    for (const [what, make, why] of hostile)
      await intruder(slotted, async (client) => {
        const answer = await offerOf(client, make());
        expect([what, answer]).toEqual([what, expect.stringMatching(why)]);
        expect(answer).toMatch(/^(bad-release|refused): /);
      });
    expect(partialBytesIn(slotted.folder)).toBe(0);
    expect(await answerOf(slotted)).toBe('one');
    // A million entries are more than a text may have: that is seen before any of it is sent.
    const huge = { release: `rel:sha256-${'0'.repeat(64)}`, manifestBytes: 128 * 1_048_576 };
    const told = await intruder(slotted, (client) => client.offer(huge, patience).catch(String));
    expect(told).toMatch(/manifest/);
    const two = await releaseOf(slotted, 'two');
    expect((await slotted.daemon.herd('deploy', 'web', two)).code).toBe(0);
    expect(await answerOf(slotted)).toBe('two');
    // A refusal throws nothing away, since others may have brought the same: what nobody needs goes after an hour.
    const isThere = (sha256: string): boolean => contentsIn(slotted.folder).has(sha256);
    expect(before.every(isThere)).toBe(true);
  });

  it('has no contents that nobody has said are missing, and none of another size', async ({
    place,
  }) => {
    const slotted = await startSlot(place, short, listening);
    const content = crypto.randomBytes(100_000);
    const manifest = rawManifest(manifestOf([fileOf('a', content)]));
    await intruder(slotted, async (client) => {
      const refused = (sha256: string, at: number, bytes: Uint8Array): Promise<unknown> =>
        client.put(sha256, at, bytes, patience).catch((error: unknown) => String(error));
      expect(await refused(sha256Of(content), 0, content.subarray(0, 100))).toContain(
        'nobody has said here',
      );
      expect(await offerOf(client, manifest)).toBe('taken');
      const long = content.subarray(0, limits.pieceOfReleaseBytes + 1);
      expect(await refused(sha256Of(content), 0, long)).toMatch(/bytes, at most 65536 are taken/);
      expect(await refused(sha256Of(content), 99_999, new Uint8Array(2))).toContain(
        'and the content at 100000',
      );
      expect(await refused('../'.repeat(21) + 'x', 0, new Uint8Array(1))).toContain(
        '64 hex digits',
      );
      // Zeros in its place are found out with the last piece, and it begins anew.
      await client.put(sha256Of(content), 0, new Uint8Array(60_000), patience);
      expect(await refused(sha256Of(content), 60_000, new Uint8Array(40_000))).toContain(
        'its bytes have another digest',
      );
      const { missing } = await client.offer(
        { release: `rel:sha256-${sha256Of(manifest)}`, manifestBytes: manifest.length },
        patience,
      );
      expect(missing).toEqual([{ sha256: sha256Of(content), size: 100_000, have: 0 }]);
    });
    expect([...contentsIn(slotted.folder)]).toEqual([sha256Of(manifest)]);
  });

  it('that too few have signed, a stranger, or a key that is revoked, is not even asked for', async ({
    place,
  }) => {
    const [good, revoked, stranger] = [1, 2, 3].map(() => nodeCrypto().keyPair());
    if (!good || !revoked || !stranger) throw new Error('no keys');
    const text = (pair: typeof good): string => Buffer.from(pair.publicKey).toString('base64url');
    const trust = `trust: { keys: ['${text(good)}', '${text(revoked)}'], revoked: ['${text(revoked)}'] }`;
    const slotted = await startSlot(place, `${short}, ${trust}`, listening);
    const manifest = rawManifest(manifestOf(files('a')));
    const digest = `rel:sha256-${sha256Of(manifest)}` as const;
    const by = (...pairs: readonly (typeof good)[]): Uint8Array =>
      writeSignatures(pairs.map((pair) => signRelease(digest, pair)));
    await intruder(slotted, async (client) => {
      expect(await offerOf(client, manifest)).toContain('not-trusted: ');
      expect(await offerOf(client, manifest, by(stranger))).toContain('is not trusted');
      expect(await offerOf(client, manifest, by(revoked))).toContain('is revoked');
      const other = rawManifest(manifestOf(files('b')));
      expect(await offerOf(client, other, by(good))).toContain('has not signed this release');
      expect(await offerOf(client, manifest, new Uint8Array(4_097))).toMatch(/signatures/);
      expect(fs.existsSync(path.join(slotted.folder, 'partial'))).toBe(false);
      expect(await offerOf(client, manifest, by(stranger, good))).toBe('taken');
    });
    await eventually('it is here', () => contentsIn(slotted.folder).size === 1);
  });
});
