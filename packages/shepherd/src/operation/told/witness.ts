/**
 * What the audit hears of operations: that something was asked for, before anything is done about it, and how it
 * ended, with the chain that stands behind an asker through a grant. What the shepherd does of itself is nobody's
 * doing. An end is told when there is one, be it in another life, whether or not anybody still waits for it; what a
 * grant refuses is recorded where it is judged.
 */
import type { Turn } from '@bellwether/actors';
import { itself } from '../../words/principal.ts';
import { chainOf } from '../askers.ts';
import type { Operation, StepRecord } from '../kept/memory.ts';
import { keyOf } from '../plan/plan.ts';
import type { Host } from '../host.ts';
import { isGood } from '../../words/vocabulary.ts';
import type { Entry, Request } from '../../words/types.ts';

const isRecorded = (asker: string): boolean => asker !== itself;
/** Who acts, and whose the operation is. */
interface Actor {
  readonly by: string;
  readonly whose: string;
}
const who = (host: Host, turn: Turn, { by, whose }: Actor) => {
  const chain = chainOf(host, turn, by);
  return { asker: by, ...(chain.length > 0 && { chain }), ...(by !== whose && { whose }) };
};

const hidden = '<redacted>';
/**
 * The arguments of a request as the audit shows them: as they are where whoever described the action says that they
 * are harmless. Of others only their number is told: nobody here knows which of them is a password.
 */
const shownArguments = (
  host: Host,
  { member, action, args }: Pick<Request, 'member' | 'action' | 'args'>,
): readonly string[] => {
  const actions = host.own(member)?.config.actions ?? {};
  const config = Object.hasOwn(actions, action) ? actions[action] : undefined;
  const areHarmless = config?.kind !== 'signal' && config?.areArgumentsHarmless === true;
  return areHarmless ? args : args.map(() => hidden);
};

/** Something is taken on, or tried again. */
export const witnessAsked = (host: Host, turn: Turn, actor: Actor, request: Request): void => {
  if (!isRecorded(actor.by)) return;
  const { operation, member, action, args } = request;
  const shown = args.length === 0 ? {} : { args: shownArguments(host, request) };
  const what = { ...who(host, turn, actor), service: member, action, ...shown, operation };
  turn.record({ kind: 'audit', event: 'asked', ...what } satisfies Entry);
};

/** What had not begun of an operation is called off. */
export const witnessCancelled = (host: Host, turn: Turn, actor: Actor, operation: string): void => {
  if (!isRecorded(actor.by)) return;
  const what = { ...who(host, turn, actor), action: 'cancel', operation };
  turn.record({ kind: 'audit', event: 'asked', ...what } satisfies Entry);
};

/** A step is over. Only what somebody asked for by name is told, and what has waited: the rest follows from it. */
export const witnessEnded = (
  host: Host,
  turn: Turn,
  { principal: whose, id: operation, requests, account }: Operation,
  { step: { key, name, action }, outcome, refusal, wasQueued }: StepRecord,
): void => {
  if (!isRecorded(whose) || outcome === undefined) return;
  // A restart of a fleet has more steps of its name and action than the one that answers.
  const isAnswer = requests.get(name)?.action === action && key === keyOf(action, name);
  if (!isAnswer && wasQueued !== true) return;
  const { result, reason } = outcome;
  const why = refusal?.message ?? reason;
  turn.record({
    kind: 'audit',
    event: 'ended',
    ...who(host, turn, { by: account.get().by, whose }),
    service: name,
    action,
    operation,
    result,
    ...(refusal && { code: refusal.code }),
    ...(isGood(outcome) || why === undefined ? {} : { reason: why }),
  } satisfies Entry);
};
