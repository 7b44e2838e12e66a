/** What a slot does when it is asked; slot.ts opens with the table. */
import { ActorError, Limit, Refused, type Ref, type Turn, type Vow } from '@bellwether/actors';
import {
  BadRequest,
  Conflict,
  isDigest,
  isLeftUndone,
  readSlotWords,
  takesRelease,
  topicWords,
  UnknownAction,
  type Asker,
  type Lines,
  type Offer,
  type Outcome,
  type Request,
  type SlotWords,
} from '@bellwether/shepherd';
import type { Digest } from '../release/types.ts';
import { revert } from './back.ts';
import { NotConfirmed, NotOffered } from './errors.ts';
import { begun, check, commit, endUnchanged, stage, stageAgain } from './forward.ts';
import { limits } from './limits.ts';
import { once } from './once.ts';
import { checkSwitch, digestIn, isWayBack, judge, wantedIn } from './policy.ts';
import { releaseLines } from './listing.ts';
import { named, pruned, releaseIn, shortly } from './record.ts';
import {
  ending,
  giveUp,
  keyOf,
  move,
  outcomeOf,
  statusOf,
  wait,
  type Held,
  type Question,
} from './state.ts';
import { makeRoom } from './room.ts';
import { takerOf } from './taking.ts';
import { isOffered, offer, offered } from './transfer.ts';
import type { SlotRecord, SlotRelease, Underway } from './types.ts';

/** A question, who asks it, and what for. */
interface Invocation {
  readonly question: Question;
  readonly request: Request;
  readonly asker: Asker;
  readonly lines: Ref<Lines>;
}

/** Carries out an action, or answers with what came of it. @throws its refusals: nothing was done then */
export const perform = (
  held: Held,
  turn: Turn,
  request: Request,
  asker: Asker,
  lines: Ref<Lines>,
): Vow<Outcome> => {
  const { operation, action, isRepeat } = request;
  const question = { asker: asker.principal, operation, action };
  if (held.waiters.has(keyOf(question))) return wait(held, turn, question, lines);
  const before = held.record.get().ended.findLast((each) => keyOf(each) === keyOf(question));
  // Who has failed is asked again by who tries again, and only by him.
  if (before !== undefined && (isRepeat === true || !isLeftUndone(before)))
    return turn.kept(outcomeOf(held, turn, before.result, before.reason));
  if (isUnderway(held, question)) return wait(held, turn, question, lines);
  if (isRepeat === true) {
    const why = `Service ${held.name}: ${action} was never begun.`;
    return turn.kept(outcomeOf(held, turn, 'skipped', why));
  }
  if (held.isResting.get())
    throw new ActorError('shutting-down', `Service ${held.name}: the shepherd is shutting down`);
  const asked = { question, request, asker, lines };
  const carried = carriedFor(held, turn, request);
  if (carried === undefined) return carryOut(held, turn, asked);
  // Whoever has it keeps its contents where this slot has its own, so that nothing is sent.
  return turn.when(offer(takerOf(held), turn, carried, asker), (turn) =>
    held.waiters.has(keyOf(question))
      ? wait(held, turn, question, lines)
      : carryOut(held, turn, asked),
  );
};
/** A release that was brought to its shepherd, for a fleet that the slot is a member of, and not to the slot. */
const carriedFor = (
  held: Held,
  turn: Turn,
  { action, args }: Pick<Request, 'action' | 'args'>,
): Offer | undefined => {
  if (held.carrier === undefined || !takesRelease(action)) return undefined;
  const { release } = readSlotWords(args);
  const isHere =
    release === undefined ||
    !isDigest(release) ||
    releaseIn(held.record.get(), release) !== undefined ||
    isOffered(takerOf(held), release);
  return isHere ? undefined : turn.call(held.carrier, 'offerOf', release);
};
/** An earlier life has begun it. */
const isUnderway = (held: Held, { asker, operation, action }: Question): boolean => {
  const { underway } = held.record.get();
  if (underway === undefined) return false;
  const isBack = action === 'rollback' && underway.backBy?.operation === operation;
  const isIt = underway.operation === operation && underway.action === action;
  return isIt ? underway.asker === asker : isBack && underway.backBy?.asker === asker;
};

const carryOut = (held: Held, turn: Turn, asked: Invocation): Vow<Outcome> => {
  const { action } = asked.request;
  switch (action) {
    case 'releases':
      return turn.kept({
        ...outcomeOf(held, turn, 'ok'),
        output: releaseLines(held.record.get()),
      });
    case 'stage':
    case 'deploy':
    case 'activate':
    case 'rollback':
      return change(held, turn, asked, action);
    case 'confirm':
      return confirm(held, turn, asked);
    case 'pin':
    case 'unpin':
      return pin(held, turn, asked, action);
    case 'prune':
      return prune(held, turn, asked);
    default:
      throw new UnknownAction(held.name, action);
  }
};

/** What takes a while, and is done one at a time; `isUnsound`: also where it was done, since the tree was changed. */
const change = (
  held: Held,
  turn: Turn,
  asked: Invocation,
  action: Underway['action'],
  isUnsound = false,
): Vow<Outcome> => {
  const { question, request, lines } = asked;
  const record = held.record.get();
  const wanted = wantedIn(action, request.args, action !== 'stage', record);
  if (record.underway !== undefined) {
    if (action !== 'rollback') throw busy(held, record.underway);
    // Nobody bars the way back by staging something: that is called off, and then it is gone back.
    if (record.underway.action !== 'stage')
      return callBack(held, turn, asked, record.underway, wanted);
  }
  const digest =
    action === 'rollback' ? (wanted.release ?? previousIn(held)) : digestIn(action, wanted);
  const isThere = releaseIn(record, digest) !== undefined;
  const isActive = digest === record.current;
  if (!isUnsound && (action === 'stage' ? isThere : isActive && record.held === undefined))
    return unlessSound(held, turn, asked, { action, digest }, (turn) =>
      change(held, turn, asked, action, true),
    );
  const target = releaseIn(record, digest) ?? fetched(held, action, digest, asked.asker);
  if (action === 'stage') judge(held, held.rules.get().trust, digest, target.signatures);
  else checkBefore(held, turn, action, target, wanted);
  if (record.underway !== undefined)
    endUnchanged(held, turn, 'cancelled', 'it was called off by a rollback');
  if (!isThere) makeRoom(held, turn, { release: target, action });
  const underway = begun(
    held,
    turn,
    { ...question, action },
    digest,
    policyOf(held, action, wanted),
  );
  const answer = wait(held, turn, question, lines);
  if (!isThere) stage(held, turn, underway, target);
  else if (action === 'stage') stageAgain(held, turn, underway, target);
  else check(held, turn, underway);
  return answer;
};
/** Nothing is done of what is done already, unless the tree of the release was changed since it was made. */
const unlessSound = (
  held: Held,
  turn: Turn,
  { question, lines }: Invocation,
  { action, digest }: { readonly action: Underway['action']; readonly digest: Digest },
  go: (turn: Turn) => Vow<Outcome>,
): Vow<Outcome> => {
  // To look takes as long as the tree is large, and whatever else is done with trees waits behind it.
  const misfits = once(turn, held.checking, digest, () =>
    turn.ask<readonly string[]>((answer) => held.depot.check(digest, answer)),
  );
  return turn.when(misfits, (turn, { length }): Vow<Outcome> => {
    if (length === 0) {
      const words = stayedWords(held.record.get(), action);
      return turn.kept(outcomeOf(held, turn, 'ok', words));
    }
    return held.waiters.has(keyOf(question)) ? wait(held, turn, question, lines) : go(turn);
  });
};
const stayedWords = (record: SlotRecord, action: Underway['action']): string | undefined =>
  action === 'rollback'
    ? `Service ${record.slot}: ${named(record, record.current)} is active already.`
    : undefined;
const previousIn = (held: Held): Digest => {
  const { previous } = held.record.get();
  if (previous !== undefined) return previous;
  throw new Refused(
    `Service ${held.name}: there is no release before this one to go back to; ` +
      "'releases' shows those that are there, and a rollback to one of them has to name it",
  );
};
/** Activating takes what is there already; only the others take what was brought. @throws NotOffered */
const fetched = (
  held: Held,
  action: Underway['action'],
  digest: Digest,
  { principal, origin = principal }: Asker,
): SlotRelease => {
  if (action === 'stage' || action === 'deploy')
    return { ...offered(takerOf(held), digest, principal), stagedBy: origin };
  throw new NotOffered(`${shortly(digest)} is not there; 'releases' shows those that are`);
};
const policyOf = (
  held: Held,
  action: Underway['action'],
  { confirmMs, isUnconfirmed, acceptsLoss }: SlotWords,
): Pick<Underway, 'confirmMs' | 'acceptsLoss'> => {
  // What is gone back to was confirmed once.
  const ownMs = action === 'rollback' ? undefined : held.rules.get().confirmMs;
  const ms = isUnconfirmed === true ? undefined : (confirmMs ?? ownMs);
  return { ...(ms !== undefined && { confirmMs: ms }), ...(acceptsLoss && { acceptsLoss }) };
};
const checkBefore = (
  held: Held,
  turn: Turn,
  action: Underway['action'],
  target: SlotRelease,
  { confirmMs, isUnconfirmed, acceptsLoss }: SlotWords,
): void => {
  const record = held.record.get();
  if (!statusOf(held, turn).isEnabled)
    throw new Refused(topicWords('is-disabled', `Service ${held.name}`));
  if (record.held !== undefined && action === 'deploy')
    throw new Refused(
      `Service ${held.name}: going back has failed (${record.held}); ` +
        "'activate' or 'rollback' says that somebody has looked",
    );
  const isGood = isUnconfirmed === true || (action === 'rollback' && confirmMs === undefined);
  checkSwitch(held, held.rules.get(), record, {
    target,
    isWayBack: isWayBack(action, target),
    ...(isGood && { isUnconfirmed: true }),
    ...(acceptsLoss && { acceptsLoss }),
  });
};
const busy = (held: Held, underway: Underway): Conflict => {
  const { action, target, phase, operation } = underway;
  const record = held.record.get();
  return new Conflict(
    `Service ${held.name}: ${action} of ${named(record, target)} is under way (${phase}, operation ${operation}); ` +
      `${phase === 'awaiting-confirm' ? 'confirm it, ' : ''}wait for its end, or have it called off by a rollback`,
  );
};

/**
 * Calls off a switch that is under way: what was not yet switched to is left, what was is taken back. Who goes back
 * while somebody else does so already means the same: to call that off he names the release that is to stay.
 */
const callBack = (
  held: Held,
  turn: Turn,
  { question, lines }: Invocation,
  underway: Underway,
  { release: digest, acceptsLoss }: SlotWords,
): Vow<Outcome> => {
  const { phase, from, target } = underway;
  const record = held.record.get();
  const isOther = digest === undefined ? underway.action === 'rollback' : digest !== from;
  if (phase === 'reverting' || isOther) throw busy(held, underway);
  const isLossy = releaseIn(record, target)?.dataMigration === 'forward-only';
  switch (phase) {
    case 'verified':
    case 'staged':
    case 'prechecked': {
      endUnchanged(held, turn, 'cancelled', 'it was called off');
      const answer = wait(held, turn, question, lines);
      const stays = from === undefined ? '' : `; ${named(record, from)} is active as before`;
      const words = `Service ${held.name}: ${underway.action} of ${named(record, target)} was called off${stays}.`;
      move(held, turn, ending(held, turn, question, 'changed', words));
      return answer;
    }
    case 'activating':
    case 'health-gate':
    case 'awaiting-confirm': {
      if (isLossy && from !== undefined && acceptsLoss !== true && underway.acceptsLoss !== true)
        throw new Refused(
          `${named(record, target)} has changed data so that ${named(record, from)} cannot use it. ` +
            "'accept-data-loss' goes back all the same.",
        );
      const answer = wait(held, turn, question, lines);
      const { asker, operation } = question;
      revert(held, turn, 'it was rolled back', { asker, operation });
      return answer;
    }
  }
};

const confirm = (
  held: Held,
  turn: Turn,
  { question, request, asker, lines }: Invocation,
): Vow<Outcome> => {
  const record = held.record.get();
  const { release: digest } = wantedIn('confirm', request.args, false, record);
  const { underway, current } = record;
  if (underway === undefined && digest !== undefined && digest === current)
    return turn.kept(outcomeOf(held, turn, 'ok', said(held, digest, 'was confirmed before')));
  if (underway?.phase !== 'awaiting-confirm') {
    const what = underway === undefined ? '' : `: ${busy(held, underway).message}`;
    throw new Refused(`Service ${held.name}: nothing waits to be confirmed${what}`);
  }
  if (digest !== undefined && digest !== underway.target)
    throw new Refused(
      `Service ${held.name}: it is ${named(record, underway.target)} that waits to be confirmed`,
    );
  checkSession(held, asker);
  const { stage, isReady } = statusOf(held, turn);
  if (stage !== 'running' || isReady !== true)
    throw new NotConfirmed(`Service ${held.name} is ${stage}: only what runs can be confirmed`);
  commit(held, turn);
  const answer = wait(held, turn, question, lines);
  const words = said(held, underway.target, 'is confirmed');
  move(held, turn, ending(held, turn, question, 'changed', words));
  return answer;
};
/** What became of a release of which nothing else is shown. */
const said = (held: Held, release: Digest, what: string): string =>
  `Service ${held.name}: ${named(held.record.get(), release)} ${what}.`;
/** A session from before the switch says nothing of whether the machine can be reached since. @throws NotConfirmed */
const checkSession = ({ upSinceMs, name }: Held, { sinceMs }: Asker): void => {
  if (sinceMs !== undefined && sinceMs > upSinceMs.get()) return;
  const found =
    sinceMs === undefined ? 'nobody knows how old this connection is' : 'this connection is older';
  throw new NotConfirmed(
    `Service ${name}: a release is confirmed through a connection that was made after it came up, and ${found}`,
  );
};

const pin = (
  held: Held,
  turn: Turn,
  { question, request, lines }: Invocation,
  action: 'pin' | 'unpin',
): Vow<Outcome> => {
  const record = held.record.get();
  const digest = digestIn(action, wantedIn(action, request.args, false, record));
  if (action === 'pin' && releaseIn(record, digest) === undefined)
    throw new Refused(`Service ${held.name}: ${shortly(digest)} is not there`);
  const isPin = action === 'pin';
  if (record.pinned.includes(digest) === isPin) {
    const words = said(held, digest, isPin ? 'was pinned before' : 'was not pinned');
    return turn.kept(outcomeOf(held, turn, 'ok', words));
  }
  if (action === 'pin' && record.pinned.length >= limits.pinCount)
    throw new Limit(
      `Service ${held.name}: ${record.pinned.length} releases are pinned, and no more: unpin some`,
    );
  const others = record.pinned.filter((each) => each !== digest);
  const pinned = isPin ? [...others, digest] : others;
  const answer = wait(held, turn, question, lines);
  const words = said(held, digest, isPin ? 'is pinned' : 'is pinned no more');
  move(held, turn, { ...ending(held, turn, question, 'changed', words), pinned });
  return answer;
};

const prune = (
  held: Held,
  turn: Turn,
  { question, request, asker, lines }: Invocation,
): Vow<Outcome> => {
  const { principal, origin = principal } = asker;
  if (request.args.length > 0) throw new BadRequest('prune takes no arguments');
  const record = held.record.get();
  const { gone, releases } = pruned(record, held.rules.get().keepCount);
  if (gone.length === 0) {
    // A tree that was made for nobody, before a crash, is no release.
    return turn.when(giveUp(held, turn, [principal, origin]), (turn, count) => {
      const what = count === 0 ? 'nothing can go' : `${count} files went that nobody has staged`;
      return outcomeOf(held, turn, 'ok', `Service ${held.name}: ${what}.`);
    });
  }
  const answer = wait(held, turn, question, lines);
  const words = `Service ${held.name}: ${gone.length} removed: ${gone.map(shortly).join(', ')}.`;
  move(held, turn, { ...ending(held, turn, question, 'changed', words), releases });
  return turn.when(giveUp(held, turn, [principal, origin]), () => answer);
};
