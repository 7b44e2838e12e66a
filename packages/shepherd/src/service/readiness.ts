/** Asks a service whether it is ready, again and again, for as long as somebody wants to know. */
import type { Answer, Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { doubt } from './first-look.ts';
import { change, stateOf, type Launch, type ServiceHeld, type State } from './service-state.ts';
import type { Readiness, Run } from '../words/types.ts';

/** A readiness that has to be asked for. */
export type Probed = Exclude<Readiness, { readonly kind: 'spawned' }>;

type Waking = State & { readonly at: 'waking' };
/** Whether this process is the one that is waited for. */
export const wakingOf = (held: ServiceHeld, run: Run): Waking | undefined => {
  const state = stateOf(held);
  return state.at === 'waking' && state.run.startId === run.startId ? state : undefined;
};

/** A process that is asked, and who is told of its first yes, with the start as it is then. */
interface Asking {
  readonly run: Run;
  readonly ready: Probed;
  readonly isReady: (turn: Turn, launch: Launch) => void;
  /** Monotonic: since when it was there. */
  readonly sinceMs: number;
}
/**
 * Asks now, and while the answer is no after ever longer waits; `isReady` is told of the first yes
 * that counts (first-look.ts). One attempt is under way at a time. The deadline is the asker's
 * affair: leaving the state ends the asking.
 */
export const untilReady = (
  held: ServiceHeld,
  turn: Turn,
  run: Run,
  ready: Probed,
  isReady: (turn: Turn, launch: Launch) => void,
): void => {
  const asking: Asking = { run, ready, isReady, sinceMs: held.clock.now() };
  const firstLook = wakingOf(held, run)?.launch.firstLook;
  if (firstLook === undefined) return askOn(held, turn, asking);
  turn.when(firstLook, (turn, wasAnswered) => {
    const state = wakingOf(held, run);
    if (state === undefined) return;
    if (wasAnswered) doubt(held, turn, state, ready);
    askOn(held, turn, asking);
  });
};

const askOn = (
  held: ServiceHeld,
  turn: Turn,
  asking: Asking,
  waitMs: number = limits.firstPollMs,
): void => {
  const { run, ready, isReady, sinceMs } = asking;
  const again = (turn: Turn, afterMs: number, more: Partial<Waking>): void => {
    const state = wakingOf(held, run);
    if (state === undefined) return;
    const nextMs = Math.min(2 * waitMs, limits.lastPollMs);
    const poll = turn.after(afterMs, (turn) => {
      if (wakingOf(held, run) !== undefined) askOn(held, turn, asking, nextMs);
    });
    change(held, turn, { state: { ...state, poll, doubt: undefined, ...more } });
  };
  turn.when(
    turn.ask<boolean>((answer) => ask(held, run, ready, answer)),
    (turn, said) => {
      const state = wakingOf(held, run);
      if (said !== true) return again(turn, waitMs, { isDoubted: false });
      const leftMs = state?.isDoubted === true ? sinceMs + limits.livedOnMs - held.clock.now() : 0;
      if (leftMs > 0) again(turn, Math.min(waitMs, leftMs), {});
      else if (state !== undefined) isReady(turn, state.launch);
    },
    (turn, reason) => again(turn, waitMs, { doubt: reason.message }),
  );
};

/** A sign that is waited for takes one attempt up to the deadline; a question takes many. */
const ask = (
  { prober, name }: ServiceHeld,
  { startId }: Run,
  ready: Probed,
  answer: Answer,
): void => {
  const { timeoutMs } = ready;
  const attemptMs = Math.min(timeoutMs, limits.attemptMs);
  switch (ready.kind) {
    case 'http':
      return prober.http(ready.url, attemptMs, answer);
    case 'tcp':
      return prober.tcp(ready.host, ready.port, attemptMs, answer);
    case 'exec': {
      const execMs = Math.min(timeoutMs, limits.execAttemptMs);
      return prober.exec(startId, ready.command, execMs, answer);
    }
    case 'notify':
    case 'sd-notify':
      return prober.notified(startId, timeoutMs, answer);
    case 'log':
      return prober.logged(startId, name, ready.text, timeoutMs, answer);
  }
};
