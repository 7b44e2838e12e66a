/**
 * The `^slot`: the agent of one service, which is run as the release that is active. One thing at a time is
 * under way, and
 * each phase is on the disk before anything is done that belongs to it:
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
 *     staged           the tree is looked through, and all judged anew: a stage alone is over before
 *     prechecked       the disk says which release is active
 *     activating       the service is described as the release, stopped and started
 *     health-gate      service and checks are asked (trial.ts)
 *     awaiting-confirm nothing: somebody confirms it on a session that began after the service came up
 *     reverting        the service is described as before, the disk says so, it is started and tried as well
 *
 * `stopped` is a later `herd stop` of the service, which wins: it then starts as the release before. A slot of
 * which going
 * back has failed is held: it takes no deploy before somebody has activated or rolled back by hand. Where the
 * release has
 * changed data for good and nobody has accepted to lose them, it is not taken back but held as it is.
 *
 * The wishes for its service are the shepherd's: that it is to run is written with `activating`, that it is
 * not any more
 * with `reverting`, so that the next life starts and stops what it should without the slot.
 */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import type { Lines, LocalService } from '@bellwether/shepherd';
import { perform } from './asked.ts';
import { configOf, emptyRecord, factsOf, releaseIn, runningIn } from './record.ts';
import { resume } from './resume.ts';
import { runAs, type Held, type Timer, type Waiter } from './state.ts';
import { offer, put, type Offering } from './transfer.ts';
import type { Slot, SlotOptions } from './types.ts';

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
      turn.call(service, 'showSlot', factsOf(held.record.get()));
    },
    perform: (turn, _service, request, asker) => perform(held, turn, request, asker),
    owns: (_turn, action, principal) =>
      action === 'confirm' && held.record.get().underway?.asker === principal,
    offer: (turn, asked, asker) => offer(held, turn, asked, asker),
    put: (turn, piece, asker) => put(held, turn, piece, asker),
    resume: (turn) => resume(held, turn),
    rest: () => held.isResting.set(true),
    describe: (turn, template, rules) => {
      held.template.set(template);
      held.rules.set(rules);
      const running = runningIn(held.record.get());
      runAs(held, turn, running);
      return configOf(template, releaseIn(held.record.get(), running), held.depot);
    },
    facts: () => factsOf(held.record.get()),
  };
};

const hold = (turn: Turn, options: SlotOptions): Held => {
  const { template, rules, record, ...powers } = options;
  const [name] = template.provision;
  return {
    ...powers,
    name,
    template: turn.cell(template),
    rules: turn.cell(rules),
    record: turn.cell(record ?? emptyRecord(name)),
    service: turn.cell<Ref<LocalService> | undefined>(undefined),
    mute: turn.spawn(makeMute),
    waiters: turn.map<string, Waiter>(),
    step: turn.cell(0),
    timers: turn.cell<readonly Timer[]>([]),
    upSinceMs: turn.cell(0),
    endsAtMs: turn.cell(0),
    doubt: turn.cell<string | undefined>(undefined),
    asking: turn.cell<readonly string[]>([]),
    offers: turn.map<string, Offering>(),
    isResting: turn.cell(false),
  };
};
const makeMute = (_turn: Turn<Lines>, _bcom: Bcom<Lines>): Behavior<Lines> => ({
  line: () => undefined,
  pass: () => undefined,
});
