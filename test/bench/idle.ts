/**
 * Performance row 26: what a node with 1,000 idle sessions over tcp-tls spends, in parts of a core.
 *
 *   watched   each peer says as often as the members of a fleet of that size that nothing has changed,
 *             at the moments at which they say it (beat-times.ts of shepherd), and as rarely as they do it
 *             wants an answer; nobody is pinged then. Each has a clock of its own, which is off by 10 ms
 *             (one standard deviation: NTP over the internet; within a data centre it is below 1 ms)
 *   silent    long enough for every session to be pinged once, by the node that is counted: it has
 *             dialled. The silences begin with the last heartbeats, not all at once
 *
 * The node that is counted has dialled the others, as a controller dials its members, and gives each
 * something to tell.
 *
 * `npm run bench -- idle watched` measures the first alone. How often words and pings come stands in
 * the sources and is read there. The other ends are 1,000 nodes in one process. Only the one with all
 * sessions is counted: its own CPU time, over the time that has passed. Beside it, for a machine that
 * is busy: a plain TLS server with as many sockets, to which as much is said as often and in such
 * groups, and which answers as often. `npm run bench -- idle scattered` is what it was and would be without
 * those: each word comes alone. `npm run bench -- idle services` is of a daemon with 5,000 services.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import type { Behavior, Ref, Turn } from '@bellwether/actors';
import { paceFor } from '@bellwether/fleet';
import { LIMITS, type Netlayer, type PeerLocation } from '@bellwether/ocapn';
import { limits } from '@bellwether/shepherd';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { type Echo, makeEcho } from './support/calls.ts';
import { listening, makeNode, makeNodes, type Node, reach } from './support/nodes.ts';
import { measureIdleServices } from './support/idle-services.ts';
import {
  type OtherEnd,
  ready,
  role,
  startOtherEnd,
  type Usage,
  withFolder,
} from './support/other-end.ts';
import { answerFrames, CALL_BYTES, connected, FRAME } from './support/raw.ts';
import { print } from './support/rounds.ts';
import { beatIn } from '../../packages/shepherd/src/shepherd/beat-times.ts';

const SESSIONS = 1_000;
/**
 * Heartbeats come so often, and for so long, before anything is counted, and again after the start's garbage was collected:
 * a daemon is warm and compiled for days, and what was not called between four collections is compiled anew.
 */
const WARM_EVERY_MS = 1_000;
const WARM_MS = 15_000;
/**
 * V8 looks through the heap of an idle process itself then, two or three times within 40 s, and
 * not again before much was allocated: a daemon is idle for days.
 */
const SETTLE_MS = 50_000;

const { heartbeatMs } = paceFor(SESSIONS);
/** Heartbeats for one that is answered. */
const BEATS = limits.toldBeatCount + 1;
/** Silence, and a little for those who look for it. */
const SILENT_MS = 1.05 * LIMITS.idleMs;
const WATCHED_MS = BEATS * heartbeatMs;

/** Of the clocks of the members, one from another: the standard deviation. */
const CLOCKS_OFF_MS = 10;

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Dials all members, whose places stand in a file. */
const serve = async (file: string): Promise<void> => {
  const identity = openIdentity(makeIdentity());
  const node = makeNode(identity.designator, tlsNetlayer({ identity }));
  const echo = await node.vat.run((turn) => turn.spawn(makeEcho));
  for (const at of JSON.parse(fs.readFileSync(file, 'utf8')) as readonly PeerLocation[]) {
    const member = await reach<Member>(node, at);
    await node.vat.run((turn) => turn.send(member, 'meet', echo));
  }
  ready('all are met');
};

interface Member {
  meet(hub: Ref<Echo>): void;
}
/** A member tells whom it has met. */
const makeMember = (met: (hub: Ref<Echo>) => void) => (): Behavior<Member> => ({
  meet: (_turn: Turn, hub: Ref<Echo>) => met(hub),
});
/** Members that listen: each by its designator, and whom it has met. */
const serveMembers = async (): Promise<Members> => {
  const netlayers = new Map<string, Netlayer>();
  for (let at = 0; at < SESSIONS; at += 1) {
    const identity = openIdentity(makeIdentity());
    const place = { host: '127.0.0.1', bindHost: '127.0.0.1' };
    netlayers.set(identity.designator, tlsNetlayer({ identity, place }));
  }
  const offered = new Map<string, Ref<Member>>();
  const hubs: Ref<Echo>[] = [];
  const nodes = makeNodes(netlayers, (designator) => offered.get(designator));
  await nodes[0]?.vat.run((turn) =>
    [...netlayers.keys()].forEach((designator, at) =>
      offered.set(designator, turn.spawn(makeMember((hub) => (hubs[at] = hub)))),
    ),
  );
  const places = await Promise.all(nodes.map(({ router }) => listening(router)));
  return { nodes, hubs, places };
};
interface Members {
  readonly nodes: readonly Node[];
  readonly hubs: readonly Ref<Echo>[];
  readonly places: readonly PeerLocation[];
}

const serveRaw = (): void => {
  const secureContext = openIdentity(makeIdentity()).context();
  const server = net.createServer({ noDelay: true }, (raw) => {
    const how = { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false };
    answerFrames(new tls.TLSSocket(raw, how));
  });
  server.listen(0, '127.0.0.1', () => ready(server.address()));
};
/** Does something for each of many, spread evenly over so many ms, again and again: `round` counts. */
const inTurn = (everyMs: number, act: (at: number, round: number) => void): (() => void) => {
  let count = 0;
  const timer = setInterval(() => {
    act(count % SESSIONS, Math.floor(count / SESSIONS));
    count += 1;
  }, everyMs / SESSIONS);
  return () => clearInterval(timer);
};
/** The same at the moments at which members do it, each by its clock and with its name. */
const asMembers = (everyMs: number, act: (at: number, round: number) => void): (() => void) => {
  const timers: NodeJS.Timeout[] = [];
  const beat = (at: number, offMs: number, round: number): void => {
    const leftMs = beatIn(everyMs, Date.now() + offMs, `member ${at}`);
    timers[at] = setTimeout(() => {
      act(at, round);
      beat(at, offMs, round + 1);
    }, leftMs);
  };
  for (let at = 0; at < SESSIONS; at += 1) beat(at, CLOCKS_OFF_MS * normal(), at % BEATS);
  return () => timers.forEach(clearTimeout);
};
/** Box and Muller. */
const normal = (): number =>
  Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
/** As many plain sockets. */
const connectRaw = async (port: number): Promise<readonly tls.TLSSocket[]> => {
  const secureContext = openIdentity(makeIdentity()).context();
  const sockets: tls.TLSSocket[] = [];
  for (let at = 0; at < SESSIONS; at += 1) {
    const socket = await connected({ host: '127.0.0.1', port });
    const secured = tls.connect({ socket, secureContext, rejectUnauthorized: false });
    await new Promise((done) => secured.once('secureConnect', done));
    sockets.push(secured.resume());
  }
  return sockets;
};

/** Percent of a core that each end spends while something goes on. */
const spent = async (ms: number, ends: readonly OtherEnd[]): Promise<readonly number[]> => {
  const usages = (): Promise<readonly Usage[]> => Promise.all(ends.map((end) => end.usage()));
  const [start, before] = [performance.now(), await usages()];
  await sleep(ms);
  const [spentMs, after] = [performance.now() - start, await usages()];
  return after.map(({ cpuUs }, end) => (cpuUs - (before[end]?.cpuUs ?? NaN)) / 10 / spentMs);
};

const main = async (folder: string): Promise<void> => {
  const { nodes, hubs, places } = await serveMembers();
  fs.writeFileSync(path.join(folder, 'places'), JSON.stringify(places));
  const hub = await startOtherEnd('hub', path.join(folder, 'places'));
  const raw = await startOtherEnd('raw');
  const sockets = await connectRaw((raw.said as net.AddressInfo).port);
  const frame = (at: number): unknown => sockets[at]?.write(FRAME);
  /** The last piece makes a frame of it, which is answered. */
  const piece = (at: number, round: number): unknown => {
    const [from, to] = [round % BEATS, (round % BEATS) + 1].map((part) =>
      Math.floor((part * CALL_BYTES) / BEATS),
    );
    return sockets[at]?.write(FRAME.subarray(from, to));
  };
  const heartbeat = (at: number, round: number): void => {
    const [node, echo] = [nodes[at], hubs[at]];
    if (node === undefined || echo === undefined) return;
    const isAnswered = round % BEATS === BEATS - 1;
    const said = node.vat.run<unknown>((turn) =>
      isAnswered ? turn.send(echo, 'echo', 42) : turn.tell(echo, 'echo', 42),
    );
    said.catch(() => undefined); // of the last ones, when all is closed
  };
  const measure = async (what: string, ms: number): Promise<void> => {
    await sleep(SETTLE_MS);
    const [percent = NaN, rawPercent = NaN] = await spent(ms, [hub, raw]);
    const left = nodes.reduce((sum, { router }) => sum + router.sessions().length, 0);
    if (left !== SESSIONS) throw new Error(`bench: ${SESSIONS - left} sessions were lost`);
    print(26, `idle CPU with ${SESSIONS} ${what} TLS sessions, % of a core`, '<= 0.5', [percent], {
      rawPercent: [rawPercent],
      seconds: [ms / 1_000],
    });
  };
  const warm = async (): Promise<void> => {
    const warming = [inTurn(WARM_EVERY_MS, piece), inTurn(WARM_EVERY_MS, heartbeat)];
    await sleep(WARM_MS);
    for (const end of warming) end();
  };
  await warm();
  for (const end of [hub, raw]) await end.usage(4);
  await warm();
  const only = process.argv[2];
  const [how, what] = only === 'scattered' ? [inTurn, 'scattered'] : [asMembers, 'watched'];
  const watched = [how(heartbeatMs, piece), how(heartbeatMs, heartbeat)];
  await measure(what, WATCHED_MS);
  for (const end of watched) end();
  if (only === undefined) {
    const silent = inTurn(LIMITS.idleMs, frame);
    await measure('silent', SILENT_MS);
    silent();
  }
  for (const socket of sockets) socket.destroy();
  for (const { router } of nodes) router.close();
  for (const end of [hub, raw]) end.end();
};

if (role === 'raw') serveRaw();
else if (process.argv[2] === 'services') await measureIdleServices();
else if (role === 'hub') await serve(process.argv[2] ?? '');
else await withFolder(main);
