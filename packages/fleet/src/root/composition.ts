/**
 * The `^composition`: what a daemon is configured with, and how that changes while it serves.
 *
 *     reload    the configuration is read again (elsewhere: it is foreign code)
 *               it cannot be read, or does not fit together    nothing is touched
 *               nothing differs                                told
 *               a dry run                                      told, or refused as the exchange would be
 *               else                                           kept for the daemon's next lives; services
 *                                                              are exchanged (swap.ts of shepherd), and told
 *
 *     joined    what machines give that have joined is other than before: exchanged in the same way, when no reload is
 *               under way; a name of the configuration is the configuration's
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
  type JournalMap,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { Conflict, cutText, makeDeafSink, type Sink } from '@bellwether/shepherd';
import { directMembers, type DirectMember } from '../granted/direct-members.ts';
import { registerServices, swapOf, takeAgents, type ComposePowers } from './compose.ts';
import type { ExportedSpec, PlannedService } from '../planned.ts';
import type { Configured } from '../nodes/home-shelf.ts';
import type { Joining } from '../nodes/node-shelf.ts';
import {
  checkPlanned,
  describedBy,
  diffOf,
  isEmpty,
  toldDifference,
  withJoined,
} from './difference.ts';
import { Malformed } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Reloaded } from './types.ts';

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
  /** What machines give that have joined, as the records have it. */
  readonly joined?: readonly ExportedSpec[];
  /** Told what the daemon's next life is to be made of. */
  readonly keep: (planned: readonly PlannedService[]) => void;
}
/** Of a daemon's configuration. */
export interface Composition extends Joining, Configured {
  /** See `LocalRoot.reload`. */
  reload(isDryRun: boolean, sink: Ref<Sink>): Vow<Reloaded>;
  /** Told of each change of the configuration. Near only. */
  attend(follower: Ref<ConfigurationFollower>): void;
  /** Whose hosts a grant can be made at. Near only. @throws BadRequest */
  directMembers(service: string, chosen?: readonly string[]): readonly DirectMember[];
}

/** Who wants to know what the configuration has. Near only. */
export interface ConfigurationFollower {
  changed(): void;
}

interface Held extends Omit<CompositionOptions, 'joined'> {
  /** Of the configuration. */
  readonly current: JournalCell<readonly PlannedService[]>;
  /** What machines give. */
  readonly joined: JournalCell<readonly ExportedSpec[]>;
  /** What is registered of both. */
  readonly taken: JournalCell<readonly PlannedService[]>;
  readonly isReloading: JournalCell<boolean>;
  /** Kept once the exchange is over that is under way for machines. */
  readonly exchange: JournalCell<Vow<void> | undefined>;
  readonly followers: JournalMap<Ref<ConfigurationFollower>, true>;
}

/** Makes it, and registers the services that it starts with, in their order. */
export const makeComposition = (
  turn: Turn<Composition>,
  _bcom: Bcom<Composition>,
  options: CompositionOptions,
): Behavior<Composition> => {
  const { planned, joined = [] } = options;
  const { taken } = withJoined(planned, joined);
  registerServices(turn, options, taken);
  const held: Held = {
    ...options,
    current: turn.cell(planned),
    joined: turn.cell(joined),
    taken: turn.cell(taken),
    isReloading: turn.cell(false),
    exchange: turn.cell<Vow<void> | undefined>(undefined),
    followers: turn.map(),
  };
  return {
    reload: (turn, isDryRun, sink) => {
      if (typeof isDryRun !== 'boolean') throw new Malformed('dry run: expected true or false');
      return reload(held, turn, isDryRun, sink);
    },
    directMembers: (_turn, service, chosen) => directMembers(held.taken.get(), service, chosen),
    attend: (_turn, follower) => held.followers.set(follower, true),
    configured: () => held.current.get().map((one) => describedBy(one).provision),
    joined: (turn, specs) => {
      held.joined.set(specs);
      exchangeJoined(held, turn);
    },
    leftOut: () => withJoined(held.current.get(), held.joined.get()).leftOut,
  };
};

const reload = (held: Held, turn: Turn, isDryRun: boolean, sink: Ref<Sink>): Vow<Reloaded> => {
  if (held.isReloading.get()) throw new Conflict('a reload is under way already');
  held.isReloading.set(true);
  const loaded = turn.ask<Loaded>((answer) => held.load(answer));
  const done = turn.when(
    loaded,
    (turn, found) =>
      turn.when(held.exchange.get() ?? turn.kept(undefined), (turn) =>
        carryOut(held, turn, found, isDryRun, sink),
      ),
    (turn, reason) =>
      codeOf(reason) === 'config' ? turn.kept(refused(reason)) : turn.broken<Reloaded>(reason),
  );
  const over = (turn: Turn): void => {
    held.isReloading.set(false);
    exchangeJoined(held, turn);
  };
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
  const before = held.taken.get();
  const { taken: after } = withJoined(planned, held.joined.get());
  const found = diffOf(before, after);
  const difference = toldDifference(found, atRestart);
  const isOther = !isEmpty(found);
  if (isDryRun && isOther)
    turn.call(
      held.shepherd,
      'checkNames',
      after.flatMap((one) => describedBy(one).provision),
    );
  if (isDryRun || !isOther) return turn.kept<Reloaded>({ kind: 'read', difference, pending: [] });
  const swap = swapOf(turn, held, before, after);
  const was = held.current.get();
  take(held, turn, planned, after);
  return turn.when(
    turn.send(held.shepherd, 'swap', swap, sink),
    (turn, outcome): Reloaded => {
      turn.call(held.slots, 'resume');
      const names = difference.changed.map(({ name }) => name);
      const pending = names.filter((name) => isPending(held, turn, name));
      return { kind: 'read', difference, pending, outcome };
    },
    (turn, reason) => {
      const changed = found.changed.map((one) => one.before);
      takeAgents(turn, held, changed);
      take(held, turn, was, before);
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

const take = (
  held: Held,
  turn: Turn,
  planned: readonly PlannedService[],
  taken: readonly PlannedService[],
): void => {
  held.current.set(planned);
  held.taken.set(taken);
  turn.effect(() => held.keep(planned));
  for (const follower of held.followers.keys()) turn.tell(follower, 'changed');
};

/**
 * What machines give takes the place of what they gave, all changes that have come since the last time at once. While a
 * shepherd ends it refuses, and nobody needs it any more.
 */
const exchangeJoined = (held: Held, turn: Turn): void => {
  if (held.isReloading.get() || held.exchange.get() !== undefined) return;
  const before = held.taken.get();
  const { taken } = withJoined(held.current.get(), held.joined.get());
  if (isEmpty(diffOf(before, taken))) return;
  const swap = swapOf(turn, held, before, taken);
  const done = turn.send(held.shepherd, 'swap', swap, turn.spawn(makeDeafSink));
  const over = turn.when(
    done,
    () => held.taken.set(taken),
    () => undefined,
  );
  held.exchange.set(over);
  turn.when(over, (turn) => {
    held.exchange.set(undefined);
    if (held.taken.get() === taken) exchangeJoined(held, turn);
    else turn.after(LIMITS.exchangeGapMs, (turn) => exchangeJoined(held, turn));
  });
};
