/** A controller without a network: dials and far ends that answer when a test says so. */
import { type Answer, type Bcom, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import {
  makeExportedService,
  makeStanding,
  makeFreshLines,
  makeLiveRef,
  makePeers,
  type DialRef,
  type FreshDial,
  type Peers,
  type Traveller,
} from '@bellwether/fleet';
import { UnknownOperation } from '@bellwether/shepherd';
import type {
  Event,
  Observer,
  Request,
  ServiceElsewhere,
  ServiceFacet,
  Sink,
  Status,
  StatusBoard,
  Writer,
} from '@bellwether/shepherd';
import { memberIds } from '../../packages/fleet/src/exported/member-operation.ts';
import { makeBench, runIn, type Bench } from './actors-vat.ts';
import { simulatedCrypto } from './ocapn-peer.ts';

/** A dial that waits for its test. */
export interface Call {
  readonly petname: string;
  readonly reached: Answer;
  readonly lost: Answer;
}
/** The same for a session of its own. */
export interface FreshCall {
  readonly petname: string;
  readonly reached: Answer;
  /** How often it was ended. */
  endCount: number;
}
/** A question that reached the far end. */
export interface Asked {
  readonly method: 'perform' | 'probe' | 'join';
  readonly request: Request;
  readonly sink: Ref<Sink>;
  readonly timeoutMs: number;
  readonly answer: Answer;
}
/** A watching that reached the far end. */
export interface WatchAsked {
  readonly observer: Ref<Observer>;
  readonly heartbeatMs: number;
  readonly answer: Answer;
}
/** Everything that a test of a proxy needs to hold. */
export interface ProxyBench extends Bench {
  readonly calls: Call[];
  /** Sessions of their own that it asked for. */
  readonly freshCalls: FreshCall[];
  readonly asked: Asked[];
  /** What the proxy asked the far end to tell it. */
  readonly watched: WatchAsked[];
  /** By how much somebody has set the wall clock. */
  readonly wallShift: { ms: number };
  /** Operations that the far end was told to call off. */
  readonly cancelled: string[];
  /** How often the board was told. */
  readonly touched: { readonly count: number };
  /** What the operation's writer was given. */
  readonly told: Event[];
  /** Whose each batch of it was, as the operator calls that machine. */
  readonly toldFrom: (string | undefined)[];
  readonly facet: Ref<ServiceFacet>;
  readonly proxy: Ref<ServiceElsewhere>;
  readonly peers: Ref<Peers>;
  readonly writer: Ref<Writer>;
}

/** The status of a service that runs. */
export const runningStatus: Status = {
  kind: 'local',
  provision: ['web-server', 'http'],
  stage: 'running',
  requirement: ['networking'],
  documentation: 'Serves.',
  actions: [{ name: 'reload', documentation: 'Reads its files again.' }],
  ageMs: 0,
  pid: 42,
  since: 1_700_000_000_000,
  isReady: true,
  isEnabled: true,
  isOneShot: false,
  isRespawned: true,
  respawnCount: 1,
};
/** A request as a client would make it. */
export const requestOf = (action: string, more: Partial<Request> = {}): Request => ({
  operation: 'op-1',
  member: 'web-server-a',
  action,
  args: [],
  remainingMs: 60_000,
  hops: [],
  ...more,
});

/** A far end that takes down what it is asked and answers when told. */
const makeFarEnd = (
  _turn: Turn<ServiceFacet>,
  _bcom: Bcom<ServiceFacet>,
  asked: (one: Asked) => void,
  nobody: Ref<Sink>,
  watched: (one: WatchAsked) => void,
  cancelled: (operation: string) => void,
): Behavior<ServiceFacet> => ({
  perform: (turn, request, sink) =>
    turn.ask((answer) => asked({ method: 'perform', request, sink, timeoutMs: 0, answer })),
  plan: (turn) => turn.kept([]),
  cancel: (turn, operation) => {
    turn.effect(() => cancelled(operation));
    return turn.kept(undefined);
  },
  operations: () => [],
  operation: (_turn, operation) => {
    throw new UnknownOperation(operation);
  },
  retry: (_turn, operation) => {
    throw new UnknownOperation(operation);
  },
  join: (turn, operation, sink) =>
    turn.ask((answer) =>
      asked({
        method: 'join',
        request: { ...requestOf('join'), operation },
        sink,
        timeoutMs: 0,
        answer,
      }),
    ),
  status: () => runningStatus,
  select: () => ({ names: ['web'], unknownKeys: [] }),
  log: (turn) => turn.kept([]),
  follow: (turn) => turn.kept(undefined),
  offer: (turn) => turn.kept({ missing: [], missingCount: 0, missingBytes: 0 }),
  put: (turn) => turn.kept({ have: 0 }),
  watch: (turn, observer, heartbeatMs) =>
    turn.ask((answer) => watched({ observer, heartbeatMs, answer })) as never,
  probe: (turn, timeoutMs) =>
    turn.ask((answer) =>
      asked({ method: 'probe', request: requestOf('probe'), sink: nobody, timeoutMs, answer }),
    ),
});
/** A writer that hands everything to the test. */
export const makeTestWriter = (
  _turn: Turn<Writer>,
  _bcom: Bcom<Writer>,
  told: (events: readonly Event[], from?: string) => void,
): Behavior<Writer> => ({
  line: (turn, text, about) =>
    turn.effect(() => told([{ kind: 'line', from: 'C', text, ...about }])),
  pass: (turn, events, from) => turn.effect(() => told(events, from)),
  finish: () => undefined,
});
type Touched = Pick<StatusBoard, 'touched'>;
const makeBoard = (
  _turn: Turn<Touched>,
  _bcom: Bcom<Touched>,
  told: () => void,
): Behavior<Touched> => ({ touched: (turn) => turn.effect(told) });
const makeNobody = (_turn: Turn<Sink>, _bcom: Bcom<Sink>): Behavior<Sink> => ({
  rows: () => undefined,
});

const makeTraveller = (
  _turn: Turn<Traveller>,
  _bcom: Bcom<Traveller>,
  told: (what: 'retry' | 'moved') => void,
): Behavior<Traveller> => ({
  retry: (turn) => turn.effect(() => told('retry')),
  moved: (turn) => turn.effect(() => told('moved')),
});
/** So many machines more that somebody wants to reach; the result takes them back. */
export const crowd = async (
  { world, vat, peers }: Pick<ProxyBench, 'world' | 'vat' | 'peers'>,
  count: number,
): Promise<() => void> => {
  const one = vat.run((turn) => turn.spawn(makeTraveller, () => undefined));
  const each = (method: 'join' | 'part', who: Ref<Traveller>): void => {
    for (let at = 0; at < count; at += 1) vat.post(peers, method, [`other-${at}`, who]);
    world.run(world.now);
  };
  world.run(world.now);
  const who = await one;
  each('join', who);
  return () => each('part', who);
};

/** A proxy named web-server-a over a dial and a far end that the test controls. */
export const makeProxyBench = async (): Promise<ProxyBench> => {
  const bench = makeBench();
  const calls: Call[] = [];
  const asked: Asked[] = [];
  const told: Event[] = [];
  const toldFrom: (string | undefined)[] = [];
  const watching: WatchAsked[] = [];
  const cancelled: string[] = [];
  const touched = { count: 0 };
  const wallShift = { ms: 0 };
  const dial: DialRef = (petname, reached, lost) => {
    calls.push({ petname, reached, lost });
    return () => undefined;
  };
  const freshCalls: FreshCall[] = [];
  const fresh: FreshDial = (petname, reached) => {
    const call = { petname, reached, endCount: 0 };
    freshCalls.push(call);
    return () => void (call.endCount += 1);
  };
  const made = await runIn(bench, (turn) => {
    const nobody = turn.spawn(makeNobody);
    const facet = turn.spawn(
      makeFarEnd,
      (one: Asked) => void asked.push(one),
      nobody,
      (one: WatchAsked) => void watching.push(one),
      (operation: string) => void cancelled.push(operation),
    );
    const entropy = bench.world.entropy();
    const now = bench.world.clock();
    const clock = { ...now, wall: () => now.wall() + wallShift.ms };
    const destinations = new Map([['a-web', { peer: 'x.tcp-tls' }]]);
    const peers = turn.spawn(makePeers, { clock, entropy, destinations });
    const way = { petname: 'a-web', dial, peers, entropy, clock };
    const remote = turn.spawn(makeLiveRef, way);
    const board = turn.spawn(makeBoard, () => void (touched.count += 1));
    const proxy = turn.spawn(makeExportedService, {
      provision: ['web-server-a'],
      origin: 'A',
      requirement: [],
      petname: 'a-web',
      remote,
      lines: turn.spawn(makeFreshLines, fresh, peers),
      standing: turn.spawn(makeStanding),
      peers,
      entropy,
      board,
      memberIds: memberIds(simulatedCrypto(bench.world)),
      clock,
    });
    turn.call(proxy, 'enter');
    const writer = turn.spawn(makeTestWriter, (events: readonly Event[], from?: string) => {
      told.push(...events);
      toldFrom.push(from);
    });
    return { refs: [facet, proxy, writer, peers] as const };
  });
  const [facet, proxy, writer, peers] = made.refs;
  const seen = { calls, freshCalls, asked, watched: watching, cancelled, touched, told, toldFrom };
  return { ...bench, ...seen, wallShift, facet, proxy, writer, peers };
};

/** A promise whose end can be looked at without waiting. */
export interface Watched<T> {
  readonly promise: Promise<T>;
  value: T | undefined;
  reason: unknown;
}
/** Watches a promise. */
export const watched = <T>(promise: Promise<T>): Watched<T> => {
  const one: Watched<T> = { promise, value: undefined, reason: undefined };
  promise.then(
    (value) => (one.value = value),
    (reason: unknown) => (one.reason = reason),
  );
  return one;
};
/** Runs a world for some milliseconds, and the microtasks of its outer doors. */
export const pass = async ({ world }: Pick<Bench, 'world'>, ms: number): Promise<void> => {
  world.run(world.now + ms);
  for (let n = 0; n < 10; n += 1) await Promise.resolve();
};
