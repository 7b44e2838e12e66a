/**
 * Performance rows 6 and 8: what depends on the link more than on the CPU.
 *
 *   row 6    ten pipelined calls over a link of 20 ms, beside a ping through the same proxy
 *   row 8    1 MiB of bytes there and back, beside a socket that sends every chunk straight back
 *
 * Every server is a process of its own, and so is the proxy. Pin all of it to one core for row 6
 * (`taskset -c 0 npm run bench -- links`).
 */
import net from 'node:net';
import path from 'node:path';
import type { Ref, Vat } from '@bellwether/actors';
import type { PeerLocation } from '@bellwether/ocapn';
import { type Echo, makeEcho } from './support/calls.ts';
import { makeNode, reach, serveNode, unixAt } from './support/nodes.ts';
import { type OtherEnd, ready, role, startOtherEnd, withFolder } from './support/other-end.ts';
import { answerFrames, connected, exchange, ping } from './support/raw.ts';
import { compare, each, print, ratios, timed } from './support/rounds.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const DELAY_MS = 10;
const CHAIN = 10;
const WARM_UPS = 3_000;
const BLOB = new Uint8Array(1024 * 1024).fill(1);

const serveRaw = (at: string): void => {
  net.createServer({ noDelay: true }, answerFrames).listen(at, () => ready(at));
};
const sendBack = (socket: net.Socket): void => {
  socket.on('data', (chunk) => void socket.write(chunk));
  socket.on('error', () => socket.destroy());
};
const serveBytes = (at: string): void => {
  net.createServer({ noDelay: true }, sendBack).listen(at, () => ready(at));
};
const serveCaptp = async (at: string): Promise<void> =>
  ready(await serveNode(unixAt('server', at), (turn) => turn.spawn(makeEcho)));
/** Passes bytes on, each way after half of the round trip. */
const serveDelay = (at: string, to: string): void => {
  const pass = (from: net.Socket, into: net.Socket): void => {
    from.on('data', (chunk) => void setTimeout(() => into.write(chunk), DELAY_MS));
    from.on('error', () => into.destroy());
    from.on('close', () => into.destroy());
  };
  const server = net.createServer((near) => {
    const far = net.connect(to);
    pass(near, far);
    pass(far, near);
  });
  server.listen(at, () => ready(at));
};

const chained = (vat: Vat, remote: Ref<Echo>) => (): Promise<unknown> =>
  vat.run((turn) => {
    let at = turn.send(remote, 'same');
    for (let n = 2; n < CHAIN; n += 1) at = turn.send(at, 'same');
    return turn.send(at, 'echo', 42);
  });
/** Both ends of both, without a link between them: what V8 has not seen often takes more than what is measured. */
const warmUp = async (captpAt: PeerLocation, rawAt: string): Promise<void> => {
  const node = makeNode('warm', unixAt('warm'));
  const chain = chained(node.vat, await reach<Echo>(node, captpAt));
  const socket = await connected({ path: rawAt });
  for (let n = 0; n < WARM_UPS; n += 1) await chain();
  for (let n = 0; n < WARM_UPS; n += 1) await ping(socket);
  node.router.close();
  socket.destroy();
};
const measureChain = async (
  captpAt: PeerLocation,
  captpProxy: OtherEnd,
  rawProxy: OtherEnd,
): Promise<void> => {
  const node = makeNode('client', unixAt('client'));
  const at = { ...captpAt, hints: { path: String(captpProxy.said) } };
  const chain = chained(node.vat, await reach<Echo>(node, at));
  const socket = await connected({ path: String(rawProxy.said) });
  const ours = (): Promise<number> => each(30, () => timed(chain));
  const theirs = (): Promise<number> => each(30, () => timed(() => ping(socket)));
  await compare(1, ours, theirs); // the links too
  const found = await compare(ROUNDS, ours, theirs);
  print(6, 'chain of 10 over 20 ms / ping', '<= 1.05', ratios(found.ours, found.theirs), {
    chainMs: found.ours,
    pingMs: found.theirs,
  });
  node.router.close();
  socket.destroy();
};

const measureBytes = async (captpAt: PeerLocation, rawAt: string): Promise<void> => {
  const node = makeNode('client', unixAt('client'));
  const remote = await reach<Echo>(node, captpAt);
  const socket = await connected({ path: rawAt });
  const echo = (): Promise<unknown> => node.vat.run((turn) => turn.send(remote, 'echo', BLOB));
  const ours = (): Promise<number> => each(150, () => timed(echo));
  const theirs = (): Promise<number> =>
    each(150, () => timed(() => exchange(socket, BLOB, BLOB.length)));
  for (let n = 0; n < 3; n += 1) await compare(1, ours, theirs); // warms up
  const found = await compare(ROUNDS, ours, theirs);
  print(8, '1 MiB there and back, speed / raw', '>= 0.5', ratios(found.theirs, found.ours), {
    captpMs: found.ours,
    rawMs: found.theirs,
  });
  node.router.close();
  socket.destroy();
};

const main = (): Promise<void> =>
  withFolder(async (folder) => {
    const at = (name: string): string => path.join(folder, name);
    const captp = await startOtherEnd('captp', at('captp'));
    const raw = await startOtherEnd('raw', at('raw'));
    const captpProxy = await startOtherEnd('delay', at('captp-proxy'), at('captp'));
    const rawProxy = await startOtherEnd('delay', at('raw-proxy'), at('raw'));
    const bytes = await startOtherEnd('bytes', at('bytes'));
    await warmUp(captp.said as PeerLocation, at('raw'));
    await measureChain(captp.said as PeerLocation, captpProxy, rawProxy);
    await measureBytes(captp.said as PeerLocation, at('bytes'));
    for (const end of [captp, raw, captpProxy, rawProxy, bytes]) end.end();
  });

const [first = '', second = ''] = process.argv.slice(2);
const roles: Readonly<Record<string, () => void | Promise<void>>> = {
  captp: () => serveCaptp(first),
  raw: () => serveRaw(first),
  bytes: () => serveBytes(first),
  delay: () => serveDelay(first, second),
};
await (roles[role ?? ''] ?? main)();
