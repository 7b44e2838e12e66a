/**
 * What could keep a conversation for ever: a node that computes without end, and one that waits for what nobody will say.
 * `test/fuzz` asks the same of every input: a line on which nothing more happens by itself is answered, or was closed.
 */
import { type Ref, type Vow, World } from '@bellwether/actors';
import { encode } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import type { SyrupRecord } from '../../../packages/ocapn/src/syrup/values.ts';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../../support/ocapn-peer.ts';
import {
  deliver,
  object,
  promise,
  Raw,
  record,
  sym,
  toAnswer,
  toExport,
} from '../../support/ocapn-raw.ts';

let world: World;
let network: Network;
let node: Peer;
let honest: Peer;
let served: Vow<Ref<Desk>>;
let steps: number;

beforeEach(async () => {
  world = new World(7);
  network = new Network(world);
  node = new Peer(network, 'node');
  honest = new Peer(network, 'honest');
  node.offer('desk', await node.run((turn) => turn.spawn(makeDesk)));
  served = honest.router.enliven<Desk>(node.sturdyref('desk'));
  world.run();
  steps = world.stepCount;
});
afterEach(async () => {
  expect(world.stepCount - steps).toBeLessThan(1_000);
  expect(await honest.run((turn) => turn.send(served, 'echo', 'alive'))).toBe('alive');
  for (const line of network.lines) if (line.isRaw) line.cut();
  leavesNothing([node, honest]);
});
/** Somebody whose answer 0 is the desk. */
const mallory = (): Raw =>
  Raw.dial(network, node, 'mallory')
    .greet()
    .say(deliver(toExport(0), [sym('fetch'), new Uint8Array(Buffer.from('desk'))], 0, object(100)));
/** A promise of ours at import 20, which is answer 1 there; the result is what resolves it. */
const promised = (raw: Raw): SyrupRecord => {
  raw.say(
    deliver(toAnswer(0), [sym('echo'), promise(20)], 1),
    record('op:listen', toAnswer(1), object(80), false),
  );
  const [listened] = raw.heardOf('op:listen');
  return toExport((listened?.fields[1] as SyrupRecord).fields[0]);
};
const largestWrite = (raw: Raw): number =>
  Math.max(...(raw.end.other?.writes ?? []).map(({ length }) => length));

describe('a node does not compute without end', () => {
  it('when a promise is kept with a list that holds it twice', () => {
    const raw = mallory();
    const resolver = promised(raw);
    raw.say(deliver(resolver, [sym('fulfill'), [toAnswer(1), toAnswer(1)]]));
    raw.say(deliver(toAnswer(0), [sym('echo'), toAnswer(1)], false, object(81)));
    const [verb, list] = raw.told(81) as [unknown, readonly SyrupRecord[]];
    expect([verb, list]).toEqual(['fulfill', Array(2).fill(promise(list[0]?.fields[0]))]);
    expect(largestWrite(raw)).toBeLessThan(4_096);
  });
  it('when two promises of the peer are kept with each other', () => {
    const raw = mallory();
    const first = promised(raw);
    raw.say(
      deliver(toAnswer(0), [sym('echo'), promise(21)], 2),
      record('op:listen', toAnswer(2), object(82), false),
    );
    const listened = raw.heardOf('op:listen')[1]?.fields[1] as SyrupRecord;
    raw.say(
      deliver(first, [sym('fulfill'), promise(21)]),
      deliver(toExport(listened.fields[0]), [sym('fulfill'), promise(20)]),
    );
    // Each is the other now, says their owner, who alone could know better. It is asked once more at most.
    expect(raw.heardOf('op:listen').length).toBeLessThanOrEqual(3);
    expect(raw.isClosed).toBe(false);
  });
  it.each([1.5, Infinity, NaN, -0.5])('when a position is %s, which no table could have', (odd) => {
    const raw = mallory().say(deliver(toAnswer(0), [sym('echo'), 1], false, object(odd)));
    expect(raw.abortReason).toContain('expected a position');
  });
});

describe('a node does not wait without end', () => {
  const parts = {
    'a record whose body is said to be longer': `<10'op:deliver<11'desc:answer0+>[4'echo5000:`,
    'a record that is not closed': "<10'op:deliver<11'desc:answer0+>[4'echo1\"x]ff",
    'a number without an end': "<10'op:deliver<11'desc:answer0",
    'one byte': '<',
  };
  it.each(Object.entries(parts))('for the rest of %s', (_what, part) => {
    const raw = mallory();
    const startMs = world.now;
    raw.say(new Uint8Array(Buffer.from(part, 'latin1')));
    expect(raw.isClosed).toBe(true);
    expect(world.now - startMs).toBeLessThan(2 * LIMITS.partialMs);
  });
  it('for a hello, or the rest of one', () => {
    const silent = Raw.dial(network, node, 'silent');
    const half = Raw.dial(network, node, 'half');
    half.send(half.hello().subarray(0, 100));
    world.run(world.now + LIMITS.helloMs + 1_000);
    expect([silent.isClosed, half.isClosed]).toEqual([true, true]);
  });
  it('for the answer of a peer that has ended its half, or is cut off in a record', () => {
    const raw = mallory();
    promised(raw); // the node has asked, and waits
    raw.send(encode(deliver(toAnswer(0), [sym('echo'), 'x'.repeat(100)])).subarray(0, 40));
    raw.end.cut();
    world.run();
    expect(node.router.sessions().map(({ peer }) => peer?.designator)).toEqual(['honest']);
  });
});
