/** What only the keeper does: to outlive the daemon, and parts of itself. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi, afterAll } from 'vitest';
import {
  KeptElsewhere,
  KeptHere,
  makeLogFiles,
  openKeeper,
  Starts,
  type KeeperBackend,
} from '../../../packages/shepherd/src/node/index.ts';
import { leftAgainMs } from '../../../packages/shepherd/src/node/keeper/limits.ts';
import type {
  Ending,
  FoundRecord,
  Hang,
  RunningRecord,
  Started,
} from '../../../packages/shepherd/src/words/types.ts';
import {
  isWithoutKeeper,
  keeperPids,
  keeperProgram,
  keptFrom,
  whyNoKeeper,
} from '../../support/keepers.ts';
import { answerOf, isAlive, makeFolder, node, startOf, textOf, until } from './support.ts';

// Real processes are as fast as the machine lets them be.
afterAll(() => vi.resetConfig());

describe.skipIf(isWithoutKeeper)(`the keeper${whyNoKeeper}`, () => {
  let folder: string;
  let backend: KeeperBackend;
  const at = () => path.join(folder, 'keeper');
  const open = (kept = at()) =>
    openKeeper({
      env: { PATH: process.env['PATH'] },
      cwd: folder,
      logFiles: makeLogFiles({ folder: path.join(folder, 'log'), wall: Date.now }),
      starts: new Starts(path.join(folder, 'starts')),
      ...keptFrom(kept),
    });
  const adopted = (by: KeeperBackend, known: readonly RunningRecord[]) => {
    const { answer, value } = answerOf<readonly FoundRecord[]>();
    by.adopt(known, answer);
    return value;
  };
  const killAll = (role: 'anchor' | 'main'): void => {
    for (const pid of keeperPids(at())[role])
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended since.
      }
  };
  const log = () => textOf(path.join(folder, 'log/web.log'));

  beforeEach(async () => {
    folder = makeFolder();
    backend = await open();
  });
  afterEach(async () => {
    backend.close();
    await until('the end of the keeper', () => {
      const { anchor, main } = keeperPids(at());
      return anchor.length + main.length === 0;
    });
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('ends by itself, and leaves no socket, when nobody is connected and nothing runs', async () => {
    expect(keeperPids(at()).anchor).toHaveLength(1);
    backend.close();
    await until('its end', () => keeperPids(at()).anchor.length === 0);
    expect(fs.existsSync(path.join(at(), 'socket'))).toBe(false);
  });

  it('is private: its folder, its socket and its table', () => {
    expect(fs.statSync(at()).mode & 0o777).toBe(0o700);
    for (const name of ['socket', 'table', 'lock', 'log'])
      expect(fs.statSync(path.join(at(), name)).mode & 0o777).toBe(0o600);
  });

  it('refuses a folder that others can enter', async () => {
    fs.mkdirSync(path.join(folder, 'open'), { mode: 0o755 });
    const opening = openKeeper({
      env: {},
      cwd: folder,
      logFiles: makeLogFiles({ folder, wall: Date.now }),
      starts: new Starts(path.join(folder, 'starts')),
      ...keptFrom(path.join(folder, 'open')),
    });
    await expect(opening).rejects.toThrow('ended with 71');
    expect(textOf(path.join(folder, 'open/log'))).toContain('Operation not permitted');
  });

  it('begins in no folder whose keeper lives and is not reached, as where its socket was removed', async () => {
    const socket = path.join(at(), 'socket');
    fs.rmSync(socket);
    const opening = openKeeper({
      env: {},
      cwd: folder,
      logFiles: makeLogFiles({ folder, wall: Date.now }),
      starts: new Starts(path.join(folder, 'starts')),
      ...keptFrom(at()),
    });
    await expect(opening).rejects.toThrow(KeptHere);
    expect(textOf(path.join(at(), 'log'))).toContain('another keeper is here');
  });

  it('begins in no copy of the folder of a keeper that lives, since what runs is not for it to end', async () => {
    const { started, ended } = startOf(backend, 'w-1', node('setInterval(() => {}, 1000)'));
    const { pid } = await started;
    const copy = path.join(folder, 'copy');
    fs.mkdirSync(copy, { mode: 0o700 });
    fs.copyFileSync(path.join(at(), 'table'), path.join(copy, 'table'));
    const opening = () =>
      openKeeper({
        env: {},
        cwd: folder,
        logFiles: makeLogFiles({ folder, wall: Date.now }),
        starts: new Starts(path.join(folder, 'starts')),
        ...keptFrom(copy),
      });
    await expect(opening()).rejects.toThrow(KeptElsewhere);
    expect(textOf(path.join(copy, 'log'))).toContain('its services have another keeper');
    expect(isAlive(pid)).toBe(true);

    // Of a keeper that has died its table is what is left, wherever it lies.
    backend.close();
    killAll('anchor');
    await until('its end', () => keeperPids(at()).anchor.length === 0);
    const next = await opening();
    process.kill(pid, 'SIGKILL');
    next.close();
    await until('its end', () => keeperPids(copy).anchor.length === 0);
    ended.catch(() => undefined);
  });

  it('is the parent of services, whose processes have nothing of the daemon open', async () => {
    const script = `console.log(require('fs').readdirSync('/proc/self/fd').join());
      console.log('parent ' + process.ppid + '.'); setInterval(() => {}, 1000)`;
    const { ended } = startOf(backend, 'w-1', node(script));
    const parent = await until('its parent', () => /parent (\d+)\./.exec(log())?.[1]);
    expect(keeperPids(at()).anchor).toEqual([Number(parent)]);
    backend.signal('w-1', 'SIGKILL');
    expect(await ended).toEqual({ signal: 'SIGKILL' });
  });

  it('holds up nobody by a start that hangs before its program, and says where it does', async () => {
    // No group of the kernel's has such a file: this is what hangs as a dead disk does.
    execFileSync('mkfifo', [path.join(folder, 'cgroup.procs')]);
    const command = { argv: ['sleep', '1000'], traits: { cgroup: folder } } as const;
    const first = startOf(backend, 'w-1', command);
    first.started.catch(() => undefined);
    first.ended.catch(() => undefined);
    const looked = async (by: KeeperBackend): Promise<Hang | undefined> => {
      const { answer, value } = answerOf<Hang | undefined>();
      by.look('w-1', answer);
      return value;
    };
    let hang: Hang | undefined;
    // What is known of it is answered at once: without a pause nothing more would be heard of the keeper.
    for (; hang?.at !== 'its cgroup'; hang = await looked(backend))
      await new Promise((resolve) => setTimeout(resolve, 5));
    const { pid } = hang;
    expect(isAlive(pid)).toBe(true);
    backend.close();
    backend = await open();
    const record = { startId: 'w-1', service: 'web' };
    expect(await adopted(backend, [record])).toEqual([{ ...record, pid, hang }]);
    const settled = answerOf<Started>();
    backend.settled('w-1', settled.answer);
    const ended = answerOf<Ending>();
    backend.watch('w-1', ended.answer);
    backend.signal('w-1', 'SIGKILL');
    expect(await settled.value).toMatchObject({ startId: 'w-1', pid });
    expect(await ended.value).toEqual({ signal: 'SIGKILL' });
    expect(await looked(backend)).toBeUndefined();
  });

  it('tells the next daemon how those ended that ended meanwhile, and knows those that run', async () => {
    const script =
      'process.on("SIGTERM", () => process.exit(7)); console.log("up"); setInterval(() => {}, 99)';
    const first = startOf(backend, 'w-1', node(script));
    const other = startOf(backend, 'w-2', { argv: ['sleep', '1000'] }, 'db');
    const [web, db] = [await first.started, await other.started];
    await until('it is up', () => log().includes('up'));
    backend.close();
    process.kill(web.pid, 'SIGTERM');
    await until('its end, and that it is known', () => !fs.existsSync(`/proc/${web.pid}`));
    backend = await open();
    const known = [
      { startId: 'w-1', service: 'web' },
      { startId: 'w-2', service: 'db' },
      { startId: 'w-3', service: 'never' },
    ];
    expect(await adopted(backend, known)).toEqual([
      { ...web, service: 'web', ending: { code: 7 } },
      { ...db, service: 'db' },
    ]);
    const { answer, value } = answerOf<unknown>();
    backend.watch('w-2', answer);
    backend.signal('w-2', 'SIGTERM');
    expect(await value).toEqual({ signal: 'SIGTERM' });
  });

  it('goes on when its main is killed: what runs is not touched, and how it ends is told', async () => {
    const running = startOf(backend, 'w-1', { argv: ['sh', '-c', 'sleep 1000; exit 4'] });
    const { pid } = await running.started;
    const [before] = keeperPids(at()).main;
    killAll('main');
    await until('another main', () => keeperPids(at()).main.some((each) => each !== before));
    expect(isAlive(pid)).toBe(true);
    expect(await startOf(backend, 'w-2', { argv: ['sh', '-c', 'exit 5'] }, 'db').ended).toEqual({
      code: 5,
    });
    backend.signal('w-1', 'SIGKILL');
    expect(await running.ended).toEqual({ signal: 'SIGKILL' });
  });

  it('that is killed as a whole is followed by one that has what runs, and its end', async () => {
    const script =
      'process.on("SIGTERM", () => process.exit(6)); console.log("up"); setInterval(() => {}, 99)';
    const { started, ended } = startOf(backend, 'w-1', node(script));
    const { pid } = await started;
    await until('it is up', () => log().includes('up'));
    const [before] = keeperPids(at()).anchor;
    killAll('anchor');
    // Whenever this arrives: it is said once more to whoever comes next.
    backend.signal('w-1', 'SIGCONT');
    await until('another anchor', () => keeperPids(at()).anchor.some((each) => each !== before));
    expect(isAlive(pid)).toBe(true);
    backend.signal('w-1', 'SIGTERM');
    // Nobody of this family is its parent any more: from Linux 6.15 on the kernel tells nevertheless.
    expect([{ code: 6 }, {}]).toContainEqual(await ended);
  });

  it('takes for ended at once what nobody has reaped since its anchor was killed', async () => {
    const inner = path.join(folder, 'inner');
    fs.mkdirSync(inner, { mode: 0o700 });
    // Its orphans come to the anchor of the outer one, which is stopped: as in a container whose init reaps nobody.
    const keeps = { argv: [keeperProgram, 'anchor', inner] as const };
    await startOf(backend, 'k-1', keeps).started;
    await until('the inner one', () => fs.existsSync(path.join(inner, 'socket')));
    const before = await open(inner);
    const web = await startOf(before, 'w-1', { argv: ['sleep', '600'] }).started;
    before.close();
    const [outer = 0] = keeperPids(at()).anchor;
    process.kill(outer, 'SIGSTOP');
    try {
      const { anchor, main, heir } = keeperPids(inner);
      for (const each of [...anchor, ...main, ...heir, web.pid]) process.kill(each, 'SIGKILL');
      await until('all have ended', () => ![...anchor, ...main, web.pid].some(isAlive));
      expect(fs.existsSync(`/proc/${web.pid}`)).toBe(true);
      const next = await open(inner);
      const found = await adopted(next, [{ ...web, service: 'web' }]);
      expect(found).toMatchObject([{ ending: { signal: 'SIGKILL' } }]);
      next.close();
    } finally {
      process.kill(outer, 'SIGCONT');
    }
    await until('its end', () => keeperPids(inner).anchor.length === 0);
  });

  it.each([
    ['is told', 600, true],
    ['is not, where it ends a moment later', leftAgainMs / 4_000, false],
  ])('what is in a session of its own %s when its start ends', async (_what, seconds, isTold) => {
    const said = `own=$PPID; echo $$ > own; while kill -0 $own; do sleep 0.01; done; sleep ${seconds}`;
    const all = `setsid sh -c '${said}' & until [ -s own ]; do sleep 0.01; done; echo up; exec sleep 600`;
    const { ended } = startOf(backend, 'w-1', { argv: ['sh', '-c', all], cwd: folder });
    await until('it is up', () => log().includes('up'));
    const left = Number(textOf(path.join(folder, 'own')));
    backend.signal('w-1', 'SIGTERM');
    const told = isTold ? { left: [`${left} (sh)`] } : {};
    expect(await ended).toEqual({ signal: 'SIGTERM', ...told });
    expect(isAlive(left)).toBe(isTold);
    if (isTold) process.kill(left, 'SIGKILL');
  });

  it('ends what is signalled before it has begun, and does not start it again', async () => {
    const all = Array.from({ length: 40 }, (_, each) => {
      const one = startOf(backend, `s-${each}`, { argv: ['sleep', '1000'] });
      backend.signal(`s-${each}`, each % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      return one;
    });
    const ends = await Promise.all(all.map(({ ended }) => ended));
    expect(new Set(ends.map((end) => JSON.stringify(end)))).toEqual(
      new Set(['{"signal":"SIGKILL"}', '{"signal":"SIGTERM"}']),
    );
  });

  it('case 22: runs each start once, whenever its main is killed', async () => {
    const count = 150;
    const all = Array.from({ length: count }, (_, each) =>
      startOf(backend, `s-${each}`, { argv: ['sh', '-c', `echo ${each}; exit ${each % 200}`] }),
    );
    let endCount = 0;
    for (const { ended } of all)
      void ended.then(() => {
        endCount += 1;
        if (endCount % 20 === 0) killAll('main');
      });
    const ends = await Promise.all(all.map(({ ended }) => ended));
    expect(ends).toEqual(Array.from({ length: count }, (_, each) => ({ code: each % 200 })));
    const ran = log().trim().split('\n').map(Number);
    expect(ran.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, each) => each));
  });
});
