/**
 * The identity on disk: `tcp-tls.pem` and `tcp-tls.key` (0600) in a folder of which the caller holds the lock.
 *
 *     write key.new, write pem.new, each synced  →  rename pem  →  rename key  →  sync the folder
 *
 * The key comes last, so that it means "complete". Power lost between the renames leaves pem and key.new, which the
 * next start completes; power lost before leaves an identity that nobody has seen, and another one is made.
 */
import fs from 'node:fs';
import path from 'node:path';
import { BadPlace, systemCode } from '@bellwether/netlayer-stream';
import { makeIdentity, openIdentity, type IdentityText, type TlsIdentity } from './identity.ts';
import { PREAMBLE_BYTES } from './limits.ts';

/** The identity of a folder, made at the first call. @throws BadPlace when what is there cannot be used. */
export function loadOrMakeIdentity(folder: string): TlsIdentity {
  const certFile = path.join(folder, 'tcp-tls.pem');
  const keyFile = path.join(folder, 'tcp-tls.key');
  completeRename(certFile, keyFile);
  const certPem = readFile(certFile, false);
  const keyPem = readFile(keyFile, true);
  if (certPem !== undefined && keyPem !== undefined) return openIdentity({ certPem, keyPem });
  if (certPem === undefined && keyPem === undefined) return makeFiles(folder, certFile, keyFile);
  const missing = certPem === undefined ? certFile : keyFile;
  const found = certPem === undefined ? keyFile : certFile;
  throw new BadPlace(
    `tcp-tls: ${found} is there and ${missing} is not; ` +
      `hint: restore it from a backup, or remove the other to become a new peer`,
  );
}

function completeRename(certFile: string, keyFile: string): void {
  if (fs.existsSync(keyFile) || !fs.existsSync(certFile)) return;
  if (!fs.existsSync(`${keyFile}.new`)) return;
  fs.renameSync(`${keyFile}.new`, keyFile);
  syncFolder(path.dirname(keyFile));
}

function makeFiles(folder: string, certFile: string, keyFile: string): TlsIdentity {
  const text: IdentityText = makeIdentity();
  const identity = openIdentity(text);
  try {
    writeNew(`${keyFile}.new`, text.keyPem, 0o600);
    writeNew(`${certFile}.new`, text.certPem, 0o644);
    fs.renameSync(`${certFile}.new`, certFile);
    fs.renameSync(`${keyFile}.new`, keyFile);
    syncFolder(folder);
  } catch (error) {
    throw new BadPlace(`tcp-tls: cannot write the identity into ${folder} (${systemCode(error)})`, {
      cause: error,
    });
  }
  return identity;
}

function writeNew(file: string, content: Uint8Array, mode: number): void {
  // A leftover may have another mode, or be a link: it is removed, never written through.
  fs.rmSync(file, { force: true });
  const descriptor = fs.openSync(file, 'wx', mode);
  try {
    fs.writeFileSync(descriptor, content);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function syncFolder(folder: string): void {
  const descriptor = fs.openSync(folder, fs.constants.O_RDONLY);
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Undefined where there is no file. A secret must be ours, and nobody else's to read. */
function readFile(file: string, isSecret: boolean): Uint8Array | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new BadPlace(`tcp-tls: cannot read ${file} (${systemCode(error)})`, { cause: error });
  }
  try {
    check(file, fs.fstatSync(descriptor), isSecret);
    return new Uint8Array(fs.readFileSync(descriptor));
  } finally {
    fs.closeSync(descriptor);
  }
}

function check(file: string, stats: fs.Stats, isSecret: boolean): void {
  if (!stats.isFile() || stats.size > PREAMBLE_BYTES) {
    throw new BadPlace(`tcp-tls: ${file} is no file of at most ${PREAMBLE_BYTES} bytes`);
  }
  if (isSecret && (stats.mode & 0o077) !== 0) {
    const found = (stats.mode & 0o777).toString(8);
    throw new BadPlace(
      `tcp-tls: ${file} has mode ${found}: others may have read it; hint: chmod 600 ${file}`,
    );
  }
}
