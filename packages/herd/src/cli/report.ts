/**
 * What an error means for the exit code, and how it is told: one line, then what to do about it.
 */
import { isRemote, messageOf } from '@bellwether/actors';
import { isDenial } from '@bellwether/fleet';
import { codeIn, isDetached, isNoAnswer } from '../client/errors.ts';
import { visible } from '../client/escape.ts';
import { isPetnameWord } from './context.ts';
import { actionRules } from './grammar/grammar.ts';
import type { Command, Invocation } from './grammar/invocation.ts';
import type { NoSuchOption } from './grammar/usage.ts';
import { whyNotHere } from './grammar/not-here.ts';
import { whyNoSelector } from './grammar/without-selector.ts';
import { printJson } from './terminal/print.ts';
import type { Terminal } from './terminal/terminal.ts';

/**
 * Of errors of our own: by code and not by class, since some come from another bundle. What is not
 * listed, and whatever a peer says, has failed at the shepherd or at the service: 1.
 */
const exitCodes: Readonly<Record<string, number>> = {
  usage: 2,
  config: 2,
  'bad-petname': 2,
  'bad-ref': 2,
  'no-invite': 2,
  'unknown-ref': 2,
  'bad-selector': 2,
  'nothing-selected': 2,
  'unsafe-file': 2,
  'bad-backup': 2,
  'bad-key': 2,
  'bad-release': 2,
  unbuildable: 2,
  'already-there': 9,
  locked: 9,
  superseded: 9,
  'no-shepherd': 4,
  'out-of-reach': 4,
  'timed-out': 4,
  severed: 4,
  detached: 130,
};

/** What a shepherd refuses before anything is done, which is no failure: whoever typed it has to change it. */
const slips: readonly string[] = ['bad-request', 'bad-selector', 'nothing-selected'];

/** The exit code of an error. */
export const exitCodeOfError = (error: unknown): number => {
  // Of the words of a peer these count here: that a grant does not allow it, that nothing was done since what was typed
  // means nothing there, and that the operation's id stands for another command.
  if (isRemote(error)) {
    if (isDenial(codeIn(error))) return 5;
    if (slips.includes(codeIn(error))) return 2;
    return codeIn(error) === 'conflict' ? 9 : 1;
  }
  if (isNoAnswer(error)) return error.isTimeUp ? 6 : 4;
  const code = codeIn(error);
  return Object.hasOwn(exitCodes, code) ? (exitCodes[code] ?? 1) : 1;
};

/**
 * Whether a word of the command line leads nowhere: another may have been meant.
 */
export const namesNothing = (error: unknown): boolean =>
  ['unknown-service', 'unknown-action', 'unknown-ref'].includes(codeIn(error));

/**
 * Tells an error; the result is the exit code. `invocation` is absent where the command line was
 * not understood, which had these `words`; `meant` where no word is close to the one that leads nowhere.
 */
export const report = (
  terminal: Terminal,
  wantsJson: boolean,
  error: unknown,
  invocation: Invocation | undefined,
  meant?: string,
  words: readonly string[] = [],
): number => {
  const exitCode = exitCodeOfError(error);
  const why = invocation === undefined ? whyNotHere(words) : undefined;
  const message = why ?? tried(error, invocation) + messageOf(error);
  const hint = why === undefined ? hintOf(error, invocation, meant) : undefined;
  if (wantsJson)
    printJson(terminal, {
      kind: 'error',
      code: codeIn(error),
      isRemote: isRemote(error),
      message,
      hint,
      exitCode,
    });
  if (isDetached(error)) {
    // A question, and nothing that could go on; an operation is told by the command itself.
    terminal.err(`herd: ${error.wasSent ? 'interrupted' : error.message}\n`);
    return exitCode;
  }
  const lines = message.split('\n').map(visible);
  terminal.err(
    `herd: error: ${lines.join('\n  ')}\n${hint === undefined ? '' : `${visible(hint)}\n`}`,
  );
  return exitCode;
};

/** Of the option that nearly every action takes more is said than whose it is; exported for its test. */
export const whyNotTaken = (error: unknown): string | undefined => {
  // By its fields: this file is built by itself, with classes of its own.
  const { action, option } = Object(error) as Partial<NoSuchOption>;
  return option === 'selector' && action !== undefined ? whyNoSelector(action) : undefined;
};
const hintOf = (
  error: unknown,
  invocation: Invocation | undefined,
  meant: string | undefined,
): string | undefined => {
  const why = whyNotTaken(error);
  if (why !== undefined) return why;
  if (error instanceof Error && 'hint' in error && typeof error.hint === 'string')
    return error.hint;
  if (invocation === undefined) return "Try 'herd --help'.";
  if (isRemote(error) && isDenial(codeIn(error)))
    return hintForDenial(codeIn(error), serviceIn(invocation));
  const hint =
    invocation.kind === 'perform'
      ? hintForAction(codeIn(error), invocation.command, meant)
      : hintForId(codeIn(error), invocation);
  return hint ?? (meant === undefined ? undefined : didYouMean(meant));
};
/** A grant is refused in words about the grant: what was tried, on what, is said before them. */
const tried = (error: unknown, invocation: Invocation | undefined): string => {
  if (!isRemote(error) || !isDenial(codeIn(error)) || invocation === undefined) return '';
  if (invocation.kind === 'own' && isAboutOperations(invocation.action))
    return `${[invocation.action, ...invocation.words].join(' ')}: `;
  if (invocation.kind === 'own' && isAboutReleases(invocation.action))
    return `${invocation.action} ${invocation.words[0] ?? ''}: `;
  if (invocation.kind !== 'perform') return '';
  const { action, service } = invocation.command;
  return `${action} ${service}: `;
};

const isAboutReleases = (action: string): boolean =>
  ['deploy', 'stage', 'rollback', 'release ls'].includes(action);
const isAboutOperations = (action: string): boolean =>
  action === 'retry' || action.startsWith('op ');

/** What lists the ids of which one was not known. */
const hintForId = (code: string, invocation: Invocation): string | undefined => {
  if (invocation.kind !== 'own') return undefined;
  const way = invocation.words.find(isPetnameWord);
  const where = way === undefined ? '' : ` ${way}`;
  if (code === 'unknown-operation')
    return way === undefined
      ? "'herd op ls' lists the last ones; one that was given to a ref is known there: add its @PETNAME."
      : `'herd op ls${where}' lists those that were given to it.`;
  if (code === 'wrong-content')
    return `The file is damaged: 'herd release show ${visible(invocation.words.at(-1) ?? '')}' says where.`;
  if (invocation.action === 'doc' && code === 'unknown-action')
    return `Run 'herd doc ${invocation.words[0] ?? ''} list-actions' to see what it offers.`;
  if (invocation.action.startsWith('grant ') && code === 'refused')
    return `'herd grant ls${where}' lists them.`;
  if (invocation.action === 'node join' && ['refused', 'spent'].includes(code))
    return 'An invite to join is good for minutes and for one machine: whoever runs the controller can see which.';
  if (invocation.action === 'accept' && code === 'refused')
    return 'An invite is good for minutes, once, and until its grant is revoked: whoever gave it to you can see which.';
  return undefined;
};

/** What stands in the place of the SERVICE. */
const serviceIn = (invocation: Invocation): string | undefined => {
  if (invocation.kind === 'perform') return invocation.command.service;
  return invocation.kind === 'own' ? invocation.words.find(isPetnameWord) : undefined;
};
/** Whoever was refused by a grant can look at it, as long as it holds, and ask who gave it. */
const hintForDenial = (code: string, service: string | undefined): string => {
  const look =
    service !== undefined && isPetnameWord(service)
      ? `'herd ref show ${service.slice(1)}' says what it allows and who gave it`
      : 'whoever gave it knows what it allows';
  switch (code) {
    case 'denied':
      return `Nothing was done; ${look}, who can give you one that allows more.`;
    case 'too-wide':
      return `Nothing was done; ${look}. Nobody can pass on more than that.`;
    case 'used-up':
    case 'too-many':
      return `Nothing was done; ${look}.`;
    case 'unconfirmed':
      return 'Nothing was done; whoever gave it to you can give you another.';
    default:
      // A grant ends at any time, with something under way: what became of that, only its host can say.
      return 'Whoever gave it to you can give you another.';
  }
};
const didYouMean = (word: string): string => `Did you mean '${word}'?`;

/**
 * `herd sshd status`: a word of ours in the place of the service gives it away, as in GNU `herd`.
 */
const hintForAction = (
  code: string,
  { action, service }: Command,
  meant: string | undefined,
): string | undefined => {
  if (code === 'unknown-service' && actionRules.has(service) && !actionRules.has(action))
    return didYouMean(`herd ${service} ${action}`);
  if (code === 'unknown-action' && service === '')
    return meant === undefined ? undefined : didYouMean(meant);
  if (code === 'unknown-action') {
    const list = `Run 'herd doc ${service} list-actions' to see what it offers.`;
    return meant === undefined ? list : `${didYouMean(meant)} ${list}`;
  }
  return undefined;
};
