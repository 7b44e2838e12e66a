/**
 * The sockets of a service: they are there before its process, and as long as it is up.
 *
 *     listen ──► they listen ──► not lazy: its process is started
 *                             ├► lazy: it is up ──► somebody comes: its process is started, and takes who waits
 *                             └► inetd: it is up, and each who comes is given a process (accepting.ts)
 *
 * They are closed when it is stopped, and only then: not while it is started again.
 */
import type { Turn, Vow } from '@bellwether/actors';
import { beginAccepting } from './accepting.ts';
import { notePrompt } from './prompts.ts';
import {
  enter,
  launchOf,
  say,
  stateOf,
  type Launch,
  type ServiceHeld,
  type State,
} from './service-state.ts';
import type { Outcome, SocketConfig } from '../words/types.ts';

/** How a launch goes on. */
export interface ListeningSteps {
  /** With its process. */
  spawn(turn: Turn, launch: Launch): void;
  /** Without one. */
  isUp(turn: Turn, launch: Launch): void;
  /** Not at all. */
  failed(turn: Turn, reason: Error): void;
  /** It was called off meanwhile. */
  gone(turn: Turn, state: State & { readonly at: 'stopping' }): void;
}

/** Opens them, for a launch that is under way. */
export const listenFirst = (
  held: ServiceHeld,
  turn: Turn,
  sockets: readonly SocketConfig[],
  steps: ListeningSteps,
): void =>
  void turn.when(
    turn.send(held.monitor, 'listen', held.name, sockets),
    (turn) => {
      const state = stateOf(held);
      if (state.at === 'stopping') return steps.gone(turn, state);
      if (state.at !== 'spawning') return;
      const { isLazy, inetd } = held.config.get();
      if (isLazy !== true && inetd === undefined) return steps.spawn(turn, state.launch);
      steps.isUp(turn, state.launch);
      if (inetd === undefined) attend(held, turn, steps);
      else beginAccepting(held, turn);
    },
    (turn, reason) => steps.failed(turn, reason),
  );

/** Who has come waits in the kernel until its process takes him. */
const attend = (held: ServiceHeld, turn: Turn, { spawn }: ListeningSteps): void =>
  void turn.when(
    turn.send(held.monitor, 'connection', held.name),
    (turn) => {
      const state = stateOf(held);
      if (state.at !== 'running' || state.run !== undefined) return;
      const launch = launchOf(turn, true, turn.call(held.logger, 'end'));
      notePrompt(held, turn, 'started', { kind: 'socket' });
      enter(held, turn, { at: 'spawning', launch }, 'starting');
      say(held, turn, 'service.activated', {});
      spawn(turn, launch);
    },
    () => undefined, // they were closed: it is stopped
  );

/** What a stop answers, once nobody can come any more. */
export const closedFirst = (held: ServiceHeld, turn: Turn, outcome: Outcome): Vow<Outcome> => {
  if (held.config.get().sockets === undefined) return turn.kept(outcome);
  return turn.when(turn.send(held.monitor, 'unlisten', held.name), () => outcome);
};

/**
 * They are held from the daemon before, for a process that was adopted. What the keeper has lost meanwhile is there
 * again with the next start.
 */
export const claimSockets = (held: ServiceHeld, turn: Turn): void => {
  const { sockets } = held.config.get();
  if (sockets === undefined) return;
  turn.when(
    turn.send(held.monitor, 'listen', held.name, sockets),
    () => undefined,
    (turn, reason) => say(held, turn, 'service.without-sockets', { reason: reason.message }),
  );
};
