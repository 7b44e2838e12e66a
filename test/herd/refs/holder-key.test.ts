/** The key that grants are bound to: born once, kept to oneself. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holderKey } from '../../../packages/herd/src/refs/holder-key.ts';
import { maxKeyBytes } from '../../../packages/herd/src/refs/limits.ts';

const uid = process.getuid?.() ?? 0;
let folder = '';
beforeEach(() => {
  folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'holder-key-')), 'keys');
});
afterEach(() => fs.rmSync(path.dirname(folder), { recursive: true, force: true }));
const file = (): string => path.join(folder, 'holder.key');
const codeOf = (act: () => unknown): unknown => {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
};

describe('a holder key', () => {
  it('is made the first time, for its owner alone, and is the same from then on', () => {
    const made = holderKey(folder, uid);
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
    expect(fs.statSync(file()).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(folder)).toEqual(['holder.key']);
    const again = holderKey(folder, uid);
    expect(again.publicKey).toEqual(made.publicKey);
    const message = new TextEncoder().encode('hello');
    expect(nodeCrypto().verify(made.publicKey, message, again.sign(message))).toBe(true);
    expect(nodeCrypto().verify(made.publicKey, message, new Uint8Array(64))).toBe(false);
  });
  it('is another one for everybody else', () => {
    const other = path.join(path.dirname(folder), 'other');
    expect(holderKey(folder, uid).publicKey).not.toEqual(holderKey(other, uid).publicKey);
  });
  it('is not used where others may read it, and not replaced', () => {
    holderKey(folder, uid);
    const before = fs.readFileSync(file(), 'utf8');
    fs.chmodSync(file(), 0o640);
    expect(codeOf(() => holderKey(folder, uid))).toBe('unsafe-file');
    fs.chmodSync(file(), 0o600);
    fs.chmodSync(folder, 0o750);
    expect(codeOf(() => holderKey(folder, uid))).toBe('unsafe-file');
    fs.chmodSync(folder, 0o700);
    expect(fs.readFileSync(file(), 'utf8')).toBe(before);
  });
  it('that is something else is told of, and not replaced', () => {
    fs.mkdirSync(folder, { mode: 0o700 });
    for (const text of ['', 'hello\n', 'ed25519:short\n', `ed25519:${'x'.repeat(44)}\n`]) {
      fs.writeFileSync(file(), text, { mode: 0o600 });
      expect(codeOf(() => holderKey(folder, uid))).toBe('bad-key');
      expect(fs.readFileSync(file(), 'utf8')).toBe(text);
    }
  });
  it('has room for as many bytes as its limit, and no more', () => {
    fs.mkdirSync(folder, { mode: 0o700 });
    fs.writeFileSync(file(), ' '.repeat(maxKeyBytes), { mode: 0o600 });
    expect(codeOf(() => holderKey(folder, uid))).toBe('bad-key');
    fs.writeFileSync(file(), ' '.repeat(maxKeyBytes + 1), { mode: 0o600 });
    expect(codeOf(() => holderKey(folder, uid))).toBe('unsafe-file');
  });
});
