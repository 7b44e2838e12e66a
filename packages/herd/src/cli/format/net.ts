/** Connections, events and traced messages, for people. */
import type {
  NetCause,
  NetDial,
  NetEvent,
  NetLink,
  NetPeer,
  TraceEnd,
  TraceLine,
} from '@bellwether/fleet';
import type { NetView } from '../../client/net.ts';
import { visible } from '../../client/escape.ts';
import { hostFingerprint } from './grant.ts';
import { netRows } from './net-rows.ts';
import { tableLines } from './table.ts';
import { ageText, counted, spanText } from './times.ts';

/** By what connections can be put into order, the greatest first, or by name. */
export const netOrders = ['age', 'bytes', 'name', 'questions', 'silent'] as const;
/** One of them. */
export type NetOrder = (typeof netOrders)[number];

/** Connections in an order; those that are alike in it stay as they were, oldest first. */
export const sortedLinks = (links: readonly NetLink[], order: NetOrder): readonly NetLink[] => {
  const by: Readonly<Record<NetOrder, (a: NetLink, b: NetLink) => number>> = {
    age: (a, b) => b.ageMs - a.ageMs,
    bytes: (a, b) => b.gotBytes + b.sentBytes - a.gotBytes - a.sentBytes,
    name: (a, b) => peerText(a.peer).localeCompare(peerText(b.peer), 'en'),
    questions: (a, b) => (b.oldestQuestionMs ?? -1) - (a.oldestQuestionMs ?? -1),
    silent: (a, b) => b.silentMs - a.silentMs,
  };
  return links.toSorted(by[order]);
};

/** `herd net`: a row for each connection, or for many that nobody has a name for; then whom the shepherd dials. */
export const netLines = (
  { links, dials, unlistedDialCount = 0 }: NetView,
  isAll = false,
): readonly string[] => {
  const shown = isAll ? links.map((link) => ({ link, count: 1 })) : netRows(links);
  const head = ['SESSION', 'WITH', 'OVER', 'STATE', 'AGE', 'HEARD', 'QUESTIONS', 'EXP/IMP/ANS'];
  head.push('IN', 'OUT');
  const rows = shown.map(({ link, count }) => [
    count > 1 ? `${count} of them` : (link.session ?? '-'),
    count > 1 ? namelessText(link.peer) : peerText(link.peer),
    overText(link),
    link.state,
    spanText(link.ageMs),
    ageText(link.silentMs),
    questionsText(link),
    `${link.exports}/${link.imports}/${link.answers}`,
    trafficText(link.gotBytes, link.gotCount),
    trafficText(link.sentBytes, link.sentCount),
  ]);
  return [
    ...(links.length === 0 ? ['No connections.'] : tableLines([head, ...rows], '')),
    ...dials.map(dialLine),
    ...(unlistedDialCount === 0
      ? []
      : [
          `and ${counted(unlistedDialCount, 'more peer')} that ${
            unlistedDialCount === 1 ? 'is' : 'are'
          } not reached`,
        ]),
    ...(links.length === 0
      ? []
      : [summaryText(links, dials.length + unlistedDialCount, links.length - shown.length > 0)]),
  ];
};

/** What a peer is called here: a machine, a controller, a ref of the shepherd's, a key, or nobody. */
export const peerText = ({ node, controller, petnames, key, isOwner }: NetPeer): string => {
  if (isOwner === true) return 'you';
  if (node !== undefined) return node;
  if (controller !== undefined) return `controller ${controller}`;
  if (petnames !== undefined) return petnames.join(',');
  return key === undefined ? 'anonymous' : hostFingerprint({ designator: key });
};
const namelessText = ({ key }: NetPeer): string =>
  key === undefined ? 'anonymous' : 'keys without a name';
const overText = ({ transport, direction }: NetLink): string =>
  `${transport}, ${direction === 'dialled' ? 'dialled' : 'came in'}`;
const questionsText = ({ questions, oldestQuestionMs }: NetLink): string =>
  oldestQuestionMs === undefined
    ? String(questions)
    : `${questions}, for ${spanText(oldestQuestionMs)}`;
const trafficText = (bytes: number, count: number): string => `${count}, ${bytesText(bytes)}`;
/** `812 B`, `1.2 kB`, `34 MB`. */
export const bytesText = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let at = 0;
  for (; value >= 1_000 && at < units.length - 1; at += 1) value /= 1_000;
  return `${at === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[at] ?? ''}`;
};
const summaryText = (links: readonly NetLink[], dialCount: number, isGrouped: boolean): string => {
  const dialled = dialCount === 0 ? '' : `, ${counted(dialCount, 'peer')} not reached`;
  const grouped = isGrouped ? "; 'herd net --all' shows each by itself" : '';
  return `${counted(links.length, 'connection')}${dialled}${grouped}`;
};
const dialLine = (dial: NetDial): string => {
  const { peer, transport, state, ageMs = 0, nextMs, failureCount, error, errorAgoMs = 0 } = dial;
  const where = peer.address === undefined ? transport : `${transport}, ${peer.address}`;
  const what =
    state === 'waiting'
      ? `is tried again in ${spanText(nextMs ?? 0)}`
      : `is being dialled for ${spanText(ageMs)}${state === 'greeting' ? ', and has not said hello' : ''}`;
  const failed = failureCount === 0 ? '' : `; failed ${counted(failureCount, 'time')}`;
  const last = error === undefined ? '' : `, last ${ageText(errorAgoMs)}: ${error}`;
  return visible(`${peerText(peer)} (${where}) ${what}${failed}${last}`);
};

const meanings: Readonly<Record<NetLink['state'], string>> = {
  greeting: 'a hello is missing',
  crossing: 'this shepherd has dialled, and the peer may be dialling it: one of the two goes',
  beside: 'it leads once the peer says its first word here, in place of another',
  draining: 'another one leads in its place: it goes in a moment',
  silent: 'the peer was asked for a sign of life, and has given none yet',
  full: 'the peer takes nothing of what is sent to it',
  waiting: 'the peer has sent so much that it is not read for now',
  open: 'it is used',
};
/** Everything about one connection. */
export const linkLines = (link: NetLink): readonly string[] => {
  const { session, peer, transport, state, ageMs, silentMs } = link;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['With', peerText(peer)],
    [
      'Key',
      peer.key === undefined
        ? undefined
        : `${hostFingerprint({ designator: peer.key })} (${peer.key})`,
    ],
    ['Identity', identityText(peer)],
    ['Address', peer.address],
    ['Refs', peer.petnames?.join(', ')],
    ['Over', overText(link)],
    ['State', `${state}: ${meanings[state]}`],
    [
      'Known',
      link.isKnown ? undefined : 'it has fetched nothing yet: a stranger, with little room',
    ],
    ['Age', spanText(ageMs)],
    ['Heard', ageText(silentMs)],
    ['Questions', `${questionsText(link)}: what this shepherd waits for`],
    ['Answers', `${link.answers}: what it holds for the peer's questions`],
    ['Exports', `${link.exports}: references that the peer has`],
    ['Imports', `${link.imports}: references of the peer's`],
    ['Gifts', link.gifts === 0 ? undefined : `${link.gifts}: left here for others`],
    ['In', `${counted(link.gotCount, 'message')}, ${bytesText(link.gotBytes)}`],
    ['Out', `${counted(link.sentCount, 'message')}, ${bytesText(link.sentBytes)}`],
    ['Unsent', link.unsentBytes === 0 ? undefined : bytesText(link.unsentBytes)],
  ];
  return [
    `Session ${session ?? `(no name yet, over ${transport})`}`,
    ...facts.flatMap(([name, value]) =>
      value === undefined ? [] : [visible(`  ${`${name}:`.padEnd(11)}${value}`)],
    ),
  ];
};
const identityText = ({ key, isOwner }: NetPeer): string => {
  if (isOwner === true) return 'only programs of yours can connect to that socket';
  return key === undefined
    ? 'nothing is proved: anybody who can connect may be there'
    : 'the transport has proved the key';
};

/** `herd net events`: an event a line. */
export const eventLines = (events: readonly NetEvent[]): readonly string[] =>
  tableLines(
    events.map((event) =>
      event.kind === 'turn'
        ? [
            `turn ${event.turn}`,
            event.what,
            event.outcome === 'threw' ? 'THREW' : '',
            causeText(event.cause, event.woken),
          ]
        : [event.kind, event.what, event.link, causeText(event.cause, {})],
    ),
    '',
    MOST_COLUMNS,
  );
const MOST_COLUMNS = 60;
const causeText = (cause: NetCause, woken: NetCause): string => {
  const [by, after] = [nameOf(cause), nameOf(woken)];
  return [...(by === '' ? [] : [`by ${by}`]), ...(after === '' ? [] : [`after ${after}`])].join(
    ', ',
  );
};
const nameOf = ({ turn, message }: NetCause): string =>
  message ?? (turn === undefined ? '' : `turn ${turn}`);

/** `herd net trace`: a message a line. */
export const traceLine = (line: TraceLine): string => {
  const { at, way, link, byteCount, op, to, method, args, answer, resolver } = line;
  const time = new Date(at).toISOString().slice(11, 23);
  const words = [
    time,
    way === 'got' ? '<' : '>',
    link,
    `${byteCount} B`,
    op,
    ...(to === undefined ? [] : [to]),
    ...(method === undefined ? [] : [method]),
    ...(args === undefined ? [] : [args]),
    ...(answer === undefined ? [] : [`answer ${answer}`]),
    ...(resolver === undefined ? [] : [`resolver ${resolver}`]),
  ];
  return visible(words.join(' '));
};
/** In the place of messages that there was no room for. */
export const droppedLine = (count: number): string =>
  `(${counted(count, 'message')} left out: they came faster than they were taken)`;
/** How a trace ended. */
export const traceEndLine = ({ why, messageCount, droppedCount }: TraceEnd): string => {
  const ends: Readonly<Record<TraceEnd['why'], string>> = {
    time: 'its time is over',
    bytes: 'it has told as much as one trace may',
    ended: 'the session has ended',
    closed: 'nobody wants more',
  };
  const dropped = droppedCount === 0 ? '' : `, and ${droppedCount} left out`;
  return `herd: ${ends[why]}: ${counted(messageCount, 'message')}${dropped}`;
};
