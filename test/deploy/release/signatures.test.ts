/** Whose word counts for a release. */
import { nodeCrypto } from '@bellwether/netlayer-stream';
import {
  BadRelease,
  isPublicKeyText,
  judgeTrust,
  NotTrusted,
  publicKeyText,
  readSignatures,
  releaseLimits,
  signRelease,
  writeSignatures,
  type Digest,
  type Signature,
} from '@bellwether/deploy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rawManifest, refusalOf } from '../../support/releases.ts';

const crypto = nodeCrypto();
const digest: Digest = `rel:sha256-${'a'.repeat(64)}`;
const [alice, bob, eve] = [crypto.keyPair(), crypto.keyPair(), crypto.keyPair()] as const;
const [aliceKey, bobKey, eveKey] = [alice, bob, eve].map((pair) =>
  publicKeyText(pair.publicKey),
) as [string, string, string];
const by = (...pairs: readonly (typeof alice)[]): readonly Signature[] =>
  pairs.map((pair) => signRelease(digest, pair));
const trust = { keys: [aliceKey, bobKey], needed: 1 };

describe('a release is trusted', () => {
  it('where one of the keys has signed it, whoever else has', () => {
    expect(judgeTrust(digest, by(alice), trust, crypto)).toEqual([aliceKey]);
    expect(judgeTrust(digest, by(eve, bob), trust, crypto)).toEqual([bobKey]);
  });
  it('where as many have as are needed', () => {
    const both = { ...trust, needed: 2 };
    expect(judgeTrust(digest, by(alice, bob), both, crypto)).toEqual([aliceKey, bobKey]);
    expect(() => judgeTrust(digest, by(alice, eve), both, crypto)).toThrow(NotTrusted);
  });
  it('unsigned only where nobody is needed', () => {
    expect(judgeTrust(digest, [], { keys: [], needed: 0 }, crypto)).toEqual([]);
    expect(() => judgeTrust(digest, [], trust, crypto)).toThrow(
      `${digest}: is signed by 0, and 1 trusted key must have; it is not signed`,
    );
  });
  it('never by a revoked key, and that is said', () => {
    const revoked = { ...trust, revoked: [aliceKey] };
    expect(() => judgeTrust(digest, by(alice), revoked, crypto)).toThrow(`${aliceKey} is revoked`);
    expect(judgeTrust(digest, by(alice, bob), revoked, crypto)).toEqual([bobKey]);
  });
  it('never by a stranger, and that is said', () => {
    expect(() => judgeTrust(digest, by(eve), trust, crypto)).toThrow(`${eveKey} is not trusted`);
  });
  it('never by two signatures of one key', () => {
    const twice = [...by(alice), ...by(alice)];
    expect(() => judgeTrust(digest, twice, { ...trust, needed: 2 }, crypto)).toThrow(NotTrusted);
  });
  it('never by a signature of another release', () => {
    const other = signRelease(`rel:sha256-${'b'.repeat(64)}`, alice);
    expect(() => judgeTrust(digest, [other], trust, crypto)).toThrow(BadRelease);
  });
  it('never by what the key has signed without those words before it', () => {
    const bare = Buffer.from(alice.sign(new TextEncoder().encode(digest))).toString('base64url');
    expect(() => judgeTrust(digest, [{ key: aliceKey, signature: bare }], trust, crypto)).toThrow(
      `signatures[0]: the key ${aliceKey} has not signed this release`,
    );
  });
});

describe('the text of signatures', () => {
  it('has them in the order of their keys, and gives them back', () => {
    const bytes = writeSignatures(by(alice, bob, eve));
    const read = readSignatures(bytes);
    expect(read.map(({ key }) => key)).toEqual([aliceKey, bobKey, eveKey].sort());
    expect(writeSignatures(read)).toEqual(bytes);
    expect(new TextDecoder().decode(writeSignatures([]))).toBe('[]');
  });
  it.each<[string, unknown, string]>([
    ['two of one key', [...by(alice), ...by(alice)], 'signatures[1].key: does not stand in order'],
    [
      'a key that is too short',
      [{ ...by(alice)[0], key: 'AAAA' }],
      'signatures[0].key: "AAAA" is no 32 bytes',
    ],
    [
      'left-over bits',
      [{ ...by(alice)[0], key: `${'A'.repeat(42)}B` }],
      'signatures[0].key: "AAAAA',
    ],
    [
      'an algorithm',
      [{ ...by(alice)[0], alg: 'none' }],
      'signatures[0]: has a field "alg" that is not known',
    ],
    ['no list', {}, 'signatures: is no list'],
  ])('may not have %s', (_what, value, message) => {
    expect(refusalOf(() => readSignatures(rawManifest(value)))).toContain(message);
  });
  it('has 16 at most', () => {
    const many = Array.from({ length: releaseLimits.signatureCount }, () => crypto.keyPair());
    expect(readSignatures(writeSignatures(by(...many)))).toHaveLength(16);
    expect(refusalOf(() => writeSignatures(by(...many, alice)))).toBe(
      'signatures: has 17 entries, above 16',
    );
  });
  it('is refused with an error of its own whatever is changed in it', () => {
    const bytes = writeSignatures(by(alice, bob));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const mutated = Uint8Array.from(bytes);
        mutated[at] = (mutated[at] ?? 0) ^ flip;
        expect(() =>
          judgeTrust(digest, readSignatures(mutated), { ...trust, needed: 2 }, crypto),
        ).toThrow(/^(signatures|rel:)/);
      }),
      { numRuns: 500, seed: 9 },
    );
  });
});

it('a public key is 32 bytes, in one form', () => {
  expect(isPublicKeyText(aliceKey)).toBe(true);
  for (const text of [
    '',
    `${aliceKey}=`,
    aliceKey.slice(1),
    `${'A'.repeat(42)}B`,
    ` ${aliceKey.slice(1)}`,
  ])
    expect([text, isPublicKeyText(text)]).toEqual([text, false]);
});
