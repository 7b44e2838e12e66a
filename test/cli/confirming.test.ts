/** A slot of another machine, deployed to through a controller, which confirms: the real programs, links that fail. */
import { describe, expect } from 'vitest';
import {
  answerOf,
  digestOf,
  heldBack,
  phaseOf,
  releaseOf,
  startSlot,
  untilPhase,
  type Slotted,
} from '../support/deploys.ts';
import { it, together } from '../support/placed.ts';
import { configOf, eventually, type Daemon, type Place } from '../support/programs.ts';
import { makeProxy, type Proxy } from '../support/proxy.ts';
import { give, handOver, mint, portIn, reroute } from '../support/web-fleet.ts';

const listening = "{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }";
const rules = (confirmSeconds: number): string =>
  `confirmSeconds: ${confirmSeconds}, healthySeconds: 1, stop: { graceSeconds: 1 }`;
const controllerConfig = (name: string, service: string, from: string): string =>
  configOf(
    name,
    `exported({ provision: ['${service}'], from: ref('${from}'), node: 'there' })`,
    listening,
  );

interface Controlled {
  readonly slotted: Slotted;
  readonly c: Daemon;
  readonly link: Proxy;
  /** The digest of the second release; the first is committed. */
  readonly two: string;
  /** From now on the second one is well. */
  go(): void;
}
/** A with the slot `web`, and a controller C that has it as `far-web` over a link that can fail. */
const controlled = async (place: Place, confirmSeconds: number): Promise<Controlled> => {
  const slotted = await startSlot(place, rules(confirmSeconds), listening);
  const c = await place.shepherd('c', controllerConfig('C', 'far-web', 'a-web'));
  const ref = await mint(place, slotted.daemon, 'web');
  const link = await makeProxy(portIn(ref));
  place.atEnd(() => link.close());
  reroute(ref, link);
  await give(c, ref, 'a-web');
  const first = await releaseOf(slotted, 'one');
  const { file: second, go } = await heldBack(slotted, 'two');
  const [one, two] = [await digestOf(place, first), await digestOf(place, second)];
  for (const file of [first, second]) await well(c, 'stage', 'far-web', file);
  await well(c, 'activate', 'far-web', one, 'no-confirm');
  expect(await answerOf(slotted)).toBe('one');
  return { slotted, c, link, two, go };
};
const well = async (daemon: Daemon, ...words: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await daemon.herd(...words);
  // What takes longer says how far it is.
  const said = stderr.replace(/^herd: .* seconds of .* at most; .*\n/, '');
  expect({ words, code, said }).toEqual({ words, code: 0, said: '' });
  return stdout;
};
const isOver = (slotted: Slotted): Promise<void> =>
  eventually('it is over', async () => (await phaseOf(slotted.daemon)) === undefined);
const isKept = async ({ slotted, two }: Controlled): Promise<void> => {
  await isOver(slotted);
  expect(await answerOf(slotted)).toBe('two');
  const listed = await slotted.daemon.herd('release', 'ls', 'web');
  expect(listed.stdout).toMatch(new RegExp(`^${two} .* current$`, 'm'));
};

describe('a deploy through a controller', together, () => {
  it('is confirmed by the controller, and leaves no session behind', async ({ place }) => {
    const all = await controlled(place, 20);
    const before = all.link.openCount;
    all.go();
    await well(all.c, 'activate', 'far-web', all.two);
    await isKept(all);
    expect(all.link.acceptedCount).toBe(before + 1);
    await eventually('its session is closed', () => all.link.openCount === before);
    expect((await all.c.herd('status', 'far-web')).stdout).toContain('running');
  });

  it.for(['silent', 'refuse'] as const)(
    'goes back by itself where the machine can be reached no more (%s): exit code 7',
    async (kind, { place }) => {
      const all = await controlled(place, 3);
      const { slotted, c, link, two, go } = all;
      const running = c.begin('activate', 'far-web', two);
      await untilPhase(slotted.daemon, 'health-gate');
      await link.become(kind === 'silent' ? { kind, way: 'both' } : { kind });
      go();
      await untilPhase(slotted.daemon, 'awaiting-confirm');
      await isOver(slotted);
      expect(await answerOf(slotted)).toBe('one');
      await link.become({ kind: 'pass' });
      const { code, stderr } = await running.ended;
      expect({ code, stderr }).toEqual({
        code: 7,
        stderr: expect.stringContaining('nobody has confirmed it within 3 s; back at web one'),
      });
    },
  );

  it('goes back where somebody else answers at its address, and is told why', async ({ place }) => {
    const all = await controlled(place, 3);
    const { slotted, c, link, two, go } = all;
    const liar = await place.shepherd(
      'liar',
      configOf('L', `slot({ provision: ['web'] })`, listening),
    );
    const port = portIn(await mint(place, liar, 'web'));
    const running = c.begin('activate', 'far-web', two);
    await untilPhase(slotted.daemon, 'health-gate');
    // The session that stands goes on to the right one.
    link.leadTo(port);
    go();
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({
      code: 7,
      stderr: expect.stringContaining('back at web one'),
    });
    expect(stdout).toMatch(/far-web could not be confirmed from here: cannot reach a-web anew: /);
    expect(await answerOf(slotted)).toBe('one');
    expect(link.acceptedCount).toBeGreaterThan(1);
  });

  it('is confirmed by a controller that was killed and is back in time', async ({ place }) => {
    const all = await controlled(place, 30);
    await killedWhileItWaits(all);
    await place.again(all.c);
    await isKept(all);
  });

  it('goes back where its controller was killed, which learns that when it is back', async ({
    place,
  }) => {
    const all = await controlled(place, 3);
    await killedWhileItWaits(all);
    await isOver(all.slotted);
    expect(await answerOf(all.slotted)).toBe('one');
    const c = await place.again(all.c);
    await eventually('it is told', async () =>
      /activate far-web .* rolled back/.test((await c.herd('op', 'ls')).stdout),
    );
  });

  it('of a controller is confirmed by that one', async ({ place }) => {
    const all = await controlled(place, 20);
    const d = await place.shepherd('d', controllerConfig('D', 'farther-web', 'c-web'));
    await handOver(place, all.c, 'far-web', d, 'c-web');
    const acceptedCount = all.link.acceptedCount;
    all.go();
    await well(d, 'activate', 'farther-web', all.two);
    await isKept(all);
    expect(all.link.acceptedCount).toBe(acceptedCount + 1);
  });

  it('is confirmed by hand there, where whoever has deployed is gone', async ({ place }) => {
    const all = await controlled(place, 30);
    all.go();
    const running = all.slotted.daemon.begin('activate', 'web', all.two);
    await untilPhase(all.slotted.daemon, 'awaiting-confirm');
    running.process.kill('SIGKILL');
    await well(all.c, 'confirm', 'far-web');
    await isKept(all);
  });

  it('works over a socket of the same machine, and with all that herd deploy does', async ({
    place,
  }) => {
    const slotted = await startSlot(place, rules(20));
    const c = await place.shepherd('c', controllerConfig('C', 'far-web', 'a-web'));
    await handOver(place, slotted.daemon, 'web', c, 'a-web');
    await well(c, 'deploy', 'far-web', await releaseOf(slotted, 'one'));
    expect(await answerOf(slotted)).toBe('one');
    const two = await releaseOf(slotted, 'two');
    await well(c, 'stage', 'far-web', two);
    await well(c, 'activate', 'far-web', await digestOf(place, two));
    expect(await answerOf(slotted)).toBe('two');
  });
});

/** Nobody gets in until its controller is dead. */
const killedWhileItWaits = async (all: Controlled): Promise<void> => {
  const { slotted, c, link, two, go } = all;
  const running = c.begin('activate', 'far-web', two);
  await untilPhase(slotted.daemon, 'health-gate');
  await link.become({ kind: 'refuse' });
  go();
  await untilPhase(slotted.daemon, 'awaiting-confirm');
  await c.kill('SIGKILL');
  await running.ended;
  await link.become({ kind: 'pass' });
};
