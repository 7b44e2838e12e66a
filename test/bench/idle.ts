/**
 * Performance row 26: what a node with 1,000 idle sessions over tcp-tls spends, in parts of a core.
 * Long enough for every silent session to be pinged; both ends do that, and whoever is pinged first
 * need not ask.
 *
 * The other ends are 1,000 nodes in one process. Only the one with all sessions is counted: its own
 * CPU time, over the time that has passed. Beside it, for a machine that is busy: a plain TLS server
 * with as many sockets that answers a frame on each every 30 s, which is what pings come to.
 */
import net from 'node:net';
import tls from 'node:tls';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { type Echo, makeEcho } from './support/calls.ts';
import { makeNodes, reach, serveNode } from './support/nodes.ts';
import { ready, role, startOtherEnd } from './support/other-end.ts';
import { answerFrames, connected, FRAME } from './support/raw.ts';
import { print } from './support/rounds.ts';

const SECONDS = Number(process.argv[2] ?? 70);
const SESSIONS = 1_000;
/** So that what the start of the sessions left behind is swept and collected. */
const SETTLE_MS = 10_000;

const PING_EVERY_MS = 30_000;

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
/** As many plain sockets, each with a frame now and then. */
const pingRaw = async (port: number): Promise<() => void> => {
  const secureContext = openIdentity(makeIdentity()).context();
  const sockets: tls.TLSSocket[] = [];
  for (let at = 0; at < SESSIONS; at += 1) {
    const socket = await connected({ host: '127.0.0.1', port });
    const secured = tls.connect({ socket, secureContext, rejectUnauthorized: false });
    await new Promise((done) => secured.once('secureConnect', done));
    sockets.push(secured.resume());
  }
  let at = 0;
  const timer = setInterval(() => {
    sockets[at]?.write(FRAME);
    at = (at + 1) % SESSIONS;
  }, PING_EVERY_MS / SESSIONS);
  return () => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
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
  for (const node of nodes) await reach<Echo>(node, hub.said as PeerLocation);
  const endRaw = await pingRaw((raw.said as net.AddressInfo).port);
  await sleep(SETTLE_MS);
  const start = performance.now();
  const before = [await hub.usage(), await raw.usage()];
  await sleep(SECONDS * 1_000);
  const spentMs = performance.now() - start;
  const after = [await hub.usage(), await raw.usage()];
  const [percent = NaN, rawPercent = NaN] = after.map(
    ({ cpuUs }, end) => ((cpuUs - (before[end]?.cpuUs ?? NaN)) / 1_000 / spentMs) * 100,
  );
  const left = nodes.reduce((sum, { router }) => sum + router.sessions().length, 0);
  if (left !== SESSIONS) throw new Error(`bench: ${SESSIONS - left} sessions were lost`);
  print(26, `idle CPU with ${SESSIONS} TLS sessions, % of a core`, '<= 0.5', [percent], {
    rawPercent: [rawPercent],
    seconds: [spentMs / 1_000],
  });
  endRaw();
  for (const { router } of nodes) router.close();
  for (const end of [hub, raw]) end.end();
};

if (role === 'raw') serveRaw();
else await (role === 'hub' ? serve() : main());
