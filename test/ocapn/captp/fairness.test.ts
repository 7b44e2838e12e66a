/** Sessions that flood with what takes long: nobody else waits for more than a round of theirs. */
import {
  type Bcom,
  type Behavior,
  type Clock,
  type Ref,
  type Turn,
  type Vow,
  World,
} from '@bellwether/actors';
import { encode, type Limits, type SyrupRecord } from '@bellwether/ocapn';
import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../../support/ocapn-peer.ts';
import { deliver, object, Raw, sym, toAnswer, toExport } from '../../support/ocapn-raw.ts';

const SESSIONS = 16;
const WORK_MS = 2;
const HOPS = 8;
const WORKER = new Uint8Array(Buffer.from('worker'));

interface Worker {
  /** Takes the vat so long. */
  work(ms: number): void;
  /** Is answered by the last of so many, each of whom asks the next one. */
  pass(hops: number): Vow<string> | string;
}
const makeWorker = (
  turn: Turn<Worker>,
  _bcom: Bcom<Worker>,
  burn: (ms: number) => void,
  left: number,
): Behavior<Worker> => {
  const next = left > 0 ? turn.spawn(makeWorker, burn, left - 1) : undefined;
  return {
    work: (_turn, ms) => burn(ms),
    pass: (turn, hops) => (next === undefined ? 'there' : turn.send(next, 'pass', hops)),
  };
};

/** Time that only turns take. */
const start = async (limits: Partial<Limits> = {}) => {
  const world = new World(5);
  const [network, owners] = [
    new Network(world),
    new Network(world, { believesClaims: true, latencyMs: 0 }),
  ];
  let burntMs = 0;
  const burn = (ms: number): void => void (burntMs += ms);
  const clock: Clock = { ...world.clock(), now: () => world.now + burntMs };
  const scheduler = { enqueue: (task: () => void) => void world.at(1, task) };
  const ofOwners = owners.netlayer('victim');
  const netlayers = [
    network.netlayer('victim'),
    { ...ofOwners, facts: { ...ofOwners.facts, transport: 'owners' } },
  ];
  const victim = new Peer(network, 'victim', {
    vat: { clock, scheduler },
    router: { netlayers, limits },
  });
  const worker = await victim.run((turn) => turn.spawn(makeWorker, burn, HOPS));
  victim.offer('worker', worker as Ref);
  const fetching = deliver(toExport(0), [sym('fetch'), WORKER], 0, object(100));
  const holders = Array.from({ length: SESSIONS }, (_each, at) =>
    Raw.dial(network, victim, `m${at}`).greet().say(fetching),
  );
  const owner = Raw.dial(owners, victim, 'owner');
  owner.say(owner.hello({ ...owner.location, transport: 'owners' }), fetching);
  return { world, network, owners, victim, holders, owner, burnt: () => burntMs };
};
const run = (records: readonly SyrupRecord[]): Uint8Array =>
  new Uint8Array(Buffer.concat(records.map((each) => encode(each))));
const works = (count: number, ms: number): Uint8Array =>
  run(Array.from({ length: count }, () => deliver(toAnswer(0), [sym('work'), ms])));

describe('sixteen sessions that flood with what takes long', () => {
  let scene: Awaited<ReturnType<typeof start>> | undefined;
  afterEach(() => {
    if (scene === undefined) return;
    for (const { lines } of [scene.network, scene.owners])
      for (const line of lines) if (line.isRaw) line.cut();
    leavesNothing([scene.victim]);
  });
  /** For how long turns run before one who asks is answered over so many hops. */
  const waited = ({ world, burnt }: Awaited<ReturnType<typeof start>>, asker: Raw): number => {
    const beganMs = burnt();
    asker.send(deliver(toAnswer(0), [sym('pass'), HOPS], 1, object(101)));
    while (asker.told(101) === undefined && world.step());
    expect(asker.told(101)).toEqual(['fulfill', 'there']);
    return burnt() - beganMs;
  };
  it('keep the owner waiting for three of their rounds, whatever he asks', async () => {
    scene = await start();
    const { world, holders, owner, burnt } = scene;
    for (const raw of holders) raw.send(works(1_000, WORK_MS));
    world.run(world.now + 2_000);
    const before = burnt();
    expect(waited(scene, owner)).toBeLessThanOrEqual(3 * (LIMITS.freeMessages + 1) * WORK_MS);
    expect(before).toBeLessThan(SESSIONS * 1_000 * WORK_MS * 0.9); // the flood was not over
    world.run();
    expect(burnt()).toBe(SESSIONS * 1_000 * WORK_MS);
  });
  it('keep another who asks a little waiting for two of their rounds at each step', async () => {
    scene = await start();
    const { world, network, victim, holders } = scene;
    const polite = Raw.dial(network, victim, 'polite').greet();
    polite.say(deliver(toExport(0), [sym('fetch'), WORKER], 0, object(100)));
    for (const raw of holders) raw.send(works(1_000, WORK_MS));
    world.run(world.now + 2_000);
    const roundMs = (LIMITS.freeMessages + 1) * WORK_MS;
    // There and back, too: 5 ms each, in which others have their turns.
    expect(waited(scene, polite)).toBeLessThanOrEqual(2 * (HOPS + 10) * roundMs);
    world.run();
  });
});
