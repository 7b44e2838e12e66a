/** What may be in a tree, and what may not be beside it. */
import { readManifest, releaseLimits, type ReleaseLink } from '@bellwether/deploy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteCountOf, comparePaths } from '../../../packages/deploy/src/release/paths.ts';
import { fileOf, manifestOf, rawManifest, refusalOf } from '../../support/releases.ts';

const read = (paths: readonly string[], links: readonly ReleaseLink[] = []) =>
  readManifest(
    rawManifest(
      manifestOf(
        paths.map((path) => fileOf(path)),
        { links },
      ),
    ),
  );
const refusal = (paths: readonly string[], links: readonly ReleaseLink[] = []): string =>
  refusalOf(() => read(paths, links));
const link = (path: string, to: string): ReleaseLink => ({ path, to });

describe('a path in a tree', () => {
  it.each([
    ['../x', 'files[0].path: "../x" has ".." in it'],
    ['a/../../x', 'has ".." in it'],
    ['..', 'has ".." in it'],
    ['.', 'has "." in it'],
    ['./a', 'has "." in it'],
    ['/etc/x', 'files[0].path: "/etc/x" is absolute'],
    ['', 'is empty'],
    ['a//b', 'has an empty name in it'],
    ['a/', 'has an empty name in it'],
    ['a\0b', 'has a character in it that is not shown'],
    ['a\nb', 'has a character in it that is not shown'],
    ['\u001b[2J', 'has a character in it that is not shown'],
    ['a\u202eb', 'has a character in it that is not shown'],
    ['a\u200bb', 'has a character in it that is not shown'],
    ['..\\..\\x', 'has a backslash in it'],
    ['C:\\x', 'has a backslash in it'],
  ])('is not %j', (path, message) => {
    expect(refusal([path])).toContain(message);
  });
  it('is no half of a pair, which UTF-8 cannot say', () => {
    expect(refusal(['a\ud800'])).toContain('is no whole text');
  });
  it.each(['a', '.hidden', '...', 'a b', 'ä/日本/🙂', '-rf', 'con', '__proto__', '$(x)', '~'])(
    'may be %j',
    (path) => {
      expect(read([path]).files[0]?.path).toBe(path);
    },
  );
  it.each([
    [
      'names',
      Array.from({ length: 64 }, () => 'a').join('/'),
      Array.from({ length: 65 }, () => 'a').join('/'),
      'is deeper than 64',
    ],
    [
      'bytes in all',
      `${'a'.repeat(255)}/`.repeat(4).slice(0, -1),
      `${'a'.repeat(255)}/`.repeat(4) + 'a',
      'is longer than 1024 bytes',
    ],
  ])('has so many %s at most', (_what, at, over, message) => {
    expect(read([at]).files).toHaveLength(1);
    expect(refusal([over])).toContain(message);
  });
  it('has a name of 255 bytes at most, however few characters that are', () => {
    expect(read(['é'.repeat(127)]).files).toHaveLength(1);
    expect(refusal(['é'.repeat(128)])).toContain('a name of more than 255 bytes');
  });
});

describe('two paths in a tree', () => {
  it.each([
    [['A', 'a']],
    [['Makefile', 'makefile']],
    [['a/x', 'A/y']],
    [['straße', 'STRASSE']],
    [['\u00e9', 'e\u0301']],
    [['\ufb01', 'fi']],
    [['\u212b', '\u00e5']],
  ])('are not %j, which some file systems take for one', (paths) => {
    expect(refusal([...paths])).toContain('are the same where case and composition do not count');
  });
  it('are not a file and what lies below it', () => {
    expect(refusal(['a', 'a/b'])).toBe('files[1].path: lies below "a", which is a file');
  });
  it('are not a link and what lies below it: a file would go through the link', () => {
    expect(refusal(['a/b'], [link('a', 'c')])).toBe(
      'links[0].path: other paths lie below "a", which is a link',
    );
    expect(refusal([], [link('a', 'c'), link('a/b', 'c')])).toContain(
      'lies below "a", which is a link',
    );
  });
  it('are not the same one twice, as files, as links, or as both', () => {
    expect(refusal(['a', 'a'])).toContain('files[1].path: "a" is there twice');
    expect(refusal([], [link('a', 'b'), link('a', 'c')])).toContain(
      'links[1].path: "a" is there twice',
    );
    expect(refusal(['a'], [link('a', 'b')])).toContain('links[0].path: "a" is there twice');
  });
});

describe('a link in a tree', () => {
  it.each([
    ['/etc/passwd', 'leads to an absolute path'],
    ['', 'leads to an empty path'],
    ['..', '"l" leads out of the tree'],
    ['../x', '"l" leads out of the tree'],
    ['a/../../x', '"l" leads out of the tree'],
    ['./../x', '"l" leads out of the tree'],
    ['a\0', 'has a character in it that a name may not have'],
    ['a\\b', 'has a character in it that a name may not have'],
    ['l', '"l" leads through too many links'],
  ])('does not say %j', (to, message) => {
    expect(refusal([], [link('l', to)])).toContain(message);
  });
  it('does not lead out through another link that by itself stays inside', () => {
    // d/e → the root; through it `..` is above the tree, though it looks like d.
    expect(refusal(['d/f'], [link('d/e', '..'), link('x', 'd/e/../y')])).toContain(
      'links[1].to: "x" leads out of the tree',
    );
  });
  it('does not lead out where another spelling of its name is the same', () => {
    expect(refusal(['d/e/f'], [link('d/e/a', '../..'), link('d/e/x', 'A/..')])).toContain(
      '"d/e/x" leads out of the tree',
    );
  });
  it('may lead to the root, through others, and to nothing', () => {
    const links = [
      link('a', 'b'),
      link('b', 'd/..'),
      link('c', 'd/../nothing'),
      link('d/e', '../a/./d'),
    ];
    expect(read(['d/f'], links).links).toEqual(links);
  });
  it('leads through 40 others at most', () => {
    const chain = (count: number) =>
      Array.from({ length: count }, (_, at) =>
        link(`l${String(at).padStart(3, '0')}`, `l${String(at + 1).padStart(3, '0')}`),
      );
    expect(read([], chain(releaseLimits.linkHopCount)).links).toHaveLength(40);
    expect(refusal([], chain(releaseLimits.linkHopCount + 1))).toContain(
      'leads through too many links',
    );
  });
  it('costs little, however links are put together', () => {
    const wide = 'a/../'.repeat(200);
    const links = Array.from({ length: 2_000 }, (_, at) =>
      link(`l${String(at).padStart(4, '0')}`, `${wide}b`),
    );
    const startedAt = performance.now();
    expect(refusal([], links)).toContain('takes too long to be followed');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('the order of paths', () => {
  it('is that of their bytes, and their length in bytes is known', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const order = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(Math.sign(comparePaths(a, b))).toBe(order);
        expect(byteCountOf(a)).toBe(Buffer.byteLength(a));
      }),
      { numRuns: 2_000, seed: 3 },
    );
  });
});
