/**
 * Performance rows 6, 7 and 8: what depends on the link more than on the CPU.
 *
 *   row 6    ten pipelined calls over a link of 20 ms, beside a ping through the same proxy
 *   row 7    the first call of a session that has just opened over TLS, beside the first ping on a
 *            TLS connection that has just opened; Nagle's algorithm shows as 15 to 20
 *   row 7*   the same with what comes before: dial, TLS, hellos and the fetch
 *   row 8    1 MiB of bytes there and back, beside a socket that sends every chunk straight back
 *
 * Every server is a process of its own, and so is the proxy. Pin all of it to one core for rows 6
 * and 7 (`taskset -c 0 npm run bench -- links`).
 */
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import type { Ref, Vat } from '@bellwether/actors';
import type { PeerLocation } from '@bellwether/ocapn';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { type Echo, makeEcho } from './support/calls.ts';
import { makeNode, reach, serveNode, unixAt } from './support/nodes.ts';
import { type OtherEnd, ready, role, startOtherEnd, withFolder } from './support/other-end.ts';
import { answerFrames, CALL_BYTES, connected } from './support/raw.ts';
import { compare, median, print, ratios } from './support/rounds.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const DELAY_MS = 10;
const CHAIN = 10;
const BLOB = new Uint8Array(1024 * 1024).fill(1);

/** How long each of several goes takes, one after another, in ms: the median. */
const each = async (count: number, go: () => Promise<number>): Promise<number> => {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) times.push(await go());
  return median(times);
};
const timed = async (go: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await go();
  return performance.now() - start;
};
/** Writes, and waits until so many bytes have come. */
const exchange = (socket: net.Socket, bytes: Uint8Array, count: number): Promise<void> =>
  new Promise((done) => {
    let missing = count;
    const take = (chunk: Uint8Array): void => {
      missing -= chunk.length;
      if (missing > 0) return;
      socket.off('data', take);
      done();
    };
    socket.on('data', take);
    socket.write(bytes);
  });
const FRAME = new Uint8Array(CALL_BYTES).fill(1);
const ping = (socket: net.Socket): Promise<void> => exchange(socket, FRAME, CALL_BYTES);

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
const serveTls = async (): Promise<void> => {
  const netlayer = tlsNetlayer({
    identity: openIdentity(makeIdentity()),
    place: { host: '127.0.0.1', bindHost: '127.0.0.1' },
  });
  ready(await serveNode(netlayer, (turn) => turn.spawn(makeEcho)));
};
/** TLS as tcp-tls speaks it: 1.3, certificates on both sides, no tickets, no delay. */
const serveRawTls = (): void => {
  const secureContext = openIdentity(makeIdentity()).context();
  const server = net.createServer({ noDelay: true }, (raw) => {
    const how = { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false };
    const socket = new tls.TLSSocket(raw, how);
    answerFrames(socket);
  });
  server.listen(0, '127.0.0.1', () => ready(server.address()));
};
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
  await compare(1, ours, theirs); // warms up
  const found = await compare(ROUNDS, ours, theirs);
  print(6, 'chain of 10 over 20 ms / ping', '<= 1.05', ratios(found.ours, found.theirs), {
    chainMs: found.ours,
    pingMs: found.theirs,
  });
  node.router.close();
  socket.destroy();
};

interface First {
  readonly callMs: number;
  readonly allMs: number;
}
const firstCaptp = (at: PeerLocation) => async (): Promise<First> => {
  const identity = openIdentity(makeIdentity());
  const node = makeNode(identity.designator, tlsNetlayer({ identity }));
  const start = performance.now();
  const remote = await reach<Echo>(node, at);
  const reached = performance.now();
  await node.vat.run((turn) => turn.send(remote, 'echo', 42));
  const answered = performance.now();
  node.router.close();
  return { callMs: answered - reached, allMs: answered - start };
};
const firstRaw = (port: number) => async (): Promise<First> => {
  const secureContext = openIdentity(makeIdentity()).context();
  const start = performance.now();
  const raw = await connected({ host: '127.0.0.1', port });
  const socket = tls.connect({ socket: raw, secureContext, rejectUnauthorized: false });
  await new Promise((done) => socket.once('secureConnect', done));
  const reached = performance.now();
  await ping(socket);
  const answered = performance.now();
  socket.destroy();
  return { callMs: answered - reached, allMs: answered - start };
};
const measureFirst = async (captpAt: PeerLocation, rawPort: number): Promise<void> => {
  const several = (go: () => Promise<First>) => async (): Promise<First> => {
    const found: First[] = [];
    for (let n = 0; n < 30; n += 1) found.push(await go());
    return {
      callMs: median(found.map(({ callMs }) => callMs)),
      allMs: median(found.map(({ allMs }) => allMs)),
    };
  };
  const ours = several(firstCaptp(captpAt));
  const theirs = several(firstRaw(rawPort));
  for (let n = 0; n < 5; n += 1) await compare(1, ours, theirs); // warms up
  const found = await compare(ROUNDS, ours, theirs);
  const call = (of: readonly First[]) => of.map(({ callMs }) => callMs);
  const all = (of: readonly First[]) => of.map(({ allMs }) => allMs);
  print(
    7,
    'first call over TLS / first ping',
    '<= 1.3',
    ratios(call(found.ours), call(found.theirs)),
    {
      callMs: call(found.ours),
      pingMs: call(found.theirs),
    },
  );
  print(
    7,
    'dial to first answer / the same',
    'for information',
    ratios(all(found.ours), all(found.theirs)),
    {
      captpMs: all(found.ours),
      rawMs: all(found.theirs),
    },
  );
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
    const tlsEnd = await startOtherEnd('tls');
    const rawTls = await startOtherEnd('raw-tls');
    await measureChain(captp.said as PeerLocation, captpProxy, rawProxy);
    await measureFirst(tlsEnd.said as PeerLocation, (rawTls.said as net.AddressInfo).port);
    await measureBytes(captp.said as PeerLocation, at('bytes'));
    for (const end of [captp, raw, captpProxy, rawProxy, bytes, tlsEnd, rawTls]) end.end();
  });

const [first = '', second = ''] = process.argv.slice(2);
const roles: Readonly<Record<string, () => void | Promise<void>>> = {
  captp: () => serveCaptp(first),
  raw: () => serveRaw(first),
  bytes: () => serveBytes(first),
  delay: () => serveDelay(first, second),
  tls: serveTls,
  'raw-tls': serveRawTls,
};
await (roles[role ?? ''] ?? main)();
