/** The text of a manifest: one for each meaning, and nothing that could mean two things. */
import { nodeCrypto } from '@bellwether/netlayer-stream';
import {
  BadRelease,
  contentsOf,
  digestOf,
  readManifest,
  releaseLimits,
  writeManifest,
  type Manifest,
} from '@bellwether/deploy';
import { isDigest } from '@bellwether/shepherd';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileOf, manifestOf, rawManifest, refusalOf } from '../../support/releases.ts';

const whole: Manifest = manifestOf([fileOf('b/c', 'x'), { ...fileOf('a', 'x'), mode: 0o755 }], {
  version: '1.2',
  links: [{ path: 'l', to: 'b/c' }],
  run: { command: ['node', 'a'], env: { B: '1', A: '' } },
  checks: [
    { http: 'http://127.0.0.1:8080/health?a=b', timeoutMs: 1_000 },
    { exec: ['./a', '--check'], timeoutMs: 1 },
    { tcp: '[::1]:80', timeoutMs: 600_000 },
    { http: 'http://[::1]:65535/x:99999', timeoutMs: 1 },
  ],
  platform: 'linux-x64',
  dataMigration: 'forward-only',
  provenance: { commit: 'abc', builder: 'ci', source: 'https://example.org/web' },
});
const textOf = (manifest: Manifest): string => new TextDecoder().decode(writeManifest(manifest));
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const refusalOfText = (text: string): string => refusalOf(() => readManifest(bytesOf(text)));
/** The whole manifest with one thing in it replaced, as somebody hostile writes it. */
const refusalWith = (more: object): string =>
  refusalOf(() => readManifest(rawManifest({ ...whole, ...more })));

describe('the text of a manifest', () => {
  it('has its keys sorted, no blanks, and gives back what it was made from', () => {
    const text = textOf(whole);
    expect(text.startsWith('{"app":"web","checks":[{"http":"http://127.0.0.1:8080/health')).toBe(
      true,
    );
    expect(text).toContain('"env":{"A":"","B":"1"}');
    expect(readManifest(bytesOf(text))).toEqual(whole);
  });
  it('has a digest that stays the same for all time', () => {
    const bytes = writeManifest(manifestOf([fileOf('server.js', 'hello\n')]));
    expect(digestOf(nodeCrypto(), bytes)).toBe(
      'rel:sha256-2d1ab5f9b0339052bccac7be0ae2cb580108c0ccfc2c2cba42a603bb7d5efcc0',
    );
    expect(isDigest(digestOf(nodeCrypto(), bytes))).toBe(true);
    expect(isDigest('rel:sha256-DEAD')).toBe(false);
  });
  it('does not depend on the order in which fields were put together', () => {
    const { app, ...others } = whole;
    expect(textOf({ ...others, app })).toBe(textOf(whole));
  });
  it('names each content once, in the order of the files', () => {
    const files = [fileOf('a', 'x'), fileOf('b', 'y'), fileOf('c', 'x')];
    expect(contentsOf(manifestOf(files)).map(({ size }) => size)).toEqual([1, 1]);
  });
  it.each([
    ['a blank', (text: string) => text.replace('{"app"', '{ "app"')],
    ['a line break behind it', (text: string) => `${text}\n`],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
    [
      'two keys the other way round',
      (text: string) => text.replace('"A":"","B":"1"', '"B":"1","A":""'),
    ],
    ['a key twice', (text: string) => text.replace('{"app":"web"', '{"app":"evil","app":"web"')],
    ['a fraction', (text: string) => text.replace('"schema":1', '"schema":1.0')],
    ['an exponent', (text: string) => text.replace('"size":1', '"size":1e0')],
    [
      'a letter that is escaped without need',
      (text: string) => text.replace('"web"', '"\\u0077eb"'),
    ],
    ['nothing', () => ''],
    ['only half of itself', (text: string) => text.slice(0, 200)],
  ])('is refused with %s', (_what, change) => {
    const text = textOf(whole);
    expect(change(text)).not.toBe(text);
    expect(refusalOfText(change(text))).toMatch(/^manifest: is (not canonical|no JSON)/);
  });
  it('says where it is not canonical', () => {
    expect(refusalOfText(textOf(whole).replace('{"app"', '{ "app"'))).toContain('at character 1:');
  });
  it('is refused where it is no UTF-8', () => {
    const bytes = writeManifest(whole);
    bytes[8] = 0xff;
    expect(refusalOf(() => readManifest(bytes))).toBe('manifest: is no text in UTF-8');
  });
  it.each(['__proto__', 'constructor', 'hooks', 'toString'])(
    'is refused with a field %s, which could mean something',
    (name) => {
      const text = `{"${name}":{},${textOf(whole).slice(1)}`;
      expect(refusalOfText(text)).toBe(`manifest: has a field "${name}" that is not known`);
      expect(({} as Record<string, unknown>)['app']).toBeUndefined();
    },
  );
  it('round-trips whatever it can say', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
    const text = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .filter((one) => !one.includes('\0'));
    const some = fc.record({
      names: fc.uniqueArray(word, { maxLength: 8 }),
      words: fc.array(text, { minLength: 1, maxLength: 4 }).filter(([first]) => first !== ''),
      env: fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,5}$/), text, { maxKeys: 4 }),
      dataMigration: fc.constantFrom('none' as const, 'reversible' as const),
    });
    fc.assert(
      fc.property(some, ({ names, words, env, dataMigration }) => {
        const manifest = manifestOf(
          names.map((name) => fileOf(name)),
          { run: { command: words, env: { ...env } }, dataMigration },
        );
        const bytes = writeManifest(manifest);
        expect(readManifest(bytes)).toEqual(manifest);
        expect(writeManifest(readManifest(bytes))).toEqual(bytes);
      }),
      { numRuns: 500, seed: 5 },
    );
  });
  it('is refused with an error of its own whatever bytes of it are changed, cut or put in', () => {
    const bytes = writeManifest(whole);
    const byte = fc.integer({ min: 0, max: 255 });
    const change = fc.record({
      at: fc.nat(bytes.length - 1),
      gone: fc.nat(3),
      fresh: fc.oneof(
        fc.array(byte, { maxLength: 4 }).map((list) => Uint8Array.from(list)),
        fc
          .constantFrom('{', ']', '"', ',', '\\u0000', '1e9', '-0', '..', '/', 'null', '__proto__')
          .map(bytesOf),
      ),
    });
    let refusedCount = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let mutated = Buffer.from(bytes);
        for (const { at, gone, fresh } of changes)
          mutated = Buffer.concat([mutated.subarray(0, at), fresh, mutated.subarray(at + gone)]);
        try {
          // Whatever is taken means one thing: it is the one text of what was read.
          expect(Buffer.from(writeManifest(readManifest(mutated)))).toEqual(mutated);
        } catch (error) {
          if (!(error instanceof BadRelease)) throw error;
          refusedCount += 1;
        }
      }),
      { numRuns: 3_000, seed: 26 },
    );
    expect(refusedCount).toBeGreaterThan(2_000);
  });
});

describe('the fields of a manifest', () => {
  it.each([
    ['a newer schema', { schema: 2 }, 'schema: is not 1, the only one that this version knows'],
    ['no schema', { schema: undefined }, 'schema: is not 1, the only one that this version knows'],
    [
      'a mode of 0777',
      { files: [{ ...fileOf('a'), mode: 0o777 }] },
      'files[0].mode: is neither 420',
    ],
    ['setuid', { files: [{ ...fileOf('a'), mode: 0o4755 }] }, 'files[0].mode: is neither 420'],
    ['a negative size', { files: [{ ...fileOf('a'), size: -1 }] }, 'files[0].size: is -1, which'],
    [
      'half a byte',
      { files: [{ ...fileOf('a'), size: 0.5 }] },
      'files[0].size: is no whole number',
    ],
    [
      'an upper-case digest',
      { files: [{ ...fileOf('a'), sha256: 'A'.repeat(64) }] },
      'files[0].sha256: "AAAA',
    ],
    [
      'an owner',
      { files: [{ ...fileOf('a'), uid: 0 }] },
      'files[0]: has a field "uid" that is not known',
    ],
    ['no program', { run: { command: [] } }, 'run.command: has no program in it'],
    ['an empty program', { run: { command: [''] } }, 'run.command: has no program in it'],
    ['a NUL', { run: { command: ['a', 'b\0c'] } }, 'run.command[1]: can be given to no program'],
    [
      'half a pair',
      { run: { command: ['a', '\ud800'] } },
      'run.command[1]: can be given to no program',
    ],
    [
      'a variable without a name',
      { run: { command: ['a'], env: { '': '' } } },
      'run.env: "" is no name',
    ],
    [
      'a variable with a =',
      { run: { command: ['a'], env: { 'A=B': '' } } },
      'run.env: "A=B" is no name',
    ],
    ['an app that is a path', { app: '../web' }, 'app: "../web" is no name of an application'],
    ['an empty version', { version: '' }, 'version: "" is no version'],
    ['null for a version', { version: null }, 'version: is no text'],
    [
      'another migration',
      { dataMigration: 'some' },
      'dataMigration: is none of none, reversible, forward-only',
    ],
    [
      'a check of a file',
      { checks: [{ http: 'file:///etc/passwd', timeoutMs: 1 }] },
      'checks[0].http: "file:',
    ],
    [
      'a password in a URL',
      { checks: [{ http: 'http://a:b@c/', timeoutMs: 1 }] },
      'checks[0].http: "http:',
    ],
    [
      'two checks in one',
      { checks: [{ http: 'http://a/', tcp: 'a:1', timeoutMs: 1 }] },
      'checks[0]: is none of',
    ],
    [
      'no check in one',
      { checks: [{ timeoutMs: 1 }] },
      'checks[0]: is none of http, exec, tcp, or more',
    ],
    [
      'a port of 65536',
      { checks: [{ tcp: 'a:65536', timeoutMs: 1 }] },
      'checks[0].tcp: "a:65536" has no port',
    ],
    [
      'a port of 65536 in a URL',
      { checks: [{ http: 'http://a:65536/', timeoutMs: 1 }] },
      'checks[0].http: "http://a:65536/" has no port',
    ],
    [
      'a port of 0 in a URL',
      { checks: [{ http: 'https://[::1]:0', timeoutMs: 1 }] },
      'checks[0].http: "https://[::1]:0" has no port',
    ],
    [
      'no time for a check',
      { checks: [{ tcp: 'a:1', timeoutMs: 0 }] },
      'checks[0].timeoutMs: is 0, which is not',
    ],
    [
      'a password in its source',
      { provenance: { source: 'https://u:p@h/x' } },
      'provenance.source: has a user',
    ],
    ['a list for an object', { run: [] }, 'run: is no object'],
    ['an object for a list', { files: {} }, 'files: is no list'],
  ])('may not have %s', (_what, more, message) => {
    expect(refusalWith(more)).toContain(message);
  });
  it('may not have a variable __proto__, which would be none in a copy', () => {
    const text = textOf(whole).replace('{"A":"","B":"1"}', '{"__proto__":"x"}');
    expect(refusalOfText(text)).toBe('run.env: "__proto__" is no name of a variable');
  });
  it('may not stand in another order than that of the bytes of their paths', () => {
    // In UTF-16 the first would come first; in UTF-8 it does not.
    const files = [fileOf('\u{1f600}'), fileOf('\ufffd')];
    expect(refusalWith({ files })).toContain('files[1].path: "\ufffd" stands after');
    expect(() => writeManifest(manifestOf(files))).not.toThrow();
  });
  it('quote nothing that a terminal would act on', () => {
    const message = refusalWith({ app: `a\u001b[2J\u202e\u009b${'x'.repeat(30)}` });
    expect(message).toContain('"a\\u001b[2J\\u202e\\u009bxxx');
  });
});

describe('the limits of a manifest', () => {
  it('take 100,000 files and links, and not one more', () => {
    const { entryCount } = releaseLimits;
    const empty = fileOf('', '');
    const files = Array.from({ length: entryCount - 1 }, (_, at) => ({
      ...empty,
      path: String(at).padStart(6, '0'),
    }));
    const links = [{ path: 'l', to: 'm' }];
    const bytes = rawManifest(manifestOf(files, { links }));
    expect(readManifest(bytes).files).toHaveLength(entryCount - 1);
    const over = rawManifest(manifestOf(files, { links: [...links, { path: 'm', to: 'l/x' }] }));
    expect(refusalOf(() => readManifest(over))).toBe(
      'links: with the files there are 100001, above 100000',
    );
  });
  it('refuse a million entries before anything is made of them', () => {
    const entry = '{"mode":420,"path":"a","sha256":"","size":0},';
    const many = bytesOf(`{"files":[${entry.repeat(700_000)}`);
    expect(many.length).toBeLessThan(releaseLimits.manifestBytes);
    const heapBytes = process.memoryUsage().heapUsed;
    expect(refusalOf(() => readManifest(many))).toBe('manifest: has too many parts');
    expect(process.memoryUsage().heapUsed - heapBytes).toBeLessThan(32 * 1_048_576);
    const longer = new Uint8Array(releaseLimits.manifestBytes + 1);
    expect(refusalOf(() => readManifest(longer))).toBe('manifest: is longer than 33554432 bytes');
  });
  it('refuse what is deeper than a manifest is, also 32 MiB of brackets', () => {
    const deep = new Uint8Array(releaseLimits.manifestBytes).fill(0x5b);
    expect(refusalOf(() => readManifest(deep))).toBe('manifest: is deeper than 4');
    expect(refusalOfText('[[[[]]]]')).toBe('manifest: is no object');
    expect(refusalOfText('[[[[[]]]]]')).toBe('manifest: is deeper than 4');
    // Brackets within texts are none.
    expect(refusalWith({ app: '[[[[[' })).toContain('is no name of an application');
  });
  const { nameCharacters, wordCount, commandBytes, environmentCount, environmentBytes } =
    releaseLimits;
  const { checkCount, checkMostMs, fileBytes, treeBytes, provenanceCharacters } = releaseLimits;
  const big = (path: string, size: number) => ({ ...fileOf(path), size });
  const check = { tcp: 'a:1', timeoutMs: checkMostMs };
  it.each<[string, object, object, string]>([
    [
      'the name of an app',
      { app: 'a'.repeat(nameCharacters) },
      { app: 'a'.repeat(nameCharacters + 1) },
      'app: is longer',
    ],
    [
      'a version',
      { version: 'a'.repeat(nameCharacters) },
      { version: 'a'.repeat(nameCharacters + 1) },
      'version: is',
    ],
    [
      'a platform',
      { platform: `a-${'a'.repeat(nameCharacters - 2)}` },
      { platform: `a-${'a'.repeat(nameCharacters - 1)}` },
      'platform: is longer',
    ],
    [
      'words',
      { run: { command: Array.from({ length: wordCount }, () => 'a') } },
      { run: { command: Array.from({ length: wordCount + 1 }, () => 'a') } },
      'run.command: has 257 entries',
    ],
    [
      'the bytes of words',
      { run: { command: ['é'.repeat(commandBytes / 2 - 1), ''] } },
      { run: { command: ['é'.repeat(commandBytes / 2 - 1), 'a'] } },
      'run.command: is longer than 65536 bytes',
    ],
    [
      'variables',
      {
        run: {
          command: ['a'],
          env: Object.fromEntries(
            Array.from({ length: environmentCount }, (_, at) => [`A${at}`, '']),
          ),
        },
      },
      {
        run: {
          command: ['a'],
          env: Object.fromEntries(
            Array.from({ length: environmentCount + 1 }, (_, at) => [`A${at}`, '']),
          ),
        },
      },
      'run.env: has 129 variables',
    ],
    [
      'the bytes of variables',
      { run: { command: ['a'], env: { A: 'a'.repeat(environmentBytes - 3) } } },
      { run: { command: ['a'], env: { A: 'a'.repeat(environmentBytes - 2) } } },
      'run.env: is longer than 65536 bytes',
    ],
    [
      'checks',
      { checks: Array.from({ length: checkCount }, () => check) },
      { checks: Array.from({ length: checkCount + 1 }, () => check) },
      'checks: has 17 entries',
    ],
    [
      'the time of a check',
      { checks: [check] },
      { checks: [{ ...check, timeoutMs: checkMostMs + 1 }] },
      'checks[0].timeoutMs',
    ],
    [
      'a URL',
      { checks: [{ http: `http://a/${'a'.repeat(2_039)}`, timeoutMs: 1 }] },
      { checks: [{ http: `http://a/${'a'.repeat(2_040)}`, timeoutMs: 1 }] },
      'checks[0].http: is longer than 2048',
    ],
    [
      'a host',
      { checks: [{ tcp: `${'a'.repeat(259)}:1`, timeoutMs: 1 }] },
      { checks: [{ tcp: `${'a'.repeat(260)}:1`, timeoutMs: 1 }] },
      'checks[0].tcp: is longer than 261',
    ],
    [
      'the size of a file',
      { files: [big('a', fileBytes)] },
      { files: [big('a', fileBytes + 1)] },
      'files[0].size: is 2147483649',
    ],
    [
      'the size of a tree',
      { files: ['a', 'b', 'c', 'd'].map((path) => big(path, treeBytes / 4)) },
      { files: [...['a', 'b', 'c', 'd'].map((path) => big(path, treeBytes / 4)), big('e', 1)] },
      'files: have 8589934593 bytes, above 8589934592',
    ],
    [
      'the words about its origin',
      { provenance: { commit: 'a'.repeat(provenanceCharacters) } },
      { provenance: { commit: 'a'.repeat(provenanceCharacters + 1) } },
      'provenance.commit: is longer',
    ],
  ])('take %s at the limit, and not one more', (_what, at, over, message) => {
    const bare = { links: [], checks: [], files: [] };
    expect(() => readManifest(rawManifest({ ...whole, ...bare, ...at }))).not.toThrow();
    expect(refusalWith({ ...bare, ...over })).toContain(message);
  });
});
