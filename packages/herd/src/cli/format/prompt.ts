/** What a start, a stop or a disabling came from, as its shepherd has written it down, in a sentence. */
import type { Commanded, Prompt, PromptKind } from '@bellwether/shepherd';
import { nameOf as askerText } from './audit.ts';
import type { ShownStatus } from './shown-status.ts';
import { whenText } from './times.ts';
import type { Verdict } from './verdict.ts';

/** What is told about, and what else is known. */
export interface Prompted {
  /** All names of the service. */
  readonly provision: readonly string[];
  /** The last command that was given for it here: whose what was asked for through a reference is. */
  readonly by: Commanded | undefined;
  readonly now: number;
}

/** What the last start came from where it is up, and the last stop where it is not. */
export const promptWords = (
  status: ShownStatus,
  verdict: Verdict,
  about: Prompted,
): readonly string[] => {
  const { startedBy, stoppedBecause } = status;
  switch (verdict) {
    case 'running':
    case 'not-ready':
      return startedWords(startedBy, about);
    case 'starting':
      // It is between two lives, or in the first of them.
      return status.nextStartMs === undefined
        ? startedWords(startedBy, about)
        : stoppedWords(stoppedBecause, about);
    case 'failed':
      return stoppedBecause?.kind === 'start-failed'
        ? startedWords(startedBy, about)
        : stoppedWords(stoppedBecause, about);
    case 'done':
      return startedWords(startedBy, about);
    case 'stopping':
    case 'stopped':
      return stoppedWords(stoppedBecause, about);
    default:
      return [];
  }
};
/** What its last start came from, and that its process was taken over. */
const startedWords = (prompt: Prompt | undefined, about: Prompted): readonly string[] => {
  if (prompt === undefined) return [];
  const { adoptedMs } = prompt;
  const words = sentence(prompt, about, 'started', startWords);
  if (adoptedMs === undefined) return [words];
  return [words, `The shepherd has taken it over at ${whenText(adoptedMs, about.now)}, running.`];
};
/** What its last stop came from. */
const stoppedWords = (prompt: Prompt | undefined, about: Prompted): readonly string[] =>
  prompt === undefined ? [] : [sentence(prompt, about, 'stopped', stopWords)];
/** Who has disabled it, as a sentence of its own; none where it has itself, or nobody wrote it down. */
export const disabledWords = (
  { isEnabled, disabledBy }: ShownStatus,
  about: Prompted,
): readonly string[] =>
  isEnabled || disabledBy === undefined || disabledBy.kind === 'respawn-limit'
    ? []
    : [sentence(disabledBy, about, 'disabled', {})];
/** Who has disabled it, or that it has itself; empty where that was before anybody wrote it down. */
export const disabledByWords = (prompt: Prompt | undefined, about: Prompted): string => {
  if (prompt === undefined) return '';
  const when = whenText(prompt.atMs, about.now);
  if (prompt.kind !== 'command' && prompt.kind !== 'along') return ` since ${when}`;
  const { operation } = prompt;
  const id = operation === undefined ? '' : ` (${operation})`;
  return `: ${whoseText(prompt, about)} disabled it at ${when}${id}`;
};

/** What was done to it. */
type Done = 'started' | 'stopped' | 'disabled';
/** `it` is what was found, `other` another service. */
type Words = (when: string, other: string | undefined, reason: string) => string;
const startWords: Partial<Readonly<Record<PromptKind, Words>>> = {
  boot: (when) => `It was started at ${when}, when the shepherd began.`,
  reload: (when) => `It was started at ${when}, with a reload of the configuration.`,
  'requirement-back': (when, other = 'something') =>
    `It was started at ${when}, since ${other} is up again, which it requires.`,
  'failure-hook': (when, other = 'something') =>
    `It was started at ${when}, since ${other} has failed.`,
  respawn: (when) => `It was started again at ${when}, after its process had ended.`,
  socket: (when) => `Its process was started at ${when}, since somebody came to its socket.`,
  connection: (when, other = 'something') =>
    `It was started at ${when}, for somebody whom ${other} has accepted.`,
  adopted: () => 'It was found running, and no record says who has started it.',
};
const stopWords: Partial<Readonly<Record<PromptKind, Words>>> = {
  boot: (when) => `It was stopped at ${when}, when the shepherd began: nobody wanted it.`,
  shutdown: (when) => `It was stopped at ${when}, at the end of its shepherd.`,
  reload: (when) => `It was stopped at ${when}, by a reload of the configuration.`,
  'requirement-lost': (when, other = 'something') =>
    `It was stopped at ${when}, since ${other} was lost, which it requires.`,
  done: (when) => `It has done its work, at ${when}.`,
  'timer-over': (when) => `It was stopped at ${when}, since it never rings again.`,
  ended: (when, _other, reason) => `It has ended by itself at ${when}: ${reason}.`,
  'ended-away': (when, _other, reason) =>
    `It has ended while there was no shepherd, which found that at ${when}: ${reason}.`,
  lost: (when) =>
    `It was not there any more when the shepherd began, at ${when}; nobody has seen how it ended.`,
  'not-alive': (when, _other, reason) =>
    `It was ended at ${when}, since it was not alive any more: ${reason}.`,
  'start-failed': (when, _other, reason) => `Its start failed at ${when}: ${reason}.`,
  'respawn-limit': (when, _other, reason) =>
    `It was not started again, at ${when}, since it was ${reason}.`,
};

const sentence = (
  prompt: Prompt,
  about: Prompted,
  done: Done,
  table: typeof startWords,
): string => {
  const { kind, atMs, service, reason = 'nobody knows how' } = prompt;
  const when = whenText(atMs, about.now);
  if (kind === 'command' || kind === 'along' || kind === 'deploy')
    return askedWords(prompt, about, done, when);
  const words = table[kind];
  if (words === undefined)
    return `It was ${done} at ${when}, for a reason that has no words here (${kind}).`;
  return words(when, service, reason.replace(/\.$/, ''));
};

const askedWords = (prompt: Prompt, about: Prompted, done: Done, when: string): string => {
  const { kind, action, service, operation } = prompt;
  const id = operation === undefined ? '' : ` (${operation})`;
  const who = whoseText(prompt, about);
  const isOwn = service === undefined || about.provision.includes(service);
  const typed = action === undefined ? undefined : `${action} ${service ?? about.provision[0]}`;
  if (kind === 'deploy')
    return `It was ${done} for a release, ${typed === undefined ? '' : `by '${typed}' `}of ${who}, at ${when}${id}.`;
  const along =
    typed === undefined
      ? kind === 'along'
        ? ', along with another service'
        : ''
      : isOwn && action !== undefined && done.startsWith(action)
        ? ''
        : isOwn
          ? `, by '${typed}'`
          : `, along with '${typed}'`;
  return `It was ${done} by ${who} at ${when}${along}${id}.`;
};

/** Who asked, as far as it is told to whoever looks. */
const whoseText = ({ asker, operation, isYours }: Prompt, { by }: Prompted): string => {
  if (asker !== undefined) return askerText(asker);
  if (isYours !== true) return 'somebody else';
  return by !== undefined && by.operation === operation
    ? askerText(by.asker)
    : 'a command from here';
};
