/**
 * Performance row 5: calls over WebSocket, beside Endo's OCapN on the same wire, and beside what `ws` alone does.
 *
 *     npm run bench -- websocket ENDO [ROUNDS]
 *
 *   captp   `echo(42)` on an actor of another process, 64 in flight
 *   endo    the same with Endo's client and server, two processes as well
 *   raw     messages as long as a call, answered by a copy, with `ws` at both ends: one write each
 *
 * ENDO is a checkout of endojs/endo whose packages/ocapn can be run (`yarn install` there): no registry has that package.
 * Each comparison is made in the same rounds. CPU is that of both processes for one call, in µs; Endo's that of the caller.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { websocketNetlayer } from '@bellwether/netlayer-websocket';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { WebSocket, WebSocketServer } from 'ws';
import { captpRun, type Echo, makeEcho, measured, type Run, tally } from './support/calls.ts';
import { makeNode, reach, serveNode } from './support/nodes.ts';
import { type OtherEnd, ready, role, startOtherEnd } from './support/other-end.ts';
import { compare, print, ratios } from './support/rounds.ts';

const [endo = '', roundsText = '7'] = process.argv.slice(2);
const ROUNDS = Number(roundsText);
const PHASE_MS = 1_000;
const WARM_UP_MS = 3_000;
const IN_FLIGHT = 64;
/** Bytes of a call of `echo(42)`, and nearly those of its answer. */
const CALL_BYTES = 72;

const here = { host: '127.0.0.1', bindHost: '127.0.0.1' };
const dialler = (): Netlayer => websocketNetlayer({ crypto: nodeCrypto() });
const listener = (): Netlayer => {
  const crypto = nodeCrypto();
  return websocketNetlayer({ crypto, place: { ...here, identity: crypto.keyPair() } });
};

const serveRaw = async (): Promise<void> => {
  const server = new WebSocketServer({ host: here.host, port: 0, perMessageDeflate: false });
  server.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));
  await once(server, 'listening');
  const address = server.address();
  ready(address === null || typeof address === 'string' ? 0 : address.port);
};
const rawRun = async (other: OtherEnd): Promise<Run> => {
  const ws = new WebSocket(`ws://${here.host}:${Number(other.said)}`, { perMessageDeflate: false });
  await once(ws, 'open');
  const message = new Uint8Array(CALL_BYTES);
  return measured(
    other,
    (inFlight, ms) =>
      new Promise((done) => {
        const counts = tally(inFlight, ms, done);
        ws.removeAllListeners('message');
        ws.on('message', () => {
          if (counts.answered()) ws.send(message);
        });
        for (let at = 0; at < inFlight; at += 1) ws.send(message);
      }),
  );
};

/** Two processes of Endo, and how one calls the other. */
const endoRun = async (checkout: string): Promise<{ run: Run; end: () => void }> => {
  const root = process.env['BELLWETHER_ROOT'] ?? '.';
  const program = path.join(root, 'test/bench/support/endo-echo.mjs');
  // What it says of the intrinsics of each Node is no concern here.
  const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const;
  const server = fork(program, [checkout, 'serve'], { stdio: [...stdio] });
  const [location]: unknown[] = await once(server, 'message');
  const client = fork(program, [checkout, 'call', JSON.stringify(location)], { stdio: [...stdio] });
  await once(client, 'message');
  const run: Run = async (inFlight, ms) => {
    client.send({ inFlight, ms });
    const [counted] = (await once(client, 'message')) as [
      { readonly count: number; readonly ms: number; readonly cpuUs: number },
    ];
    const { count, cpuUs } = counted;
    return { perSecond: (count / counted.ms) * 1_000, p50us: NaN, cpuUs: cpuUs / count };
  };
  const end = (): void => {
    client.disconnect();
    server.disconnect();
  };
  return { run, end };
};

const main = async (): Promise<void> => {
  if (!fs.existsSync(path.join(endo, 'packages/ocapn/src/netlayers/websocket.js'))) {
    process.stderr.write('usage: npm run bench -- websocket ENDO [ROUNDS]\n');
    process.stderr.write('ENDO is a checkout of endojs/endo; see test/bench/websocket.ts\n');
    process.exit(2);
  }
  const [oursEnd, rawEnd] = [await startOtherEnd('ours'), await startOtherEnd('raw')];
  const node = makeNode('client', dialler());
  const remote = await reach<Echo>(node, oursEnd.said as PeerLocation);
  const ours = await captpRun(node.vat, remote, oursEnd);
  const raw = await rawRun(rawEnd);
  const theirs = await endoRun(endo);
  for (const run of [ours, theirs.run, raw]) await run(IN_FLIGHT, WARM_UP_MS);
  const phase = (run: Run) => () => run(IN_FLIGHT, PHASE_MS);
  for (const [what, bound, other] of [
    ["calls per second over WebSocket, 64 in flight / Endo's", '>= 20', theirs.run],
    ['the same / messages of ws alone', 'information', raw],
  ] as const) {
    const found = await compare(ROUNDS, phase(ours), phase(other));
    const rate = (results: typeof found.ours) => results.map(({ perSecond }) => perSecond);
    const cpu = (results: typeof found.ours) => results.map(({ cpuUs }) => cpuUs);
    print(5, what, bound, ratios(rate(found.ours), rate(found.theirs)), {
      oursPerSecond: rate(found.ours),
      theirsPerSecond: rate(found.theirs),
      oursCpuUs: cpu(found.ours),
      theirsCpuUs: cpu(found.theirs),
    });
  }
  theirs.end();
  oursEnd.end();
  rawEnd.end();
  node.router.close();
  process.exit();
};

if (role === 'raw') await serveRaw();
else if (role === 'ours') ready(await serveNode(listener(), (turn) => turn.spawn(makeEcho)));
else await main();
