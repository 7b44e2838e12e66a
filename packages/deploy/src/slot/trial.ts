/**
 * Whether a release is well, asked of the service and of the checks of the release:
 *
 *     it is found to be                       what follows
 *     not wished to run any more              somebody has stopped it: lost
 *     dead for good, or dying again and       failed, at once
 *       again
 *     starting, or asked and not well         well for 0 ms; asked again
 *     well, and the same process as before    asked again, until that was so for `minHealthyMs`: passed
 *     any of it, when the time is up          failed, with what was found last
 */
import type { Answer, Turn, Vow } from '@bellwether/actors';
import {
  endedWords,
  StartFailed,
  topicWords,
  type Command,
  type LocalStatus,
  type Outcome,
} from '@bellwether/shepherd';
import type { Check } from '../release/types.ts';
import { limits } from './limits.ts';
import {
  command,
  endAfter,
  later,
  leftMs,
  start,
  statusOf,
  whenStill,
  type Held,
} from './state.ts';
import { makeSoundAgain } from './tree.ts';
import type { SlotRelease, Underway } from './types.ts';

/** What comes of a trial: one of them is said, once. */
export interface Verdicts {
  passed(turn: Turn): void;
  failed(turn: Turn, why: string): void;
  /** A later command has stopped the service. */
  lost(turn: Turn): void;
}
interface Trial {
  readonly release: SlotRelease;
  readonly verdicts: Verdicts;
}
/** Since when it has been well, and which process that is. */
interface Well {
  readonly sinceMs: number;
  readonly pid: number | undefined;
}

/** What is brought up, and for what. */
interface Bringing {
  readonly underway: Underway;
  readonly release: SlotRelease;
  /** Its tree was changed and made anew: what runs of it is not of that. */
  readonly isRemade?: boolean;
}
/** What comes of it, beside that it is up. */
export interface BringVerdicts extends Pick<Verdicts, 'failed' | 'lost'> {
  /** The time for it is up. */
  late(turn: Turn): void;
  /** Its tree is not what it should be, and it was not started. */
  unsound(turn: Turn, why: string): void;
}
/**
 * The one way in which a release comes up, forward, back and in the next life: what ran until now is stopped, the tree
 * is looked through and made anew where it was changed, and the service is started as what it is described as by now. A
 * process of that which is there already goes on, where its tree is as it was made.
 */
export const bringUp = (
  held: Held,
  turn: Turn,
  { underway, release, isRemade = false }: Bringing,
  verdicts: BringVerdicts,
  up: (turn: Turn) => void,
): void => {
  const { failed, lost } = verdicts;
  const begin = (turn: Turn): void => {
    if (statusOf(held, turn).isWanted !== true) return lost(turn);
    whenStill(
      held,
      turn,
      start(held, turn, underway),
      (turn, outcome) => {
        const { result } = outcome;
        if (result === 'superseded') lost(turn);
        else if (result === 'ok' || result === 'changed') up(turn);
        else failed(turn, startWords(held, outcome));
      },
      (turn, reason) => failed(turn, reason.message),
    );
  };
  const mend = (turn: Turn): void => soundIn(held, turn, release, verdicts, begin);
  const halt = (turn: Turn): void =>
    whenStill(held, turn, command(held, turn, 'stop', underway), mend, (turn, reason) =>
      failed(turn, reason.message),
    );
  const { stage, hasReplacement = false, isRespawning = false } = statusOf(held, turn);
  if (stage === 'stopped' && !isRespawning) return mend(turn);
  if (stage === 'stopped' || stage === 'stopping' || hasReplacement || isRemade) return halt(turn);
  const misfits = turn.ask<readonly string[]>((answer) => held.depot.check(release.digest, answer));
  whenStill(held, turn, misfits, (turn, { length }) => (length === 0 ? begin : halt)(turn), halt);
};
/**
 * Why it did not start, for whoever may deploy: he is to see neither paths of this machine nor which other services
 * there are. The shepherd has told its owner all of it.
 */
const startWords = (
  { name }: Held,
  { result, reason, plainReason = reason, dependsOn }: Outcome,
): string => {
  if (dependsOn !== undefined) return topicWords('depends', `Service ${name}`);
  return plainReason ?? `its start has ${result}`;
};
/** How long it takes to look through a tree is no affair of the trial. */
export const soundIn = (
  held: Held,
  turn: Turn,
  release: SlotRelease,
  { late, unsound }: Pick<BringVerdicts, 'late' | 'unsound'>,
  sound: (turn: Turn) => void,
): void => {
  const left = leftMs(held);
  endAfter(held, turn, left + limits.treeMs, late);
  const go = (turn: Turn): void => {
    endAfter(held, turn, left, late);
    sound(turn);
  };
  makeSoundAgain(held, turn, release, go, unsound);
};

/**
 * Tries a release out that is up, and says once how that went. When the time is up is the affair of the phase, which
 * finds in `doubt` what is wrong by then.
 */
export const tryOut = (held: Held, turn: Turn, release: SlotRelease, verdicts: Verdicts): void => {
  held.doubt.set(undefined);
  look(held, turn, { release, verdicts }, undefined);
};

const look = (held: Held, turn: Turn, trial: Trial, before: Well | undefined): void => {
  const status = statusOf(held, turn);
  const { verdicts, release } = trial;
  if (status.isWanted !== true) return verdicts.lost(turn);
  const end = endIn(status);
  if (end !== undefined) return verdicts.failed(turn, end);
  const sinceMs = held.clock.now();
  if (status.stage !== 'running' || status.isReady !== true)
    return again(held, turn, trial, `it is ${status.stage}`);
  whenStill(
    held,
    turn,
    askAll(held, turn, release),
    (turn, wrong) => {
      if (wrong !== undefined) return again(held, turn, trial, wrong);
      const { stage, pid } = statusOf(held, turn);
      const isSame = before !== undefined && before.pid === pid;
      const well: Well = isSame ? before : { sinceMs, pid };
      const lastedMs = held.clock.now() - well.sinceMs;
      const { minHealthyMs } = held.rules.get();
      if (stage === 'running' && lastedMs >= minHealthyMs) return verdicts.passed(turn);
      held.doubt.set(`it has been well for ${Math.floor(lastedMs)} ms of ${minHealthyMs}`);
      const waitMs = Math.max(1, Math.min(limits.lookMs, minHealthyMs - lastedMs));
      later(held, turn, waitMs, (turn) => look(held, turn, trial, well));
    },
    (turn, reason) => again(held, turn, trial, reason.message),
  );
};
const again = (held: Held, turn: Turn, trial: Trial, why: string): void => {
  held.doubt.set(why);
  later(held, turn, limits.lookMs, (turn) => look(held, turn, trial, undefined));
};

/** Why a service does not come back by itself, or does so too often. */
export const endIn = (status: LocalStatus): string | undefined => {
  const { stage, respawnCount, disabledReason, failure, lastExit, isRespawning } = status;
  if (respawnCount > limits.respawnCount) return `it has died ${respawnCount} times`;
  if (stage !== 'stopped' || isRespawning === true) return undefined;
  if (disabledReason !== undefined) return `it is disabled: ${disabledReason}`;
  if (failure !== undefined) return failure.plainReason ?? failure.reason;
  // Where nothing has ended in this life it was not yet started.
  return lastExit && `its process ${endedWords(lastExit)}`;
};
/** Whether it is certain that it does not come back. */
export const isFinal = ({ stage, respawnCount, disabledReason, failure }: LocalStatus): boolean =>
  respawnCount > limits.respawnCount ||
  (stage === 'stopped' && (disabledReason ?? failure) !== undefined);

/** Asks all checks at once; what is wrong with the first that says no. */
const askAll = (
  held: Held,
  turn: Turn,
  { checks, digest, run }: SlotRelease,
): Vow<string | undefined> => {
  const cwd = held.depot.folder(digest);
  const { runAs } = held.template.get() ?? {};
  const surroundings = { cwd, ...(run.env && { env: run.env }), ...(runAs && { runAs }) };
  const ids = checks.map((_check, at) => `${held.name}-check-${at}`);
  held.asking.set(ids.filter((_id, at) => Object.hasOwn(checks[at] ?? {}, 'exec')));
  const asked = checks.map((check, at) =>
    turn.within(
      check.timeoutMs + limits.checkMarginMs,
      turn.ask<boolean>((answer) => ask(held, ids[at] ?? '', check, surroundings, answer)),
    ),
  );
  return turn.when(turn.all(asked), (turn, said) => {
    const at = said.findIndex((each) => !each.kept || each.value !== true);
    const check = checks[at];
    if (check === undefined) return undefined;
    const found = said[at];
    const words = `its check ${wordsOf(check)} says no`;
    if (found?.kept !== false) return words;
    const { reason } = found;
    // Where a command was looked for is for the owner of this machine, once, and not for whoever may deploy.
    const isHidden = reason instanceof StartFailed && reason.summary !== reason.message;
    const told = `${words} (${isHidden ? reason.summary : reason.message})`;
    if (isHidden && held.doubt.get() !== told)
      turn.effect(() => held.log('slot.check', { service: held.name, reason: reason.message }));
    return told;
  });
};
const ask = (
  { prober }: Held,
  id: string,
  check: Check,
  surroundings: Omit<Command, 'argv'>,
  answer: Answer,
): void => {
  const { timeoutMs } = check;
  if ('http' in check) return prober.http(check.http, timeoutMs, answer);
  if ('tcp' in check) {
    const colon = check.tcp.lastIndexOf(':');
    const host = check.tcp.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    return prober.tcp(host, Number(check.tcp.slice(colon + 1)), timeoutMs, answer);
  }
  const [program = '', ...words] = check.exec;
  prober.exec(id, { ...surroundings, argv: [program, ...words] }, timeoutMs, answer);
};
const wordsOf = (check: Check): string => {
  if ('http' in check) return check.http;
  return 'tcp' in check ? check.tcp : `'${check.exec.join(' ')}'`;
};
