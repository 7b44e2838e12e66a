/**
 * Performance rows 2, 3 and 10: Bellwether beside Cap'n Web, both over unix sockets.
 *
 *   row 2    calls per second, 64 in flight
 *   row 3    µs of CPU for a call, both ends together, 1,000 in flight
 *   row 10   what a process retains for a session that is open, was used once and is idle
 *
 * Cap'n Web brings no transport for a socket: it gets one that sends what one wake-up wrote in one
 * write. Every server is a process of its own. Run it pinned to one core (`taskset -c 0`) and not:
 * rows 2 and 3 differ.
 */
import net from 'node:net';
import path from 'node:path';
import type { PeerLocation } from '@bellwether/ocapn';
import { RpcSession, RpcTarget } from 'capnweb';
import { captpRun, type Echo, makeEcho, measured, type Run, tally } from '../support/calls.ts';
import { Messages } from '../support/messages.ts';
import { makeNode, reach, serveNode, unixAt } from '../support/nodes.ts';
import { type OtherEnd, ready, role, startOtherEnd, withFolder } from '../support/other-end.ts';
import { connected } from '../support/raw.ts';
import { compare, print, ratios } from '../support/rounds.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const SESSIONS = Number(process.argv[3] ?? 1_000);
const PHASE_MS = 1_000;
const WARM_UP_MS = 3_000;

interface RemoteEcho {
  echo(value: unknown): Promise<unknown>;
}
class EchoTarget extends RpcTarget {
  echo(value: unknown): unknown {
    return value;
  }
}

const serveCapnweb = (at: string): void => {
  const accept = (socket: net.Socket): void =>
    void new RpcSession(new Messages(socket), new EchoTarget());
  net.createServer({ noDelay: true }, accept).listen(at, () => ready(at));
};
const serveCaptp = async (at: string): Promise<void> =>
  ready(await serveNode(unixAt('server', at), (turn) => turn.spawn(makeEcho)));

const reachCapnweb = async (at: string): Promise<RemoteEcho> => {
  const socket = await connected({ path: at });
  return new RpcSession<RemoteEcho>(new Messages(socket)).getRemoteMain();
};
const capnwebRun = (remote: RemoteEcho, other: OtherEnd): Run =>
  measured(
    other,
    (inFlight, ms) =>
      new Promise((done, failed) => {
        const counts = tally(inFlight, ms, done);
        const call = (): void => void remote.echo(42).then(answered, failed);
        const answered = (): void => {
          if (counts.answered()) call();
        };
        for (let at = 0; at < inFlight; at += 1) call();
      }),
  );

const measureCalls = async (captp: Run, capnweb: Run): Promise<void> => {
  for (const run of [captp, capnweb]) for (const n of [64, 1_000]) await run(n, WARM_UP_MS / 2);
  const phase = (run: Run, depth: number) => () => run(depth, PHASE_MS);
  const some = await compare(ROUNDS, phase(captp, 64), phase(capnweb, 64));
  const rate = (results: typeof some.ours) => results.map(({ perSecond }) => perSecond);
  const gain = ratios(rate(some.ours), rate(some.theirs));
  print(2, "calls per second, 64 in flight / Cap'n Web", '>= 4 pinned, >= 2 on two cores', gain, {
    captpPerSecond: rate(some.ours),
    capnwebPerSecond: rate(some.theirs),
  });
  const many = await compare(ROUNDS, phase(captp, 1_000), phase(capnweb, 1_000));
  const cost = (results: typeof many.ours) => results.map(({ cpuUs }) => cpuUs);
  const share = ratios(cost(many.ours), cost(many.theirs));
  print(3, "CPU for a call, 1,000 in flight / Cap'n Web", '<= 0.2', share, {
    captpCpuUs: cost(many.ours),
    capnwebCpuUs: cost(many.theirs),
  });
};

/** Opens sessions, each used once; the result are bytes for each that the server retains. */
const idle = async (
  as: string,
  at: string,
  open: (end: OtherEnd) => Promise<{ close(): void }>,
): Promise<{ readonly bytes: number; readonly rss: number }> => {
  const end = await startOtherEnd(as, at);
  const opened = [];
  // What the first ones have compiled, and the room of shared tables, is no session's.
  for (let count = 0; count < SESSIONS; count += 1) opened.push(await open(end));
  const before = await end.usage(4);
  for (let count = 0; count < SESSIONS; count += 1) opened.push(await open(end));
  const after = await end.usage(4);
  for (const session of opened) session.close();
  end.end();
  return {
    bytes: (after.retainedBytes - before.retainedBytes) / SESSIONS,
    rss: (after.rssBytes - before.rssBytes) / SESSIONS,
  };
};
const openCaptp = async (end: OtherEnd): Promise<{ close(): void }> => {
  const name = `client-${performance.now()}`; // a peer has one session: these are several peers
  const node = makeNode(name, unixAt(name));
  const remote = await reach<Echo>(node, end.said as PeerLocation);
  await node.vat.run((turn) => turn.send(remote, 'echo', 42));
  return { close: () => node.router.close() };
};
const openCapnweb = async (end: OtherEnd): Promise<{ close(): void }> => {
  const socket = await connected({ path: String(end.said) });
  await new RpcSession<RemoteEcho>(new Messages(socket)).getRemoteMain().echo(42);
  return { close: () => socket.destroy() };
};
const measureIdle = async (folder: string): Promise<void> => {
  let count = 0;
  const fresh = (): string => path.join(folder, `idle-${(count += 1)}`);
  const { ours, theirs } = await compare(
    3,
    () => idle('captp', fresh(), openCaptp),
    () => idle('capnweb', fresh(), openCapnweb),
  );
  const bytes = (found: typeof ours) => found.map((each) => each.bytes);
  const share = ratios(bytes(ours), bytes(theirs));
  print(10, "bytes retained for an idle session / Cap'n Web", '<= 1.1', share, {
    captpBytes: bytes(ours),
    capnwebBytes: bytes(theirs),
    captpRssBytes: ours.map(({ rss }) => rss),
    capnwebRssBytes: theirs.map(({ rss }) => rss),
  });
};

const main = (): Promise<void> =>
  withFolder(async (folder) => {
    const captpEnd = await startOtherEnd('captp', path.join(folder, 'captp'));
    const capnwebEnd = await startOtherEnd('capnweb', path.join(folder, 'capnweb'));
    const node = makeNode('client', unixAt('client'));
    const remote = await reach<Echo>(node, captpEnd.said as PeerLocation);
    const web = await reachCapnweb(String(capnwebEnd.said));
    await measureCalls(await captpRun(node.vat, remote, captpEnd), capnwebRun(web, capnwebEnd));
    captpEnd.end();
    capnwebEnd.end();
    node.router.close();
    await measureIdle(folder);
    process.exit(); // the socket of Cap'n Web would keep it
  });

if (role === 'capnweb') serveCapnweb(process.argv[2] ?? '');
else await (role === 'captp' ? serveCaptp(process.argv[2] ?? '') : main());
