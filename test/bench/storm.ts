/**
 * Performance row 11: 1,000 nodes dial a controller over tcp-tls at once, until the last of them has a ref
 * that it fetched, beside as many mutual TLS connections at once, until the last one's frame is answered.
 *
 *   ours     the certificate in clear before TLS, TLS 1.3, both certificates looked at, two hellos with
 *            what they sign, a fetch and its answer; what they verify comes when all are served
 *   theirs   TLS 1.3, both certificates looked at, one frame there and back
 *   signed   theirs, and at each end what a hello demands: a fresh Ed25519 pair, a signature, and one verified
 *   µs       what one of them costs in CPU, both ends summed, its end and what they verify included
 *
 * The draft wants a key of its own for each session. One dial by itself has time to make it ahead (row 7), a storm has
 * not: `signed / theirs` says how much of `ours / theirs` that is in CPU, and no session can cost less.
 *
 * The controller is a process of its own. All nodes are in one other process, each with an identity, a
 * netlayer and a router of its own; they share a vat. Both sides use the same 1,000 certificates, whose TLS contexts
 * are made ahead, as a process that is there does. 1,000 are fewer than may be in their handshake at once from one
 * address.
 *
 * The heap of both ends is collected before each storm, once, and one connection of each kind stays throughout, as at a
 * controller. With none V8 forgets the hidden classes of all that a connection consists of, and what it has compiled
 * for them: with four collections and nobody who stays each storm of 300 had 150 functions optimized anew, in threads of
 * V8's own, whose CPU the figures then were (`node --trace-opt --trace-deopt`).
 *
 * Where it goes, in µs of CPU for one, both ends summed; 300 at once, with no collection before, on a busy machine
 * (`perf record -g` on both processes, run with `--perf-basic-prof --interpreted-frames-native-stack`):
 *
 *     part                                               theirs    ours   why there is more
 *     the handshake, in OpenSSL                           1,020   1,230   the same handshake: we do not know why
 *     Node's sockets and streams, libuv, the kernel       1,110   1,480   a write and a read each for the certificate
 *                                                                         in clear, for op:abort, and for the end
 *     the frame; accept and dial, session, router, turn     260     790   two hellos, a fetch, its answer, the tables
 *     a key and a signature at each end                       –     280   the draft: a key of its own for each session
 *     two signatures judged                                   –     270   when all are served
 *     the certificate in clear, designators                   –     130   one read and compared, two hashed
 *     the end                                                50     190   said, and waited for, where theirs is cut
 *     V8 collects                                           120     510   33 to 43 KiB are made for one at each end, and
 *                                                                         the nodes of this process are marked each time
 *     V8 compiles                                           170   1,310   the third and fourth storm, 207 functions; by
 *                                                                         the ninth 24 in each, or 70 where a collection
 *                                                                         comes before it, hence the warm-up
 *
 * Every deadline of ours is a minute: on a busy machine 3 s pass without a hello, and what is dialled once more then is
 * load that the raw side has not. A dial that fails ends the run.
 */
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import type { PeerLocation } from '@bellwether/ocapn';
import { BACKLOG, nodeCrypto } from '@bellwether/netlayer-stream';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { type Echo, makeEcho } from './support/calls.ts';
import { makeNode, makeNodes, reach, serveNode } from './support/nodes.ts';
import { type OtherEnd, ready, role, startOtherEnd, usageHere } from './support/other-end.ts';
import { answerFrames, connected, ping } from './support/raw.ts';
import { compare, print, ratios, timed } from './support/rounds.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
/** Fewer for a profile. */
const NODES = Number(process.argv[3] ?? 1_000);
const INFORMATION = 'for information';
/** V8 goes on optimizing until it has seen some 3,000 sessions (`node --trace-opt`). */
const WARM_UP_ROUNDS = 4;
/** So that both ends have judged all signatures of a storm before its end, and are done with it before the next. */
const JUDGED_MS = 2_000;
const SETTLE_MS = 1_000;

const DEADLINE_MS = 60_000;
const PATIENT = { greetingMs: DEADLINE_MS, dialMs: DEADLINE_MS, helloMs: DEADLINE_MS };
const PATIENT_TLS = { dialMs: DEADLINE_MS, handshakeMs: DEADLINE_MS };

const serve = async (): Promise<void> => {
  const netlayer = tlsNetlayer({
    identity: openIdentity(makeIdentity()),
    place: { host: '127.0.0.1', bindHost: '127.0.0.1' },
    limits: PATIENT_TLS,
  });
  ready(await serveNode(netlayer, (turn) => turn.spawn(makeEcho), PATIENT));
};
const crypto = nodeCrypto();
/** As many bytes as a location has in a hello, or about. */
const PLACE = crypto.random(200);
/** What one end does for the two hellos of a session. The signature is as good as the peer's. */
const signsAndVerifies = (): void => {
  const { publicKey, sign } = crypto.keyPair();
  if (!crypto.verify(publicKey, PLACE, sign(PLACE))) throw new Error('bench: not signed');
};
/** TLS as tcp-tls speaks it: 1.3, certificates on both sides, no tickets, no delay. */
const serveRaw = (secured: () => void): void => {
  const secureContext = openIdentity(makeIdentity()).context();
  const callers = new Set<string>();
  const server = net.createServer({ noDelay: true }, (raw) => {
    const how = { isServer: true, secureContext, requestCert: true, rejectUnauthorized: false };
    const socket = new tls.TLSSocket(raw, how);
    answerFrames(socket);
    socket.once('secure', () => {
      callers.add(socket.getPeerX509Certificate()?.fingerprint256 ?? 'nobody');
      secured();
    });
  });
  // Nobody may be turned away by a full queue before the server has looked: as the netlayer asks for.
  const place = { port: 0, host: '127.0.0.1', backlog: BACKLOG };
  server.listen(place, () => ready((server.address() as net.AddressInfo).port));
};

/** One more mutual TLS connection, over which a frame was answered. */
const rawDialled = async (
  port: number,
  secureContext: tls.SecureContext,
  seen: Set<string>,
  secured: () => void,
): Promise<tls.TLSSocket> => {
  const raw = await connected({ host: '127.0.0.1', port });
  const socket = tls.connect({ socket: raw, secureContext, rejectUnauthorized: false });
  await new Promise((done, failed) => socket.once('secureConnect', done).once('error', failed));
  seen.add(socket.getPeerX509Certificate()?.fingerprint256 ?? 'nobody');
  secured();
  await ping(socket);
  return socket;
};

interface Storm {
  readonly ms: number;
  readonly cpuUs: number;
}
/** A storm, from the first dial to the last answer; `go` says how its connections are ended. */
const storm = (other: OtherEnd, go: () => Promise<() => void>) => async (): Promise<Storm> => {
  const before = (await other.usage(1)).cpuUs + usageHere(1).cpuUs;
  let end = (): void => undefined;
  const ms = await timed(async () => {
    end = await go();
  });
  await pause(JUDGED_MS);
  end();
  await pause(SETTLE_MS);
  const after = (await other.usage()).cpuUs + usageHere().cpuUs;
  return { ms, cpuUs: (after - before) / NODES };
};

type Found = Awaited<ReturnType<typeof compare<Storm>>>;
const show = (what: string, must: string, name: string, found: Found): void => {
  for (const [of, unit] of [
    ['ms', 'ms'],
    ['cpuUs', 'µs of CPU, both ends, for one'],
  ] as const) {
    const [over, under] = [found.ours.map((one) => one[of]), found.theirs.map((one) => one[of])];
    const bound = of === 'ms' ? must : INFORMATION;
    print(11, `${what}, ${unit}`, bound, ratios(over, under), { [name]: over, raw: under });
  }
};

const main = async (): Promise<void> => {
  const controller = await startOtherEnd('controller');
  const raw = await startOtherEnd('raw');
  const signing = await startOtherEnd('signing');
  const identities = Array.from({ length: NODES }, () => openIdentity(makeIdentity()));
  const contexts = identities.map((identity) => identity.context());
  const netlayers = identities.map(
    (identity) => [identity.designator, tlsNetlayer({ identity, limits: PATIENT_TLS })] as const,
  );
  const nodes = makeNodes(new Map(netlayers), undefined, PATIENT);
  const stays = openIdentity(makeIdentity());
  const netlayerThatStays = tlsNetlayer({ identity: stays, limits: PATIENT_TLS });
  const nodeThatStays = makeNode(stays.designator, netlayerThatStays, undefined, PATIENT);
  await reach<Echo>(nodeThatStays, controller.said as PeerLocation);
  const socketsThatStay = [
    await rawDialled(Number(raw.said), stays.context(), new Set(), () => undefined),
    await rawDialled(Number(signing.said), stays.context(), new Set(), signsAndVerifies),
  ];
  const ours = storm(controller, async () => {
    const at = controller.said as PeerLocation;
    await Promise.all(nodes.map((node) => reach<Echo>(node, at)));
    return () => {
      for (const { router } of nodes) for (const one of router.sessions()) one.abort('done');
    };
  });
  const plainly = (end: OtherEnd, secured: () => void): (() => Promise<Storm>) =>
    storm(end, async () => {
      const [port, seen] = [Number(end.said), new Set<string>()];
      const dials = contexts.map((context) => rawDialled(port, context, seen, secured));
      const sockets = await Promise.all(dials);
      return () => {
        for (const socket of sockets) socket.destroy();
      };
    });
  const theirs = plainly(raw, () => undefined);
  const signed = plainly(signing, signsAndVerifies);
  await compare(WARM_UP_ROUNDS, ours, theirs);
  await signed();
  const what = `${NODES} TLS nodes at once, to the last ref fetched / mutual TLS to the last pong`;
  show(what, '<= 1.4', 'captp', await compare(ROUNDS, ours, theirs));
  const least = 'mutual TLS with the keys and signatures of hellos / without';
  show(least, INFORMATION, 'signed', await compare(ROUNDS, signed, theirs));
  for (const { router } of [nodeThatStays, ...nodes]) router.close();
  for (const socket of socketsThatStay) socket.destroy();
  for (const end of [controller, raw, signing]) end.end();
};

if (role === 'controller') await serve();
else if (role === 'raw') serveRaw(() => undefined);
else if (role === 'signing') serveRaw(signsAndVerifies);
else await main();
