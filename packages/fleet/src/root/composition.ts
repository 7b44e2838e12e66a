/**
 * The `^composition`: what a daemon is configured with, and how that changes while it serves.
 *
 *     reload    the configuration is read again (elsewhere: it is foreign code)
 *               it cannot be read, or does not fit together    nothing is touched
 *               a dry run, or nothing differs                  told
 *               else                                           kept for the daemon's next lives; services
 *                                                              are exchanged (swap.ts of shepherd), and told
 *
 * Services of this machine change as their shepherd has it: what their process was started with stays
 * until they are restarted. Proxies and fleets own no state; those that differ are made anew.
 */
import {
  ActorError,
  codeOf,
  type Answer,
  type Bcom,
  type Behavior,
  type JournalCell,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { Conflict, cutText, type Sink } from '@bellwether/shepherd';
import { directMembers, type DirectMember } from '../granted/direct-members.ts';
import { registerServices, swapOf, type ComposePowers } from './compose.ts';
import type { PlannedService } from '../planned.ts';
import { checkPlanned, diffOf, isEmpty, toldDifference } from './difference.ts';
import { Malformed } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Reloaded } from '../types.ts';

/** A configuration that was read. */
export interface Loaded {
  readonly planned: readonly PlannedService[];
  /** What differs beside the services, and needs another daemon. */
  readonly atRestart: readonly string[];
}
/** What makes a composition. */
export interface CompositionOptions extends ComposePowers {
  /** What the daemon was started with, checked. */
  readonly planned: readonly PlannedService[];
  /** Reads the configuration: kept with Loaded, or broken with what is wrong with it. */
  readonly load: (answer: Answer) => void;
  /** Told what the daemon's next life is to be made of. */
  readonly keep: (planned: readonly PlannedService[]) => void;
}
/** Of a daemon's configuration. */
export interface Composition {
  /** See `LocalRoot.reload`. */
  reload(isDryRun: boolean, sink: Ref<Sink>): Vow<Reloaded>;
  /** Whose hosts a grant can be made at. Near only. @throws BadRequest */
  directMembers(service: string, chosen?: readonly string[]): readonly DirectMember[];
}

interface Held extends CompositionOptions {
  readonly current: JournalCell<readonly PlannedService[]>;
  readonly isReloading: JournalCell<boolean>;
}

/** Makes it, and registers the services that it starts with, in their order. */
export const makeComposition = (
  turn: Turn<Composition>,
  _bcom: Bcom<Composition>,
  options: CompositionOptions,
): Behavior<Composition> => {
  registerServices(turn, options, options.planned);
  const held: Held = {
    ...options,
    current: turn.cell(options.planned),
    isReloading: turn.cell(false),
  };
  return {
    reload: (turn, isDryRun, sink) => {
      if (typeof isDryRun !== 'boolean') throw new Malformed('dry run: expected true or false');
      return reload(held, turn, isDryRun, sink);
    },
    directMembers: (_turn, service, chosen) => directMembers(held.current.get(), service, chosen),
  };
};

const reload = (held: Held, turn: Turn, isDryRun: boolean, sink: Ref<Sink>): Vow<Reloaded> => {
  if (held.isReloading.get()) throw new Conflict('a reload is under way already');
  held.isReloading.set(true);
  const loaded = turn.ask<Loaded>((answer) => held.load(answer));
  const done = turn.when(
    loaded,
    (turn, found) => carryOut(held, turn, found, isDryRun, sink),
    (turn, reason) =>
      codeOf(reason) === 'config' ? turn.kept(refused(reason)) : turn.broken<Reloaded>(reason),
  );
  const over = (): void => held.isReloading.set(false);
  turn.when(done, over, over);
  return done;
};

const refused = (reason: Error): Reloaded => ({
  kind: 'refused',
  problems: reason.message
    .split('\n')
    .slice(0, LIMITS.problemLineCount)
    .map((line) => cutText(line, LIMITS.textLength)),
});

const carryOut = (
  held: Held,
  turn: Turn,
  { planned, atRestart }: Loaded,
  isDryRun: boolean,
  sink: Ref<Sink>,
): Vow<Reloaded> => {
  const trouble = troubleIn(planned);
  if (trouble !== undefined) return turn.kept(refused(trouble));
  const before = held.current.get();
  const found = diffOf(before, planned);
  const difference = toldDifference(found, atRestart);
  if (isDryRun || isEmpty(found))
    return turn.kept<Reloaded>({ kind: 'read', difference, pending: [] });
  const swap = swapOf(turn, held, before, planned);
  take(held, turn, planned);
  return turn.when(
    turn.send(held.shepherd, 'swap', swap, sink),
    (turn, outcome): Reloaded => {
      turn.call(held.slots, 'resume');
      const names = difference.changed.map(({ name }) => name);
      const pending = names.filter((name) => isPending(held, turn, name));
      return { kind: 'read', difference, pending, outcome };
    },
    (turn, reason) => {
      const changedSlots = found.changed.map((one) => one.before);
      for (const one of changedSlots) if (one.kind === 'slot') turn.call(held.slots, 'take', one);
      take(held, turn, before);
      return turn.broken<Reloaded>(reason);
    },
  );
};

const troubleIn = (planned: readonly PlannedService[]): Error | undefined => {
  try {
    checkPlanned(planned);
    return undefined;
  } catch (reason) {
    if (reason instanceof ActorError) return reason;
    throw reason;
  }
};

const isPending = ({ shepherd }: Held, turn: Turn, name: string): boolean => {
  const status = turn.call(shepherd, 'status', name);
  return status.kind === 'local' && status.hasReplacement === true;
};

const take = (held: Held, turn: Turn, planned: readonly PlannedService[]): void => {
  held.current.set(planned);
  turn.effect(() => held.keep(planned));
};
