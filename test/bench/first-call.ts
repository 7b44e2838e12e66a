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
 * Servers and diallers are processes of their own: in one, what the raw dials teach V8 about Node's sockets throws out
 * what it has made of them for ours, and the other way round. `taskset -c 0` puts all on one core.
 */
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import type { Ref, Vow } from '@bellwether/actors';
import type { PeerLocation } from '@bellwether/ocapn';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { type Echo, makeEcho } from './support/calls.ts';
import { enlivened, makeNode, reach, serveNode } from './support/nodes.ts';
import { type OtherEnd, ready, role, startOtherEnd, usageHere } from './support/other-end.ts';
import { answerFrames, connected, exchange, ping } from './support/raw.ts';
import { compare, median, print, ratios, timed } from './support/rounds.ts';

/** From the dial on, or from when both ends are done with opening. */
type Kind = 'whole' | 'open';
interface Several {
  readonly kind: Kind;
  readonly count: number;
  readonly pauseMs: number;
}
/** Of all rounds. */
interface Both {
  readonly ours: readonly Found[];
  readonly theirs: readonly Found[];
}
/** What the raw server says when its end of the handshake is over. */
const GREETING = new Uint8Array(1);
/** In the first process: how many rounds; in a dialler: what its server has said. */
const [, , ARGUMENT] = process.argv;
const ROUNDS = Number(ARGUMENT ?? 7);
const DIALS = 40;
/** Of each dialler: V8 goes on to optimize what it runs for thousands of dials, and on one core they wait for its threads. */
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

const said = (): unknown => JSON.parse(ARGUMENT ?? '');
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
/** Raw ones, in both kinds. */
const rawDials = (port: number): Readonly<Record<Kind, Dial>> => ({
  whole: async () => {
    const start = performance.now();
    const socket = await rawSocket(port);
    await ping(socket);
    const ms = performance.now() - start;
    socket.destroy();
    return ms;
  },
  open: async () => {
    const socket = await rawSocket(port);
    await exchange(socket, new Uint8Array(0), GREETING.length);
    const ms = await timed(() => ping(socket));
    socket.destroy();
    return ms;
  },
});
/** One dial, its end included; the result is what is measured of it, in ms. */
type Dial = () => Promise<number>;

/** Ours, in both kinds. */
const ourDials = (at: PeerLocation): Readonly<Record<Kind, Dial>> => {
  const node = makeNode(identity.designator, tlsNetlayer({ identity }));
  const hangUp = (): void => {
    for (const session of node.router.sessions()) session.abort('done');
  };
  const call = (echo: Vow<Ref<Echo>> | Ref<Echo>): Promise<unknown> =>
    node.vat.run((turn) => turn.send(echo, 'echo', 42));
  return {
    whole: async () => {
      const ms = await timed(() => call(enlivened<Echo>(node, at)));
      hangUp();
      return ms;
    },
    open: async () => {
      const echo = await reach<Echo>(node, at);
      const ms = await timed(() => call(echo));
      hangUp();
      return ms;
    },
  };
};
/** What one round took. */
interface Found {
  readonly ms: number;
  /** Of the dialler alone. */
  readonly cpuUs: number;
}
const severalOf =
  (dials: Readonly<Record<Kind, Dial>>) =>
  async (asked: object): Promise<Found> => {
    const { kind, count, pauseMs } = asked as Several;
    const before = usageHere().cpuUs;
    const times: number[] = [];
    for (let n = 0; n < count; n += 1) {
      times.push(await dials[kind]());
      await pause(pauseMs);
    }
    return { ms: median(times), cpuUs: usageHere().cpuUs - before };
  };

/** A dialler and whom it dials. */
interface Pair {
  readonly dialler: OtherEnd;
  readonly server: OtherEnd;
}
const pairOf = async (server: string, dialler: string): Promise<Pair> => {
  const serves = await startOtherEnd(server);
  return { server: serves, dialler: await startOtherEnd(dialler, JSON.stringify(serves.said)) };
};
const dialsOf = async ({ dialler }: Pair, several: Several): Promise<Found> =>
  (await dialler.ask(several)) as Found;
/** Several dials, each by itself, in CPU of both ends for each. */
const round = async (pair: Pair, kind: Kind): Promise<Found> => {
  const before = await pair.server.usage();
  const { ms, cpuUs } = await dialsOf(pair, { kind, count: DIALS, pauseMs: PAUSE_MS });
  const after = await pair.server.usage();
  return { ms, cpuUs: (cpuUs + after.cpuUs - before.cpuUs) / DIALS };
};
/** A round of two new processes: how V8 and the kernel lay out one pair moves its figure by a tenth for as long as it lives. */
const freshRound = (server: string, dialler: string, kind: Kind) => async (): Promise<Found> => {
  const pair = await pairOf(server, dialler);
  await dialsOf(pair, { kind, count: WARM_UP_DIALS, pauseMs: 0 });
  const found = await round(pair, kind);
  pair.dialler.end();
  pair.server.end();
  return found;
};

const main = async (): Promise<void> => {
  const show = (what: string, must: string, found: Both, of: keyof Found): void => {
    const [mine, others] = [found.ours.map((one) => one[of]), found.theirs.map((one) => one[of])];
    print(7, what, must, ratios(mine, others), { captp: mine, raw: others });
  };
  const compared = (kind: Kind, raw: string): Promise<Both> =>
    compare(ROUNDS, freshRound('captp', 'dials-captp', kind), freshRound(raw, 'dials-raw', kind));
  const whole = await compared('whole', 'raw');
  show('dial to first answer / mutual TLS to first pong, ms', '<= 1.3', whole, 'ms');
  show('the same in CPU of both ends, µs', 'for information', whole, 'cpuUs');
  const open = await compared('open', 'greeting');
  show('first call on an open session / ping, ms', 'for information', open, 'ms');
};

if (role === 'captp') await serve();
else if (role === 'raw' || role === 'greeting') serveRaw(role === 'greeting');
else if (role === 'dials-captp') ready('', severalOf(ourDials(said() as PeerLocation)));
else if (role === 'dials-raw') ready('', severalOf(rawDials((said() as net.AddressInfo).port)));
else await main();
