/** Sessions over real WebSockets: long records, strangers that begin too much, and peers that claim to be others. */
import type { AddressInfo } from 'node:net';
import { WEBSOCKET_LIMITS, websocketDesignator } from '@bellwether/netlayer-websocket';
import { answerTo, LIMITS, makeChallenge, Sturdyref, threeWays } from '@bellwether/ocapn';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { makeHello } from '../../../packages/ocapn/src/identity/hello.ts';
import { type Desk, makeDesk } from '../../support/ocapn-actors.ts';
import { quietReal, untilReal } from '../../support/netlayer-rig.ts';
import { WebSocketPeer, type WebSocketPeerOptions } from '../../support/websocket-peers.ts';
import { frame, Stranger } from '../../support/websocket-strangers.ts';

let peers: WebSocketPeer[] = [];
let strangers: Stranger[] = [];
let servers: WebSocketServer[] = [];
afterEach(async () => {
  for (const { socket } of strangers) socket.destroy();
  await Promise.all(peers.map((peer) => peer.close()));
  for (const server of servers) {
    for (const ws of server.clients) ws.terminate();
    server.close();
  }
  servers = [];
  peers = [];
  strangers = [];
});
const start = async (options: WebSocketPeerOptions = {}): Promise<WebSocketPeer> => {
  const peer = await WebSocketPeer.start(options);
  peers.push(peer);
  return peer;
};
/** A stranger that has had its challenge answered, and then says these frames. */
const strange = (to: WebSocketPeer, ...frames: readonly Uint8Array[]): Stranger => {
  const stranger = new Stranger(to.at).ask();
  strangers.push(stranger);
  return stranger.say(frame('binary', makeChallenge(nodeCrypto())), ...frames);
};

describe('a session', () => {
  for (const isSecure of [false, true])
    test(`over ${isSecure ? 'wss' : 'ws'} carries calls both ways, and records of megabytes whole`, async () => {
      const [a, b] = [await start({ isSecure }), await start({ isSecure })];
      const [deskOfA, deskOfB] = [
        await a.give((turn) => turn.spawn(makeDesk)),
        await b.give((turn) => turn.spawn(makeDesk)),
      ];
      const there = a.router.enliven<Desk>(deskOfB);
      const back = b.router.enliven<Desk>(deskOfA);
      // Borrowed by the writer, and one message all the same.
      const blob = new Uint8Array(4_000_000).fill(7);
      const calls = [
        a.vat.run((turn) => turn.send(there, 'hear', blob)),
        a.vat.run((turn) => turn.send(there, 'hear', 'short')),
        b.vat.run((turn) => turn.send(back, 'hear', blob)),
      ];
      expect(await Promise.all(calls)).toEqual([1, 2, 1]);
      expect(
        a.router.sessions().map(({ peer, direction }) => [peer?.designator, direction]),
      ).toEqual(
        expect.arrayContaining([
          [b.at.designator, 'dialled'],
          [undefined, 'accepted'],
        ]),
      );
    });

  test('that has not begun takes the beginning of no long record', async () => {
    const a = await start();
    const stranger = strange(a);
    await untilReal('answered', () => stranger.frames.length > 100);
    stranger.say(frame('binary', new Uint8Array(60_000).fill(0x61)).subarray(0, 9_000));
    await untilReal('cut', () => stranger.isClosed);
    expect(stranger.heard.toString('latin1')).toContain('expected a record of at most 4096 bytes');
    const desk = await a.give((turn) => turn.spawn(makeDesk));
    const b = await start({ listens: false });
    expect(await b.vat.run((turn) => turn.send(b.router.enliven<Desk>(desk), 'hear', 1))).toBe(1);
  });

  test('that has begun is cut where a record does not go on', async () => {
    const a = await start({ limits: { partialMs: 100, idleMs: Infinity } });
    const crypto = nodeCrypto();
    const hello = makeHello(crypto, crypto.keyPair(), { ...a.at, designator: 'x' });
    const stranger = strange(a, frame('binary', hello.bytes));
    await untilReal('open', () => a.router.sessions().length === 1);
    const record = frame('binary', new Uint8Array(50_000).fill(0x61));
    stranger.say(record.subarray(0, 30_000));
    await untilReal('cut', () => stranger.isClosed);
    expect(stranger.heard.toString('latin1')).toContain('without progress');
  });
});

describe('of too many that have fetched something', () => {
  test('the oldest of whoever has most of them goes, though all come through one proxy', async () => {
    const victim = await start({ limits: { guestSessions: 3 } });
    const [mine, theirs] = [
      await victim.give((turn) => turn.spawn(makeDesk)),
      await victim.give((turn) => turn.spawn(makeDesk)),
    ];
    const come = async (ref: Sturdyref): Promise<WebSocketPeer> => {
      const peer = await start({ listens: false });
      await peer.vat.run((turn) => turn.send(peer.router.enliven<Desk>(ref), 'hear', 'here'));
      return peer;
    };
    const early = await come(mine);
    const crowd = [await come(theirs), await come(theirs), await come(theirs)];
    const isHere = ({ router }: WebSocketPeer): boolean => router.leadsTo(victim.at);
    await untilReal('cut', () => !crowd.every(isHere));
    expect([early, ...crowd].map(isHere)).toEqual([true, false, true, true]);
  });
  test('their number is what decides, before the netlayer turns anybody away', () => {
    const { halfOpenSessions, strangerSessions, guestSessions } = LIMITS;
    const { halfOpenPerAddress, connectionsFromHere, connectionCount } = WEBSOCKET_LIMITS;
    const keptCount = halfOpenPerAddress + halfOpenSessions + strangerSessions + guestSessions;
    expect(connectionsFromHere).toBeGreaterThan(keptCount);
    expect(connectionCount).toBeGreaterThan(connectionsFromHere);
  });
});

describe('a gift', () => {
  test('has nobody dial a place of the loopback, unless the router says so', async () => {
    /** What comes of a reference that a gifter passes on: whether its receiver has dialled its exporter. */
    const given = async (mayDial?: () => boolean): Promise<() => boolean> => {
      const [gifter, exporter] = [
        await start({ handoffs: threeWays() }),
        await start({ handoffs: threeWays() }),
      ];
      const receiver = await start({ handoffs: threeWays(), ...(mayDial && { mayDial }) });
      const desk = await exporter.give((turn) => turn.spawn(makeDesk));
      const ours = await receiver.give((turn) => turn.spawn(makeDesk));
      const theirs = gifter.router.enliven<Desk>(desk);
      const to = gifter.router.enliven<Desk>(ours);
      await gifter.vat.run((turn) => turn.when(theirs, (turn, ref) => turn.send(to, 'hear', ref)));
      return () => receiver.router.leadsTo(exporter.at);
    };
    await untilReal('dialled', await given(() => true));
    const isDialled = await given();
    await quietReal();
    expect(isDialled()).toBe(false);
  });
});

describe('a peer that only claims to be another', () => {
  /** Answers a challenge as `keys`, and says what came next: the hello of who dials. */
  const helloTo = async (
    dialler: WebSocketPeer,
    claimant: boolean,
  ): Promise<{ readonly text: string; readonly isRouted: boolean }> => {
    const crypto = nodeCrypto();
    const keys = crypto.keyPair();
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    servers.push(server);
    const hello = new Promise<string>((told) =>
      server.on('connection', (ws) =>
        ws.once('message', (challenge: Buffer) => {
          ws.once('message', (said: Buffer) => told(said.toString('latin1')));
          ws.send(answerTo(Uint8Array.from(challenge), keys));
        }),
      ),
    );
    await new Promise((ready) => server.once('listening', ready));
    const { port } = server.address() as AddressInfo;
    const at = {
      transport: 'websocket',
      designator: websocketDesignator(keys),
      hints: { url: `ws://127.0.0.1:${port}` },
    };
    const before = dialler.router.sessions().length;
    if (claimant) strange(dialler, frame('binary', makeHello(crypto, crypto.keyPair(), at).bytes));
    await untilReal('a session', () => dialler.router.sessions().length > before || !claimant);
    const isRouted = dialler.router.leadsTo(at);
    dialler.router.enliven(new Sturdyref(at, new Uint8Array(32)));
    return { text: await hello, isRouted };
  };

  test('is routed nothing, and whom it names is dialled as by a peer that only dials', async () => {
    const a = await start();
    const plain = await helloTo(a, false);
    expect(plain.text).toContain(a.at.designator);
    const crossed = await helloTo(a, true);
    expect(crossed.isRouted).toBe(false);
    expect(crossed.text).toContain("<10'ocapn-peer9'websocket32");
    expect(crossed.text).not.toContain(a.at.designator);
  });
});
