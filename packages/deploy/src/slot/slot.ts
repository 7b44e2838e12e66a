/**
 * The `^slot`: the agent of one service, which is run as the release that is active. One thing at a time is under
 * way, and each phase is on the disk before anything is done that belongs to it:
 *
 *     phase \ event    done                fails             time is up        rollback    stopped     next life
 *     verified         → staged            unchanged         ·                 cancelled   ·           unchanged
 *     staged           → prechecked        unchanged         ·                 cancelled   ·           unchanged
 *     prechecked       → activating        unchanged         ·                 cancelled   ·           unchanged
 *     activating       → health-gate       → reverting       → reverting       → reverting superseded  again
 *     health-gate      → awaiting-confirm  → reverting       → reverting       → reverting superseded  → activating
 *                      or committed
 *     awaiting-confirm committed           → reverting       → reverting       → reverting superseded  waits on
 *     reverting        rolled-back         rollback-failed   rollback-failed   conflict    rolled-back again
 *
 *     in the phase     it is done that
 *     verified         the tree is made
 *     staged           the tree is looked through, made anew where it was changed, and all judged anew: a stage alone
 *                      is over before
 *     prechecked       the disk says which release is active
 *     activating       the service is described as the release and stopped, the tree is looked through again, since
 *                      what ran until now could change it, and the service is started
 *     health-gate      service and checks are asked (trial.ts)
 *     awaiting-confirm nothing: somebody confirms it on a session that began after the service came up
 *     reverting        the service is described as before, the disk says so, it is stopped, its tree looked through,
 *                      started and tried as well
 *
 * A rollback calls a deploy off that was not switched to yet, and nothing more: what was active stays. A stage that is
 * under way stands in nobody's way back: it is cancelled, and then the rollback begins. Where somebody else goes back
 * already it is a conflict, unless it names the release that is to stay.
 *
 * `stopped` is a later `herd stop` of the service, which wins: it then starts as the release before, unless the other
 * one has changed data for good. A slot of which
 * going back has failed is held: it takes no deploy before somebody has activated or rolled back by hand. Where the
 * release has changed data for good and nobody has accepted to lose them, it is not taken back but held as it is.
 *
 * The wishes for its service are the shepherd's: that it is to run is written with `activating`, that it is not any
 * more with `reverting`, so that the next life starts and stops what it should without the slot.
 */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import { makeDeafSink, type Lines, type LocalService, type Offered } from '@bellwether/shepherd';
import type { Digest } from '../release/types.ts';
import { perform } from './asked.ts';
import { callOff } from './calling-off.ts';
import { emptyRecord, factsOf } from './record.ts';
import { resume } from './resume.ts';
import { configAsRun, move, type Held, type Timer, type Waiter } from './state.ts';
import { takerOf } from './taking.ts';
import { offer, put, type Offering } from './transfer.ts';
import type { Slot, SlotOptions, Template } from './types.ts';

/** Makes the agent of a slot; it does nothing before `resume`. */
export const makeSlot = (
  turn: Turn<Slot>,
  _bcom: Bcom<Slot>,
  options: SlotOptions,
): Behavior<Slot> => {
  const held = hold(turn, options);
  return {
    attach: (turn, service) => {
      held.service.set(service);
      // It went out of the configuration, and is back: what was under way then goes on.
      if (held.isResting.get()) turn.tell(turn.self, 'rest', false);
      turn.call(service, 'showSlot', factsOf(held.record.get()));
    },
    perform: (turn, _service, request, asker, lines) => perform(held, turn, request, asker, lines),
    owns: (_turn, action, principal) =>
      action === 'confirm' && held.record.get().underway?.asker === principal,
    cancel: (turn, operation, principal, isTakenBack) =>
      callOff(held, turn, operation, principal, isTakenBack),
    offer: (turn, asked, asker) =>
      turn.when(offer(takerOf(held), turn, asked, asker), (_turn, offered) => ({
        ...offered,
        platform: held.platform,
      })),
    put: (turn, piece, asker) => put(takerOf(held), turn, piece, asker),
    resume: (turn) => {
      if (held.service.get() === undefined) return false;
      resume(held, turn);
      return true;
    },
    rest: (turn, isResting) => rest(held, turn, isResting),
    // How well its service is, it asks itself.
    turned: () => undefined,
    describe: (_turn, config) => {
      // What it was told before may come back to it.
      const { start: _start, unstartable: _unstartable, ...template } = config;
      held.template.set(template);
      return configAsRun(held);
    },
    rule: (_turn, rules) => held.rules.set(rules),
    holdings: () => {
      const { releases } = held.record.get();
      const byteCount = releases.reduce((sum, { byteCount }) => sum + byteCount, 0);
      return { releaseCount: releases.length, byteCount };
    },
    abandon: (turn) => abandon(held, turn),
    facts: () => factsOf(held.record.get()),
  };
};

/** What was under way when it stays after all is taken up as in a new life. */
const rest = (held: Held, turn: Turn, isResting: boolean): void => {
  if (held.isResting.get() === isResting) return;
  held.isResting.set(isResting);
  if (!isResting) resume(held, turn);
};

/** What was under way when it went was given up with it. */
const abandon = (held: Held, turn: Turn): Vow<void> => {
  move(held, turn, {
    current: undefined,
    previous: undefined,
    held: undefined,
    underway: undefined,
    pinned: [],
    releases: [],
  });
  // The disk says first that none is active, else that one would stay.
  turn.ask<void>((answer) => held.depot.point(undefined, answer));
  return turn.ask<void>((answer) => held.depot.keep([], answer));
};

const hold = (turn: Turn, options: SlotOptions): Held => {
  const { name, rules, record, ...powers } = options;
  return {
    ...powers,
    name,
    template: turn.cell<Template | undefined>(undefined),
    rules: turn.cell(rules),
    record: turn.cell(record ?? emptyRecord(name)),
    service: turn.cell<Ref<LocalService> | undefined>(undefined),
    mute: turn.spawn(makeMute),
    deaf: turn.spawn(makeDeafSink),
    waiters: turn.map<string, Waiter>(),
    step: turn.cell(0),
    endTimer: turn.cell<Timer | undefined>(undefined),
    lookTimer: turn.cell<Timer | undefined>(undefined),
    upSinceMs: turn.cell(0),
    endsAtMs: turn.cell(0),
    doubt: turn.cell<string | undefined>(undefined),
    asking: turn.cell<readonly string[]>([]),
    offers: turn.map<string, Offering>(),
    looking: turn.map<string, Vow<Offered>>(),
    checking: turn.map<string, Vow<readonly string[]>>(),
    unsound: turn.map<Digest, true>(),
    wasFoundDisabled: turn.cell(false),
    isResting: turn.cell(false),
  };
};
const makeMute = (_turn: Turn<Lines>, _bcom: Bcom<Lines>): Behavior<Lines> => ({
  line: () => undefined,
  pass: () => undefined,
});
