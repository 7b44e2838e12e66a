/** Signatures of hellos that wait until nobody waits for us. */
import { World } from '@bellwether/actors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Signed, Signatures } from '../../../packages/ocapn/src/session/signatures.ts';
import { Network } from '../../support/ocapn-network.ts';
import {
  leavesNothing,
  Peer,
  type PeerOptions,
  simulatedCrypto,
} from '../../support/ocapn-peer.ts';
import { Raw } from '../../support/ocapn-raw.ts';

describe('a signature', () => {
  let world: World;
  let network: Network;
  const peers: Peer[] = [];
  const verified: number[] = [];
  const peer = (name: string, options: PeerOptions = {}): Peer => {
    const crypto = simulatedCrypto(world);
    const made = new Peer(network, name, {
      ...options,
      router: {
        crypto: {
          ...crypto,
          verify: (...all) => {
            verified.push(world.now);
            return crypto.verify(...all);
          },
        },
      },
    });
    peers.push(made);
    return made;
  };
  /** A hello of which one bit of the signature is another. */
  const badly = (raw: Raw): Uint8Array => {
    const hello = raw.hello();
    const last = hello.length - 10;
    hello[last] = (hello[last] ?? 0) ^ 1;
    return hello;
  };
  beforeEach(() => {
    world = new World(1);
    network = new Network(world);
    verified.length = 0;
  });
  afterEach(() => leavesNothing(peers.splice(0)));

  it('of a proved peer is judged when it has been served, and a bad one ends the session', () => {
    const host = peer('host', { introduces: false });
    const mallory = Raw.dial(network, host, 'mallory');
    mallory.send(badly(mallory));
    world.run(world.now + 10);
    expect([verified.length, host.router.sessions().length]).toEqual([0, 1]);
    world.run(world.now + 1_000);
    expect(verified).toHaveLength(1);
    expect(mallory.abortReason).toContain('signed the location');
    expect(host.router.sessions()).toEqual([]);
  });
  it('of a proved peer that is good is judged once, and changes nothing', () => {
    const host = peer('host', { introduces: false });
    const honest = Raw.dial(network, host, 'honest').greet();
    world.run(world.now + 5_000);
    expect(verified).toHaveLength(1);
    expect([honest.isClosed, host.router.sessions().length]).toEqual([false, 1]);
  });
  it.each([
    ['of an anonymous peer', { introduces: false }, false],
    ['of a proved peer whose key may serve in handoffs', {}, true],
  ] as const)('%s is judged before the session opens', (_, options, isProved) => {
    const host = peer('host', options);
    const mallory = Raw.dial(network, host, 'mallory', isProved);
    mallory.send(badly(mallory));
    world.run(world.now + 10);
    expect(verified).toHaveLength(1);
    expect(mallory.abortReason).toContain('signed the location');
  });
  it('is judged by nobody once its session has ended', () => {
    const host = peer('host', { introduces: false });
    const brief = Raw.dial(network, host, 'brief');
    brief.send(brief.hello());
    world.run(world.now + 10);
    expect(host.router.sessions()).toHaveLength(1);
    brief.end.close();
    world.run(world.now + 5_000);
    expect(verified).toEqual([]);
  });
});

describe('signatures that wait', () => {
  const start = () => {
    const world = new World(1);
    const signatures = new Signatures(world.clock());
    const judgedAtMs: number[] = [];
    const signed = (): Signed => ({ judgeSignature: () => void judgedAtMs.push(world.now) });
    return { world, signatures, judgedAtMs, signed };
  };
  it('are judged 16 at a time once none has come for 250 ms', () => {
    const { world, signatures, judgedAtMs, signed } = start();
    for (let count = 0; count < 17; count += 1) signatures.wait(signed());
    world.run(499);
    expect(judgedAtMs).toEqual([]);
    world.run();
    expect(judgedAtMs).toEqual([...Array<number>(16).fill(500), 520]);
    expect(world.pendingCount).toBe(0);
  });
  it('are judged after a second though others keep coming', () => {
    const { world, signatures, judgedAtMs, signed } = start();
    for (let ms = 0; ms < 1_100; ms += 10) world.at(ms, () => signatures.wait(signed()));
    world.run(999);
    expect(judgedAtMs).toEqual([]);
    world.run(1_000);
    expect(judgedAtMs).toHaveLength(16);
  });
  it('leave no timer when the last one is dropped', () => {
    const { world, signatures, judgedAtMs, signed } = start();
    const [one, other] = [signed(), signed()];
    signatures.wait(one);
    signatures.wait(other);
    signatures.drop(one);
    expect(world.pendingCount).toBe(1);
    signatures.drop(other);
    signatures.drop(other);
    expect(world.pendingCount).toBe(0);
    expect(judgedAtMs).toEqual([]);
  });
});
