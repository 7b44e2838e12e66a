import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decode, Limit } from '../../../packages/ocapn/src/errors.ts';
import {
  base32,
  base64url,
  fromBase64url,
  hex,
} from '../../../packages/ocapn/src/identity/base.ts';
import {
  makeSturdyref,
  peerFrom,
  peerRecord,
  sturdyrefFrom,
} from '../../../packages/ocapn/src/identity/locator-record.ts';
import { makeNobleCrypto } from '../../../packages/ocapn/src/identity/noble.ts';
import { parseUri, peerUri, sturdyrefUri } from '../../../packages/ocapn/src/identity/uri.ts';
import {
  type PeerLocation,
  peerKey,
  samePeer,
  Sturdyref,
} from '../../../packages/ocapn/src/locator.ts';
import { decode } from '../../../packages/ocapn/src/syrup/read.ts';
import { Sym, SyrupRecord } from '../../../packages/ocapn/src/syrup/values.ts';
import { encode } from '../../../packages/ocapn/src/syrup/write.ts';
import { fromLatin1, latin1, SEED } from '../syrup/values.ts';

const crypto = makeNobleCrypto((byteCount) => new Uint8Array(byteCount));
const peer: PeerLocation = {
  transport: 'tcp-tls',
  designator: 'ABCxyz.sub',
  hints: { host: '::1', port: '8088' },
};
const swissnum = new Uint8Array(Buffer.from('JadQ0++RzsD4M+40uLxTWVaVqM10DcBJ'));
const SWISS = 'SmFkUTArK1J6c0Q0TSs0MHVMeFRXVmFWcU0xMERjQko';
const secret = new Sturdyref(peer, swissnum);
const plain = (it: PeerLocation): PeerLocation => ({ ...it, hints: { ...it.hints } });

describe('URIs', () => {
  test('a peer and a sturdyref are written with sorted, percent-encoded hints', () => {
    expect(peerUri(peer)).toBe('ocapn://ABCxyz.sub.tcp-tls?host=%3A%3A1&port=8088');
    expect(sturdyrefUri(secret)).toBe(
      `ocapn://ABCxyz.sub.tcp-tls/s/${SWISS}?host=%3A%3A1&port=8088`,
    );
    expect(peerUri({ ...peer, hints: {} })).toBe('ocapn://ABCxyz.sub.tcp-tls');
  });
  test('what is written is parsed as the same, with the case of the designator', () => {
    const back = parseUri(sturdyrefUri(secret));
    expect(back).toBeInstanceOf(Sturdyref);
    if (!(back instanceof Sturdyref)) return;
    expect(back.reveal()).toEqual(swissnum);
    expect(plain(back.peer)).toEqual(peer);
    const place = parseUri(peerUri(peer));
    expect(place instanceof Sturdyref ? undefined : plain(place)).toEqual(peer);
  });
  test('any swissnum and any hint value survive both ways', () => {
    const values = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,8}$/),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      { maxKeys: 5 },
    );
    fc.assert(
      fc.property(values, fc.uint8Array({ minLength: 1, maxLength: 64 }), (hints, bytes) => {
        const back = parseUri(sturdyrefUri(new Sturdyref({ ...peer, hints }, bytes)));
        if (!(back instanceof Sturdyref)) throw new Error('no sturdyref');
        expect({ ...back.peer.hints }).toEqual({ ...hints });
        expect(back.reveal()).toEqual(bytes);
      }),
      { seed: SEED },
    );
  });
  test('a trailing slash, an empty query and plus as space are read as by Goblins', () => {
    expect(parseUri('ocapn://a.b/')).not.toBeInstanceOf(Sturdyref);
    expect(parseUri('ocapn://a.b?')).toMatchObject({ designator: 'a', transport: 'b' });
    const place = parseUri('ocapn://a.b?path=x+y%2Bz');
    expect(place instanceof Sturdyref ? '' : place.hints['path']).toBe('x y+z');
  });
  test.each([
    ['', 'expected a URI that begins ocapn://'],
    ['http://a.b', 'expected a URI that begins ocapn://'],
    ['OCAPN://a.b', 'expected a URI that begins ocapn://'],
    ['ocapn:a.b', 'expected a URI that begins ocapn://'],
    ['ocapn://a', 'expected designator.transport after ocapn://'],
    ['ocapn://.b', 'expected designator.transport after ocapn://'],
    ['ocapn://a.', 'expected designator.transport after ocapn://'],
    ['ocapn://', 'expected designator.transport after ocapn://'],
    ['ocapn://a_b.c', 'expected a designator of letters'],
    ['ocapn://user@a.b', 'expected a designator of letters'],
    ['ocapn://a.b:80', 'expected a transport of letters'],
    ['ocapn://a%2e.b', 'expected a designator of letters'],
    ['ocapn://a.b/c/x', 'expected /s/ and a swissnum as the path'],
    ['ocapn://a.b/s', 'expected /s/ and a swissnum as the path'],
    ['ocapn://a.b/s/', 'expected a swissnum that is not empty'],
    ['ocapn://a.b/s/QQ==', 'expected base64url, found another character at 2'],
    ['ocapn://a.b/s/QR', 'expected base64url to end with its last whole byte'],
    ['ocapn://a.b/s/Q', 'expected base64url to end with its last whole byte'],
    ['ocapn://a.b/s/Q+', 'expected base64url, found another character at 1'],
    ['ocapn://a.b/s/QQ/', 'expected base64url, found another character at 2'],
    ['ocapn://a.b#f', 'expected a URI without a fragment'],
    ['ocapn://a.b?x', 'expected name=value in every hint'],
    ['ocapn://a.b?x=1&', 'expected name=value in every hint'],
    ['ocapn://a.b?x=1=2', 'expected name=value in every hint'],
    ['ocapn://a.b?=1', 'expected names of hints of letters'],
    ['ocapn://a.b?x%20=1', 'expected names of hints of letters'],
    ['ocapn://a.b?x=1&x=2', 'expected one hint named x, found two'],
    ['ocapn://a.b?x=%', 'expected percent-encoded UTF-8 in every hint'],
    ['ocapn://a.b?x=%ff', 'expected percent-encoded UTF-8 in every hint'],
  ])('%j is refused', (uri, message) => {
    expect(() => parseUri(uri)).toThrow(Decode);
    expect(() => parseUri(uri)).toThrow(`locator: ${message}`);
  });
  test('limits hold at their edges', () => {
    const hints = (count: number): string =>
      Array.from({ length: count }, (_, i) => `h${i}=v`).join('&');
    const values = [1_021, 1_020, 1_020, 1_020].map((length, i) => `h${i}=`.padEnd(length, 'v'));
    const longest = `ocapn://a.b?${values.join('&')}`;
    expect(longest.length).toBe(4_096);
    const swiss = (bytes: number): string => base64url(new Uint8Array(bytes));
    const cases: [fits: string, over: string][] = [
      [`ocapn://${'a'.repeat(512)}.b`, `ocapn://${'a'.repeat(513)}.b`],
      [`ocapn://a.${'b'.repeat(64)}`, `ocapn://a.${'b'.repeat(65)}`],
      [`ocapn://a.b?${hints(16)}`, `ocapn://a.b?${hints(17)}`],
      [`ocapn://a.b?x=${'v'.repeat(1_024)}`, `ocapn://a.b?x=${'v'.repeat(1_025)}`],
      [`ocapn://a.b?${'x'.repeat(1_024)}=v`, `ocapn://a.b?${'x'.repeat(1_025)}=v`],
      [`ocapn://a.b/s/${swiss(256)}`, `ocapn://a.b/s/${swiss(257)}`],
      [longest, `${longest}v`],
    ];
    for (const [fits, over] of cases) {
      expect(parseUri(fits)).toBeDefined();
      expect(() => parseUri(over)).toThrow(Limit);
    }
  });
  test('no refusal repeats the secret, however it is misspelt', () => {
    for (const uri of [
      `ocapn://a.b/s/${SWISS}=`,
      `ocapn://a.b/x/${SWISS}`,
      `ocapn://a/s/${SWISS}`,
      `http://a.b/s/${SWISS}`,
      `ocapn://a.b/s/${SWISS}#x`,
      `ocapn://${SWISS}_.b`,
      `ocapn://a.b/s/${SWISS}?x`,
    ]) {
      try {
        parseUri(uri);
        expect.unreachable();
      } catch (error) {
        expect(inspect(error).replaceAll(/\s+at .*/g, '')).not.toContain(SWISS);
      }
    }
  });
});

describe('records', () => {
  const wire = (value: unknown): string => latin1(encode(value));
  const from = (text: string): PeerLocation => peerFrom(decode(fromLatin1(text)));
  test('a peer is written and read', () => {
    const text = `<10'ocapn-peer7'tcp-tls10"ABCxyz.sub{4"host3"::14"port4"8088}>`;
    expect(wire(peerRecord(peer))).toBe(text);
    expect(plain(from(text))).toEqual(peer);
  });
  test('no hints are written as false, and read from false, a struct or an empty list', () => {
    expect(wire(peerRecord({ ...peer, hints: {} }))).toBe(`<10'ocapn-peer7'tcp-tls10"ABCxyz.subf>`);
    for (const none of ['f', '{}', '[]']) {
      expect(Object.keys(from(`<10'ocapn-peer1'b1"a${none}>`).hints)).toEqual([]);
    }
  });
  test('a hint may be named like a property of Object', () => {
    const { hints } = from(`<10'ocapn-peer1'b1"a{11"constructor1"x}>`);
    expect(hints['constructor']).toBe('x');
    expect(hints['toString']).toBeUndefined();
  });
  test.each([
    ['5+', 'expected <ocapn-peer transport designator hints>'],
    [`<10'ocapn-peer1'b1"a>`, 'expected <ocapn-peer'],
    [`<10'ocapn-peer1"b1"af>`, 'expected a symbol as transport'],
    ["<10'ocapn-peer1'b1'af>", 'expected a string as designator'],
    [`<10'ocapn-peer1'b1"at>`, 'expected a struct or false as hints'],
    [`<10'ocapn-peer1'b1"a[1+]>`, 'expected a struct or false as hints'],
    [`<10'ocapn-peer1'b1"a{1"x1+}>`, 'expected strings as the values of hints'],
    [`<10'ocapn-peer3'a.b1"af>`, 'expected a transport of letters'],
    [`<10'ocapn-peer1'b0"f>`, 'expected a designator of letters'],
    [`<10'ocapn-peer1'b3"a\n.f>`, 'expected a designator of letters'],
  ])('%j is refused', (text, message) => {
    expect(() => from(text)).toThrow(Decode);
    expect(() => from(text)).toThrow(message);
  });
  test('a sturdyref needs bytes, from 1 to 256', () => {
    const empty = (): Sturdyref => makeSturdyref(peer, new Uint8Array());
    expect(empty).toThrow('expected a swissnum that is not empty');
    expect(makeSturdyref(peer, new Uint8Array(256)).reveal().length).toBe(256);
    expect(() => makeSturdyref(peer, new Uint8Array(257))).toThrow(Limit);
  });
});

describe('a sturdyref that a peer passes', () => {
  const record = (...fields: readonly unknown[]): unknown =>
    decode(encode(new SyrupRecord(new Sym('ocapn-sturdyref'), fields)));
  test('is its peer and its bytes', () => {
    const found = sturdyrefFrom(record(peerRecord(peer), new Uint8Array([1, 2, 3])));
    expect([found.peer, found.reveal()]).toEqual([
      expect.objectContaining({ transport: peer.transport, designator: peer.designator }),
      new Uint8Array([1, 2, 3]),
    ]);
  });
  test.each([
    ['no bytes', [peerRecord(peer), 'text']],
    ['an empty swissnum', [peerRecord(peer), new Uint8Array(0)]],
    ['no peer', ['nobody', new Uint8Array(3)]],
    ['a field too many', [peerRecord(peer), new Uint8Array(3), 1]],
    ['a field too few', [peerRecord(peer)]],
  ])('is none with %s', (_name, fields) => {
    expect(() => sturdyrefFrom(record(...fields))).toThrow(Decode);
  });
  test('is as long as any other: 256 bytes, and not one more', () => {
    const of = (byteCount: number): unknown =>
      record(peerRecord(peer), new Uint8Array(byteCount).fill(1));
    expect(sturdyrefFrom(of(256)).reveal().length).toBe(256);
    expect(() => sturdyrefFrom(of(257))).toThrow(Limit);
  });
});

describe('identity', () => {
  test('hints are routes: they make no other peer', () => {
    expect(samePeer(peer, { ...peer, hints: {} })).toBe(true);
    expect(peerKey(peer)).toBe(peerKey({ ...peer, hints: {} }));
    expect(samePeer(peer, { ...peer, designator: 'abcxyz.sub' })).toBe(false);
    expect(samePeer(peer, { ...peer, transport: 'unix' })).toBe(false);
  });
});

describe('a sturdyref keeps its secret', () => {
  const shown = [
    ['String()', String(secret)],
    ['a template', `${secret}`],
    ['JSON.stringify', JSON.stringify({ secret })],
    ['util.inspect', inspect({ secret }, { depth: 9, showHidden: true })],
    ['its keys', JSON.stringify(Object.entries(secret))],
    ['a spread', inspect({ ...secret }, { depth: 9, showHidden: true })],
  ] as const;
  test.each(shown)('%s shows no swissnum', (_name, text) => {
    for (const form of [SWISS, hex(swissnum), latin1(swissnum), [...swissnum].join(', ')]) {
      expect(text.replaceAll(/\s+/g, ' ')).not.toContain(form.replaceAll(/\s+/g, ' '));
    }
  });
  test('it shows where it leads, and has a fingerprint by which two are told apart', () => {
    expect(String(secret)).toBe('sturdyref at ABCxyz.sub.tcp-tls');
    expect(inspect(secret)).toBe(`[${String(secret)}]`);
    const print = secret.fingerprint(crypto);
    expect(print).toBe(hex(crypto.sha256(swissnum)).slice(0, 8));
    expect(new Sturdyref(peer, new Uint8Array(32)).fingerprint(crypto)).not.toBe(print);
  });
  test('what reveal returns is a copy, and so is what it was made of', () => {
    const bytes = new Uint8Array([1, 2]);
    const own = new Sturdyref(peer, bytes);
    bytes.fill(9);
    own.reveal().fill(9);
    expect(own.reveal()).toEqual(new Uint8Array([1, 2]));
  });
});

describe('bases', () => {
  test('base64url goes both ways for every length, and all are as Node has them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(fromBase64url(base64url(bytes))).toEqual(bytes);
        expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
        expect(hex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
      }),
      { seed: SEED },
    );
  });
  test('base32 is that of RFC 4648, in lower case and without padding', () => {
    const vectors = ['', 'my', 'mzxq', 'mzxw6', 'mzxw6yq', 'mzxw6ytb', 'mzxw6ytboi'];
    vectors.forEach((text, length) => {
      const bytes = new Uint8Array(Buffer.from('foobar'.slice(0, length)));
      expect(base32(bytes)).toBe(text);
    });
  });
  test.each(['a', '_/', 'AA==', 'AAB'])('base64url refuses %s', (text) => {
    expect(() => fromBase64url(text)).toThrow(Decode);
  });
});
