/** Short messages that scripts match: GNU Shepherd's words where it has some. */
import type { Topic } from './vocabulary.ts';
import { timeText } from '../text.ts';
import type { LineTopic, Ending, LocalStatus, Outcome, Winner } from './types.ts';

/** A line with the fields that say what it is about. */
export type Saying = LineTopic & { readonly text: string };

/** How a process ended, as the predicate of a sentence. */
export const endedWords = ({ code, signal }: Ending): string => {
  if (signal !== undefined) return `terminated with signal ${signal}`;
  if (code === undefined) return 'ended unobserved';
  return code === 0 ? 'exited successfully' : `exited with code ${code}`;
};

/**
 * Why a service that is disabled is not started: why it has disabled itself, as far as that is known, with what
 * its last process or start came to. `plainReason` as in a row.
 */
export const disabledReasons = ({
  disabledReason,
  failure,
  lastExit,
}: Disabled): Pick<Outcome, 'plainReason'> & { readonly reason: string } => {
  if (disabledReason === undefined) return { reason: 'it is disabled' };
  const ended = lastExit === undefined ? undefined : endedWords(lastExit);
  const because = (last: string | undefined): string =>
    `it is disabled since it ${disabledReason}${last === undefined ? '' : ` (${last})`}`;
  const reason = because(failure?.reason ?? ended);
  const plainReason = failure?.plainReason;
  return plainReason === undefined ? { reason } : { reason, plainReason: because(plainReason) };
};

type Disabled = {
  readonly [K in 'disabledReason' | 'failure' | 'lastExit']?: LocalStatus[K] | undefined;
};

/**
 * The sentence of a topic. `subject` is a service as the subject of a sentence, `Service web` for
 * example; `on` the service that it depends on, as an object.
 */
export const topicWords = (topic: Topic, subject: string, on?: string): string =>
  sentences[topic](subject, on ?? 'another service, not shown by this ref');
const sentences: Readonly<Record<Topic, (subject: string, on: string) => string>> = {
  started: (subject) => `${subject} has been started.`,
  stopped: (subject) => `${subject} has been stopped.`,
  restarted: (subject) => `${subject} has been restarted.`,
  enabled: (subject) => `Enabled ${lowered(subject)}.`,
  disabled: (subject) => `Disabled ${lowered(subject)}.`,
  'already-running': (subject) => `${subject} is already running.`,
  'not-running': (subject) => `${subject} is not running.`,
  'is-disabled': (subject) => `${subject} is currently disabled.`,
  'not-started': (subject) => `${subject} could not be started.`,
  'not-stopped': (subject) => `${subject} could not be stopped.`,
  depends: (subject, on) => `${subject} depends on ${on}.`,
  cycle: (subject) => `${subject} requires itself by way of others: a cycle.`,
  lost: (subject) => `${subject} lost to a later command.`,
  refused: (subject) => `${subject} has refused it.`,
  failed: (subject) => `${subject} has failed.`,
};
const lowered = (subject: string): string => subject.charAt(0).toLowerCase() + subject.slice(1);

/** What a superseded row says of itself, here and at every shepherd that passes it on. */
export const lostWords = (
  name: string,
  action: string,
  { action: later, operation, atMs }: Winner,
): string => {
  const told = [operation, atMs === undefined ? undefined : timeText(atMs)].filter(
    (text) => text !== undefined,
  );
  const which = told.length === 0 ? '' : ` (${told.join(', ')})`;
  return `Service ${name}: ${action} lost to a later ${later}${which}.`;
};

/** A topic of a service by its name. */
export const sayingOf = (what: Topic, about: string, on?: string): Saying => ({
  about,
  what,
  ...(on !== undefined && { on }),
  text: topicWords(what, `Service ${about}`, on),
});

/** What an operation says about a service when its step is over. */
export const linesOf = (action: string, outcome: Outcome, isAsked: boolean): readonly Saying[] => {
  const { member, result, reason, isDisabled, lostTo } = outcome;
  // As GNU Shepherd, which says no more of it.
  if (isDisabled === true) return about(member, 'is-disabled');
  switch (result) {
    case 'changed':
      return about(member, changed.get(action));
    case 'ok':
      return about(member, action === 'start' && isAsked ? 'already-running' : undefined);
    case 'failed':
      return [...reasonOf(outcome), ...about(member, undone.get(action))];
    case 'superseded':
      if (lostTo === undefined || reason === undefined || !isAsked) break;
      return [{ about: member, what: 'lost', text: reason }];
    default:
  }
  return reason === undefined
    ? [{ about: member, text: `Service ${member}: ${action}: ${result}.` }]
    : reasonOf(outcome);
};
const changed: ReadonlyMap<string, Topic> = new Map([
  ['start', 'started'],
  ['stop', 'stopped'],
  ['restart', 'restarted'],
  ['enable', 'enabled'],
  ['disable', 'disabled'],
]);
const undone: ReadonlyMap<string, Topic> = new Map([
  ['start', 'not-started'],
  ['stop', 'not-stopped'],
]);

const about = (member: string, topic: Topic | undefined): readonly Saying[] =>
  topic === undefined ? [] : [sayingOf(topic, member)];

/** A reason as a sentence of its own, about the service that it is the reason of. */
const reasonOf = ({
  member,
  reason,
  plainReason,
  dependsOn,
  isCycle,
}: Outcome): readonly Saying[] => {
  if (reason === undefined) return [];
  const cycle = isCycle === true ? [sayingOf('cycle', member)] : [];
  if (dependsOn !== undefined) return [sayingOf('depends', member, dependsOn), ...cycle];
  const plainText = plainReason === undefined ? {} : { plainText: sentenceOf(member, plainReason) };
  return [{ about: member, text: sentenceOf(member, reason), ...plainText }, ...cycle];
};
const sentenceOf = (member: string, reason: string): string =>
  /^service /i.test(reason)
    ? reason
    : `Service ${member}: ${reason}${reason.endsWith('.') ? '' : '.'}`;

/** Of a log: so many bytes are gone; absent: nobody says how many. */
export const goneText = (lostBytes: number | undefined): string =>
  lostBytes === undefined
    ? 'some of it was rotated away before it was read'
    : `${lostBytes} bytes were rotated away before they were read`;
