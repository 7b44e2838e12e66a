/**
 * Who a peer is on tcp-tls: a certificate, to the byte of its PEM text, and the key to it. The text is written once
 * and kept for ever; another line ending would be another peer.
 */
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { constants } from 'node:crypto';
import tls from 'node:tls';
import { BadPlace } from '@bellwether/netlayer-stream';
import { selfSigned } from './certificate.ts';
import { designatorOf } from './designator.ts';
import { PREAMBLE_BYTES } from './limits.ts';

/** The two texts of an identity. The key is a secret. */
export interface IdentityText {
  readonly certPem: Uint8Array;
  readonly keyPem: Uint8Array;
}

/** A checked identity. The key never leaves it, so printing one shows none. */
export class TlsIdentity {
  /** Lower-case base32 of the certificate's hash: what other peers know us by. */
  readonly designator: string;
  /** The exact bytes that are announced before TLS. */
  readonly certPem: Uint8Array;
  readonly #keyPem: Uint8Array;
  #context: tls.SecureContext | undefined;

  /** Use `openIdentity`, which checks. */
  constructor(text: IdentityText) {
    this.certPem = text.certPem;
    this.#keyPem = text.keyPem;
    this.#context = undefined;
    this.designator = designatorOf(text.certPem);
  }

  /** SHA-256 of the certificate as DER, in base64url: how those know it to whom it is not announced. */
  get pin(): string {
    const { raw } = new X509Certificate(this.certPem);
    return createHash('sha256').update(raw).digest('base64url');
  }
  /**
   * What TLS needs to speak as this peer, made once: it takes longer than a handshake. TLS 1.3 only, and no tickets: a
   * resumed session would have no certificate to compare.
   */
  context(): tls.SecureContext {
    this.#context ??= tls.createSecureContext({
      key: Buffer.from(this.#keyPem),
      cert: Buffer.from(this.certPem),
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      secureOptions: constants.SSL_OP_NO_TICKET,
      // Nobody is an authority here; the default would be a copy of all that the system knows.
      ca: [],
    });
    return this.#context;
  }
}

/** Makes a new identity: an Ed25519 key, which GnuTLS and so Goblins accept, and its certificate. */
export function makeIdentity(): IdentityText {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const certificate = new X509Certificate(selfSigned(publicKey, privateKey));
  return {
    certPem: pemOf(certificate),
    keyPem: plain(Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }))),
  };
}

/**
 * Checks that key and certificate belong together and that the text is the one that peers will derive.
 * @throws BadPlace with a hint when they do not.
 */
export function openIdentity(text: IdentityText): TlsIdentity {
  const certificate = readCertificate(text.certPem);
  if (certificate === undefined) throw bad('the certificate is not one PEM certificate');
  // Acceptors see our certificate inside TLS, as DER, and hash its PEM in this form.
  if (!Buffer.from(pemOf(certificate)).equals(text.certPem)) {
    throw bad('the certificate is not in PEM lines of 64 columns that end with a newline');
  }
  if (!certificate.checkPrivateKey(readKey(text.keyPem))) {
    throw bad('the key does not belong to the certificate');
  }
  return new TlsIdentity(text);
}

/**
 * The DER in a PEM text with one certificate; undefined for none and for more. Not parsed: whoever compares it needs to
 * know no more of it.
 */
export function certificateIn(pem: Uint8Array): Buffer | undefined {
  if (pem.length > PREAMBLE_BYTES) return undefined;
  const [, first = '', ...others] = Buffer.from(pem).toString('latin1').split('-----BEGIN ');
  const [, base64] =
    /^CERTIFICATE-----\s([\w+/=\s]+)-----END CERTIFICATE-----\s*$/u.exec(first) ?? [];
  return base64 === undefined || others.length > 0 ? undefined : Buffer.from(base64, 'base64');
}

/** The text of a certificate as every peer writes it: 64 columns, LF, a final newline. */
export function pemOf(certificate: X509Certificate): Uint8Array {
  return plain(Buffer.from(certificate.toString()));
}

function readCertificate(pem: Uint8Array): X509Certificate | undefined {
  const der = certificateIn(pem);
  try {
    return der === undefined ? undefined : new X509Certificate(der);
  } catch {
    return undefined;
  }
}

function readKey(pem: Uint8Array): KeyObject {
  try {
    return createPrivateKey(Buffer.from(pem));
  } catch (error) {
    throw new BadPlace('tcp-tls: cannot read the private key', { cause: error });
  }
}

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer);
}

function bad(what: string): BadPlace {
  return new BadPlace(
    `tcp-tls: ${what}; hint: restore both files from one backup, or remove both to become a new peer`,
  );
}
