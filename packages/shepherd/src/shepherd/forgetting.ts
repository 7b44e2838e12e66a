/** What is left of a service that is none any more: on the disk what is there for it on the day on which it returns. */
import type { Turn } from '@bellwether/actors';
import type { ShepherdHeld } from './shepherd-state.ts';
import type { Entry, TimerMemory } from '../words/types.ts';

/** Whether it is enabled, and that it was stopped, stays on disk, for the day on which it returns. */
export const forgetService = (held: ShepherdHeld, turn: Turn, name: string): void => {
  const entry = held.entries.get(name);
  if (entry?.kind === 'own') {
    held.enabled.set(name, turn.call(entry.service, 'status').isEnabled);
    held.prompts.set(name, turn.call(entry.service, 'prompts'));
    keepTimer(held, turn, name, turn.call(entry.service, 'timerMemory'));
  }
  if (entry?.kind === 'aggregate') turn.tell(held.board, 'contains', [name], []);
  else turn.tell(held.board, 'touched', [name]);
  leave(held, turn, name);
  turn.call(held.registry, 'unregister', name);
  held.entries.delete(name);
  held.wishes.delete(name);
};

/** Its history stays; a start of it begins anew. */
const keepTimer = (
  held: ShepherdHeld,
  turn: Turn,
  name: string,
  memory: TimerMemory | undefined,
): void => {
  if (memory?.record === undefined) return;
  const record = { ...memory.record, isArmed: false };
  held.timers.set(name, { ...memory, record });
  turn.record({ kind: 'timer', ...record } satisfies Entry);
};

/** What it was started and stopped by; that it is disabled, and by whom, is there for it when it returns. */
export const forgetPrompts = (held: ShepherdHeld, turn: Turn, name: string): void => {
  const { disabled } = held.prompts.get(name) ?? {};
  if (disabled === undefined) held.prompts.delete(name);
  else held.prompts.set(name, { disabled });
  turn.record({ kind: 'unprompted', service: name } satisfies Entry, { gates: false });
};

/** A service elsewhere is told that nobody here has it any more. */
export const leave = (held: ShepherdHeld, turn: Turn, name: string): void => {
  const entry = held.entries.get(name);
  if (entry?.kind === 'elsewhere') turn.tell(entry.service, 'leave');
};
