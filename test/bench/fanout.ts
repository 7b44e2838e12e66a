/**
 * Performance row 12: one call to each of 1,000 connected nodes, until the last answer, beside a
 * frame on each of 1,000 sockets of the same kind (unix) until the last one has come back.
 *
 * All nodes are in one other process, each with a router and an identity of its own. That is more
 * for its caches than any real node has to bear, and nothing is taken off for it.
 */
import net from 'node:net';
import path from 'node:path';
import type { Ref } from '@bellwether/actors';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { type Echo, makeEcho } from './support/calls.ts';
import { makeNode, reach, serveNodes, unixAt } from './support/nodes.ts';
import { ready, role, startOtherEnd, withFolder } from './support/other-end.ts';
import { answerFrames, connected, ping } from './support/raw.ts';
import { compare, each, print, ratios, timed } from './support/rounds.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const NODES = 1_000;
const GOES = 15;

const serveCaptp = async (folder: string): Promise<void> => {
  const netlayers = new Map<string, Netlayer>();
  for (let at = 0; at < NODES; at += 1)
    netlayers.set(`node${at}`, unixAt(`node${at}`, path.join(folder, `${at}`)));
  ready(await serveNodes(netlayers, (turn) => turn.spawn(makeEcho)));
};
const serveRaw = (at: string): void => {
  const server = net.createServer({ noDelay: true }, answerFrames);
  server.listen({ path: at, backlog: NODES }, () => ready(at));
};

const main = (): Promise<void> =>
  withFolder(async (folder) => {
    const captp = await startOtherEnd('captp', path.join(folder, 'nodes'));
    const raw = await startOtherEnd('raw', path.join(folder, 'raw'));
    const node = makeNode('hub', unixAt('hub'));
    const remotes: Ref<Echo>[] = [];
    for (const at of captp.said as readonly PeerLocation[])
      remotes.push(await reach<Echo>(node, at));
    const sockets: net.Socket[] = [];
    for (let at = 0; at < NODES; at += 1) sockets.push(await connected({ path: String(raw.said) }));
    const calls = (): Promise<unknown> =>
      node.vat.run((turn) => turn.all(remotes.map((remote) => turn.send(remote, 'echo', 42))));
    const pings = (): Promise<unknown> => Promise.all(sockets.map(ping));
    const ours = (): Promise<number> => each(GOES, () => timed(calls));
    const theirs = (): Promise<number> => each(GOES, () => timed(pings));
    for (let n = 0; n < 3; n += 1) await compare(1, ours, theirs); // warms up
    const found = await compare(ROUNDS, ours, theirs);
    const what = `one call to each of ${NODES} nodes / a frame on each of as many sockets`;
    print(12, what, '<= 2', ratios(found.ours, found.theirs), {
      captpMs: found.ours,
      rawMs: found.theirs,
    });
    node.router.close();
    for (const socket of sockets) socket.destroy();
    for (const end of [captp, raw]) end.end();
  });

const [at = ''] = process.argv.slice(2);
if (role === 'captp') await serveCaptp(at);
else if (role === 'raw') serveRaw(at);
else await main();
