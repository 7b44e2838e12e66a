/** Depots that are opened when they are needed. */
import fs from 'node:fs';
import type { Answer } from '@bellwether/actors';
import { packed, type Depot } from '@bellwether/deploy';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { describe, expect, it } from 'vitest';
import { lazyDepots } from '../../../packages/herd/src/daemon/lazy-depots.ts';
import { releaseFolder } from '../../support/release-folder.ts';
import { release } from '../../support/slot-machine.ts';

const at = releaseFolder();
const said = <T>(ask: (answer: Answer) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    ask({ kept: (value) => resolve(value as T), broken: (reason) => reject(reason as Error) }),
  );
const open = (): ((slot: string) => Depot) =>
  lazyDepots({ folder: at('deploy'), crypto: nodeCrypto(), now: () => 0 }).of;
const one = release('1');
const contents = packed(
  [...one.contents].map(([sha256, bytes]) => ({ sha256, size: bytes.length })),
);
const bring = async (depot: Depot): Promise<void> => {
  for (const [sha256, bytes] of one.contents) {
    const piece = { sha256, size: bytes.length, offset: 0, bytes };
    await said((answer) => depot.put('root', piece, answer));
  }
};

describe('the depots of a daemon', () => {
  it('leave no trace on the disk before a slot asks for anything', async () => {
    const depot = open()('web');
    depot.folder(one.digest);
    expect(fs.existsSync(at('deploy'))).toBe(false);
    expect(await said((answer) => depot.missing('root', contents, answer))).toMatchObject({
      count: 2,
    });
    expect(fs.existsSync(at('deploy'))).toBe(true);
  });
  it('say of a release where its tree will be', async () => {
    const of = open();
    const odd = 'a.b/c';
    await bring(of(odd));
    await said((answer) => of(odd).build(one.digest, [], answer));
    expect(await said((answer) => of(odd).check(one.digest, answer))).toEqual([]);
    expect(fs.readdirSync(of(odd).folder(one.digest))).toEqual(['server.js']);
    expect(of(odd).folder(one.digest).startsWith(at('deploy', 'slots'))).toBe(true);
  });
  it('do one thing after the other, also what was asked before they were open', async () => {
    const depot = open()('web');
    const [sha256 = '', text = new Uint8Array()] = [...one.contents][0] ?? [];
    const put = (offset: number, bytes: Uint8Array) =>
      said((answer) => depot.put('root', { sha256, size: text.length, offset, bytes }, answer));
    expect(await Promise.all([put(0, text.slice(0, 4)), put(4, text.slice(4))])).toEqual([
      { have: 4 },
      { have: text.length },
    ]);
  });
  it('are tried again where they could not be opened', async () => {
    fs.writeFileSync(at('deploy'), 'no folder');
    const depot = open()('web');
    const missing = () => said((answer) => depot.missing('root', contents, answer));
    await expect(missing()).rejects.toThrow();
    fs.rmSync(at('deploy'));
    expect(await missing()).toMatchObject({ count: 2 });
  });
});
