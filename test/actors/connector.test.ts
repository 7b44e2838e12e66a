import { describe, expect, it } from 'vitest';
import { World, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import { connectorSuite, type MakePair } from '../support/actors-connector-suite.ts';
import { Link } from '../support/actors-link.ts';
import { makeBench, runIn, settled, type LogLine } from '../support/actors-vat.ts';

const latencyMs = 10;

const joinByLink: MakePair = (world, commit) => {
  const logs: LogLine[] = [];
  const log = (event: string, fields: Readonly<Record<string, unknown>>): void => {
    logs.push({ ...fields, event });
  };
  const powers = { log, ...(commit === undefined ? {} : { commit }) };
  const { vat: near } = makeBench({ name: 'near', ...powers }, world);
  const { vat: far } = makeBench({ name: 'far', log }, world);
  const offers: Link[] = [];
  const link = new Link(world, near, far, latencyMs);
  return {
    world,
    near,
    far,
    logs,
    roundTripMs: 2 * latencyMs,
    offer: (ref) => {
      const own = offers.length === 0 ? link : new Link(world, near, far, latencyMs);
      offers.push(own);
      own.far.offer(ref);
      return own.near.reach();
    },
    cut: () => {
      for (const each of offers) each.cut();
    },
    openCount: () =>
      offers.reduce((sum, each) => sum + each.near.openCount + each.far.openCount, 0),
  };
};

connectorSuite('link', joinByLink);

interface Echo {
  echo(text: string): string;
}
const makeEcho = (_turn: Turn<Echo>): Behavior<Echo> => ({ echo: (_turn, text) => text });

describe('a link', () => {
  const join = async () => {
    const world = new World(3);
    const near = makeBench({ name: 'near' }, world);
    const far = makeBench({ name: 'far' }, world);
    const link = new Link(world, near.vat, far.vat, latencyMs);
    link.far.offer(await runIn(far, (turn) => turn.spawn(makeEcho)));
    return { world, near, far, link, echo: link.near.reach() as Ref<Echo> };
  };
  it('that loses one direction leaves the answer open until a deadline or a cut', async () => {
    const { world, near, link, echo } = await join();
    link.far.lose();
    const early = near.vat.run((turn) => turn.within(100, turn.send(echo, 'echo', 'x')));
    const open = near.vat.run((turn) => turn.send(echo, 'echo', 'x'));
    await expect(settled(world, early)).rejects.toMatchObject({ code: 'timed-out' });
    expect(world.now).toBe(100);
    expect(link.near.openCount).toBe(2);
    link.cut();
    await expect(settled(world, open)).rejects.toMatchObject({ code: 'severed' });
    expect(world.now).toBe(100);
  });
  it('asks about an imported vow only when somebody here waits for it', async () => {
    const { world, near, far, link } = await join();
    interface Giver {
      give(): { readonly inside: unknown };
    }
    const makeGiver = (turn: Turn<Giver>): Behavior<Giver> => {
      const { vow, resolver } = turn.vow<number>();
      turn.after(100, () => resolver.kept(7));
      return { give: () => ({ inside: vow }) };
    };
    const second = new Link(world, near.vat, far.vat, latencyMs);
    second.far.offer(await runIn(far, (turn) => turn.spawn(makeGiver)));
    world.run(50);
    const giver = second.near.reach() as Ref<Giver>;
    const promise = near.vat.run((turn) => turn.send(giver, 'give'));
    world.run(90);
    const given = await promise;
    // deliver, and the giving back of its answer
    expect(second.near.frameCount).toBe(2);
    expect(await runIn(near, () => given.inside)).toBe(7);
    // listen, and the giving back of the vow
    expect(second.near.frameCount).toBe(4);
    expect(link.near.frameCount).toBe(0);
  });
});
