/** Vectors that Goblins 0.18 computes with its own code; both crypto powers must agree with it. */
import { describe, expect, test } from 'vitest';
import { base32, base64url, hex } from '../../../packages/ocapn/src/identity/base.ts';
import {
  encodeGive,
  encodeReceive,
  giveFrom,
  isSignedBy,
  receiveFrom,
  signGive,
  signReceive,
} from '../../../packages/ocapn/src/identity/certificates.ts';
import { pemDesignator } from '../../../packages/ocapn/src/identity/designator.ts';
import {
  type Hello,
  type JudgedHello,
  judgeHello,
  judgeSignature,
  makeHello,
} from '../../../packages/ocapn/src/identity/hello.ts';
import {
  publicId,
  publicKeyFrom,
  publicKeyValue,
  sessionId,
  signatureFrom,
  signatureValue,
} from '../../../packages/ocapn/src/identity/keys.ts';
import { makeNobleCrypto, nobleKeyPair } from '../../../packages/ocapn/src/identity/noble.ts';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import type { PeerLocation } from '../../../packages/ocapn/src/locator.ts';
import { decode } from '../../../packages/ocapn/src/syrup/read.ts';
import { SyrupRecord } from '../../../packages/ocapn/src/syrup/values.ts';
import { encode } from '../../../packages/ocapn/src/syrup/write.ts';
import { Envelope, type StartSession } from '../../../packages/ocapn/src/wire/operations.ts';
import { OperationReader } from '../../../packages/ocapn/src/wire/read.ts';
import { nodeCrypto, nodeKeyPair } from './node-crypto.ts';

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const location: PeerLocation = {
  transport: 'tcp-testing-only',
  designator: 'peer1',
  hints: { port: '22045', host: '127.0.0.1' },
};
const LOCATION = `<10'ocapn-peer16'tcp-testing-only5"peer1{4"host9"127.0.0.14"port5"22045}>`;
const GIFT_ID = Uint8Array.from({ length: 32 }, (_, i) => i);

const PUBLIC_KEYS = [
  '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c',
  '8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394',
];
const PUBLIC_IDS = [
  '2d286aaab4800a1019d650b42e4e6b34042748b08fa2bdaf7b6583c780825355',
  '671b33806a3fd20084f052db631fda65f8a56c265178c68878e1bae342d23933',
];
const SESSION_ID = '6b248816eff9da5d1c6f08f46a0d688471ebd75819daf42f7bf7f8bd552923c0';
const LOCATION_SIGNATURE =
  '9da5225abfdfe61bc84e22121706b8692070ceeb50d6a3fdd5e8d5b8390a1d9e' +
  'c7316ecf7cd2e14c07ea38c5166ce9e59cb8cac1dab8a9cff904cb5f338c6b0e';
const GIVE_SIGNATURE =
  'b8b57d8802af418ec0b00cd94bb6542447c9755d80ed6d05d5267251a4f473d2' +
  'e76e82bcf43ef04069eee2c6dd45466a5f4700071d5cd5c749ed197fc43e3e03';

const powers = [
  ['node:crypto', nodeCrypto, nodeKeyPair],
  ['noble', makeNobleCrypto(nodeCrypto.random), nobleKeyPair],
] as const;

/** The one envelope in a frame. */
const readEnvelope = (bytes: Uint8Array): Envelope => {
  const head = `<10'op:deliver<11'desc:export0+>[`;
  const frame = Buffer.concat([Buffer.from(head), bytes, Buffer.from(']ff>')]);
  const op = new OperationReader().read(new Uint8Array(frame), 0, LIMITS.recordBytes, false);
  const envelope = op?.op === 'deliver' ? op.args[0] : undefined;
  if (!(envelope instanceof Envelope)) throw new Error('no envelope');
  return envelope;
};
const readHello = (bytes: Uint8Array): StartSession => {
  const op = new OperationReader().read(bytes, 0, LIMITS.helloBytes, false);
  if (op?.op !== 'start-session') throw new Error('no hello');
  return op;
};
/** The same bytes with another byte at one place. */
const changed = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

describe.each(powers)('with %s', (_name, crypto, keyPair) => {
  const keys = [keyPair(seed(1)), keyPair(seed(2))] as const;
  const ids = keys.map((pair) => publicId(crypto, pair.publicKey));
  const session = sessionId(crypto, ids[0] ?? seed(0), ids[1] ?? seed(0));
  const sha256 = (bytes: Uint8Array): string => hex(crypto.sha256(bytes));
  const judge = (ours: Hello, theirs: StartSession): JudgedHello => {
    judgeSignature(crypto, theirs);
    return judgeHello(crypto, ours, theirs);
  };

  test('keys, public ids and the session id are those of Goblins', () => {
    expect(keys.map((pair) => hex(pair.publicKey))).toEqual(PUBLIC_KEYS);
    expect(ids.map(hex)).toEqual(PUBLIC_IDS);
    expect(hex(session)).toBe(SESSION_ID);
  });
  test('the session id is the same from both sides', () => {
    expect(sessionId(crypto, ids[1] ?? seed(0), ids[0] ?? seed(0))).toEqual(session);
  });
  test('the hello is the one of Goblins, byte for byte', () => {
    const hello = makeHello(crypto, keys[0], location);
    expect(hello.bytes.length).toBe(295);
    expect(sha256(hello.bytes)).toBe(
      '0a95970412f4bd6c6526ddbb5dfed461990ce5aac11dcc091199eab0b023afc1',
    );
    expect(hex(signatureFrom(readHello(hello.bytes).signature))).toBe(LOCATION_SIGNATURE);
    expect(Buffer.from(hello.bytes).toString('latin1')).toContain(LOCATION);
  });
  test('the signature of a hello is over the location in its wrapper', () => {
    const signed = Buffer.from(`<11'my-location${LOCATION}>`);
    expect(hex(keys[0].sign(signed))).toBe(LOCATION_SIGNATURE);
    expect(
      crypto.verify(
        keys[0].publicKey,
        signed,
        new Uint8Array(Buffer.from(LOCATION_SIGNATURE, 'hex')),
      ),
    ).toBe(true);
  });
  test('an honest hello yields key, ids and the claimed location', () => {
    const ours = makeHello(crypto, keys[1], location);
    const judged = judge(ours, readHello(makeHello(crypto, keys[0], location).bytes));
    expect(hex(judged.publicKey)).toBe(PUBLIC_KEYS[0]);
    expect(hex(judged.publicId)).toBe(PUBLIC_IDS[0]);
    expect(hex(sessionId(crypto, ours.publicId, judged.publicId))).toBe(SESSION_ID);
    expect({ ...judged.claims, hints: { ...judged.claims.hints } }).toEqual(location);
  });
  test('a hello is verified over the bytes that came, whatever the order of its hints', () => {
    const endo = LOCATION.replace(
      `4"host9"127.0.0.14"port5"22045`,
      `4"port5"220454"host9"127.0.0.1`,
    );
    const signature = keys[0].sign(Buffer.from(`<11'my-location${endo}>`));
    const hello = Buffer.concat([
      Buffer.from(`<16'op:start-session3"1.0`),
      encode(publicKeyValue(keys[0].publicKey)),
      Buffer.from(endo),
      encode(signatureValue(signature)),
      Buffer.from('>'),
    ]);
    const ours = makeHello(crypto, keys[1], location);
    const { claims } = judge(ours, readHello(new Uint8Array(hello)));
    expect(claims.hints['host']).toBe('127.0.0.1');
  });
  test('no hello with one bit changed is believed', () => {
    const ours = makeHello(crypto, keys[1], location);
    const { bytes } = makeHello(crypto, keys[0], location);
    const step = crypto === nodeCrypto ? 1 : 23;
    for (let at = 0; at < bytes.length; at += step) {
      expect(() => judge(ours, readHello(changed(bytes, at)))).toThrow();
    }
  });
  test('our own key, sent back to us, is refused', () => {
    const ours = makeHello(crypto, keys[0], location);
    expect(() => judge(ours, readHello(ours.bytes))).toThrow(
      'captp: expected a key of the peer, found our own',
    );
  });
  test('another version is refused', () => {
    const ours = makeHello(crypto, keys[1], location);
    const theirs = { ...readHello(makeHello(crypto, keys[0], location).bytes), version: '1.1' };
    expect(() => judge(ours, theirs)).toThrow('captp: expected version 1.0');
  });

  const give = {
    receiverKey: keys[1].publicKey,
    exporter: location,
    sessionId: session,
    gifterId: ids[0] ?? seed(0),
    giftId: GIFT_ID,
  };
  const signedGive = signGive(give, keys[0]);
  test('a give has the bytes and the signature of Goblins', () => {
    expect(encodeGive(give).length).toBe(296);
    expect(sha256(encodeGive(give))).toBe(
      '5dddf53c4822a9c754f2f948150e6b5fc6a29cb22dd145989ac9e3f9437356c1',
    );
    const envelope = readEnvelope(signedGive);
    expect(hex(signatureFrom(envelope.signature))).toBe(GIVE_SIGNATURE);
    expect(envelope.bytes).toEqual(signedGive);
    expect(envelope.innerBytes).toEqual(encodeGive(give));
  });
  test('a give is read as it was written, and only its signer signed it', () => {
    const envelope = readEnvelope(signedGive);
    const read = giveFrom(envelope);
    expect(encodeGive(read)).toEqual(encodeGive(give));
    expect(isSignedBy(crypto, envelope, keys[0].publicKey)).toBe(true);
    expect(isSignedBy(crypto, envelope, keys[1].publicKey)).toBe(false);
  });
  test('a receive has the bytes of Goblins, and carries the give as it came', () => {
    const receive = {
      sessionId: session,
      receiverId: ids[1] ?? seed(0),
      count: 0,
      give: readEnvelope(signedGive),
    };
    expect(encodeReceive(receive).length).toBe(515);
    expect(sha256(encodeReceive(receive))).toBe(
      'bf6c84dbfda20eb40d5478888f328377ca5b3794e22055b18db975fab786dee0',
    );
    const envelope = readEnvelope(signReceive(receive, keys[1]));
    const read = receiveFrom(envelope);
    expect(read.count).toBe(0);
    expect(read.give.bytes).toEqual(signedGive);
    expect(isSignedBy(crypto, envelope, keys[1].publicKey)).toBe(true);
    expect(isSignedBy(crypto, read.give, keys[0].publicKey)).toBe(true);
    expect(() => giveFrom(envelope)).toThrow('expected desc:handoff-give with 5 fields');
  });
  test('a give with one byte of its content changed is signed by nobody', () => {
    for (let at = 0; at < signedGive.length - 120; at += crypto === nodeCrypto ? 5 : 61) {
      let believed = false;
      try {
        believed = isSignedBy(crypto, readEnvelope(changed(signedGive, at)), keys[0].publicKey);
      } catch {
        // No envelope any more: as good as unsigned.
      }
      expect(believed).toBe(false);
    }
  });
  test('malformed keys and signatures verify as false, not as an error', () => {
    const message = new Uint8Array([1]);
    const signature = keys[0].sign(message);
    expect(crypto.verify(keys[0].publicKey.subarray(1), message, signature)).toBe(false);
    expect(crypto.verify(new Uint8Array(0), message, signature)).toBe(false);
    expect(crypto.verify(keys[0].publicKey, message, signature.subarray(1))).toBe(false);
    expect(crypto.verify(new Uint8Array(32).fill(255), message, signature)).toBe(false);
  });
  test('a fresh key pair signs what it alone verifies', () => {
    const fresh = crypto.keyPair();
    const message = crypto.random(40);
    const signature = fresh.sign(message);
    expect(crypto.verify(fresh.publicKey, message, signature)).toBe(true);
    expect(nodeCrypto.verify(fresh.publicKey, message, signature)).toBe(true);
    expect(crypto.verify(keys[0].publicKey, message, signature)).toBe(false);
  });
  test('the designator of a PEM is base32 of SHA-256 twice over its bytes', () => {
    const pem = Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    const digest = crypto.sha256(crypto.sha256(pem));
    expect(pemDesignator(crypto, pem)).toBe(base32(digest));
    expect(pemDesignator(crypto, pem)).toMatch(/^[a-z2-7]{52}$/);
    expect(pemDesignator(crypto, Buffer.concat([pem, Buffer.from('\n')]))).not.toBe(base32(digest));
    expect(pemDesignator(crypto, new Uint8Array(LIMITS.pemBytes))).toMatch(/^[a-z2-7]{52}$/);
    expect(() => pemDesignator(crypto, new Uint8Array(LIMITS.pemBytes + 1))).toThrow('65536 bytes');
  });
});

test('a seed of another length than 32 bytes makes no key', () => {
  expect(() => nobleKeyPair(new Uint8Array(31))).toThrow(RangeError);
  expect(() => nobleKeyPair(new Uint8Array(33))).toThrow('a seed has 32 bytes');
});
test('a key pair keeps a copy of its seed', () => {
  const bytes = seed(1);
  const pair = nobleKeyPair(bytes);
  bytes.fill(9);
  expect(pair.sign(GIFT_ID)).toEqual(nodeKeyPair(seed(1)).sign(GIFT_ID));
});

describe('certificates', () => {
  const inner = (label: string, fields: readonly unknown[]): Envelope => {
    const bytes = encode(fields);
    const list = decode(bytes) as unknown[];
    const record = decode(Buffer.from(`<${label.length}'${label}>`)) as SyrupRecord;
    return new Envelope(new SyrupRecord(record.label, list), bytes, bytes, []);
  };
  const key = publicKeyValue(seed(7));
  const peer = decode(Buffer.from(LOCATION));
  const fields = [key, peer, seed(1), seed(2), new Uint8Array(64)];
  const withField = (at: number, value: unknown): readonly unknown[] =>
    fields.map((field, i) => (i === at ? value : field));

  test('ids of 1 to 64 bytes are read, of 0 and of 65 refused', () => {
    const read = (value: unknown) => giveFrom(inner('desc:handoff-give', withField(4, value)));
    expect(read(new Uint8Array(64)).giftId.length).toBe(64);
    expect(read(new Uint8Array(1)).giftId.length).toBe(1);
    expect(() => read(new Uint8Array(65))).toThrow('a gift id of at most 64 bytes');
    expect(() => read(new Uint8Array(0))).toThrow('expected bytes as a gift id');
    expect(() => read('text')).toThrow('expected bytes as a gift id');
  });
  test('every field of the wrong kind is refused', () => {
    for (let at = 0; at < fields.length; at++) {
      expect(() => giveFrom(inner('desc:handoff-give', withField(at, 5)))).toThrow();
    }
    expect(() => giveFrom(inner('desc:handoff-give', fields.slice(1)))).toThrow('5 fields');
  });
  test('a receive needs a count from 0 and a signed give', () => {
    const give = inner('desc:handoff-give', fields);
    const receive = (count: unknown, signed: unknown) =>
      receiveFrom(
        new Envelope(
          new SyrupRecord(inner('desc:handoff-receive', []).inner.label, [
            seed(1),
            seed(2),
            count,
            signed,
          ]),
          seed(0),
          seed(0),
          [],
        ),
      );
    expect(receive(3, give).count).toBe(3);
    for (const count of [-1, 0.5, 2n ** 70n, '0']) {
      expect(() => receive(count, give)).toThrow('a count from 0');
    }
    expect(() => receive(0, give.inner)).toThrow('a signed give');
  });
});

describe('keys and signatures as values', () => {
  test('they are read as they are written', () => {
    expect(publicKeyFrom(decode(encode(publicKeyValue(seed(9)))))).toEqual(seed(9));
    const signature = Uint8Array.from({ length: 64 }, (_, i) => i);
    expect(signatureFrom(decode(encode(signatureValue(signature))))).toEqual(signature);
  });
  test('other curves, schemes, lengths and shapes are refused', () => {
    const key = Buffer.from(encode(publicKeyValue(seed(9)))).toString('latin1');
    const from = (text: string): unknown => decode(Buffer.from(text, 'latin1'));
    expect(() => publicKeyFrom(from(key.replace("7'Ed25519", "7'Ed99999")))).toThrow('Ed25519');
    expect(() => publicKeyFrom(from(key.replace("5'eddsa", "5'ecdsa")))).toThrow('eddsa');
    expect(() => publicKeyFrom(publicKeyValue(new Uint8Array(31)))).toThrow('of 32 bytes');
    expect(() => signatureFrom(signatureValue(new Uint8Array(65)))).toThrow('of 32 bytes');
    for (const value of [undefined, [], [[]], 'public-key', { q: 1 }]) {
      expect(() => publicKeyFrom(value)).toThrow('expected a list of public-key');
      expect(() => signatureFrom(value)).toThrow('expected a list of sig-val');
    }
  });
});

test('a URI writes the swissnum as Goblins does', () => {
  const swissnum = Buffer.from('JadQ0++RzsD4M+40uLxTWVaVqM10DcBJ');
  expect(base64url(swissnum)).toBe('SmFkUTArK1J6c0Q0TSs0MHVMeFRXVmFWcU0xMERjQko');
});
