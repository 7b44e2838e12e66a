/** `herd status --watch` at a controller: what happens elsewhere is seen without anybody asking. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bins, eventually, makePlace, type Begun, type Place } from '../support/programs.ts';
import { pidOf, type ShownStatus } from '../support/shown.ts';
import { startLinkedFleet, type LinkedFleet } from '../support/web-fleet.ts';

/** What was told of a service last. */
const lastOf = ({ stdout }: Begun, name: string): ShownStatus | undefined =>
  stdout()
    .trimEnd()
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .flatMap((line) => (JSON.parse(line) as { services?: readonly ShownStatus[] }).services ?? [])
    .findLast(({ provision }) => provision[0] === name);

describe('whoever watches a controller', () => {
  let place: Place;
  let fleet: LinkedFleet;
  let watch: Begun;
  beforeEach(async () => {
    place = makePlace();
    fleet = await startLinkedFleet(place);
    expect((await fleet.c.herd('start', 'web-server-fleet')).code).toBe(0);
    watch = fleet.c.begin('--json', 'status', '--watch');
    await eventually('everything is shown', () => Promise.resolve(stageOf('b') === 'running'));
  });
  afterEach(async () => {
    watch.process.kill('SIGKILL');
    await place.clean();
  });
  const stageOf = (machine: 'a' | 'b'): string | undefined =>
    lastOf(watch, `web-server-${machine}`)?.stage;
  const told = (what: string, isSo: () => boolean): Promise<void> =>
    eventually(what, () => Promise.resolve(isSo()));

  it('sees a server die and come back, and ends well at Ctrl-C', async () => {
    const before = await pidOf(fleet.a, 'web-server');
    process.kill(before, 'SIGKILL');
    const killedAt = performance.now();
    await told('the respawn', () => {
      const { stage, pid, respawnCount } = lastOf(watch, 'web-server-a') ?? {};
      return stage === 'running' && pid !== before && respawnCount === 1;
    });
    // It takes a server 0.1 s; the rest is for a machine that does other things.
    expect(performance.now() - killedAt).toBeLessThan(5_000);
    watch.process.kill('SIGINT');
    expect(await watch.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('sees that a shepherd is gone, stopped or cut off, and that it is back', async () => {
    const { b, links } = fleet;
    await b.kill('SIGKILL');
    await told('gone', () => stageOf('b') === 'unknown');
    const again = await place.again(b);
    await told('back', () => stageOf('b') === 'running');
    again.process.kill('SIGSTOP');
    await told('stopped', () => stageOf('b') === 'unknown');
    again.process.kill('SIGCONT');
    await told('continued', () => stageOf('b') === 'running');
    await links.b.become({ kind: 'silent', way: 'both' });
    await told('cut off', () => stageOf('b') === 'unknown');
    expect(lastOf(watch, 'web-server-b')).toMatchObject({
      unknownReason: expect.stringMatching(/\S/) as unknown,
      ageMs: expect.any(Number) as unknown,
    });
    await links.b.become({ kind: 'pass' });
    await told('whole again', () => stageOf('b') === 'running');
    expect(stageOf('a')).toBe('running');
  });

  it('sees one service of another machine through a ref alone, without a shepherd in between', async () => {
    const { a } = fleet;
    const file = `${place.folder}/mine.ref`;
    expect((await a.herd('ref', 'mint', 'web-server', '--out', file)).code).toBe(0);
    expect((await place.herd(['ref', 'add', 'mine', '--from', file])).code).toBe(0);
    const alone = place.begin(bins.herd, ['--json', 'status', '@mine', '--watch']);
    await told('the service', () => lastOf(alone, 'web-server')?.stage === 'running');
    expect((await a.herd('stop', 'web-server')).code).toBe(0);
    await told('its stop', () => lastOf(alone, 'web-server')?.stage === 'stopped');
    expect(lastOf(alone, 'web-server')).not.toHaveProperty('logFile');
    alone.process.kill('SIGINT');
    expect(await alone.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('is told nothing that was true before the controller was restarted', async () => {
    const { c } = fleet;
    await c.kill('SIGKILL');
    await told('that it is away', () => watch.stderr().includes('the shepherd is away'));
    const again = await place.again(c);
    await told('that it is back', () => watch.stderr().includes('the shepherd is there again'));
    const stopped = await again.herd('--json', 'stop', 'web-server-fleet');
    expect(stopped.code).toBe(0);
    for (const machine of [fleet.a, fleet.b]) expect(await pidOf(machine, 'web-server')).toBe(0);
  });
});
