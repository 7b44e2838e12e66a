/** The state of the `^slot`, and the one way to change it; slot.ts opens with the table. */
import type { Answer, JournalCell, JournalMap, Ref, Resolver, Turn, Vow } from '@bellwether/actors';
import {
  itself,
  recordedPrincipal,
  type Lines,
  type LocalService,
  type LocalStatus,
  type Offered,
  type Outcome,
  type Prompting,
  type Request,
  type Result,
  type ServiceConfig,
  type Sink,
} from '@bellwether/shepherd';
import { arrivalsOf } from './arrivals.ts';
import { limits } from './limits.ts';
import { configAt, factsOf, named, reasonText } from './record.ts';
import type { Digest } from '../release/types.ts';
import type { Offers } from './transfer.ts';
import type {
  SlotEnd,
  SlotEntry,
  SlotOptions,
  SlotRecord,
  SlotRules,
  Template,
  Underway,
} from './types.ts';

/** What can be called off. */
export interface Timer {
  cancel(): void;
}
/** Who asked for something that is under way, and waits. */
export interface Waiter {
  readonly answer: Vow<Outcome>;
  readonly resolver: Resolver<Outcome>;
  /** Who is told of each phase. */
  readonly lines: Ref<Lines>;
}
/** What is asked for, and by whom. */
export interface Question {
  readonly asker: string;
  readonly operation: string;
  readonly action: string;
}

/** The state of a slot, and what its steps work with. */
export interface Held extends Omit<SlotOptions, 'record' | 'rules'> {
  /** Said before its service is made. */
  readonly template: JournalCell<Template | undefined>;
  readonly rules: JournalCell<SlotRules>;
  /** Changed by `move` alone. */
  readonly record: JournalCell<SlotRecord>;
  readonly service: JournalCell<Ref<LocalService> | undefined>;
  /** A deaf ear for what its service says to whoever asks it. */
  readonly mute: Ref<Lines>;
  /** The same for what the shepherd says. */
  readonly deaf: Ref<Sink>;
  /** By `keyOf`. */
  readonly waiters: JournalMap<string, Waiter>;
  /** Counts the phases: what comes back to an earlier one is an old story. */
  readonly step: JournalCell<number>;
  /** Of the phase at hand: its end, and the next look at how it goes. */
  readonly endTimer: JournalCell<Timer | undefined>;
  readonly lookTimer: JournalCell<Timer | undefined>;
  /** Monotonic: when the release that is on trial came up in this life. */
  readonly upSinceMs: JournalCell<number>;
  /** Monotonic: when the phase at hand is over. */
  readonly endsAtMs: JournalCell<number>;
  /** What the last look at the release that is on trial found wrong. */
  readonly doubt: JournalCell<string | undefined>;
  /** Commands of checks that were asked in the phase at hand, as the prober knows them. */
  readonly asking: JournalCell<readonly string[]>;
  readonly offers: Offers;
  /** Answers to offers that are being looked at, by asker and release. */
  readonly looking: JournalMap<string, Vow<Offered>>;
  /** Trees that are being looked through for those who ask for what is done already, by release. */
  readonly checking: JournalMap<string, Vow<readonly string[]>>;
  /** Releases whose trees were changed and could not be made anew: contents of theirs may be missing. */
  readonly unsound: JournalMap<Digest, true>;
  /** It was found disabled when this life began: nobody knows any more by whom. */
  readonly wasFoundDisabled: JournalCell<boolean>;
  /** The daemon is on its way out: the next life judges and goes on. */
  readonly isResting: JournalCell<boolean>;
}

/** Under which a waiter is found. */
export const keyOf = ({ asker, operation, action }: Question): string =>
  `${asker} ${operation} ${action}`;

/** Changes of a record: what is undefined goes out of it. */
export type Changes = {
  readonly [K in keyof SlotRecord]?: SlotRecord[K] | undefined;
};

/**
 * The one place where the record changes: the phase at hand is over, with its timers, and what belongs to the next
 * one waits for the disk.
 */
export const move = (held: Held, turn: Turn, changes: Changes): void => {
  const isNewPhase = Object.hasOwn(changes, 'underway');
  if (isNewPhase) {
    held.endTimer.get()?.cancel();
    held.lookTimer.get()?.cancel();
    const asking = held.asking.get();
    held.asking.set([]);
    if (asking.length > 0) turn.effect(() => asking.forEach((id) => held.prober.forget(id)));
    held.step.set(held.step.get() + 1);
  }
  write(held, turn, changes);
  const { record, service, name } = held;
  const { underway, generation } = record.get();
  const at = service.get();
  if (at !== undefined) turn.call(at, 'showSlot', factsOf(record.get()));
  if (!isNewPhase) return;
  tell(held, turn);
  const { phase = 'idle', target, operation } = underway ?? {};
  turn.effect(() =>
    held.log('slot.phase', { service: name, generation, phase, release: target, operation }),
  );
};
/** Notes how much of a wait is left; nothing waits for that. */
export const noteLeft = (held: Held, turn: Turn): void => {
  const { underway } = held.record.get();
  if (underway?.deadlineMs === undefined) return;
  write(held, turn, { underway: { ...underway, ...deadline(held, leftMs(held)) } }, false);
};
const write = (held: Held, turn: Turn, changes: Changes, gates = true): void => {
  const before = held.record.get();
  const changed = { ...before, ...changes, generation: before.generation + 1 };
  const { releases = [], arrivals = [] } = changed;
  const merged = { ...changed, arrivals: arrivalsOf({ releases, arrivals }) };
  const next = Object.fromEntries(
    Object.entries(merged).filter(([, value]) => value !== undefined),
  ) as unknown as SlotRecord;
  held.record.set(next);
  turn.record({ kind: 'slot', ...next } satisfies SlotEntry, { gates });
};

/** Milliseconds until the phase at hand is over by itself. */
export const leftMs = ({ endsAtMs, clock }: Held): number =>
  Math.max(0, endsAtMs.get() - clock.now());
/** How a deadline is written down: two ways, so that a wall clock that was set can only cut it. */
export const deadline = (
  { clock }: Held,
  ms: number,
): Required<Pick<Underway, 'deadlineMs' | 'leftMs'>> => ({
  deadlineMs: Math.max(0, Math.floor(clock.wall() + ms)),
  leftMs: Math.ceil(ms),
});
/** From now on the phase at hand is over after so many milliseconds, unless something else ends it. */
export const endAfter = (held: Held, turn: Turn, ms: number, due: (turn: Turn) => void): void => {
  held.endTimer.get()?.cancel();
  held.endsAtMs.set(held.clock.now() + ms);
  held.endTimer.set(inPhase(held, turn, ms, due));
};
/** Looks at the phase at hand again: one look is due at a time. */
export const later = (held: Held, turn: Turn, ms: number, due: (turn: Turn) => void): void => {
  held.lookTimer.get()?.cancel();
  held.lookTimer.set(inPhase(held, turn, ms, due));
};
const inPhase = (held: Held, turn: Turn, ms: number, due: (turn: Turn) => void): Timer => {
  const isOld = oldIn(held);
  return turn.after(ms, (turn) => (isOld() ? undefined : due(turn)));
};
/** Whether the phase of now is over by the time at which it is asked. */
const oldIn = (held: Held): (() => boolean) => {
  const step = held.step.get();
  return () => held.isResting.get() || held.step.get() !== step;
};

/** Goes on only if the phase is still the one in which somebody was asked. */
export const whenStill = <T>(
  held: Held,
  turn: Turn,
  vow: Vow<T>,
  kept: (turn: Turn, value: T) => void,
  broken: (turn: Turn, reason: Error) => void,
): void => {
  const isOld = oldIn(held);
  turn.when(
    vow,
    (turn, value) => (isOld() ? undefined : kept(turn, value)),
    (turn, reason) => (isOld() ? undefined : broken(turn, reason)),
  );
};

/** The service of this slot. */
export const serviceOf = (held: Held): Ref<LocalService> => {
  const service = held.service.get();
  if (service === undefined) throw new Error(`slot ${held.name} is attached to no service`);
  return service;
};
/** Its status now. */
export const statusOf = (held: Held, turn: Turn): LocalStatus =>
  turn.call(serviceOf(held), 'status');
/** How the service is to be run at this moment. */
export const configAsRun = (held: Held): ServiceConfig => {
  const template = held.template.get();
  if (template === undefined) throw new Error(`slot ${held.name} was not described`);
  return configAt(template, held.record.get(), held.depot);
};
/** From its next start on the service is run as the record says. */
export const runAsRecorded = (held: Held, turn: Turn): void =>
  turn.call(serviceOf(held), 'revise', configAsRun(held));
/** Asks the service itself: what requires it is left alone. */
export const command = (
  held: Held,
  turn: Turn,
  action: 'stop' | 'enable',
  underway: Pick<Underway, 'operation' | 'asker' | 'action'>,
): Vow<Outcome> => {
  const { operation, asker } = underway;
  const request = requestOf(held, operation, action);
  const who = { principal: recordedPrincipal(asker) };
  return turn.send(
    serviceOf(held),
    'perform',
    request,
    held.mute,
    who,
    promptingOf(held, underway),
  );
};
/** What is done to the service for the sake of a release. */
const promptingOf = (
  { name }: Held,
  { asker, operation, action }: Pick<Underway, 'operation' | 'asker' | 'action'>,
): Prompting => ({ kind: 'deploy', asker, operation, action, service: name });
/** Has the shepherd start it, after what it requires. */
export const start = (
  held: Held,
  turn: Turn,
  underway: Pick<Underway, 'operation' | 'asker' | 'action'>,
): Vow<Outcome> => {
  // Unique in this life, and of no other is anything remembered that the shepherd asks itself.
  const id = `slot-${held.step.get()}-${wordOf(held.name)}`;
  const request = requestOf(held, id, 'start');
  const from = promptingOf(held, underway);
  return turn.send(held.shepherd, 'perform', request, held.deaf, { principal: itself }, from);
};
/** A name as a part of an id: it may have characters that those have not, as in `web@a`. */
const wordOf = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9.-]/gu, (each) => `_${each.codePointAt(0)?.toString(16) ?? ''}`)
    .slice(0, 96);
const requestOf = ({ name }: Held, operation: string, action: string): Request => ({
  operation,
  member: name,
  action,
  args: [],
  remainingMs: limits.gateMostMs,
  hops: [],
});
/** The last wish for the service, as if somebody had said it. */
export const wish = (
  held: Held,
  turn: Turn,
  what: 'start' | 'stop',
  { operation, asker }: Pick<Underway, 'operation' | 'asker'>,
): void => {
  turn.call(held.shepherd, 'wish', held.name, what, { asker: recordedPrincipal(asker), operation });
};
/** The action that an operation began with, which is told when it ends. */
export const questionIn = ({ asker, operation, action }: Underway): Question => ({
  asker,
  operation,
  action,
});
/** How something ended: kept for those who ask again, and told to whoever waits. */
export const ending = (
  held: Held,
  turn: Turn,
  question: Question,
  result: Result,
  reason?: string,
): { readonly ended: readonly SlotEnd[] } => {
  const told = reason === undefined ? undefined : reasonText(reason);
  const { asker, operation, action } = question;
  const end: SlotEnd = {
    asker,
    operation,
    action,
    result,
    ...(told !== undefined && { reason: told }),
  };
  const key = keyOf(question);
  const waiter = held.waiters.get(key);
  held.waiters.delete(key);
  waiter?.resolver.kept(outcomeOf(held, turn, result, told));
  return { ended: [...held.record.get().ended, end].slice(-limits.endedCount) };
};
/** An outcome, with how the service is now. */
export const outcomeOf = (held: Held, turn: Turn, result: Result, reason?: string): Outcome => {
  const { stage, pid, version } = statusOf(held, turn);
  return {
    member: held.name,
    result,
    ...(reason !== undefined && { reason }),
    stage,
    ...(pid !== undefined && { pid }),
    ...(version && { version }),
    rows: [],
  };
};
/** A vow for whoever asks, which `ending` keeps. */
export const wait = (
  held: Held,
  turn: Turn,
  question: Question,
  lines: Ref<Lines>,
): Vow<Outcome> => {
  const key = keyOf(question);
  const known = held.waiters.get(key);
  const { vow: answer, resolver } =
    known === undefined ? turn.vow<Outcome>() : { vow: known.answer, resolver: known.resolver };
  held.waiters.set(key, { answer, resolver, lines });
  return answer;
};
/** Tells whoever began what is under way how far it is. */
const tell = (held: Held, turn: Turn): void => {
  const record = held.record.get();
  const { underway } = record;
  const waiter = underway && held.waiters.get(keyOf(questionIn(underway)));
  if (underway === undefined || waiter === undefined) return;
  const { phase, target, confirmMs = 0, why = '' } = underway;
  const more =
    phase === 'awaiting-confirm'
      ? `, for ${confirmMs / 1_000} s`
      : phase === 'reverting'
        ? `: ${why}`
        : '';
  const text = `Service ${held.name}: ${named(record, target)} is ${phaseWords[phase]}${more}.`;
  turn.tell(waiter.lines, 'line', text, { about: held.name });
};
const phaseWords: Readonly<Record<Underway['phase'], string>> = {
  verified: 'there; its tree is made',
  staged: 'staged; its tree is looked through',
  prechecked: 'about to be switched to',
  activating: 'being activated',
  'health-gate': 'up, and tried out',
  'awaiting-confirm': 'well, and waits to be confirmed',
  reverting: 'being taken back',
};

/** Has everything removed that the record does not name. What could not be removed goes with the next time. */
export const keepOnly = (held: Held, turn: Turn): Vow<void> => {
  const { releases, underway } = held.record.get();
  // Its tree may be there before the record says so.
  const target = underway === undefined ? [] : [underway.target];
  const digests = [...new Set([...releases.map(({ digest }) => digest), ...target])];
  return asideOf(held, turn, 'slot.not-pruned', (answer) => held.depot.keep(digests, answer));
};
/** The same, and what these have brought for nothing goes; how many files that were. */
export const giveUp = (held: Held, turn: Turn, askers: readonly string[]): Vow<number> =>
  turn.when(keepOnly(held, turn), (turn) =>
    turn.when(
      turn.ask<number>((answer) => held.depot.giveUp(askers, answer)),
      (_turn, count) => count,
      (turn, { message: reason }) => {
        turn.effect(() => held.log('slot.not-pruned', { service: held.name, reason }));
        return 0;
      },
    ),
  );
/** Has the disk say which release is active: for whoever looks there, since the record decides. */
export const pointTo = (held: Held, turn: Turn, digest: Digest | undefined): Vow<void> =>
  asideOf(held, turn, 'slot.not-pointed', (answer) => held.depot.point(digest, answer));
const asideOf = (
  held: Held,
  turn: Turn,
  event: string,
  request: (answer: Answer) => void,
): Vow<void> =>
  turn.when(
    turn.ask<void>(request),
    () => undefined,
    (turn, reason) =>
      turn.effect(() => held.log(event, { service: held.name, reason: reason.message })),
  );
