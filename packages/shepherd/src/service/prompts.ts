/**
 * What the last start and the last stop of a service came from, and that it is disabled. It is in the batch that has to
 * be written then anyway, as one record that takes the place of the one before, and nothing waits for it.
 */
import type { Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { cutText } from '../text.ts';
import type { ServiceHeld } from './service-state.ts';
import type { Entry, NotedPrompt, Prompt, Prompting, PromptKind, Prompts } from '../words/types.ts';

/** It is started, or stopped, now; `isPassing`: the next life of the daemon starts it, if this one has not. */
export const notePrompt = (
  held: ServiceHeld,
  turn: Turn,
  what: 'started' | 'stopped',
  prompting: Prompting,
  isPassing = false,
): void => {
  const { disabled, ...before } = held.prompts.get();
  const noted: Prompts = { ...before, [what]: promptNow(held, prompting) };
  const { started } = noted;
  const stopped = what === 'started' ? noLater(noted) : noted.stopped;
  const stoppedIn = what === 'started' ? noted.stoppedIn : isPassing ? undefined : held.boot;
  const end = { ...(stopped && { stopped }), ...(stoppedIn !== undefined && { stoppedIn }) };
  held.prompts.set({ ...(started && { started }), ...end, ...(disabled && { disabled }) });
  const entry: Entry = {
    kind: 'prompted',
    service: held.name,
    ...(started && { started: durable(started) }),
    ...end,
  };
  turn.record(entry, { gates: false });
};

/** Its stop was before its start, also where the clock was set back between the two. */
const noLater = ({ started, stopped }: Prompts): NotedPrompt | undefined =>
  started === undefined || stopped === undefined || stopped.atMs <= started.atMs
    ? stopped
    : { ...stopped, atMs: started.atMs };

/** A prompt of this moment, within its bounds. */
export const promptNow = (
  { clock }: Pick<ServiceHeld, 'clock'>,
  { reason, ...prompting }: Prompting,
): NotedPrompt => ({
  atMs: Math.max(0, Math.floor(clock.wall())),
  ...(reason !== undefined && { reason: cutText(reason, limits.promptReasonCharacters) }),
  ...prompting,
});

/** Each daemon takes over anew. */
const durable = ({ adoptedMs: _adoptedMs, isYours: _isYours, ...noted }: Prompt): NotedPrompt =>
  noted;

/**
 * Whether somebody, or its shepherd, had begun to stop what was started last: then that is why it has ended, whoever
 * saw it. All else that a stop comes from is written down behind the end.
 */
export const isBeingStopped = ({ prompts }: Pick<ServiceHeld, 'prompts'>): boolean => {
  const { started, stopped } = prompts.get();
  if (stopped === undefined || !stopOrders.has(stopped.kind)) return false;
  return started === undefined || stopped.atMs > started.atMs;
};
const stopOrders: ReadonlySet<PromptKind> = new Set([
  ...(['command', 'along', 'deploy', 'reload', 'boot', 'shutdown', 'requirement-lost'] as const),
]);

/** It runs from before this daemon: what it was started by then still holds. */
export const noteTakenOver = (held: ServiceHeld, since: number | undefined): void => {
  const adoptedMs = Math.max(0, Math.floor(held.clock.wall()));
  const before = held.prompts.get();
  const { started = { kind: 'adopted', atMs: since ?? adoptedMs } } = before;
  held.prompts.set({ ...before, started: { ...started, adoptedMs } });
};

/**
 * Whether it has exited by itself since the machine was switched on, and was not to be started again, or is a one-shot
 * that has failed: another life of the daemon, as after an upgrade, is no reason to do that work again. What was
 * killed, or was gone with the daemon, comes back.
 */
export const isSpent = ({ prompts, boot, config }: ServiceHeld): boolean => {
  const { started, stopped, stoppedIn } = prompts.get();
  if (stopped === undefined || boot === undefined || stoppedIn !== boot) return false;
  if (!(config.get().isOneShot ? workEnds : ownEnds).has(stopped.kind)) return false;
  return started === undefined || stopped.atMs >= started.atMs;
};
const ownEnds: ReadonlySet<PromptKind> = new Set(['done', 'ended', 'not-alive']);
const workEnds: ReadonlySet<PromptKind> = new Set([...ownEnds, 'start-failed']);
