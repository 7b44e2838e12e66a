/**
 * A handoff that is cut at each of its messages, on whichever connection that went: what is sent to the gift arrives once,
 * in order and without gaps, or not; whoever sent it is told of each, and nothing is left behind.
 */
import { type Behavior, type Bcom, type Ref, type Turn, type Vow, World } from '@bellwether/actors';
import { afterEach, expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { type End, Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../../support/ocapn-peer.ts';

const SEEDS = 12;
const SENDS = [1, 2, 3, 4] as const;

interface Runner {
  /** Says some numbers to a desk. */
  go(to: Ref<Desk>): Vow<readonly boolean[]>;
  /** How that went: who was heard, who was not, and of whom nothing is known. */
  outcomes(): readonly (boolean | undefined)[];
}
const makeRunner = (turn: Turn<Runner>, _bcom: Bcom<Runner>): Behavior<Runner> => {
  const outcomes = turn.cell<readonly (boolean | undefined)[]>(SENDS.map(() => undefined));
  const note = (at: number, isHeard: boolean): boolean => {
    outcomes.set(outcomes.get().map((each, place) => (place === at ? isHeard : each)));
    return isHeard;
  };
  return {
    go: (turn, to) => {
      const told = SENDS.map((what, at) =>
        turn.when(
          turn.send(to, 'hear', what),
          () => note(at, true),
          () => note(at, false),
        ),
      );
      return turn.when(turn.all(told), (_turn, ends) => ends.map((end) => end.kept && end.value));
    },
    outcomes: () => outcomes.get(),
  };
};

let peers: Peer[] = [];
afterEach(() => leavesNothing(peers));

const ends = (network: Network): End[] =>
  network.lines.flatMap((line) => (line.other === undefined ? [line] : [line, line.other]));
/** Steps on until so many more messages were written, and cuts the connection of the last. False: there are not as many. */
const cutAt = (network: Network, count: number): boolean => {
  const before = new Map(ends(network).map((end) => [end, end.writes.length]));
  let left = count;
  while (network.world.step())
    for (const end of ends(network)) {
      const written = end.writes.length - (before.get(end) ?? 0);
      before.set(end, end.writes.length);
      left -= written;
      if (written > 0 && left <= 0) {
        if (!end.isClosed) end.cut();
        return true;
      }
    }
  return false;
};

/** One handoff, cut at its n-th message; whether there was one. */
const handOff = async (seed: number, meeting: string, n: number): Promise<boolean> => {
  const world = new World(seed);
  const network = new Network(world, { latencyMs: 2, jitterMs: 15 });
  const [gifter, receiver, exporter] = ['gifter', 'receiver', 'exporter'].map(
    (name) => new Peer(network, name),
  ) as [Peer, Peer, Peer];
  peers = [gifter, receiver, exporter];
  const desk = await exporter.run((turn) => turn.spawn(makeDesk));
  const runner = await receiver.run((turn) => turn.spawn(makeRunner));
  const [atExporter, atReceiver] = [exporter.offer('desk', desk), receiver.offer('run', runner)];
  const there = (await gifter.run(() => gifter.router.enliven<Desk>(atExporter))) as Ref<Desk>;
  const other = (await gifter.run(() => gifter.router.enliven<Runner>(atReceiver))) as Ref<Runner>;
  if (meeting === 'have met') await receiver.run(() => receiver.router.enliven(atExporter));
  world.runFor(2_000);

  if (meeting === 'dial each other')
    world.at(world.random() * 40, () => void exporter.router.enliven(atReceiver));
  const call = gifter.vat.run((turn) => turn.send(other, 'go', there));
  let answered: unknown;
  call.then(
    (value) => (answered = value),
    (reason: unknown) => (answered = reason),
  );
  const isCut = cutAt(network, n);
  world.run();
  for (let tick = 0; tick < 6; tick += 1) await Promise.resolve();

  const heard = (await exporter.run((turn) => turn.send(desk, 'heard'))) as readonly number[];
  const outcomes = await receiver.run((turn) => turn.send(runner, 'outcomes'));
  const where = `${meeting}, seed ${seed}, cut at ${n}: heard ${heard.join()}`;
  expect(answered, where).not.toBe(undefined);
  expect(heard, where).toEqual(SENDS.slice(0, heard.length));
  const hasBegun = outcomes.some((each) => each !== undefined);
  if (hasBegun) expect(outcomes, where).not.toContain(undefined);
  else expect(heard, where).toEqual([]);
  for (const [at, isHeard] of outcomes.entries())
    if (isHeard === true) expect(heard, where).toContain(SENDS[at]);
  if (!isCut) expect(outcomes, where).toEqual(SENDS.map(() => true));
  leavesNothing(peers);
  peers = [];
  return isCut;
};

it.each(['are strangers', 'have met', 'dial each other'])(
  'where receiver and exporter %s nothing is lost but what was cut, and nothing comes twice',
  async (meeting) => {
    let cutCount = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1)
      for (let n = 1; await handOff(seed, meeting, n); n += 1) cutCount += 1;
    expect(cutCount).toBeGreaterThan(SEEDS * 6);
  },
  60_000,
);
