/** A peer that sends one byte at a time, for ten minutes: the slowest line that is one, and one that is none. */
import { World } from '@bellwether/actors';
import { encode } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer } from '../../support/ocapn-peer.ts';
import { deliver, object, Raw, sym, toAnswer, toExport } from '../../support/ocapn-raw.ts';

const TEN_MINUTES_MS = 600_000;
let world: World;
let network: Network;
let victim: Peer;
let honest: Peer;
beforeEach(async () => {
  world = new World(3);
  network = new Network(world);
  victim = new Peer(network, 'victim');
  honest = new Peer(network, 'honest');
  victim.offer('desk', await victim.run((turn) => turn.spawn(makeDesk)));
});
afterEach(() => {
  for (const line of network.lines) if (line.isRaw) line.cut();
  leavesNothing([victim, honest]);
});

/** Sends as slowly as it says, while a good client calls once a second. The result is when its connection ended. */
const drip = async (raw: Raw, bytes: Uint8Array, everyMs: number): Promise<number | undefined> => {
  const desk = honest.router.enliven<Desk>(victim.sturdyref('desk'));
  const startMs = world.now;
  let endedMs: number | undefined;
  let servedCount = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    raw.send(bytes.subarray(at, at + 1));
    world.runFor(everyMs);
    if (raw.isClosed) endedMs ??= world.now - startMs;
    if (at % Math.ceil(1_000 / everyMs) > 0) continue;
    expect(await honest.run((turn) => turn.send(desk, 'echo', at))).toBe(at);
    servedCount += 1;
  }
  expect(servedCount).toBeGreaterThan(500);
  return endedMs;
};
/** A frame that takes ten minutes. */
const frameOf = (everyMs: number): Uint8Array => {
  const count = Math.floor(TEN_MINUTES_MS / everyMs);
  return encode(deliver(toAnswer(0), [sym('echo'), 'x'.repeat(count)], 1, object(2)));
};
const holder = (): Raw =>
  Raw.dial(network, victim, 'mallory')
    .greet()
    .say(deliver(toExport(0), [sym('fetch'), new Uint8Array(Buffer.from('desk'))], 0, object(1)));

describe('case 4: a frame that comes byte by byte for ten minutes', () => {
  it('is read where it brings 1 KiB in half a minute, and others are served each second', async () => {
    const slow = holder();
    expect(await drip(slow, frameOf(25), 25)).toBe(undefined); // 1,200 bytes in 30 s
    world.runFor(100);
    expect(slow.told(2)?.[0]).toBe('fulfill');
  });
  it('is cut after a minute at most where it brings less, and others are served all the time', async () => {
    const slow = holder();
    const endedMs = await drip(slow, frameOf(40), 40); // 750 bytes in 30 s
    expect(endedMs).toBeGreaterThan(30_000);
    expect(endedMs).toBeLessThanOrEqual(60_100);
    expect(slow.abortReason).toContain('without progress');
  });
  it('is cut after ten seconds where it is the hello', async () => {
    const slow = Raw.dial(network, victim, 'mallory');
    const long = `<16'op:start-session3500"${'x'.repeat(24_000)}`;
    const endedMs = await drip(slow, new Uint8Array(Buffer.from(long)), 25);
    expect(endedMs).toBeGreaterThan(9_000);
    expect(endedMs).toBeLessThanOrEqual(10_100);
    expect(slow.abortReason).toContain('no hello in time');
  });
});
