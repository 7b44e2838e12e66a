/**
 * Performance row 26: what a node with 1,000 idle sessions over tcp-tls spends, in parts of a core.
 *
 *   silent    long enough for every session to be pinged; both ends do that, and whoever is pinged
 *             first need not ask
 *   watched   each peer says every 15 s that nothing has changed, as members of a large fleet do to
 *             their controller (a push that is answered); nobody is pinged then
 *
 * The other ends are 1,000 nodes in one process. Only the one with all sessions is counted: its own
 * CPU time, over the time that has passed. Beside it, for a machine that is busy: a plain TLS server
 * with as many sockets that answers a frame on each as often.
 */
import net from 'node:net';
import tls from 'node:tls';
import type { Ref } from '@bellwether/actors';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { type Echo, makeEcho } from './support/calls.ts';
import { makeNodes, reach, serveNode } from './support/nodes.ts';
import { type OtherEnd, ready, role, startOtherEnd, type Usage } from './support/other-end.ts';
import { answerFrames, connected, FRAME } from './support/raw.ts';
import { print } from './support/rounds.ts';

const SECONDS = Number(process.argv[2] ?? 70);
const SESSIONS = 1_000;
/** So that what the start of the sessions left behind is swept and collected. */
const SETTLE_MS = 10_000;

const PING_EVERY_MS = 30_000;
const HEARTBEAT_EVERY_MS = 15_000;

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const serve = async (): Promise<void> => {
  const netlayer = tlsNetlayer({
    identity: openIdentity(makeIdentity()),
    place: { host: '127.0.0.1', bindHost: '127.0.0.1' },
  });
  ready(await serveNode(netlayer, (turn) => turn.spawn(makeEcho)));
};

const serveRaw = (): void => {
  const secureContext = openIdentity(makeIdentity()).context();
  const server = net.createServer({ noDelay: true }, (raw) => {
    const how = { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false };
    answerFrames(new tls.TLSSocket(raw, how));
  });
  server.listen(0, '127.0.0.1', () => ready(server.address()));
};
/** Does something for each of many, spread evenly over so many ms, again and again. */
const inTurn = (everyMs: number, act: (at: number) => void): (() => void) => {
  let at = 0;
  const timer = setInterval(() => {
    act(at);
    at = (at + 1) % SESSIONS;
  }, everyMs / SESSIONS);
  return () => clearInterval(timer);
};
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
const spent = async (ends: readonly OtherEnd[]): Promise<readonly number[]> => {
  const usages = (): Promise<readonly Usage[]> => Promise.all(ends.map((end) => end.usage()));
  const [start, before] = [performance.now(), await usages()];
  await sleep(SECONDS * 1_000);
  const [spentMs, after] = [performance.now() - start, await usages()];
  return after.map(({ cpuUs }, end) => (cpuUs - (before[end]?.cpuUs ?? NaN)) / 10 / spentMs);
};

const main = async (): Promise<void> => {
  const hub = await startOtherEnd('hub');
  const raw = await startOtherEnd('raw');
  const netlayers = new Map<string, Netlayer>();
  for (let at = 0; at < SESSIONS; at += 1) {
    const identity = openIdentity(makeIdentity());
    netlayers.set(identity.designator, tlsNetlayer({ identity }));
  }
  const nodes = makeNodes(netlayers);
  const echoes: Ref<Echo>[] = [];
  for (const node of nodes) echoes.push(await reach<Echo>(node, hub.said as PeerLocation));
  const sockets = await connectRaw((raw.said as net.AddressInfo).port);
  const frame = (at: number): unknown => sockets[at]?.write(FRAME);
  const heartbeat = (at: number): void => {
    const [node, echo] = [nodes[at], echoes[at]];
    if (echo !== undefined) void node?.vat.run((turn) => turn.send(echo, 'echo', 42));
  };
  const measure = async (what: string): Promise<void> => {
    await sleep(SETTLE_MS);
    const [percent = NaN, rawPercent = NaN] = await spent([hub, raw]);
    const left = nodes.reduce((sum, { router }) => sum + router.sessions().length, 0);
    if (left !== SESSIONS) throw new Error(`bench: ${SESSIONS - left} sessions were lost`);
    print(26, `idle CPU with ${SESSIONS} ${what} TLS sessions, % of a core`, '<= 0.5', [percent], {
      rawPercent: [rawPercent],
      seconds: [SECONDS],
    });
  };
  const silent = inTurn(PING_EVERY_MS, frame);
  await measure('silent');
  silent();
  const watched = [inTurn(HEARTBEAT_EVERY_MS, frame), inTurn(HEARTBEAT_EVERY_MS, heartbeat)];
  await measure('watched');
  for (const end of watched) end();
  for (const socket of sockets) socket.destroy();
  for (const { router } of nodes) router.close();
  for (const end of [hub, raw]) end.end();
};

if (role === 'raw') serveRaw();
else await (role === 'hub' ? serve() : main());
