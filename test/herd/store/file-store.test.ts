import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  DamagedState,
  openFileStore,
  type FileStore,
} from '../../../packages/herd/src/store/file-store.ts';

const commit = (store: FileStore, ...entries: readonly unknown[]): Promise<Error | undefined> =>
  new Promise((resolve) => store.commit(entries, resolve));

describe('the records file', () => {
  let folder = '';
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-store-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
  const file = (): string => path.join(folder, 'records.json');

  it('makes sure of what it finds before anything is built on it', async () => {
    const opened = vi.spyOn(fsPromises, 'open');
    try {
      await openFileStore(folder);
      const handles = await Promise.all(opened.mock.results.map(({ value }) => value));
      // Closed again, and synced before: a daemon may have died between a rename and its sync.
      expect(opened.mock.calls.map(([place]) => place)).toEqual([folder]);
      expect(handles.map((handle: { fd: number }) => handle.fd)).toEqual([-1]);
    } finally {
      opened.mockRestore();
    }
  });
  it('gives back after reopening what was committed, and nothing that was ended', async () => {
    const store = await openFileStore(folder);
    await commit(
      store,
      { kind: 'desired', service: 'web', isWanted: true },
      { kind: 'enabled', service: 'web', isEnabled: false },
      { kind: 'running', running: { startId: 's1', service: 'web' } },
      { kind: 'running', running: { startId: 's2', service: 'db' } },
      {
        kind: 'running',
        running: { startId: 's1', service: 'web', pid: 7, startTime: '99', bootId: 'b' },
      },
      { kind: 'ended', startId: 's2' },
      { kind: 'minted', hash: 'ab', service: 'web' },
      { kind: 'port', port: 8888 },
    );
    const { found } = await openFileStore(folder);
    expect(found.records.desired).toEqual(new Map([['web', true]]));
    expect(found.records.enabled).toEqual(new Map([['web', false]]));
    expect(found.records.running).toEqual([
      { startId: 's1', service: 'web', pid: 7, startTime: '99', bootId: 'b' },
    ]);
    expect(found.minted).toEqual(new Map([['ab', 'web']]));
    expect(found.port).toBe(8888);
  });

  it('refuses a record that it does not know, rather than to forget it', async () => {
    const store = await openFileStore(folder);
    expect(() => store.commit([{ kind: 'grant' }], () => undefined)).toThrow('no such kind');
  });

  it('is readable by its owner alone', async () => {
    const store = await openFileStore(folder);
    await commit(store, { kind: 'port', port: 1 });
    expect(fs.statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('keeps every field of a running record, after a second commit too', async () => {
    const facts = { pid: 7, startTime: '9', bootId: 'b', service: 'web' };
    const command = { startId: 'c', ...facts, isCommand: true };
    const ready = { startId: 'r', ...facts, isReady: true, since: 8 };
    await commit(
      await openFileStore(folder),
      { kind: 'running', running: command },
      { kind: 'running', running: ready },
    );
    await commit(await openFileStore(folder), { kind: 'port', port: 1 });
    const { found } = await openFileStore(folder);
    expect(found.records.running).toEqual([command, ready]);
  });

  it('needs no disk for what stands there already', async () => {
    const store = await openFileStore(folder);
    const running = { pid: 7, startTime: '9', bootId: 'b', service: 'web', startId: 's' };
    await commit(
      store,
      { kind: 'desired', service: 'web', isWanted: true },
      { kind: 'running', running },
    );
    const again = await openFileStore(folder);
    fs.mkdirSync(path.join(`${file()}.new`, 'full'), { recursive: true });
    expect(await commit(again, { kind: 'desired', service: 'web', isWanted: true })).toBe(
      undefined,
    );
    expect(await commit(again, { kind: 'running', running })).toBe(undefined);
    expect(
      await commit(again, { kind: 'desired', service: 'web', isWanted: false }),
    ).toBeInstanceOf(Error);
  });

  it('keeps names like __proto__ as plain names', async () => {
    const store = await openFileStore(folder);
    await commit(store, { kind: 'desired', service: '__proto__', isWanted: true });
    const { found } = await openFileStore(folder);
    expect([...found.records.desired]).toEqual([['__proto__', true]]);
  });

  it('reports a failed write, and leaves the old content', async () => {
    const store = await openFileStore(folder);
    await commit(store, { kind: 'port', port: 1 });
    fs.rmSync(`${file()}.new`, { force: true });
    fs.mkdirSync(`${file()}.new`);
    const failure = await commit(store, { kind: 'port', port: 2 });
    expect(failure).toBeInstanceOf(Error);
    fs.rmdirSync(`${file()}.new`);
    expect((await openFileStore(folder)).found.port).toBe(1);
  });

  it.each([
    ['half a file', '{"version": 1, "desired"'],
    ['a newer version', '{"version": 2}'],
    ['a wrong type', '{"version":1,"desired":[["a",1]],"enabled":[],"running":[],"minted":[]}'],
  ])('refuses %s, and does not touch it', async (_what, content) => {
    fs.writeFileSync(file(), content);
    await expect(openFileStore(folder)).rejects.toThrow(DamagedState);
    expect(fs.readFileSync(file(), 'utf8')).toBe(content);
  });
});
