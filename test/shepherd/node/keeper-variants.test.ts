/** A keeper whose room is used up, and one that follows another. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  makeLogFiles,
  openKeeper,
  Starts,
  type KeeperBackend,
} from '../../../packages/shepherd/src/node/index.ts';
import {
  FrameWriter,
  protocolVersion,
  tags,
  types,
} from '../../../packages/shepherd/src/node/keeper/protocol.ts';
import type { FoundRecord } from '../../../packages/shepherd/src/words/types.ts';
import { keeperVariant } from '../../support/keeper-variants.ts';
import { isWithoutKeeper, keeperPids, keptFrom, whyNoKeeper } from '../../support/keepers.ts';
import { answerOf, isAlive, makeFolder, startOf, textOf, until } from './support.ts';

// Real processes are as fast as the machine lets them be, and each has a compiler before it.
afterAll(() => vi.resetConfig());

describe.skipIf(isWithoutKeeper)(`a keeper${whyNoKeeper}`, () => {
  let folder: string;
  let backend: KeeperBackend | undefined;
  const at = () => path.join(folder, 'keeper');
  const open = async (program?: string): Promise<KeeperBackend> => {
    const kept = keptFrom(at());
    backend = await openKeeper({
      env: { PATH: process.env['PATH'] },
      cwd: folder,
      logFiles: makeLogFiles({ folder: path.join(folder, 'log'), wall: Date.now }),
      starts: new Starts(path.join(folder, 'starts')),
      ...kept,
      ...(program === undefined ? {} : { keeper: { ...kept.keeper, program } }),
    });
    return backend;
  };
  const adopted = async (by: KeeperBackend, ids: readonly string[]) => {
    const { answer, value } = answerOf<readonly FoundRecord[]>();
    by.adopt(
      ids.map((startId) => ({ startId, service: 'web' })),
      answer,
    );
    return value;
  };
  const sleeper = { argv: ['sleep', '1000'] } as const;

  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(async () => {
    backend?.close();
    await until('the end of the keeper', () => {
      const { anchor, main } = keeperPids(at());
      return anchor.length + main.length === 0;
    });
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('takes as many starts as its table has room for, and says of one more that there is none', async () => {
    const kept = await open(keeperVariant(folder, { SLOT_COUNT: 4 }));
    const runs = ['w-1', 'w-2', 'w-3', 'w-4'].map((id) => startOf(kept, id, sleeper));
    await Promise.all(runs.map(({ started }) => started));
    const over = startOf(kept, 'w-5', sleeper);
    over.ended.catch(() => undefined);
    await expect(over.started).rejects.toThrow('the keeper has no room for one more');
    for (const id of ['w-1', 'w-2', 'w-3', 'w-4']) kept.signal(id, 'SIGKILL');
    await Promise.all(runs.map(({ ended }) => ended));
  });

  // Cradles are for most starts; without a free one, and on machines that have none, children are forked.
  it.each([
    ['in its cradles', {}],
    ['with more than it has cradles for', { CRADLE_COUNT: 1 }],
    ['by libc, in no cradle', { WITHOUT_CALLS: 1 }],
  ])(
    'starts many at once %s: each runs as what it is to be, or is told why not',
    async (_how, variant) => {
      const kept = await open(keeperVariant(folder, variant));
      fs.writeFileSync(path.join(folder, 'script'), 'exit $2\n', { mode: 0o755 });
      fs.writeFileSync(path.join(folder, 'nothing'), '#!/nothing\n', { mode: 0o755 });
      const long = 'x'.repeat(40_000); // no cradle has room for it
      const runs = Array.from({ length: 60 }, (_none, at) => ({
        at,
        start: startOf(kept, `w-${at}`, {
          argv: [path.join(folder, at % 3 === 2 ? 'nothing' : 'script'), 'a', String(at)],
          ...(at % 3 === 1 && { env: { LONG: long } }),
        }),
      }));
      for (const { start } of runs)
        for (const each of [start.started, start.ended]) each.catch(() => undefined);
      for (const { at, start } of runs)
        if (at % 3 < 2) expect(await start.ended).toEqual({ code: at });
        else await expect(start.started).rejects.toThrow('asks for /nothing: no such file');
    },
  );

  it('with a larger table has all that one with a smaller one had when that was killed', async () => {
    const first = await open(keeperVariant(folder, { SLOT_COUNT: 4 }));
    const { pid } = await startOf(first, 'w-1', sleeper).started;
    const size = fs.statSync(path.join(at(), 'table')).size;
    first.close();
    const { anchor, main } = keeperPids(at());
    for (const each of [...anchor, ...main]) process.kill(each, 'SIGKILL');
    await until('its end', () => keeperPids(at()).main.length === 0);
    const next = await open();
    expect(fs.statSync(path.join(at(), 'table')).size).toBeGreaterThan(100 * size);
    expect(await adopted(next, ['w-1'])).toMatchObject([{ startId: 'w-1', pid }]);
    expect(isAlive(pid)).toBe(true);
    const { answer, value } = answerOf<unknown>();
    next.watch('w-1', answer);
    next.signal('w-1', 'SIGKILL');
    await value;
  });

  it('becomes the program of a newer daemon while services run, which know nothing of it', async () => {
    const old = keeperVariant(folder, { BUILD: 'of-old' });
    const first = await open(old);
    const { pid } = await startOf(first, 'w-1', { argv: ['sh', '-c', 'sleep 1000; exit 4'] })
      .started;
    const [main] = keeperPids(at()).main;
    first.close();
    const imageOf = () => fs.readlinkSync(`/proc/${main}/exe`);
    expect(imageOf()).toBe(old);
    const next = await open();
    expect(imageOf()).toBe(keptFrom(at()).keeper.program);
    expect(keeperPids(at()).main).toEqual([main]);
    expect(await adopted(next, ['w-1'])).toMatchObject([{ startId: 'w-1', pid }]);
    expect(await startOf(next, 'w-2', { argv: ['sh', '-c', 'exit 5'] }, 'db').ended).toEqual({
      code: 5,
    });
    const { answer, value } = answerOf<unknown>();
    next.watch('w-1', answer);
    next.signal('w-1', 'SIGTERM');
    expect(await value).toEqual({ signal: 'SIGTERM' });
  });

  it('case 22: killed while it becomes another program has all that runs, whichever it is then', async () => {
    const programs = [keptFrom(at()).keeper.program, keeperVariant(folder, { BUILD: 'of-old' })];
    const first = await open(programs[0]);
    const command = { argv: ['sh', '-c', 'until [ -e go ]; do sleep 0.01; done; exit 6'] } as const;
    const { pid } = await startOf(first, 'w-1', command).started;
    first.close();
    for (let times = 1; times <= 24; times += 1) {
      const opening = open(programs[times % 2]).catch(() => undefined);
      // Aims at another step each time; which one it hits is left to chance.
      await new Promise((go) => setTimeout(go, times % 12));
      for (const main of keeperPids(at()).main) process.kill(main, 'SIGKILL');
      (await opening)?.close();
      expect([times, isAlive(pid)]).toEqual([times, true]);
    }
    const next = await open(programs[0]);
    expect(await adopted(next, ['w-1'])).toMatchObject([{ startId: 'w-1', pid }]);
    const { answer, value } = answerOf<unknown>();
    next.watch('w-1', answer);
    fs.writeFileSync(path.join(folder, 'go'), '');
    expect(await value).toEqual({ code: 6 });
  });

  it('goes on as it is where the program of a newer daemon cannot be executed', async () => {
    const first = await open(keeperVariant(folder, { BUILD: 'of-old' }));
    const { pid } = await startOf(first, 'w-1', sleeper).started;
    first.close();
    const broken = path.join(folder, 'broken');
    fs.writeFileSync(broken, '#!/bin/sh\n[ "$1" = build ] && echo newer && chmod a-x "$0"\n', {
      mode: 0o700,
    });
    const next = await open(broken);
    expect(await adopted(next, ['w-1'])).toMatchObject([{ startId: 'w-1', pid }]);
    const { answer, value } = answerOf<unknown>();
    next.watch('w-1', answer);
    next.signal('w-1', 'SIGKILL');
    expect(await value).toEqual({ signal: 'SIGKILL' });
  });

  const listening = (by: KeeperBackend, ...names: readonly string[]) => {
    const { answer, value } = answerOf<undefined>();
    const how = {
      style: 'stream',
      backlog: 8,
      bindAttempts: 1,
      mode: 0o600,
      folderMode: 0o700,
    } as const;
    const sockets = names.map((name) => ({
      ...how,
      name,
      place: { family: 'unix', host: path.join(folder, name), port: 0 } as const,
    }));
    by.listen(names.join(), sockets, answer);
    return value;
  };
  const closed = (by: KeeperBackend, service: string) => {
    const { answer, value } = answerOf<undefined>();
    by.unlisten(service, answer);
    return value;
  };
  it('holds as many sockets as it has room for, and says of one more that there is none', async () => {
    const kept = await open(keeperVariant(folder, { SOCKET_COUNT: 2 }));
    await listening(kept, 'a', 'b');
    await expect(listening(kept, 'c')).rejects.toThrow(
      'c: the keeper holds as many sockets as it can (EMFILE)',
    );
    expect(fs.existsSync(path.join(folder, 'c'))).toBe(false);
    await closed(kept, 'a,b');
    await listening(kept, 'c');
    await closed(kept, 'c');
  });

  it('closes what it cannot read of the sockets that another program held, and has them again', async () => {
    const first = await open(keeperVariant(folder, { BUILD: 'of-old', SOCKET_COUNT: 2 }));
    await listening(first, 'a');
    first.close();
    const next = await open();
    expect(textOf(path.join(at(), 'log'))).toContain('sockets of another layout are closed');
    await listening(next, 'a');
    await closed(next, 'a');
  });

  it('cuts off a daemon that asks and does not read once its room for words is full, and no other', async () => {
    const ids = Array.from({ length: 16 }, (_none, number) => `w-${number}`);
    const program = keeperVariant(folder, { SLOT_COUNT: 16, OUT_BYTES: 8_192 });
    const first = await open(program);
    const runs = ids.map((id) => startOf(first, id, sleeper));
    await Promise.all(runs.map(({ started }) => started));
    first.close();
    const deaf = net.connect(path.join(at(), 'socket'));
    deaf.on('error', () => undefined);
    deaf.pause();
    const hello = new FrameWriter(types.hello).numbers(tags.version, [protocolVersion]).frame();
    for (let count = 0; count < 500; count += 1) deaf.write(hello);
    await until('it is cut off', () =>
      textOf(path.join(at(), 'log')).includes('the daemon does not read'),
    );
    deaf.destroy();
    const next = await open(program);
    expect((await adopted(next, ids)).map(({ startId }) => startId)).toEqual(ids);
    const ends = ids.map((id) => {
      const { answer, value } = answerOf<unknown>();
      next.watch(id, answer);
      next.signal(id, 'SIGKILL');
      return value;
    });
    expect(await Promise.all(ends)).toEqual(ids.map(() => ({ signal: 'SIGKILL' })));
  });
});
