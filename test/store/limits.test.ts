/** The bounds of keys, commits and backups, at the limit and one over it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { auditLimits } from '@bellwether/authority';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBackup } from '../../packages/store/src/backup.ts';
import { Cbor } from '../../packages/store/src/cbor.ts';
import { limits } from '../../packages/store/src/limits.ts';
import { changesOf, keyOf } from '../../packages/store/src/record.ts';

describe('a key', () => {
  it('has as many characters as the limit says, and not one more', () => {
    const rest = limits.keyCharacters - 'desired//'.length;
    expect(keyOf('desired', ['x'.repeat(rest)])).toHaveLength(limits.keyCharacters);
    expect(() => keyOf('desired', ['x'.repeat(rest + 1)])).toThrow(
      `a key of ${limits.keyCharacters + 1} characters`,
    );
  });
});

describe('a line of the audit', () => {
  it('is kept as long as the authority makes one, and not a character longer', () => {
    const lineOf = (length: number) => ({
      kind: 'audited',
      number: 1,
      text: 'x'.repeat(length),
      hash: 'h',
    });
    const { lineCharacters } = auditLimits;
    expect(changesOf([lineOf(lineCharacters)], new Cbor()).changes.size).toBe(1);
    expect(() => changesOf([lineOf(lineCharacters + 1)], new Cbor())).toThrow(
      `at most ${lineCharacters}`,
    );
  });
});

describe('a commit', () => {
  it('makes as many changes as the limit says, and not one more', () => {
    const ended = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ kind: 'ended', startId: `s${at}` }));
    expect(changesOf(ended(limits.changeCount), new Cbor()).changes.size).toBe(limits.changeCount);
    expect(() => changesOf(ended(limits.changeCount + 1), new Cbor())).toThrow(
      `${limits.changeCount + 1} changes in one commit`,
    );
  });
});

describe('a backup', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'store-limits-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('is looked into up to the limit of its size, and not beyond', async () => {
    const file = path.join(folder, 'backup');
    const read = () => readBackup(file, () => Promise.resolve());
    fs.writeFileSync(file, '');
    // Nothing but a hole: it takes no room, and begins as no backup does.
    fs.truncateSync(file, limits.backupBytes);
    await expect(read()).rejects.toThrow('does not begin as a backup');
    fs.truncateSync(file, limits.backupBytes + 1);
    await expect(read()).rejects.toThrow(`at most ${limits.backupBytes} are read`);
  });
});
