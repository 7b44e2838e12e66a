/** Asks a service whether it is ready, again and again, for as long as somebody wants to know. */
import type { Answer, Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { change, stateOf, type Launch, type ServiceHeld, type State } from './service-state.ts';
import type { Readiness, Run } from '../words/types.ts';

/** A readiness that has to be asked for. */
export type Probed = Exclude<Readiness, { readonly kind: 'spawned' }>;

/** Whether this process is the one that is waited for. */
export const wakingOf = (
  held: ServiceHeld,
  run: Run,
): (State & { readonly at: 'waking' }) | undefined => {
  const state = stateOf(held);
  return state.at === 'waking' && state.run.startId === run.startId ? state : undefined;
};

/**
 * Asks now, and while the answer is no after ever longer waits; `isReady` is told of the first yes,
 * with the start as it is then. One attempt is under way at a time. The deadline is the asker's
 * affair: leaving the state ends the asking.
 */
export const untilReady = (
  held: ServiceHeld,
  turn: Turn,
  run: Run,
  ready: Probed,
  isReady: (turn: Turn, launch: Launch) => void,
  waitMs: number = limits.firstPollMs,
): void => {
  const answer = turn.ask<boolean>((answer) => ask(held, run, ready, answer));
  const again = (turn: Turn, why?: string): void => {
    const state = wakingOf(held, run);
    if (state === undefined) return;
    const nextMs = Math.min(2 * waitMs, limits.lastPollMs);
    const poll = turn.after(waitMs, (turn) => {
      if (wakingOf(held, run) !== undefined) untilReady(held, turn, run, ready, isReady, nextMs);
    });
    change(held, turn, { state: { ...state, poll, doubt: why } });
  };
  turn.when(
    answer,
    (turn, said) => {
      const state = wakingOf(held, run);
      if (said === true && state !== undefined) isReady(turn, state.launch);
      else again(turn);
    },
    (turn, reason) => again(turn, reason.message),
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
      return prober.notified(startId, timeoutMs, answer);
    case 'log':
      return prober.logged(startId, name, ready.text, timeoutMs, answer);
  }
};
