/**
 * A self-signed X.509 certificate for an Ed25519 key, in DER:
 *
 *     Certificate ::= SEQUENCE { tbs, algorithm, signature BIT STRING }
 *     tbs         ::= SEQUENCE { [0] version 3, serial, algorithm, issuer, validity, subject, key, [3] extensions }
 *
 * Nothing in it means anything but the key: peers know each other by the hash of the whole text. It is written here
 * because the libraries that can do it bring megabytes and a global polyfill for these few fields. GnuTLS (which
 * Goblins uses) and OpenSSL accept it.
 */
import { randomBytes, sign, type KeyObject } from 'node:crypto';

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

const ED25519 = element(SEQUENCE, bytes('06032b6570'));
const COMMON_NAME = bytes('0603550403');
const BASIC_CONSTRAINTS = bytes('0603551d13');
const TRUE = bytes('0101ff');
const VERSION_3 = element(0xa0, element(INTEGER, bytes('02')));
/**
 * From 1970, so that a machine whose clock has not been set can connect; to the end that RFC 5280 gives for "has no
 * end": a certificate that expires would end the identity.
 */
const VALIDITY = element(
  SEQUENCE,
  element(UTC_TIME, Buffer.from('700101000000Z')),
  element(GENERALIZED_TIME, Buffer.from('99991231235959Z')),
);

/** The DER of a certificate for this pair, with a random serial number. */
export function selfSigned(publicKey: KeyObject, privateKey: KeyObject): Buffer {
  const name = commonName('ocapn');
  const signed = element(
    SEQUENCE,
    VERSION_3,
    element(INTEGER, serial()),
    ED25519,
    name,
    VALIDITY,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, element(SEQUENCE, notAnAuthority())),
  );
  const signature = sign(null, signed, privateKey);
  return element(SEQUENCE, signed, ED25519, element(BIT_STRING, bytes('00'), signature));
}

function commonName(name: string): Buffer {
  const attribute = element(SEQUENCE, COMMON_NAME, element(UTF8_STRING, Buffer.from(name)));
  return element(SEQUENCE, element(SET, attribute));
}

function notAnAuthority(): Buffer {
  const empty = element(SEQUENCE);
  return element(SEQUENCE, BASIC_CONSTRAINTS, TRUE, element(OCTET_STRING, empty));
}

/** Positive and without a leading zero byte, as DER wants it. */
function serial(): Buffer {
  const number = randomBytes(16);
  number.writeUInt8((number.readUInt8(0) & 0x3f) | 0x40, 0);
  return number;
}

function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(count: number): Buffer {
  if (count < 0x80) return Buffer.from([count]);
  if (count < 0x100) return Buffer.from([0x81, count]);
  return Buffer.from([0x82, count >> 8, count & 0xff]);
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
