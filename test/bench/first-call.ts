/**
 * Performance row 7: the first call on a session over tcp-tls that has just opened, beside the first
 * ping on a mutual TLS connection that has just opened. A Nagle mistake anywhere shows as 15 to 20.
 *
 *   row 7    both ends of both are done with opening: the raw server says a byte when it is, or the
 *            first ping would pay for its end of the handshake
 *   row 7*   from the dial to the first answer, for information. Both make a connection each time and
 *            keep what a process keeps: key, certificate, TLS context. What tcp-tls adds are one and
 *            a half round trips (the certificate in clear, the acceptor's hello) and four signatures
 *
 * The servers are processes of their own. `taskset -c 0` puts all on one core.
 */
import net from 'node:net';
import tls from 'node:tls';
import type { PeerLocation } from '@bellwether/ocapn';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { type Echo, makeEcho } from './support/calls.ts';
import { enlivened, makeNode, reach, serveNode } from './support/nodes.ts';
import { ready, role, startOtherEnd } from './support/other-end.ts';
import { answerFrames, connected, exchange, FRAME, ping } from './support/raw.ts';
import { compare, each, print, ratios, timed } from './support/rounds.ts';

/** What the raw server says when its end of the handshake is over. */
const GREETING = new Uint8Array(1);
const ROUNDS = Number(process.argv[2] ?? 7);
const DIALS = 40;

const serve = async (): Promise<void> => {
  const netlayer = tlsNetlayer({
    identity: openIdentity(makeIdentity()),
    place: { host: '127.0.0.1', bindHost: '127.0.0.1' },
  });
  ready(await serveNode(netlayer, (turn) => turn.spawn(makeEcho)));
};
/** TLS as tcp-tls speaks it: 1.3, certificates on both sides, no tickets, no delay. */
const serveRaw = (): void => {
  const secureContext = openIdentity(makeIdentity()).context();
  const server = net.createServer({ noDelay: true }, (raw) => {
    const how = { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false };
    const socket = new tls.TLSSocket(raw, how);
    answerFrames(socket);
    socket.once('secure', () => socket.write(GREETING));
  });
  server.listen(0, '127.0.0.1', () => ready(server.address()));
};

const identity = openIdentity(makeIdentity());

const dialled = (at: PeerLocation) => async (): Promise<number> => {
  const node = makeNode(identity.designator, tlsNetlayer({ identity }));
  const ms = await timed(() => {
    const echo = enlivened<Echo>(node, at);
    return node.vat.run((turn) => turn.send(echo, 'echo', 42));
  });
  node.router.close();
  return ms;
};
const rawDialled = (port: number) => async (): Promise<number> => {
  const start = performance.now();
  const socket = await rawSocket(port);
  await exchange(socket, FRAME, GREETING.length + FRAME.length);
  const ms = performance.now() - start;
  socket.destroy();
  return ms;
};
const rawSocket = async (port: number): Promise<tls.TLSSocket> => {
  const raw = await connected({ host: '127.0.0.1', port });
  const secureContext = identity.context();
  const socket = tls.connect({ socket: raw, secureContext, rejectUnauthorized: false });
  await new Promise((done) => socket.once('secureConnect', done));
  return socket;
};
const called = async (at: PeerLocation): Promise<number> => {
  const node = makeNode(identity.designator, tlsNetlayer({ identity }));
  const echo = await reach<Echo>(node, at);
  const ms = await timed(() => node.vat.run((turn) => turn.send(echo, 'echo', 42)));
  node.router.close();
  return ms;
};
const pinged = async (port: number): Promise<number> => {
  const socket = await rawSocket(port);
  await exchange(socket, new Uint8Array(0), GREETING.length);
  const ms = await timed(() => ping(socket));
  socket.destroy();
  return ms;
};

const main = async (): Promise<void> => {
  const [captp, raw] = [await startOtherEnd('captp'), await startOtherEnd('raw')];
  const at = captp.said as PeerLocation;
  const { port } = raw.said as net.AddressInfo;
  const measure = async (
    what: string,
    must: string,
    ours: () => Promise<number>,
    theirs: () => Promise<number>,
  ): Promise<void> => {
    const several = (go: () => Promise<number>) => () => each(DIALS, go);
    for (let n = 0; n < 3; n += 1) await compare(1, several(ours), several(theirs)); // warms up
    const found = await compare(ROUNDS, several(ours), several(theirs));
    print(7, what, must, ratios(found.ours, found.theirs), {
      captpMs: found.ours,
      rawMs: found.theirs,
    });
  };
  await measure(
    'first call on an open session / first ping on open TLS',
    '<= 1.3',
    () => called(at),
    () => pinged(port),
  );
  await measure(
    'dial to first answer over TLS / raw TLS to first pong',
    'for information',
    dialled(at),
    rawDialled(port),
  );
  for (const end of [captp, raw]) end.end();
};

if (role === 'captp') await serve();
else if (role === 'raw') serveRaw();
else await main();
