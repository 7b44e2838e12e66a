/**
 * Performance row 7: from the dial over tcp-tls to the answer of the first call, beside mutual TLS
 * from the dial to the first pong. The row says what the measure is by what it would show: a Nagle
 * mistake costs 40 ms, and makes the row 15 to 20 only where the raw side takes 2 ms and more, which
 * is a handshake with a ping behind it, and no ping alone.
 *
 *   row 7    connect, TLS, both certificates looked at, one frame answered; ours with the
 *            certificate in clear before TLS, two hellos, a fetch and a call
 *   row 7*   the first call on a session, and the first ping on a connection, that both ends are
 *            done with opening: the raw server says a byte when it is. For information: a call of an
 *            open session is row 1
 *   row 7 µs what the first line costs in CPU, both ends summed, the end of the connection included
 *
 * Both keep what a process keeps: key, certificate, TLS context, and here the router. Each dial is
 * by itself: what is done ahead of a connection, or after its end, has time (row 11 is the storm).
 * The servers are processes of their own. `taskset -c 0` puts all on one core.
 */
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import type { PeerLocation } from '@bellwether/ocapn';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { type Echo, makeEcho } from './support/calls.ts';
import { enlivened, makeNode, reach, serveNode } from './support/nodes.ts';
import { type OtherEnd, ready, role, startOtherEnd, usageHere } from './support/other-end.ts';
import { answerFrames, connected, exchange, ping } from './support/raw.ts';
import { compare, median, print, ratios, timed } from './support/rounds.ts';

/** What the raw server says when its end of the handshake is over. */
const GREETING = new Uint8Array(1);
const ROUNDS = Number(process.argv[2] ?? 7);
const DIALS = 40;
/**
 * Twice of ours: V8 optimizes what a session runs until it has seen some 3,000, and on one core whoever dials waits for
 * its threads. A dial and its end took 7.8 ms of CPU among the first 500, 4.0 after 3,000; raw ones 3.5, and 2.4.
 */
const WARM_UP_DIALS = 2_000;
const PAUSE_MS = 30;

const serve = async (): Promise<void> => {
  const netlayer = tlsNetlayer({
    identity: openIdentity(makeIdentity()),
    place: { host: '127.0.0.1', bindHost: '127.0.0.1' },
  });
  ready(await serveNode(netlayer, (turn) => turn.spawn(makeEcho)));
};
/** TLS as tcp-tls speaks it: 1.3, certificates on both sides, no tickets, no delay. */
const serveRaw = (greets: boolean): void => {
  const secureContext = openIdentity(makeIdentity()).context();
  const callers = new Set<string>();
  const server = net.createServer({ noDelay: true }, (raw) => {
    const how = { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false };
    const socket = new tls.TLSSocket(raw, how);
    answerFrames(socket);
    socket.once('secure', () => {
      callers.add(socket.getPeerX509Certificate()?.fingerprint256 ?? 'nobody');
      if (greets) socket.write(GREETING);
    });
  });
  server.listen(0, '127.0.0.1', () => ready(server.address()));
};

const identity = openIdentity(makeIdentity());
const seen = new Set<string>();

const rawSocket = async (port: number): Promise<tls.TLSSocket> => {
  const raw = await connected({ host: '127.0.0.1', port });
  const secureContext = identity.context();
  const socket = tls.connect({ socket: raw, secureContext, rejectUnauthorized: false });
  await new Promise((done) => socket.once('secureConnect', done));
  seen.add(socket.getPeerX509Certificate()?.fingerprint256 ?? 'nobody');
  return socket;
};
const rawDialled = (port: number) => async (): Promise<number> => {
  const start = performance.now();
  const socket = await rawSocket(port);
  await ping(socket);
  const ms = performance.now() - start;
  socket.destroy();
  return ms;
};
const pinged = (port: number) => async (): Promise<number> => {
  const socket = await rawSocket(port);
  await exchange(socket, new Uint8Array(0), GREETING.length);
  const ms = await timed(() => ping(socket));
  socket.destroy();
  return ms;
};

const node = makeNode(identity.designator, tlsNetlayer({ identity }));
const hangUp = (): void => {
  for (const session of node.router.sessions()) session.abort('done');
};
const dialled = (at: PeerLocation) => async (): Promise<number> => {
  const ms = await timed(() => {
    const echo = enlivened<Echo>(node, at);
    return node.vat.run((turn) => turn.send(echo, 'echo', 42));
  });
  hangUp();
  return ms;
};
const called = (at: PeerLocation) => async (): Promise<number> => {
  const echo = await reach<Echo>(node, at);
  const ms = await timed(() => node.vat.run((turn) => turn.send(echo, 'echo', 42)));
  hangUp();
  return ms;
};

interface Found {
  readonly ms: number;
  readonly cpuUs: number;
}
/** Several dials, each by itself. */
const several =
  (other: OtherEnd, go: () => Promise<number>, count = DIALS, pauseMs = PAUSE_MS) =>
  async (): Promise<Found> => {
    const before = usageHere().cpuUs + (await other.usage()).cpuUs;
    const times: number[] = [];
    for (let n = 0; n < count; n += 1) {
      times.push(await go());
      await pause(pauseMs);
    }
    const after = usageHere().cpuUs + (await other.usage()).cpuUs;
    return { ms: median(times), cpuUs: (after - before) / count };
  };

const main = async (): Promise<void> => {
  const captp = await startOtherEnd('captp');
  const [raw, greeting] = [await startOtherEnd('raw'), await startOtherEnd('greeting')];
  const at = captp.said as PeerLocation;
  const portOf = ({ said }: OtherEnd): number => (said as net.AddressInfo).port;
  const ours = [dialled(at), called(at)] as const;
  const theirs = [rawDialled(portOf(raw)), pinged(portOf(greeting))] as const;
  for (const go of ours) await several(captp, go, WARM_UP_DIALS, 0)();
  await several(raw, theirs[0], WARM_UP_DIALS, 0)();
  await several(greeting, theirs[1], WARM_UP_DIALS, 0)();
  const open = await compare(ROUNDS, several(captp, ours[1]), several(greeting, theirs[1]));
  const whole = await compare(ROUNDS, several(captp, ours[0]), several(raw, theirs[0]));
  const show = (what: string, must: string, found: typeof open, of: keyof Found): void => {
    const [mine, others] = [found.ours.map((one) => one[of]), found.theirs.map((one) => one[of])];
    print(7, what, must, ratios(mine, others), { captp: mine, raw: others });
  };
  show('dial to first answer / mutual TLS to first pong, ms', '<= 1.3', whole, 'ms');
  show('the same in CPU of both ends, µs', 'for information', whole, 'cpuUs');
  show('first call on an open session / ping, ms', 'for information', open, 'ms');
  node.router.close();
  for (const end of [captp, raw, greeting]) end.end();
};

if (role === 'captp') await serve();
else if (role === 'raw' || role === 'greeting') serveRaw(role === 'greeting');
else await main();
