/**
 * The outcome of a command to a member that did not answer with one: what was tried, where, what is true now as far as
 * anybody can know, and what to do. Unreachable before the command was sent is told apart from lost during it, since
 * only the first leaves the far end surely as it was.
 */
import { codeOf } from '@bellwether/actors';
import type { Outcome, Request, Result } from '@bellwether/shepherd';
import { wordsOf, type Malformed } from './errors.ts';

/** Which member, and where it is. */
export interface Place {
  readonly name: string;
  readonly petname: string;
  readonly origin: string;
}

/** Nobody was there to send it to. `silenceMs` is the time since the last contact, if there was one. */
export const notSent = (
  place: Place,
  request: Request,
  reason: Error,
  silenceMs: number | undefined,
): Outcome => {
  if (codeOf(reason) === 'timed-out') return tooLate(place, request);
  if (codeOf(reason) !== 'unreachable')
    return outcomeOf(place, 'failed', `${sentenceOf(reason)} Nothing was sent.`);
  const words = `${sentenceOf(reason)} Nothing was sent; ${request.action} it again when it is back.`;
  const outcome = outcomeOf(place, 'unreachable', words);
  return silenceMs === undefined ? outcome : { ...outcome, lastSeenMs: silenceMs };
};

/** The deadline passed before contact was made. */
export const tooLate = (place: Place, request: Request): Outcome =>
  outcomeOf(
    place,
    'timed-out',
    `no contact with ${whereIs(place)} before the deadline. Nothing was sent; allow more time to ${request.action} it.`,
  );

/** It was sent, and there is no answer. */
export const unanswered = (place: Place, request: Request, reason: Error): Outcome => {
  const where = whereIs(place);
  const { action } = request;
  switch (codeOf(reason)) {
    case 'severed':
    case 'halted':
      return outcomeOf(
        place,
        'unknown',
        `the connection to ${where} was lost after ${action} was sent; it may have been done. ${lookFirst(place)}`,
      );
    case 'timed-out':
      return outcomeOf(
        place,
        'timed-out',
        `${where} was asked to ${action} and did not answer in time; it may still be done. ${lookFirst(place)}`,
      );
    case 'unknown-operation':
      return outcomeOf(
        place,
        'unknown',
        `${where} does not know operation ${request.operation} any more. ${lookFirst(place)}`,
      );
    default:
      return outcomeOf(place, 'failed', `${where} refused to ${action}: ${sentenceOf(reason)}`);
  }
};

/** It was answered with something else than an outcome. */
export const strangeAnswer = (place: Place, request: Request, reason: Malformed): Outcome =>
  outcomeOf(
    place,
    'unknown',
    `${whereIs(place)} answered ${request.action} with what is no outcome: ${sentenceOf(reason)} ${lookFirst(place)}`,
  );

/** Why a member's status is unknown, in a few words. */
export const troubleOf = (place: Place, reason: Error): string => {
  switch (codeOf(reason)) {
    case 'timed-out':
      return `no answer from ${whereIs(place)} in time`;
    case 'severed':
    case 'halted':
      return `the connection to ${whereIs(place)} was lost`;
    case 'unreachable':
    case 'refused':
      return wordsOf(reason);
    default:
      return `${whereIs(place)} did not tell: ${wordsOf(reason)}`;
  }
};

const outcomeOf = (place: Place, result: Result, reason: string): Outcome => ({
  member: place.name,
  result,
  reason,
  rows: [],
});
const whereIs = ({ petname, origin }: Place): string =>
  petname === origin ? petname : `${petname} at ${origin}`;
const lookFirst = ({ name }: Place): string => `See herd status ${name} before trying again.`;
const sentenceOf = (reason: Error): string => {
  const words = wordsOf(reason);
  return words.endsWith('.') ? words : `${words}.`;
};
