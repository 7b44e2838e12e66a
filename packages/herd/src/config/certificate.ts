/**
 * The certificate and the key that a configuration names: read whole and judged, by `herd check` and at a reload as
 * when a door is opened with them.
 */
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import tls from 'node:tls';
import { messageOf } from '@bellwether/actors';
import { BadPlace, systemCode } from '@bellwether/netlayer-stream';
import { bytesOf, readSecret, UnsafeFile } from '../refs/secret-file.ts';
import { ConfigError } from './config-error.ts';
import { certificateWarningMs, pemFileBytes } from './limits.ts';
import type { Description } from './schema.ts';

/** Two files in PEM. */
export interface CertificateFiles {
  /** The certificate and those between it and an authority. */
  readonly cert: string;
  /** Its key, for its owner's eyes only. */
  readonly key: string;
}
/** What stands in them. */
export interface Certificate {
  readonly context: tls.SecureContext;
  /** When nobody takes it any more, in milliseconds since 1970; NaN where nobody can read that. */
  readonly endsAtMs: number;
}

/** Of the user `uid`. @throws BadPlace, UnsafeFile where they are missing, readable by others, or no pair */
export const readCertificate = ({ cert, key }: CertificateFiles, uid: number): Certificate => {
  const keyText = unlessUnread(key, () => readSecret(targetOf(key), uid, pemFileBytes));
  if (keyText === undefined) throw new BadPlace(`websocket: there is no ${key}`);
  const certText = unlessUnread(cert, () => readCert(cert));
  try {
    const context = tls.createSecureContext({
      key: keyText,
      cert: certText,
      minVersion: 'TLSv1.2',
    });
    return { context, endsAtMs: Date.parse(new X509Certificate(certText).validTo) };
  } catch (error) {
    throw new BadPlace(
      `websocket: ${cert} and ${key} are no certificate and its key (${systemCode(error)})`,
      { cause: error },
    );
  }
};

/**
 * What renews certificates leads to the newest key by a link. Whoever can change that can have us read another file
 * that is its owner's alone, and serve nothing with it that is not the certificate's key.
 */
const targetOf = (key: string): string => {
  const isLink = fs.lstatSync(key, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? fs.realpathSync(key) : key;
};

const unlessUnread = <T>(file: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnsafeFile || error instanceof BadPlace) throw error;
    throw new BadPlace(`websocket: cannot read ${file} (${systemCode(error)})`, { cause: error });
  }
};

/** Whoever can change it can serve nothing with it without the key: only its length is bounded. */
const readCert = (file: string): Buffer => {
  const bytes = bytesOf(file, pemFileBytes, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  if (bytes !== undefined) return bytes;
  throw new BadPlace(`websocket: ${file} has over ${pemFileBytes} bytes`);
};

/**
 * Reads the files that a description names. What is worth a word though it can be used: one that has ended, or soon
 * does. `file`: of the configuration. @throws ConfigError where they cannot be used
 */
export const judgeCertificate = (
  { listen: { websocket } }: Pick<Description, 'listen'>,
  file: string,
  { uid, nowMs }: { readonly uid: number; readonly nowMs: number },
): readonly string[] => {
  const files = websocket?.tls;
  if (files === undefined || files === true) return [];
  try {
    const { endsAtMs } = readCertificate(files, uid);
    return endsSoon(files.cert, endsAtMs, nowMs);
  } catch (error) {
    const text = messageOf(error);
    throw new ConfigError(
      [{ file, path: 'listen.websocket.tls', text: text.replace(/^websocket: /u, '') }],
      { cause: error },
    );
  }
};

/** In words, from two weeks before, and where nobody can say. */
export const endsSoon = (cert: string, endsAtMs: number, nowMs: number): readonly string[] => {
  if (Number.isNaN(endsAtMs)) return [`When the certificate in ${cert} ends cannot be read.`];
  if (endsAtMs - nowMs > certificateWarningMs) return [];
  const day = new Date(endsAtMs).toISOString().slice(0, 10);
  return [`The certificate in ${cert} ${endsAtMs > nowMs ? 'ends' : 'ended'} on ${day}: renew it.`];
};
