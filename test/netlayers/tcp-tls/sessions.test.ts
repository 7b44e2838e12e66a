/** Sessions over real TLS: lines that break without a word, peers that come back, and liars. */
import { setTimeout as pause } from 'node:timers/promises';
import { makeIdentity, openIdentity } from '@bellwether/netlayer-tcp-tls';
import { afterEach, describe, expect, test } from 'vitest';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { untilReal } from '../../support/netlayer-rig.ts';
import { Proxy, TlsPeer, type TlsPeerOptions } from '../../support/tls-peers.ts';

let peers: TlsPeer[] = [];
let proxies: Proxy[] = [];
afterEach(async () => {
  await Promise.all(peers.map((peer) => peer.close()));
  await Promise.all(proxies.map((proxy) => proxy.close()));
  peers = [];
  proxies = [];
});

const start = async (options: Partial<TlsPeerOptions> = {}): Promise<TlsPeer> => {
  const peer = await TlsPeer.start({ identity: makeIdentity(), port: 0, ...options }, (turn) =>
    turn.spawn(makeDesk),
  );
  peers.push(peer);
  return peer;
};
const proxyTo = async (to: () => number): Promise<Proxy> => {
  const proxy = await Proxy.start(to);
  proxies.push(proxy);
  return proxy;
};
/** Calls the desk of one peer from another. */
const hear = (from: TlsPeer, to: TlsPeer, port: number, what: unknown): Promise<number> => {
  const desk = from.router.enliven<Desk>(to.refAt(port));
  return from.run((turn) => turn.send(desk, 'hear', what));
};

describe('a peer that lost its power', () => {
  test('is served, and serves, as soon as it is back, over one session', async () => {
    const identity = makeIdentity();
    const a = await start();
    const toA = await proxyTo(() => a.port);
    const old = await start({ identity });
    expect(await hear(old, a, toA.port, 'before')).toBe(1);
    const before = a.router.enliven<Desk>(old.refAt(old.port));
    const waiting = a.run((turn) => turn.send(before, 'wait')).catch((reason: unknown) => reason);
    await untilReal('one session', () => a.known.length === 1);
    toA.freeze();

    const began = performance.now();
    const back = await start({ identity });
    expect(await hear(back, a, toA.port, 'after')).toBe(2);
    expect(await hear(a, back, back.port, 'a command')).toBe(1);
    expect(performance.now() - began).toBeLessThan(5_000); // no ping has found anything out yet
    expect(await waiting).toMatchObject({ code: 'severed' });
    expect(a.known).toEqual([back.designator]);
  });
  test('is never replaced by a liar, whichever end the liar is at', async () => {
    const identity = makeIdentity();
    const honest = openIdentity(identity).designator;
    const a = await start();
    const toA = await proxyTo(() => a.port);
    const b = await start({ identity });
    expect(await hear(b, a, toA.port, 'before')).toBe(1);
    toA.freeze();

    // It dials, with a key of its own, and claims to be who is gone.
    const liar = await TlsPeer.start({ identity: makeIdentity(), claims: honest });
    peers.push(liar);
    await expect(hear(liar, a, toA.port, 'lie')).rejects.toThrow('the hello names another peer');
    expect(a.known).toEqual([honest]);
    // It answers at the address where the honest one was.
    const impostor = await start();
    a.router.sessions()[0]?.abort('the line is dead');
    await expect(hear(a, b, impostor.port, 'secret')).rejects.toMatchObject({
      code: 'unreachable',
    });
    expect([a.known, impostor.known]).toEqual([[], []]);
  });
});

describe('a line that is cut where nobody sees it', () => {
  const limits = { idleMs: 200, pingMs: 200, writeMs: 400 };

  test('is found out by both, and who waits is told', async () => {
    const a = await start({ limits });
    const b = await TlsPeer.start({ identity: makeIdentity(), limits });
    peers.push(b);
    const toA = await proxyTo(() => a.port);
    const desk = b.router.enliven<Desk>(a.refAt(toA.port));
    await b.run((turn) => turn.send(desk, 'hear', 1));
    const waiting = b.run((turn) => turn.send(desk, 'wait')).catch((reason: unknown) => reason);
    await pause(1_200); // silent, and alive: each asks the other
    expect([a.known.length, b.known.length]).toEqual([1, 1]);
    toA.freeze(true);
    expect(await waiting).toMatchObject({ code: 'severed' });
    await untilReal('both know', () => a.known.length + b.known.length === 0);
  });
  test('while megabytes are on their way ends with them, long before a ping would', async () => {
    const a = await start();
    const b = await start({
      limits: { idleMs: 60_000, pingMs: 60_000, writeMs: 400, doubtMs: 60_000 },
    });
    const toA = await proxyTo(() => a.port);
    const desk = b.router.enliven<Desk>(a.refAt(toA.port));
    await b.run((turn) => turn.send(desk, 'hear', 1));
    toA.freeze();
    const blob = new Uint8Array(7 * 1024 * 1024);
    const asked = b.run((turn) => turn.send(desk, 'hear', blob));
    await expect(asked).rejects.toThrow('has read nothing for 400 ms');
    expect(b.known).toEqual([]);
  });
});

test('three peers whose lines are reset for seconds reach each other afterwards', async () => {
  const trio = [await start(), await start(), await start()];
  const fronts = await Promise.all(trio.map((peer) => proxyTo(() => peer.port)));
  const pairs = trio.flatMap((from) =>
    trio.flatMap((to, at) => (to === from ? [] : [{ from, to, port: fronts[at]?.port ?? 0 }])),
  );
  const end = performance.now() + 2_500;
  const calls: Promise<unknown>[] = [];
  while (performance.now() < end) {
    for (const { from, to, port } of pairs)
      calls.push(hear(from, to, port, 'again').catch(() => undefined));
    await pause(10 + 40 * Math.random());
    for (const front of fronts) if (Math.random() < 0.5) front.reset();
  }
  await Promise.all(calls); // none waits for ever
  await pause(300);
  const found = await Promise.all(pairs.map(({ from, to, port }) => hear(from, to, port, 'after')));
  expect(found.every((count) => count > 0)).toBe(true);
  await untilReal('one session for each two', () =>
    trio.every(({ known }) => known.length === 2 && new Set(known).size === 2),
  );
});
