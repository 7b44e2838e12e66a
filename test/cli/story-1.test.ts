/** One command starts a fleet: three real daemons, two real servers, tcp-tls and unix sockets. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, isAlive, makePlace, type Ended, type Place } from '../support/programs.ts';
import { statusOf } from '../support/shown.ts';
import { startWebFleet, writeServer, type WebFleet } from '../support/web-fleet.ts';

const logLines = ({ stdout }: Ended): readonly string[] =>
  stdout.split('\n').filter((line) => /^[ABC]: Service /.test(line));

describe('herd start web-server-fleet', () => {
  let place: Place;
  let fleet: WebFleet;
  beforeAll(async () => {
    place = makePlace();
    fleet = await startWebFleet(place);
  });
  afterAll(() => place.clean());
  // The next one finds what the first one found, but for `networking`: three shepherds, and no server.
  afterEach(async () => {
    expect(await fleet.c.herd('stop', 'web-server-fleet')).toMatchObject({ code: 0 });
  });

  it('starts both servers, with the seven lines, and changes nothing the second time', async () => {
    const { a, b, c, ports } = fleet;
    const first = await c.herd('start', 'web-server-fleet');
    expect(first).toMatchObject({ code: 0 });
    const lines = logLines(first);
    expect([...lines].sort()).toEqual([
      'A: Service networking has been started.',
      'A: Service web-server has been started.',
      'B: Service networking has been started.',
      'B: Service web-server has been started.',
      'C: Service web-server-a has been started.',
      'C: Service web-server-b has been started.',
      'C: Service web-server-fleet has been started.',
    ]);
    for (const machine of ['A', 'B']) {
      const own = lines.filter(
        (line) => line.startsWith(machine) || line.includes(`server-${machine.toLowerCase()} `),
      );
      expect(own).toEqual([
        `${machine}: Service networking has been started.`,
        `${machine}: Service web-server has been started.`,
        `C: Service web-server-${machine.toLowerCase()} has been started.`,
      ]);
    }
    expect(lines.at(-1)).toBe('C: Service web-server-fleet has been started.');
    for (const [port, name] of [
      [ports.a, 'A'],
      [ports.b, 'B'],
    ] as const)
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe(name);

    const pids = [(await statusOf(a, 'web-server')).pid, (await statusOf(b, 'web-server')).pid];
    const again = await c.herd('start', 'web-server-fleet');
    expect(again).toMatchObject({ code: 0 });
    expect([(await statusOf(a, 'web-server')).pid, (await statusOf(b, 'web-server')).pid]).toEqual(
      pids,
    );

    expect(await c.herd('stop', 'web-server-fleet')).toMatchObject({ code: 0 });
    for (const pid of pids) expect(pid !== undefined && isAlive(pid)).toBe(false);
    expect(await statusOf(a, 'networking')).toMatchObject({ stage: 'running' });
    expect(await statusOf(b, 'networking')).toMatchObject({ stage: 'running' });
  });

  it('is one start when two ask for it at once', async () => {
    const { a, c } = fleet;
    const startsOf = async () =>
      ((await a.herd('log', 'web-server')).stdout.match(/serving A/g) ?? []).length;
    const before = await startsOf();
    const both = await Promise.all([
      c.herd('start', 'web-server-fleet'),
      c.herd('start', 'web-server-fleet'),
    ]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(await startsOf()).toBe(before + 1);
  });

  it('ends with 3 and the reason when the service of B is broken', async () => {
    const { a, c } = fleet;
    writeServer(place, 'b', 'console.error("no database here"); process.exit(7);\n');
    const { code, stdout } = await c.herd('start', 'web-server-fleet');
    writeServer(place, 'b');
    expect(code).toBe(3);
    expect(stdout).toMatch(/web-server-b\s+failed/);
    expect(stdout).toContain('no database here');
    expect(stdout).toMatch(/web-server-a\s+changed/);
    expect(await statusOf(a, 'web-server')).toMatchObject({ stage: 'running' });
  });

  it('ends with 4 and says unreachable when B is down', async () => {
    const { a, b, c } = fleet;
    await b.kill('SIGKILL');
    const { code, stdout } = await c.herd('start', 'web-server-fleet');
    expect(code).toBe(4);
    expect(stdout).toMatch(/web-server-b\s+unreachable/);
    expect(stdout).toMatch(/web-server-a\s+changed/);
    expect(await statusOf(a, 'web-server')).toMatchObject({ stage: 'running' });
    const shown = await c.herd('status', 'web-server-fleet');
    expect(shown.stdout).toMatch(/web-server-b\s+unknown/);
    expect(shown.stdout).not.toMatch(/web-server-b\s+running/);
    fleet = { ...fleet, b: await place.again(b) };
  });

  it('reaches a custom action of every member', async () => {
    const { c } = fleet;
    await c.herd('start', 'web-server-fleet');
    const { code, stdout } = await c.herd('greet', 'web-server-fleet');
    expect(code).toBe(0);
    expect(stdout).toContain('hello from A');
    expect(stdout).toContain('hello from B');
  });

  it('shows the new process of a server that was killed', async () => {
    const { a, c } = fleet;
    await c.herd('start', 'web-server-fleet');
    const { pid } = await statusOf(a, 'web-server');
    if (pid === undefined) throw new Error('no pid');
    process.kill(pid, 'SIGKILL');
    await eventually('a new pid at the controller', async () => {
      const seen = await statusOf(c, 'web-server-a');
      return seen.pid !== undefined && seen.pid !== pid;
    });
  });
});
