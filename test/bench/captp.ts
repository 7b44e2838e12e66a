/**
 * Performance rows 1 and 4: a CapTP call beside the least that a unix socket can do.
 *
 *   raw     frames of the size of a call, answered by a copy, one write for each wake-up: raw.ts
 *   captp   `echo(42)` on an actor of another process: router, session, vat and back
 *
 * Each peer has a process of its own at the other end. Prints one JSON line per row: the median of
 * the ratios with least and greatest, and what a call costs both processes together in µs of CPU.
 * Pin all of it to one core (`taskset -c 0 npm run bench -- captp`): waking an idle core costs 50 µs
 * and hides everything.
 */
import net from 'node:net';
import path from 'node:path';
import { captpRun, type Echo, makeEcho, type Run } from './support/calls.ts';
import { makeNode, reach, serveNode, unixAt } from './support/nodes.ts';
import { ready, role, startOtherEnd, withFolder } from './support/other-end.ts';
import { answerFrames, connected, rawRun } from './support/raw.ts';
import { compare, print, ratios } from './support/rounds.ts';
import type { PeerLocation } from '@bellwether/ocapn';

const ROUNDS = Number(process.argv[2] ?? 7);
const PHASE_MS = 700;
const WARM_UP_MS = 3_000;
const IN_FLIGHT = 64;

const serveRaw = (at: string): void => {
  net.createServer({ noDelay: true }, answerFrames).listen(at, () => ready(at));
};
const serveCaptp = async (at: string): Promise<void> =>
  ready(await serveNode(unixAt('server', at), (turn) => turn.spawn(makeEcho)));

const measure = async (captp: Run, raw: Run): Promise<void> => {
  for (const run of [raw, captp])
    for (const depth of [1, IN_FLIGHT]) await run(depth, WARM_UP_MS / 2);
  const phase = (run: Run, depth: number) => () => run(depth, PHASE_MS);
  const one = await compare(ROUNDS, phase(captp, 1), phase(raw, 1));
  const p50 = (results: typeof one.ours) => results.map(({ p50us }) => p50us);
  print(1, 'call p50 / raw p50', '<= 1.4', ratios(p50(one.ours), p50(one.theirs)), {
    captpP50us: p50(one.ours),
    rawP50us: p50(one.theirs),
    captpCpuUs: one.ours.map(({ cpuUs }) => cpuUs),
    rawCpuUs: one.theirs.map(({ cpuUs }) => cpuUs),
  });
  const many = await compare(ROUNDS, phase(captp, IN_FLIGHT), phase(raw, IN_FLIGHT));
  const rate = (results: typeof many.ours) => results.map(({ perSecond }) => perSecond);
  const share = ratios(rate(many.ours), rate(many.theirs));
  print(4, 'calls per second, 64 in flight / raw', '>= 0.2', share, {
    captpPerSecond: rate(many.ours),
    rawPerSecond: rate(many.theirs),
    captpCpuUs: many.ours.map(({ cpuUs }) => cpuUs),
    rawCpuUs: many.theirs.map(({ cpuUs }) => cpuUs),
  });
};

const main = (): Promise<void> =>
  withFolder(async (folder) => {
    const rawEnd = await startOtherEnd('raw', path.join(folder, 'raw'));
    const captpEnd = await startOtherEnd('captp', path.join(folder, 'captp'));
    const node = makeNode('client', unixAt('client'));
    const remote = await reach<Echo>(node, captpEnd.said as PeerLocation);
    const socket = await connected({ path: String(rawEnd.said) });
    await measure(await captpRun(node.vat, remote, captpEnd), rawRun(socket, rawEnd));
    socket.destroy();
    node.router.close();
    rawEnd.end();
    captpEnd.end();
  });

if (role === 'raw') serveRaw(process.argv[2] ?? '');
else await (role === 'captp' ? serveCaptp(process.argv[2] ?? '') : main());
