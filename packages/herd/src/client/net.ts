/** What a local root answers about its network: typed questions, checked answers, and the receiver of a trace. */
import type { Bcom, Behavior, Turn, Vow } from '@bellwether/actors';
import {
  FLEET_LIMITS,
  type NetCause,
  type NetDial,
  type NetEvent,
  type NetLink,
  type NetPage,
  type NetPeer,
  type TraceEnd,
  type TraceLine,
  type TraceQuery,
  type Tracer,
} from '@bellwether/fleet';
import {
  limits,
  list,
  readBoolean,
  readCount,
  readName,
  readTrue,
  struct,
  textOf,
  wordOf,
  type Read,
} from '@bellwether/shepherd';
import { checked } from './answers.ts';
import { ask } from './ask.ts';
import { inOrder, whenTaken } from './batches.ts';
import { maxNetPages } from './limits.ts';
import type { Line, OnInterrupt, Patience, Stream } from './line.ts';

/** What somebody does who looks at a trace. */
export interface TraceEar {
  /** The shepherd listens. */
  readonly begun: () => void;
  /**
   * Shows a batch, behind which so many messages are missing. Settles when more may come; rejects where nobody looks
   * any more.
   */
  readonly told: (batch: readonly TraceLine[], droppedCount: number) => Promise<void>;
  /** How it ended, if the shepherd said so. */
  readonly ended: (end: TraceEnd) => void;
}
/** All that there is of a network. */
export type NetView = Pick<NetPage, 'links' | 'dials' | 'unlistedDialCount'>;
/** See NetRoot of the fleet package. Everything rejects as `Line.ask` does, and with BadAnswer. */
export interface NetClient {
  /** All connections, oldest first, and who is dialled. */
  links(patience: Patience): Promise<NetView>;
  /** The last events, oldest first. */
  events(count: number, patience: Patience): Promise<readonly NetEvent[]>;
  /** Traces a session. */
  trace(session: string, query: TraceQuery, ear: TraceEar, onInterrupt: OnInterrupt): Stream;
}

/** Asks over a line to a local root. The line stays the caller's. */
export const netClient = (line: Line): NetClient => ({
  links: async (patience) => {
    const first = await ask(line, 'net-links', [], patience, pageIn);
    const { dials, unlistedDialCount } = first;
    const links = [...first.links];
    let isCut = first.isCut;
    for (let page = 1; isCut === true && page < maxNetPages; page += 1) {
      const next = await ask(line, 'net-links', [links.at(-1)?.number ?? 0], patience, pageIn);
      links.push(...next.links);
      isCut = next.links.length === 0 ? undefined : next.isCut;
    }
    return { links, dials, ...(unlistedDialCount !== undefined && { unlistedDialCount }) };
  },
  events: (count, patience) => ask(line, 'net-events', [count], patience, eventsIn),
  trace: (session, query, ear, onInterrupt) =>
    line.open({
      method: 'net-trace',
      args: (turn) => [session, { ...query }, turn.spawn(makeClientTracer, ear)],
      endsWithAnswer: true,
      answered: (answer) => ear.ended(endIn(answer)),
      onInterrupt,
    }),
});

/** Makes a tracer that wants more until its session ends. What is no batch, or not the next one, is refused. */
const makeClientTracer = (
  turn: Turn<Tracer>,
  _bcom: Bcom<Tracer>,
  { begun, told }: Pick<TraceEar, 'begun' | 'told'>,
): Behavior<Tracer> => {
  const batchCount = turn.cell(0);
  const never = turn.vow<void>().vow;
  return {
    traced: (turn, batch, sequence, droppedCount): Vow<void> => {
      inOrder('trace: expected batch', batchCount, sequence);
      const lines = linesIn(batch);
      const dropped = droppedIn(droppedCount);
      return whenTaken(turn, () => told(lines, dropped));
    },
    over: (turn) => {
      turn.effect(begun);
      return never;
    },
  };
};

const text = textOf(limits.lineCharacters);
const readPeer = struct<NetPeer>(
  {},
  {
    key: text,
    address: text,
    node: readName,
    controller: text,
    petnames: list(text, FLEET_LIMITS.netPetnameCount),
    isOwner: readTrue,
  },
);
const readDirection = wordOf(['dialled', 'accepted'], 'accepted');
/** A newer shepherd may know other states: what is open for all that this herd can tell. */
const readLinkState = wordOf(
  ['greeting', 'crossing', 'beside', 'draining', 'silent', 'full', 'waiting', 'open'],
  'open',
);
const readLink = struct<NetLink>(
  {
    number: readCount,
    peer: readPeer,
    transport: text,
    direction: readDirection,
    state: readLinkState,
    isKnown: readBoolean,
    ageMs: readCount,
    silentMs: readCount,
    exports: readCount,
    imports: readCount,
    questions: readCount,
    answers: readCount,
    gifts: readCount,
    gotBytes: readCount,
    sentBytes: readCount,
    gotCount: readCount,
    sentCount: readCount,
    unsentBytes: readCount,
  },
  { session: text, oldestQuestionMs: readCount },
);
const readDial = struct<NetDial>(
  {
    peer: readPeer,
    transport: text,
    state: wordOf(['dialling', 'greeting', 'waiting'], 'dialling'),
    failureCount: readCount,
  },
  { ageMs: readCount, nextMs: readCount, error: text, errorAgoMs: readCount },
);
const pageIn = checked(
  struct<NetPage>(
    {
      links: list(readLink, FLEET_LIMITS.netPageCount),
      dials: list(readDial, FLEET_LIMITS.netPageCount),
    },
    { isCut: readTrue, unlistedDialCount: readCount },
  ),
  'net',
);

const readCause = struct<NetCause>({}, { turn: readCount, message: text });
const readTurn = struct<Extract<NetEvent, { kind: 'turn' }>>(
  {
    kind: wordOf(['turn'], 'turn'),
    turn: readCount,
    what: text,
    outcome: wordOf(['done', 'threw'], 'done'),
    cause: readCause,
    woken: readCause,
  },
  {},
);
const readCrossing = struct<Exclude<NetEvent, { kind: 'turn' }>>(
  {
    kind: wordOf(['got', 'sent'], 'got'),
    session: text,
    from: wordOf(['dialler', 'accepter'], 'dialler'),
    number: readCount,
    link: text,
    what: text,
    cause: readCause,
  },
  {},
);
const readEvent: Read<NetEvent> = (value, what) => {
  const isTurn = typeof value === 'object' && value !== null && 'turn' in value;
  return isTurn ? readTurn(value, what) : readCrossing(value, what);
};
const eventsIn = checked(list(readEvent, FLEET_LIMITS.netEventCount), 'events');

const readLine = struct<TraceLine>(
  {
    way: wordOf(['got', 'sent'], 'got'),
    number: readCount,
    byteCount: readCount,
    op: text,
    link: text,
    at: readCount,
  },
  { to: text, method: text, args: text, answer: readCount, resolver: text },
);
const linesIn = checked(list(readLine, FLEET_LIMITS.traceBatchCount), 'trace');
const droppedIn = checked(readCount, 'trace');
const endIn = checked(
  struct<TraceEnd>(
    {
      why: wordOf(['time', 'bytes', 'ended', 'closed'], 'closed'),
      messageCount: readCount,
      droppedCount: readCount,
    },
    {},
  ),
  'trace',
);
