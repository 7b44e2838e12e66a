/**
 * The key of a user: what grants are bound to. A folder (0700) beside the ref store, with one file (0600),
 * made the first time that a grant is accepted. Whoever has it can only redeem again what was redeemed with it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ActorError } from '@bellwether/actors';
import { keyPairOf, nodeCrypto } from '@bellwether/netlayer-stream';
import type { KeyPair } from '@bellwether/ocapn';
import { maxKeyBytes } from './limits.ts';
import { AlreadyThere, checkFolder, readSecret, writeSecret } from './secret-file.ts';

/** The file of a holder key has something else in it. */
export class BadKey extends ActorError {
  /** `message` names the file. */
  constructor(message: string, options?: ErrorOptions) {
    super('bad-key', message, options);
    this.name = 'BadKey';
  }
}

/**
 * The key of the user `uid` in this folder, made where there is none. Two at once get the same.
 * @throws UnsafeFile, BadKey
 */
export const holderKey = (folder: string, uid: number): KeyPair => {
  const file = path.join(folder, 'holder.key');
  if (!checkFolder(folder, uid)) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    checkFolder(folder, uid);
  }
  const before = readKey(file, uid);
  if (before !== undefined) return before;
  try {
    writeSecret(file, freshSeed(), false);
  } catch (error) {
    if (!(error instanceof AlreadyThere)) throw error; // another herd was faster: its key is ours
  }
  const made = readKey(file, uid);
  if (made === undefined) throw new BadKey(`${file}: was removed as soon as it was made`);
  return made;
};

const form = /^ed25519:([A-Za-z0-9_-]{43})$/;

const freshSeed = (): string =>
  `ed25519:${Buffer.from(nodeCrypto().random(32)).toString('base64url')}`;

const readKey = (file: string, uid: number): KeyPair | undefined => {
  const text = readSecret(file, uid, maxKeyBytes);
  if (text === undefined) return undefined;
  const [, seed] = form.exec(text) ?? [];
  if (seed === undefined)
    throw new BadKey(`${file}: holds no key; put it away, and the next accept makes another`);
  return keyPairOf(new Uint8Array(Buffer.from(seed, 'base64url')));
};
