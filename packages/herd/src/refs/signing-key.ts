/** Keys that releases are signed with: a file each, 0600, which the user names. */
import path from 'node:path';
import { keyPairOf, nodeCrypto } from '@bellwether/netlayer-stream';
import type { KeyPair } from '@bellwether/ocapn';
import { BadKey } from './holder-key.ts';
import { maxKeyBytes } from './limits.ts';
import { readSecret, writeSecret } from './secret-file.ts';

/** A form of its own, so that the key of a holder is not taken for one that builds. */
const form = /^signing-key-ed25519:([A-Za-z0-9_-]{43})$/;

/**
 * Makes a key and writes it into a file.
 * @throws AlreadyThere where there is one and `replace` is not said
 */
export const makeSigningKey = (file: string, replace: boolean): KeyPair => {
  const seed = nodeCrypto().random(32);
  writeSecret(file, `signing-key-ed25519:${Buffer.from(seed).toString('base64url')}`, replace);
  return keyPairOf(seed);
};

/** The key in a file of the user `uid`. @throws UnsafeFile, BadKey */
export const readSigningKey = (file: string, uid: number): KeyPair => {
  const text = readSecret(path.resolve(file), uid, maxKeyBytes);
  if (text === undefined) throw new BadKey(`${file}: there is no such file`);
  const [, seed] = form.exec(text) ?? [];
  if (seed === undefined)
    throw new BadKey(`${file}: holds no key to sign with; 'herd release key --out FILE' makes one`);
  return keyPairOf(new Uint8Array(Buffer.from(seed, 'base64url')));
};
