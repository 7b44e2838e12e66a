/**
 * The outcome of a command to a member that did not answer with one: what was tried, where, what is
 * true now as far as anybody can know, and what to do. Unreachable before the command was sent is
 * told apart from lost during it, since only the first leaves the far end surely as it was.
 */
import { codeOf, fateOf, messageOf } from '@bellwether/actors';
import {
  limits,
  refusalKind,
  type Attempt,
  type Outcome,
  type Request,
  type Result,
} from '@bellwether/shepherd';
import { isDenial, isEnd, listed, type Malformed } from '../errors.ts';

/** Which member, and where it is. */
export interface Place {
  readonly name: string;
  readonly petname: string;
  readonly origin: string;
}

/** Milliseconds since the last contact; undefined where there never was one. */
export type Silence = number | undefined;

/** Nobody was there to send it to, or nobody who would take it. */
export const notSent = (
  place: Place,
  request: Request,
  reason: Error,
  silenceMs: Silence,
): Attempt => {
  const words = `${sentenceOf(reason)} Nothing was sent`;
  switch (fateOf(reason)) {
    case 'late':
      return tooLate(place, request, silenceMs);
    case 'not-sent':
    case 'in-doubt': {
      if (request.isRepeat === true) return notAskedAgain(place, request.action, silenceMs);
      const next =
        request.queueMs === undefined
          ? `: back again, it is as it was last told to be; ${request.action} it then.`
          : '.';
      const unreachable = outcomeOf(place, 'unreachable', `${words}${next}`);
      return { ...unreachable, ...lastSeen(silenceMs), isUnmet: true };
    }
    case 'refused':
      return outcomeOf(place, 'failed', `${words}.`);
  }
};

/** Two machines have come with the invite of its machine. */
export const heldOff = (place: Place, { action }: Pick<Request, 'action'>): Outcome =>
  outcomeOf(
    place,
    'denied',
    `machine ${place.origin} is in doubt, since two have come with its invite: it was not asked to ${action}. See ` +
      `herd node ls, then herd node rm ${place.origin}, or herd node approve ${place.origin}.`,
  );
/** The machine that was meant when this was asked is none of this controller's any more. */
export const notMeant = (place: Place, { action }: Pick<Request, 'action'>): Outcome =>
  outcomeOf(
    place,
    'failed',
    `machine ${place.origin} was removed, or is another one by now: it was not asked to ${action}. See herd node ls.`,
  );

/** It was called off while there was no contact. */
export const calledOff = (place: Place, { action }: Request): Outcome =>
  outcomeOf(
    place,
    'cancelled',
    `Service ${place.name}: ${action} was cancelled before it was sent.`,
  );

/** The deadline passed before contact was made. */
export const tooLate = (
  place: Place,
  { action, isRepeat }: Request,
  silenceMs: Silence,
): Attempt => {
  if (isRepeat === true) return notAskedAgain(place, action, silenceMs);
  const words = `no contact with ${whereIs(place)} before the deadline. Nothing was sent`;
  const next = `${words}; ${action} it again with more time.`;
  return {
    ...outcomeOf(place, 'timed-out', next),
    ...lastSeen(silenceMs),
    isLate: true,
    isUnmet: true,
  };
};

/** The deadline passed while what it needs was on its way. */
export const broughtTooLate = (place: Place, { action }: Request, silenceMs: Silence): Attempt => {
  const words = `not all of the release was at ${whereIs(place)} before the deadline. It was not asked to ${action}`;
  const next = `${words}, and keeps for a while what has come; ${action} it again with more time.`;
  return {
    ...outcomeOf(place, 'timed-out', next),
    ...lastSeen(silenceMs),
    isLate: true,
    isUnmet: true,
  };
};
/** What it needs is not to be had here: nothing more of it was sent. */
export const notBrought = (place: Place, { action }: Request, why: string): Outcome =>
  outcomeOf(
    place,
    'failed',
    `the release could not be brought to ${whereIs(place)}: ${why}. It was not asked to ${action}.`,
  );

/** An earlier life may have sent it, and there is nobody to ask what became of that. */
const notAskedAgain = (place: Place, action: string, silenceMs: Silence): Attempt => {
  const words = `no contact with ${whereIs(place)} before the deadline, to hear what came of ${action}`;
  return { ...inDoubt(place, 'unknown', `${words}.`), ...lastSeen(silenceMs), isUnmet: true };
};

/** It was sent, and there is no answer but perhaps a refusal, which is the word of the far end. */
export const unanswered = (
  place: Place,
  request: Request,
  reason: Error,
  silenceMs: Silence,
): Attempt => {
  const seen = lastSeen(silenceMs);
  const where = whereIs(place);
  const { action, operation } = request;
  switch (fateOf(reason)) {
    case 'not-sent':
    case 'in-doubt': {
      const words = `the connection to ${where} was lost after ${action} was sent`;
      return { ...inDoubt(place, 'unknown', `${words}; it may have been done.`), ...seen };
    }
    case 'late': {
      const words = `${where} was asked to ${action} and did not answer in time`;
      const outcome = inDoubt(place, 'timed-out', `${words}; it may still be done.`);
      return { ...outcome, ...seen, isLate: true };
    }
    case 'refused':
      if (codeOf(reason) === 'unknown-operation' && request.isRepeat === true)
        return {
          ...outcomeOf(place, 'skipped', `${action} never came to ${where}; it was not done.`),
          isUnmet: true,
        };
      if (codeOf(reason) === 'unknown-operation')
        return inDoubt(place, 'unknown', `${where} knows no operation ${operation} any more.`);
      if (isDenial(codeOf(reason)))
        return outcomeOf(place, 'denied', `${where}: ${sentenceOf(reason)}${undone(reason)}`);
      return {
        ...outcomeOf(
          place,
          'failed',
          `${where} refused to ${action}: ${withoutBeginning(action, reason)}`,
        ),
        ...(codeOf(reason) === 'cycle' && { isCycle: true }),
        ...refusalKind(codeOf(reason)),
      };
  }
};

/** A grant that ends does so at any time, and what has begun goes on; any other denial comes before that. */
const undone = (reason: Error): string => (isEnd(codeOf(reason)) ? '' : ' Nothing was done.');

/** The far end has it, and waits for these. */
export const waitsThere = (place: Place, members: readonly string[]): string => {
  const names = listed(members, limits.changeBlameCount);
  return `${whereIs(place)} waits for ${names === '' ? 'a machine' : names}`;
};

/** It was sent, and the far end, which let it wait, does not say what came of it. */
export const notTold = (place: Place, { action }: Request, reason: Error): Outcome => {
  const where = whereIs(place);
  if (isDenial(codeOf(reason)))
    return outcomeOf(
      place,
      'denied',
      `${where}: ${sentenceOf(reason)} What had not begun of ${action} was called off there.`,
    );
  const words = `${where} let ${action} wait and does not tell what came of it: ${sentenceOf(reason)}`;
  return inDoubt(place, 'unknown', words);
};

/** It was answered with something else than an outcome. */
export const strangeAnswer = (place: Place, { action }: Request, reason: Malformed): Outcome => {
  const words = `${whereIs(place)} answered ${action} with what is no outcome`;
  return inDoubt(place, 'unknown', `${words}: ${sentenceOf(reason)}`);
};

/** Why a member's status is unknown, in a few words. */
export const troubleOf = (place: Place, reason: Error): string => {
  switch (fateOf(reason)) {
    case 'late':
      return noAnswerFrom(place);
    case 'in-doubt':
      return `the connection to ${whereIs(place)} was lost`;
    case 'not-sent':
      return messageOf(reason);
    case 'refused':
      return codeOf(reason) === 'refused'
        ? messageOf(reason)
        : `${whereIs(place)} did not tell: ${messageOf(reason)}`;
  }
};

/** The same where somebody's patience ended first. */
export const noAnswerFrom = (place: Place): string => `no answer from ${whereIs(place)} in time`;

const lastSeen = (silenceMs: Silence): Pick<Outcome, 'lastSeenMs'> =>
  silenceMs === undefined ? {} : { lastSeenMs: silenceMs };
const outcomeOf = (place: Place, result: Result, reason: string): Outcome => ({
  member: place.name,
  result,
  reason,
  rows: [],
});
/** Trying again blindly might do it twice: what to do is to look first. */
const inDoubt = (place: Place, result: Result, words: string): Outcome =>
  outcomeOf(place, result, `${words} See herd status ${place.name} before trying again.`);
const whereIs = ({ petname, origin }: Place): string =>
  petname === origin ? petname : `${petname} at ${origin}`;
/** It may say itself what it is about: by its name there, and what was asked of it. */
const withoutBeginning = (action: string, reason: Error): string => {
  const words = sentenceOf(reason).replace(/^[Ss]ervice [^ :]+: /, '');
  const beginning = `${action}: `;
  return words.startsWith(beginning) ? words.slice(beginning.length) : words;
};
const sentenceOf = (reason: Error): string => {
  const words = messageOf(reason);
  return words.endsWith('.') ? words : `${words}.`;
};
