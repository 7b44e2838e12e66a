/**
 * Performance row 13: one command starts a fleet of 1,000 members, each a router of its own behind a unix socket and a
 * link of 20 ms there and back. Sessions are warm.
 *
 *     this process                                            the other one
 *     ^shepherd ─► ^fleet ─► 1,000 ^exported-service ═══ 1,000 sockets, 10 ms each way ═══► 1,000 facets
 *
 *   quick       the members answer at once, with a line as a shepherd says it, and share a vat and buffers: what is
 *               measured is how one controller gets through to a thousand machines
 *   shepherds   each member is a real shepherd, all of them in one process, which therefore takes as long as a
 *               thousand machines together; no process is started and no disk is waited for
 *
 * Beside it a ping to each of 1,000 raw sockets over the same links, and a call (`status`) to each member. In the end
 * the shepherds' services are restarted one by one.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { Bcom, Behavior, Ref, Turn, Vat } from '@bellwether/actors';
import {
  makeFreshLines,
  makePeers,
  makeStanding,
  registerServices,
  type ElsewherePowers,
  type PlannedService,
} from '@bellwether/fleet';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { nodeClock, nodeCrypto, nodeEntropy } from '@bellwether/netlayer-stream';
import type { Outcome, Rolling, ServiceFacet, Shepherd, Sink } from '@bellwether/shepherd';
import { makeNoSlots } from '../support/no-slots.ts';
import { requestOf, service } from '../support/shepherd-machine.ts';
import { Delay, distant, noticed } from './support/delay.ts';
import { listening, makeNode, makeNodes, reach, unixAt, type Node } from './support/nodes.ts';
import {
  ready,
  role,
  startOtherEnd,
  usageHere,
  withFolder,
  type OtherEnd,
} from './support/other-end.ts';
import { CALL_BYTES, connected } from './support/raw.ts';
import { compare, print, ratios, timed } from './support/rounds.ts';
import { bareShepherd } from './support/shepherds.ts';
import { localRoot, principalOf } from '../../packages/shepherd/src/words/principal.ts';

const MEMBERS = Number(process.env['MEMBERS'] ?? 1_000);
const ROUNDS = Number(process.argv[2] ?? 9);
const RTT_MS = 20;
const WARM_UPS = 5;

/** In the other process. */

/** A member that has nothing to do: it says its line and answers, as a shepherd would. */
const makeQuickFacet = (
  _turn: Turn<QuickFacet>,
  _bcom: Bcom<QuickFacet>,
  name: string,
): Behavior<QuickFacet> => ({
  perform: (turn, { member, action }, sink) => {
    const text = `Service web has been ${action === 'start' ? 'started' : 'stopped'}.`;
    turn.tell(sink, 'rows', [{ kind: 'line', from: name, text }], 0);
    const stage = action === 'start' ? 'running' : 'stopped';
    return turn.kept<Outcome>({ member, result: 'changed', stage, rows: [] });
  },
  status: () => 0,
});
interface QuickFacet extends Pick<ServiceFacet, 'perform'> {
  status(): unknown;
}
const makeShepherdFacet = async (vat: Vat, name: string): Promise<Ref> => {
  const made = await vat.run((turn) => {
    const shepherd = bareShepherd(turn, name, nodeClock());
    turn.call(shepherd, 'define', service({ provision: ['web'] }));
    const facet = turn.call(shepherd, 'facet', 'web', principalOf('controller'));
    return turn.when(turn.send(shepherd, 'restore'), () => ({ facet }));
  });
  return made.facet;
};
/**
 * One process that plays a thousand machines is to take no more of their time than it must: they share a vat, and the
 * buffers that a processor has at hand on a machine of its own.
 */
const serveQuick = async (netlayers: ReadonlyMap<string, Netlayer>): Promise<void> => {
  const facets = new Map<string, Ref>();
  const nodes = makeNodes(netlayers, (name) => facets.get(name));
  await nodes[0]?.vat.run((turn) => {
    for (const name of netlayers.keys()) facets.set(name, turn.spawn(makeQuickFacet, name));
  });
  await Promise.all(nodes.map(({ router }) => listening(router)));
};
const serveShepherds = async (netlayers: ReadonlyMap<string, Netlayer>): Promise<void> => {
  for (const [name, netlayer] of netlayers) {
    let facet: Ref | undefined;
    const { vat, router } = makeNode(name, netlayer, () => facet);
    facet = await makeShepherdFacet(vat, name);
    await listening(router);
  }
};
const serveMembers = async (folder: string, kind: string): Promise<void> => {
  const delay = new Delay(RTT_MS / 2);
  const names = Array.from({ length: MEMBERS }, (_, at) => `m${at}`);
  const netlayers = new Map(
    names.map((name) => [name, distant(unixAt(name, path.join(folder, name)), delay)]),
  );
  await (kind === 'shepherds' ? serveShepherds : serveQuick)(netlayers);
  ready(kind);
};
const serveRaw = (folder: string): void => {
  const delay = new Delay(RTT_MS / 2);
  const answer = (socket: net.Socket): void => {
    socket.on('data', (chunk) =>
      delay.carry(() => delay.carry(() => void socket.write(Buffer.from(chunk)))),
    );
    socket.on('error', () => socket.destroy());
  };
  let missing = MEMBERS;
  for (let at = 0; at < MEMBERS; at += 1)
    net.createServer({ noDelay: true }, answer).listen(path.join(folder, `r${at}`), () => {
      missing -= 1;
      if (missing === 0) ready('raw');
    });
};

/** In this process. */

const makeNullSink = (_turn: Turn<Sink>, _bcom: Bcom<Sink>): Behavior<Sink> => ({
  rows: () => undefined,
});
interface Controller {
  readonly node: Node;
  /** What this process had used when its next frame left; undefined before that. */
  readonly firstSent: { cpuUs: number | undefined };
  readonly shepherd: Ref<Shepherd>;
  readonly facets: readonly Ref<ServiceFacet>[];
}
const locationOf = (folder: string, at: number): PeerLocation => ({
  transport: 'unix',
  designator: `m${at}`,
  hints: { path: path.join(folder, `m${at}`) },
});
const controllerPlan = (): readonly PlannedService[] => {
  const names = Array.from({ length: MEMBERS }, (_, at) => `web-${at}`);
  const exported = names.map((name, at) => ({
    kind: 'exported' as const,
    spec: { provision: [name] as const, petname: String(at), origin: `m${at}`, requirement: [] },
  }));
  const facts = {
    provision: ['fleet'] as const,
    documentation: '',
    minReady: '100%' as const,
    settleMs: 10_000,
  };
  return [...exported, { kind: 'fleet', spec: { ...facts, members: names } }];
};
const makeController = async (folder: string): Promise<Controller> => {
  const firstSent: Controller['firstSent'] = { cpuUs: undefined };
  const sent = (): void => {
    firstSent.cpuUs ??= usageHere().cpuUs;
  };
  const node = makeNode('controller', noticed(unixAt('controller'), sent));
  const facets: Ref<ServiceFacet>[] = [];
  // Not all at once: on a busy machine a thousand hellos take longer than one may.
  while (facets.length < MEMBERS) {
    const next = Array.from({ length: Math.min(50, MEMBERS - facets.length) }, (_, at) =>
      reach<ServiceFacet>(node, locationOf(folder, facets.length + at)),
    );
    facets.push(...(await Promise.all(next)));
  }
  const { made } = await node.vat.run((turn) => {
    const [clock, entropy] = [nodeClock(), nodeEntropy()];
    const shepherd = bareShepherd(turn, 'C', clock);
    const peers = turn.spawn(makePeers, { clock, entropy, destinations: new Map() });
    const elsewherePowers: ElsewherePowers = {
      // They are all there: what is measured begins with a warm session.
      dial: (petname, reached) => {
        reached.kept(facets[Number(petname)]);
        return () => undefined;
      },
      peers,
      lines: turn.spawn(makeFreshLines, () => () => undefined, peers),
      standing: turn.spawn(makeStanding),
      clock,
      entropy,
      crypto: nodeCrypto(),
    };
    const slots = turn.spawn(makeNoSlots);
    registerServices(turn, { shepherd, slots, elsewherePowers }, controllerPlan());
    return turn.kept({ made: shepherd });
  });
  await node.vat.run((turn) => turn.send(made, 'restore'));
  return { node, firstSent, shepherd: made, facets };
};
let operationCount = 0;
/** One command for the fleet. @throws Error where it does not reach everybody */
const perform = async (
  { node, shepherd }: Controller,
  action: string,
  rolling?: Rolling,
): Promise<void> => {
  operationCount += 1;
  const request = requestOf({
    operation: `op-${operationCount}`,
    member: 'fleet',
    action,
    remainingMs: 600_000,
    ...(rolling !== undefined && { rolling }),
  });
  const { result, reason } = await node.vat.run((turn: Turn) =>
    turn.send(shepherd, 'perform', request, turn.spawn(makeNullSink), { principal: localRoot }),
  );
  if (result !== 'changed') throw new Error(`${action}: ${result}: ${reason}`);
};
const statusOfAll = ({ node, facets }: Controller): Promise<unknown> =>
  node.vat.run((turn) => turn.all(facets.map((facet) => turn.send(facet, 'status'))));

/** A ping to each raw socket, and the last answer. */
const pingAll = async (folder: string): Promise<() => Promise<void>> => {
  const sockets = await Promise.all(
    Array.from({ length: MEMBERS }, (_, at) => connected({ path: path.join(folder, `r${at}`) })),
  );
  let heard: () => void = () => undefined;
  for (const socket of sockets) socket.on('data', () => heard());
  const frame = new Uint8Array(CALL_BYTES);
  return () =>
    new Promise((done) => {
      let missing = MEMBERS;
      heard = () => {
        missing -= 1;
        if (missing === 0) done();
      };
      for (const socket of sockets) socket.write(frame);
    });
};

/** What a step takes of both processes, in ms of CPU. */
interface Took {
  readonly ms: number;
  readonly hereMs: number;
  readonly thereMs: number;
  /** Of the controller, until its first frame has left. */
  readonly firstMs?: number;
}
const took = async (members: OtherEnd, step: () => Promise<unknown>): Promise<Took> => {
  const [here, there] = [usageHere().cpuUs, (await members.usage()).cpuUs];
  const ms = await timed(step);
  const hereMs = (usageHere().cpuUs - here) / 1_000;
  return { ms, hereMs, thereMs: ((await members.usage()).cpuUs - there) / 1_000 };
};

const measure = async (
  what: string,
  must: string,
  members: OtherEnd,
  controller: Controller,
  pings: () => Promise<void>,
): Promise<void> => {
  const { firstSent } = controller;
  const start = async (): Promise<Took> => {
    const here = usageHere().cpuUs;
    const taken = await took(members, () => {
      firstSent.cpuUs = undefined;
      return perform(controller, 'start');
    });
    const firstMs = ((firstSent.cpuUs ?? NaN) - here) / 1_000;
    await perform(controller, 'stop');
    return { ...taken, firstMs };
  };
  const ping = (): Promise<Took> => took(members, pings);
  const status = (): Promise<Took> => took(members, () => statusOfAll(controller));
  for (let at = 0; at < WARM_UPS; at += 1) await compare(1, start, ping);
  const starts = await compare(ROUNDS, start, ping);
  const calls = await compare(ROUNDS, status, ping);
  const msOf = (all: readonly Took[]) => all.map(({ ms }) => ms);
  const startMs = msOf(starts.ours);
  print(
    13,
    `${what}: start, in round trips of ${RTT_MS} ms`,
    must,
    startMs.map((ms) => ms / RTT_MS),
    {
      startMs,
      pingMs: msOf(starts.theirs),
      controllerCpuMs: starts.ours.map(({ hereMs }) => hereMs),
      firstFrameCpuMs: starts.ours.map(({ firstMs = NaN }) => firstMs),
      membersCpuMs: starts.ours.map(({ thereMs }) => thereMs),
    },
  );
  print(
    13,
    `${what}: start / a ping to each`,
    'for information',
    ratios(startMs, msOf(starts.theirs)),
  );
  print(
    13,
    `${what}: a call to each / a ping to each`,
    'for information',
    ratios(msOf(calls.ours), msOf(calls.theirs)),
    {
      callMs: msOf(calls.ours),
      pingMs: msOf(calls.theirs),
    },
  );
};

/** One after another: as many gates as there are members. */
const measureRolling = async (members: OtherEnd, controller: Controller): Promise<void> => {
  await perform(controller, 'start');
  const restart = (): Promise<void> => perform(controller, 'restart', { batch: 1 });
  const { ms, hereMs, thereMs } = await took(members, restart);
  print(13, `${MEMBERS} shepherds: a restart one by one, in s`, 'for information', [ms / 1_000], {
    controllerCpuMs: [hereMs],
    membersCpuMs: [thereMs],
  });
};

const main = (): Promise<void> =>
  withFolder(async (folder) => {
    const raw = await startOtherEnd('raw', folder);
    const pings = await pingAll(folder);
    for (const [kind, must] of [
      ['quick', '<= 3'],
      ['shepherds', 'for information'],
    ] as const) {
      const home = path.join(folder, kind);
      fs.mkdirSync(home, { mode: 0o700 });
      const members = await startOtherEnd('members', home, kind);
      const controller = await makeController(home);
      await measure(`${MEMBERS} ${kind}`, must, members, controller, pings);
      if (kind === 'shepherds') await measureRolling(members, controller);
      controller.node.router.close();
      members.end();
    }
    raw.end();
    process.exit();
  });

const [first = '', second = ''] = process.argv.slice(2);
if (role === 'members') await serveMembers(first, second);
else if (role === 'raw') serveRaw(first);
else await main();
