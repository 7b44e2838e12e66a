/** The thread in which a daemon has its depots: others go on meanwhile, and it may die. */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ActorError, type Answer } from '@bellwether/actors';
import {
  BadRelease,
  contentAt,
  packed,
  type Inspected,
  type PackedLacking,
} from '@bellwether/deploy';
import { StorageFailed } from '@bellwether/deploy/node';
import { describe, expect, it } from 'vitest';
import { threadDepots } from '../../packages/herd/src/daemon/depot-thread.ts';
import type { LazyDepots } from '../../packages/herd/src/daemon/lazy-depots.ts';
import { releaseFolder } from '../support/release-folder.ts';
import { fileOf, manifestOf, rawManifest, sha256Of } from '../support/releases.ts';

const at = releaseFolder();
const program = path.resolve(import.meta.dirname, '../../packages/herd/dist/depot-worker.mjs');
const said = <T>(ask: (answer: Answer) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    ask({ kept: (value) => resolve(value as T), broken: (reason) => reject(reason as Error) }),
  );
const events: string[] = [];
const depotsIn = (file: string): LazyDepots =>
  threadDepots({
    file: pathToFileURL(file),
    folder: at('deploy'),
    log: (event) => void events.push(event),
  });
const bring = async (depots: LazyDepots, bytes: Uint8Array): Promise<`rel:sha256-${string}`> => {
  const sha256 = sha256Of(bytes);
  for (let offset = 0; offset < bytes.length; offset += 65_536) {
    const piece = {
      sha256,
      size: bytes.length,
      offset,
      bytes: bytes.subarray(offset, offset + 65_536),
    };
    await said((answer) => depots.of('web').put('root', piece, answer));
  }
  return `rel:sha256-${sha256}`;
};

describe('the depots of a daemon', () => {
  it('read a manifest of 100,000 files, and others go on meanwhile', async () => {
    const depots = depotsIn(program);
    const files = Array.from({ length: 100_000 }, (_, n) => fileOf(`folder/of/files/${n}`, `${n}`));
    const bytes = rawManifest(manifestOf(files));
    const release = await bring(depots, bytes);
    let isOver = false;
    let othersCount = 0;
    const others = (): void => {
      othersCount += 1;
      if (!isOver) setImmediate(others);
    };
    others();
    const read = await said<Inspected>((answer) => depots.of('web').inspect(release, answer));
    const lacking = await said<PackedLacking>((answer) =>
      depots.of('web').missing('root', read.contents, answer),
    );
    isOver = true;
    // In this thread it would be one long step, and some for the disk.
    expect(othersCount).toBeGreaterThan(1_000);
    expect(read).toMatchObject({ app: 'web', contents: { count: 100_001 } });
    expect(lacking.count).toBe(100_000);
    // What was asked with is whole as before.
    expect(contentAt(read.contents, 0).sha256).toMatch(/^[0-9a-f]{64}$/);
  });
  it('refuse in the same words as if they were here, and by the same classes', async () => {
    const depots = depotsIn(program);
    const bad = await bring(depots, rawManifest(manifestOf([fileOf('../x')])));
    const refused = said((answer) => depots.of('web').inspect(bad, answer));
    await expect(refused).rejects.toBeInstanceOf(BadRelease);
    await expect(refused).rejects.toMatchObject({ where: 'files[0].path', code: 'bad-release' });
    const none = said((answer) => depots.shelf.piece('0'.repeat(64), 0, 1, answer));
    await expect(none).rejects.toMatchObject({ code: 'not-here' });
    const folder = depots.of('web').folder(bad);
    expect(folder.startsWith(at('deploy', 'slots', 'web'))).toBe(true);
  });
  it('begin anew after their thread has ended, and tell whoever waited', async () => {
    const file = at('worker.mjs');
    fs.writeFileSync(
      file,
      `import { parentPort } from 'node:worker_threads';
      const heard = [];
      parentPort.on('message', ({ id, method, args }) => {
        if (method === 'put') process.exit(3);
        if (method === 'read') throw new Error('a bug');
        heard.push([method, args.length]);
        if (id > 0) parentPort.postMessage({ id, kept: heard });
      });`,
    );
    const depots = depotsIn(file);
    const content = { sha256: '0'.repeat(64), size: 1 };
    const heard = (): Promise<unknown> =>
      said((answer) => depots.of('web').check('rel:sha256-x', answer));
    const kept = [`rel:sha256-${'1'.repeat(64)}`] as const;
    expect(await said((answer) => depots.shelf.keep(kept, answer))).toContainEqual(['keep', 1]);
    const web = depots.of('web');
    const piece = { ...content, offset: 0, bytes: new Uint8Array(1) };
    const questions: readonly ((answer: Answer) => void)[] = [
      (answer) => web.put('root', piece, answer),
      (answer) => web.read(content, answer),
    ];
    for (const ask of questions) {
      const lost = [1, 2].map(() => said(ask));
      for (const each of lost) await expect(each).rejects.toBeInstanceOf(StorageFailed);
      // What the shelf keeps is said first, so that nothing of it is collected.
      expect(await heard()).toEqual([
        ['keep', 1],
        ['check', 1],
      ]);
    }
    expect(events.filter((event) => event === 'deploy.thread-lost')).toHaveLength(2);
  });
  it('take along no more of a message than the piece that it brings', async () => {
    const depots = depotsIn(program);
    const frame = new Uint8Array(1_048_576).fill(7);
    const bytes = frame.subarray(10, 20);
    const piece = { sha256: sha256Of(bytes), size: 10, offset: 0, bytes };
    expect(await said((answer) => depots.of('web').put('root', piece, answer))).toEqual({
      have: 10,
    });
    expect(frame.byteLength).toBe(1_048_576);
    const all = packed([{ sha256: piece.sha256, size: 11 }]);
    const lie = said((answer) => depots.of('web').missing('root', all, answer));
    await expect(lie).rejects.toBeInstanceOf(ActorError);
    await expect(lie).rejects.toMatchObject({ code: 'wrong-content' });
  });
});
