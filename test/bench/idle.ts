/**
 * Performance row 26: what a node with 1,000 idle sessions over tcp-tls spends, in parts of a core.
 * Long enough for every silent session to be pinged; both ends do that, and whoever is pinged first
 * need not ask.
 *
 * The other ends are 1,000 nodes in one process. Only the one with all sessions is counted: its own
 * CPU time, over the time that has passed.
 */
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { type Echo, makeEcho } from './support/calls.ts';
import { makeNodes, reach, serveNode } from './support/nodes.ts';
import { ready, role, startOtherEnd } from './support/other-end.ts';
import { print } from './support/rounds.ts';

const SECONDS = Number(process.argv[2] ?? 70);
const SESSIONS = 1_000;
/** So that what the start of the sessions left behind is swept and collected. */
const SETTLE_MS = 10_000;

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const serve = async (): Promise<void> => {
  const netlayer = tlsNetlayer({
    identity: openIdentity(makeIdentity()),
    place: { host: '127.0.0.1', bindHost: '127.0.0.1' },
  });
  ready(await serveNode(netlayer, (turn) => turn.spawn(makeEcho)));
};

const main = async (): Promise<void> => {
  const hub = await startOtherEnd('hub');
  const netlayers = new Map<string, Netlayer>();
  for (let at = 0; at < SESSIONS; at += 1) {
    const identity = openIdentity(makeIdentity());
    netlayers.set(identity.designator, tlsNetlayer({ identity }));
  }
  const nodes = makeNodes(netlayers);
  for (const node of nodes) await reach<Echo>(node, hub.said as PeerLocation);
  await sleep(SETTLE_MS);
  const start = performance.now();
  const before = await hub.usage();
  await sleep(SECONDS * 1_000);
  const spentMs = performance.now() - start;
  const { cpuUs, rssBytes } = await hub.usage();
  const percent = ((cpuUs - before.cpuUs) / 1_000 / spentMs) * 100;
  const left = nodes.reduce((sum, { router }) => sum + router.sessions().length, 0);
  if (left !== SESSIONS) throw new Error(`bench: ${SESSIONS - left} sessions were lost`);
  print(26, `idle CPU with ${SESSIONS} TLS sessions, % of a core`, '<= 0.5', [percent], {
    seconds: [spentMs / 1_000],
    rssMiB: [rssBytes / 1024 / 1024],
  });
  for (const { router } of nodes) router.close();
  hub.end();
};

await (role === 'hub' ? serve() : main());
