/** The file of a release, as it is and as somebody hostile writes it. */
import fs from 'node:fs';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import {
  BadRelease,
  digestOf,
  releaseLimits,
  signRelease,
  writeManifest,
  type Manifest,
  type Signature,
} from '@bellwether/deploy';
import { nodeLimits, openReleaseFile, writeReleaseFile } from '@bellwether/deploy/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { built, failureOf, releaseFolder, type Planted } from '../../support/release-folder.ts';
import { fileOf, manifestOf, rawManifest, sha256Of } from '../../support/releases.ts';

const at = releaseFolder();
const crypto = nodeCrypto();
const tree: Readonly<Record<string, Planted>> = {
  a: 'first',
  b: 'second',
  c: 'first',
  l: { to: 'a' },
};

/** A file with this manifest, signatures and contents, whatever they are. */
const forge = (
  manifest: unknown,
  contents = '',
  {
    signatures = [],
    head,
  }: { readonly signatures?: unknown; readonly head?: (m: number, s: number) => string } = {},
): string => {
  const text = manifest instanceof Uint8Array ? manifest : rawManifest(manifest);
  const signed = rawManifest(signatures);
  const line = (head ?? ((m, s) => `bellwether-release 1 ${m} ${s}\n`))(text.length, signed.length);
  fs.writeFileSync(
    at('forged.rel'),
    Buffer.concat([Buffer.from(line), text, signed, Buffer.from(contents)]),
  );
  return at('forged.rel');
};
/** What reading all of a file refuses, without the path of it. */
const refusalOf = async (file: string): Promise<string> => {
  const error = await failureOf(readAll(file));
  expect(error).toBeInstanceOf(BadRelease);
  return error.message.replace(`${at()}/`, '');
};
const readAll = async (file: string): Promise<void> => {
  const reader = await openReleaseFile(file, crypto);
  try {
    await reader.verify();
  } finally {
    await reader.close();
  }
};

describe('a release in a file', () => {
  it('is read as it was written', async () => {
    const { manifest, digest } = await built(at('a'), tree);
    const reader = await openReleaseFile(at('a.rel'), crypto);
    expect([reader.digest, reader.manifest, reader.contentBytes]).toEqual([digest, manifest, 11]);
    await reader.verify();
    const [a, b] = [sha256Of('first'), sha256Of('second')];
    expect(Buffer.from(await reader.read(b, 1, 3)).toString()).toBe('eco');
    expect(Buffer.from(await reader.read(a, 3, 100)).toString()).toBe('st');
    expect(await reader.read(a, 5, 1)).toHaveLength(0);
    expect((await failureOf(reader.read(sha256Of('x'), 0, 1))).code).toBe('not-here');
    await reader.close();
  });
  it('is read a mebibyte at a time at most, whatever is asked for', async () => {
    const big = Buffer.alloc(nodeLimits.chunkBytes + 1, 'x');
    await built(at('a'), { big });
    const reader = await openReleaseFile(at('a.rel'), crypto);
    expect(await reader.read(sha256Of(big), 0, 1e9)).toHaveLength(nodeLimits.chunkBytes);
    await reader.close();
  });
  it('is put into another file by its own reader, with more signatures', async () => {
    await built(at('a'), tree);
    const reader = await openReleaseFile(at('a.rel'), crypto);
    const { manifestBytes, source, digest } = reader;
    const signatures = [crypto.keyPair(), crypto.keyPair()].map((pair) =>
      signRelease(digest, pair),
    );
    await writeReleaseFile(at('b.rel'), { manifest: manifestBytes, source, signatures });
    await reader.close();
    await readAll(at('b.rel'));
    const signed = await openReleaseFile(at('b.rel'), crypto);
    expect([signed.digest, signed.signatures.length]).toEqual([digest, 2]);
    await signed.close();
  });
});

describe('what is in no release', () => {
  const one = (path: string) => forge(manifestOf([fileOf(path, '')]));
  it.each([
    ['../x', 'forged.rel: files[0].path: "../x" has ".." in it'],
    ['/etc/x', 'forged.rel: files[0].path: "/etc/x" is absolute'],
    ['a/../../x', 'forged.rel: files[0].path: "a/../../x" has ".." in it'],
    ['a\0', 'forged.rel: files[0].path: "a\\u0000" has a character in it that is not shown'],
  ])('a file at %j', async (path, message) => {
    expect(await refusalOf(one(path))).toBe(message);
  });
  it('a link, and a file that goes through it', async () => {
    const links = [{ path: 'etc', to: 'b' }];
    expect(await refusalOf(forge(manifestOf([fileOf('etc/passwd', '')], { links })))).toBe(
      'forged.rel: links[0].path: other paths lie below "etc", which is a link',
    );
  });
  it('a link to the outside', async () => {
    expect(
      await refusalOf(forge(manifestOf([], { links: [{ path: 'l', to: '../../etc' }] }))),
    ).toBe('forged.rel: links[0].to: "l" leads out of the tree');
    expect(await refusalOf(forge(manifestOf([], { links: [{ path: 'l', to: '/etc' }] })))).toBe(
      'forged.rel: links[0].to: "l" leads to an absolute path',
    );
  });
  it('a device: nothing but files and links can be said', async () => {
    const device = { ...fileOf('null', ''), mode: 0o20666 };
    expect(await refusalOf(forge(manifestOf([device as never])))).toContain(
      'files[0].mode: is neither 420',
    );
    expect(await refusalOf(forge({ ...manifestOf([]), devices: [] }))).toContain(
      'has a field "devices"',
    );
  });
  it('10 GB of zeros that somebody claims', async () => {
    const file = { ...fileOf('zeros'), size: 10_737_418_240 };
    expect(await refusalOf(forge(manifestOf([file])))).toBe(
      'forged.rel: files[0].size: is 10737418240, which is not from 0 to 2147483648',
    );
    // At the limit it is believed, and nothing is set aside for it before it is there.
    const { fileBytes } = releaseLimits;
    const heapBytes = process.memoryUsage().rss;
    expect(await refusalOf(forge(manifestOf([{ ...file, size: fileBytes }]), 'x'))).toBe(
      'forged.rel: was cut: 2147483647 bytes are missing at its end',
    );
    expect(process.memoryUsage().rss - heapBytes).toBeLessThan(64 * 1_048_576);
  });
  it('a million entries', async () => {
    const entry = '{"mode":420,"path":"a","sha256":"","size":0},';
    const many = Buffer.from(`{"files":[${entry.repeat(1_000_000)}`);
    expect(await refusalOf(forge(many))).toContain('announces more than a release may have');
    expect(await refusalOf(forge(many.subarray(0, 30_000_000)))).toContain('has too many parts');
  });
  it('two names that some file systems take for one', async () => {
    expect(await refusalOf(forge(manifestOf([fileOf('A', ''), fileOf('a', '')])))).toBe(
      'forged.rel: files[1].path: "a" and "A" are the same where case and composition do not count',
    );
  });
  it('sizes that do not fit', async () => {
    const lie = manifestOf([fileOf('a', 'x'), { ...fileOf('b', 'x'), size: 2 }]);
    expect(await refusalOf(forge(lie, 'xx'))).toContain(
      'files[1].size: "b" has 2 bytes, and 1 elsewhere',
    );
    expect(await refusalOf(forge(manifestOf([{ ...fileOf('a', 'xy'), size: 1 }]), 'x'))).toBe(
      'forged.rel: "a": is not what its digest says',
    );
    expect(await refusalOf(forge(manifestOf([fileOf('a', 'x')]), 'xy'))).toBe(
      'forged.rel: has 1 bytes behind its end',
    );
    expect(await refusalOf(forge(manifestOf([fileOf('a', 'xy')]), 'x'))).toBe(
      'forged.rel: was cut: 1 bytes are missing at its end',
    );
  });
  it('keys that stand there twice, or are none of ours', async () => {
    const text = new TextDecoder().decode(writeManifest(manifestOf([fileOf('a', '')])));
    const forgeText = (changed: string): string => {
      fs.writeFileSync(at('text.rel'), `bellwether-release 1 ${changed.length} 2\n${changed}[]`);
      return at('text.rel');
    };
    await readAll(forgeText(text));
    expect(await refusalOf(forgeText(text.replace('{"app"', '{"app":"a","app"')))).toContain(
      'text.rel: manifest: is not canonical at character 8',
    );
    expect(
      await refusalOf(forgeText(text.replace('{"app"', '{"__proto__":{"size":1},"app"'))),
    ).toContain('text.rel: manifest: has a field "__proto__" that is not known');
  });
  it('a signature that is none, or of something else', async () => {
    const manifest: Manifest = manifestOf([fileOf('a', '')]);
    const digest = digestOf(crypto, writeManifest(manifest));
    const good = signRelease(digest, crypto.keyPair());
    await readAll(forge(manifest, '', { signatures: [good] }));
    const other = signRelease(`rel:sha256-${'0'.repeat(64)}`, crypto.keyPair());
    for (const bad of [{ ...good, key: other.key }, { ...good, signature: other.signature }, other])
      expect(
        await refusalOf(forge(manifest, '', { signatures: [bad] satisfies Signature[] })),
      ).toContain(`the key ${bad.key} has not signed this release`);
  });
});

describe('the first line of a file', () => {
  const manifest = manifestOf([fileOf('a', '')]);
  it.each<[string, (m: number, s: number) => string, string]>([
    ['is another', () => '#!/bin/sh\n', 'forged.rel: is no release: its first line is another'],
    [
      'never ends',
      () => 'bellwether-release 1 '.padEnd(100, '1'),
      'forged.rel: is no release: its first line',
    ],
    [
      'is of a later form',
      () => 'bellwether-release 2 x y z\n',
      'forged.rel: is a release of form 2; this version knows 1',
    ],
    [
      'has one length',
      (m) => `bellwether-release 1 ${m}\n`,
      'forged.rel: first line: has no two lengths',
    ],
    [
      'has a sign',
      (m, s) => `bellwether-release 1 -${m} ${s}\n`,
      'forged.rel: first line: has no two lengths',
    ],
    [
      'has a zero before',
      (m, s) => `bellwether-release 1 0${m} ${s}\n`,
      'forged.rel: first line: has no two lengths',
    ],
    [
      'announces much',
      (_m, s) => `bellwether-release 1 33554433 ${s}\n`,
      'first line: announces more than a release',
    ],
    [
      'announces many signatures',
      (m) => `bellwether-release 1 ${m} 4097\n`,
      'first line: announces more than a release',
    ],
    ['announces what is not there', () => 'bellwether-release 1 33554432 4096\n', 'was cut: 33558'],
    [
      'ends like that of Windows',
      (m, s) => `bellwether-release 1 ${m} ${s}\r\n`,
      'first line: has no two lengths',
    ],
  ])('%s', async (_what, head, message) => {
    expect(await refusalOf(forge(manifest, '', { head }))).toContain(message);
  });
  it('is not that of a folder, a pipe, or nothing', async () => {
    fs.mkdirSync(at('folder'));
    expect(await refusalOf(at('folder'))).toBe('folder: is no plain file');
    expect(await refusalOf(at('nothing'))).toBe('nothing: is not there');
    fs.writeFileSync(at('empty'), '');
    expect(await refusalOf(at('empty'))).toBe('empty: is no release: its first line is another');
  });
});

describe('a file that was damaged', () => {
  it('is refused wherever it was cut, in words about that', async () => {
    await built(at('a'), tree);
    const bytes = fs.readFileSync(at('a.rel'));
    for (let length = 0; length < bytes.length; length += 1) {
      fs.writeFileSync(at('cut.rel'), bytes.subarray(0, length));
      expect(await refusalOf(at('cut.rel'))).toMatch(/^cut\.rel: (was cut|is no release)/);
    }
  });
  it('is refused whatever bytes of it are changed, and by nothing but that error', async () => {
    const signer = crypto.keyPair();
    const { digest } = await built(at('a'), tree);
    const reader = await openReleaseFile(at('a.rel'), crypto);
    const { manifestBytes, source } = reader;
    const signatures = [signRelease(digest, signer)];
    await writeReleaseFile(at('b.rel'), { manifest: manifestBytes, source, signatures });
    await reader.close();
    const bytes = fs.readFileSync(at('b.rel'));
    const place = fc.nat(bytes.length - 1);
    await fc.assert(
      fc.asyncProperty(
        place,
        fc.integer({ min: 1, max: 255 }),
        fc.nat(2),
        async (where, flip, gone) => {
          const changed = Buffer.from(bytes);
          changed[where] = (changed[where] ?? 0) ^ flip;
          fs.writeFileSync(
            at('c.rel'),
            Buffer.concat([changed.subarray(0, where + 1), changed.subarray(where + 1 + gone)]),
          );
          await refusalOf(at('c.rel'));
        },
      ),
      { numRuns: 1_000, seed: 11 },
    );
  });
});
