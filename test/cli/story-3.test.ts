/** What a controller says of machines elsewhere is true, or it says that it does not know. */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  isAlive,
  makePlace,
  programMs,
  type Daemon,
  type Place,
} from '../support/programs.ts';
import { pidOf, processesOf, statusOf, watch, type ShownStatus } from '../support/shown.ts';
import { startLinkedFleet, type LinkedFleet } from '../support/web-fleet.ts';

let place: Place;
/** One for all, whose links pass what there is when a test begins. */
let linked: LinkedFleet;
beforeAll(async () => {
  place = makePlace();
  linked = await startLinkedFleet(place);
});
afterAll(() => place.clean());

describe('a controller', () => {
  it('shows the new process of a server that was killed within 2 s, and one respawn more', async () => {
    const { a, c } = linked;
    expect((await c.herd('start', 'web-server-fleet')).code).toBe(0);
    const lateCounts: number[] = [];
    for (const kills of [1, 2, 3]) {
      const before = await pidOf(a, 'web-server');
      process.kill(before, 'SIGKILL');
      const isShownBy = async (daemon: Daemon, service: string): Promise<boolean> => {
        const { pid, stage, respawnCount } = await statusOf(daemon, service);
        return stage === 'running' && pid !== before && respawnCount === kills;
      };
      await eventually(`respawn ${kills}`, () => isShownBy(a, 'web-server'));
      const knownAt = performance.now();
      let lateCount = 0;
      await eventually(`respawn ${kills} at the controller`, async () => {
        const isLate = performance.now() - knownAt > 2_000;
        const isShown = await isShownBy(c, 'web-server-a');
        if (isLate && !isShown) lateCount += 1;
        return isShown;
      });
      lateCounts.push(lateCount);
      expect(isAlive(before)).toBe(false);
      expect(await pidOf(c, 'web-server-a')).toBe(await pidOf(a, 'web-server'));
    }
    // Who looks 2 s after the machine itself says so sees it: once of three times, since others may use this machine, too.
    expect(Math.min(...lateCounts)).toBe(0);
  });

  it('says unknown within the time of a probe when a link is cut, and running when it heals', async () => {
    const { b, c, links } = linked;
    expect((await c.herd('start', 'web-server-fleet')).code).toBe(0);
    const pid = await pidOf(b, 'web-server');
    for (const way of ['both', 'up', 'down'] as const) {
      expect(await statusOf(c, 'web-server-b')).toMatchObject({ stage: 'running', pid });
      await links.b.become({ kind: 'silent', way });
      const { stdout, code, elapsedMs } = await c.herd('--json', 'status', 'web-server-b');
      expect(code).toBe(4);
      expect(JSON.parse(stdout)).toMatchObject({
        services: [{ stage: 'unknown', unknownReason: expect.stringMatching(/in time|lost/) }],
      });
      expect(elapsedMs).toBeLessThan(1_000 + (await programMs(place, 4_000)));
      expect((await c.herd('status')).stdout).not.toMatch(/running|\+ web-server-b/);
      await links.b.become({ kind: 'pass' });
      await eventually(
        'what is known is shown again',
        async () => (await statusOf(c, 'web-server-b')).pid === pid,
      );
    }
  });

  it('knows what is true over slow links, too, and stops over them what it started', async () => {
    const { a, b, c, links } = linked;
    expect((await c.herd('start', 'web-server-fleet')).code).toBe(0);
    for (const link of [links.a, links.b]) await link.become({ kind: 'delay', ms: 150 });
    const { members = [] } = await statusOf(c, 'web-server-fleet');
    const pids = [await pidOf(a, 'web-server'), await pidOf(b, 'web-server')];
    expect(members.map(({ pid }) => pid)).toEqual(pids);
    for (const link of [links.a, links.b]) await link.become({ kind: 'reset' });
    for (const link of [links.a, links.b]) await link.become({ kind: 'delay', ms: 300 });
    expect((await c.herd('restart', 'web-server-fleet')).code).toBe(0); // with new sessions
    expect((await c.herd('stop', 'web-server-fleet')).code).toBe(0);
    expect(pids.map(isAlive)).toEqual([false, false]);
    for (const link of [links.a, links.b]) await link.become({ kind: 'pass' });
  });
});

describe('a view that is pushed', () => {
  const stageOfB = ({ members = [] }: ShownStatus): string | undefined =>
    members.find(({ name }) => name === 'web-server-b')?.stage;

  it('turns unknown after two heartbeats without a word, never says running, and heals by itself', async () => {
    const { c, links } = linked;
    expect((await c.herd('start', 'web-server-fleet')).code).toBe(0);
    const view = watch(c, 'web-server-fleet');
    await eventually('both are seen to run', () => view.pushed().at(-1)?.stage === 'running');
    await links.b.become({ kind: 'silent', way: 'both' });
    const cutAt = performance.now();
    await eventually('B is unknown', () => stageOfB(view.last()) === 'unknown');
    expect(performance.now() - cutAt).toBeLessThan(2 * 2_000 + (await programMs(place, 4_000))); // two heartbeats
    const { stage, unknownReason, members } = view.last();
    expect(stage).toBe('unknown');
    expect(unknownReason).toBe('1 of 2 members are unknown');
    expect(members).toContainEqual(
      expect.objectContaining({ name: 'web-server-a', stage: 'running' }),
    );
    const before = view.pushed().length;
    await eventually('it has been told again, and older', () => view.pushed().length > before);
    expect(view.pushed().slice(before).map(stageOfB)).not.toContain('running');
    await links.b.become({ kind: 'pass' });
    await eventually('both are seen to run again', () => view.last().stage === 'running');
    expect((await view.end()).code).toBe(0);
  });

  it('shows a server that was killed, and the one that follows it', async () => {
    const { b, c } = linked;
    expect((await c.herd('start', 'web-server-fleet')).code).toBe(0);
    const view = watch(c, 'web-server-b');
    await eventually('it is seen to run', () => view.pushed().at(-1)?.stage === 'running');
    const { pid: before = 0 } = view.last();
    expect(before).toBe(await pidOf(b, 'web-server'));
    process.kill(before, 'SIGKILL');
    await eventually('the respawn', () => {
      const { stage, pid, respawnCount } = view.last();
      return stage === 'running' && pid !== before && respawnCount === 1;
    });
    expect(view.last().pid).toBe(await pidOf(b, 'web-server'));
    expect((await view.end()).code).toBe(0);
  });
});

describe('in the middle of a question', () => {
  it('the controller is killed: herd says so at once', async () => {
    const { c, links } = linked;
    expect((await c.herd('start', 'web-server-fleet')).code).toBe(0);
    await links.b.become({ kind: 'silent', way: 'both' });
    const before = links.b.heldUpCount;
    const asked = c.begin('--timeout', '20', 'status', 'web-server-fleet');
    const stdioCount = 3;
    await eventually(
      'the question is on its way to B',
      () => connectedCountOf(asked.process.pid) > stdioCount && links.b.heldUpCount > before,
    );
    await c.kill('SIGKILL');
    const { code, stdout, stderr } = await asked.ended;
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toContain('the connection ended');
    const later = await c.herd('status', 'web-server-fleet');
    expect(later.code).toBe(4);
    expect(later.stderr).toContain('nobody listens there');
    expect(processesOf(place, 'web.cjs')).toHaveLength(2);
  });
});

/** Connected unix sockets of a process, as the kernel's table has them: state 03, before the inode. */
const connectedCountOf = (pid: number | undefined): number => {
  const table = fs.readFileSync('/proc/net/unix', 'utf8');
  return fs.readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode !== undefined && new RegExp(` 03 +${inode}\\b`).test(table);
    } catch {
      return false; // closed meanwhile
    }
  }).length;
};
