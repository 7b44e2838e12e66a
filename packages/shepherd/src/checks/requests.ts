/** What a shepherd checks before it believes a request: the sender may be any peer on earth. */
import { isName } from '../words/names.ts';
import { isStart } from '../action-table.ts';
import { BadRequest } from '../errors.ts';
import { limits } from '../limits.ts';
import { utf8Bytes } from '../text.ts';
import { isSelection } from '../words/selectors.ts';
import { checkedRolling, percentOf } from './rolling.ts';
import type { MinReady, OperationQuery, Request } from '../words/types.ts';

const operationForm = /^[A-Za-z0-9._-]+$/;

/**
 * The request with nothing in it but what a request has.
 * @throws BadRequest
 */
export const checkedRequest = (request: Request): Request => {
  if (typeof request !== 'object' || request === null) throw new BadRequest('request: no record');
  const { operation, member, action, args, remainingMs, hops } = request;
  const { withMembers, onlyMembers, minReady, rolling, isRepeat, isPatient } = request;
  const { queueMs } = request;
  if (
    typeof operation !== 'string' ||
    operation.length > limits.nameCharacters ||
    !operationForm.test(operation)
  )
    throw new BadRequest(
      `request: the operation id must be 1 to ${limits.nameCharacters} letters, digits, '.', '_' or '-'`,
    );
  if (!isName(member)) throw new BadRequest('request: the member is no name of a service');
  if (!isName(action)) throw new BadRequest('request: the action is no name of an action');
  checkRemaining(remainingMs);
  if (withMembers !== undefined && typeof withMembers !== 'boolean')
    throw new BadRequest('request: withMembers must be true or false');
  if (isSelection(member) && (withMembers === false || onlyMembers === undefined))
    throw new BadRequest('request: what was picked out is commanded by the names of its members');
  if (isRepeat !== undefined && isRepeat !== true)
    throw new BadRequest('request: isRepeat must be true or absent');
  if (isPatient !== undefined && isPatient !== true)
    throw new BadRequest('request: isPatient must be true or absent');
  return {
    operation,
    member,
    action,
    args: checkedArguments(args),
    remainingMs,
    hops: checkedHops(hops),
    ...(withMembers === undefined ? {} : { withMembers }),
    ...(onlyMembers === undefined ? {} : { onlyMembers: checkedMembers('request', onlyMembers) }),
    ...(isRepeat === undefined ? {} : { isRepeat }),
    ...(isPatient === undefined ? {} : { isPatient }),
    ...(minReady === undefined ? {} : { minReady: checkedMinReady(minReady, action) }),
    ...(queueMs === undefined ? {} : { queueMs: checkedQueue(queueMs, request) }),
    ...(rolling === undefined ? {} : { rolling: checkedRolling(rolling, request) }),
  };
};

/** How long somebody may be waited for. @throws BadRequest */
const checkedQueue = (queueMs: number, { rolling }: Pick<Request, 'rolling'>): number => {
  if (!Number.isInteger(queueMs) || queueMs < 1 || queueMs > limits.queueMs)
    throw new BadRequest(
      `request: queueMs is ${shown(queueMs)}, expected 1 to ${limits.queueMs} whole milliseconds`,
    );
  if (rolling !== undefined)
    throw new BadRequest(
      'request: batches wait for nobody who is away; queueMs does not go with them',
    );
  return queueMs;
};

/** @throws BadRequest for what is no time to carry something out in */
export const checkRemaining = (remainingMs: number): void => {
  if (typeof remainingMs !== 'number' || !(remainingMs >= 1 && remainingMs <= limits.remainingMs))
    throw new BadRequest(
      `request: ${shown(remainingMs)} ms remain, expected 1 to ${limits.remainingMs}`,
    );
};

/** A question for operations, with nothing in it but what such a question has. @throws BadRequest */
export const checkedOperations = (query: OperationQuery): OperationQuery => {
  if (typeof query !== 'object' || query === null) throw new BadRequest('operations: no query');
  const { count, isOpen } = query;
  if (isOpen !== undefined && typeof isOpen !== 'boolean')
    throw new BadRequest('operations: isOpen must be true or false');
  return {
    ...(count !== undefined && {
      count: checkedCount('operations: count', count, limits.operationListCount),
    }),
    ...(isOpen !== undefined && { isOpen }),
  };
};

/** A count, or a share from `0%` to `100%`, of something that can be enough: a start. */
const checkedMinReady = (minReady: MinReady, action: string): MinReady => {
  const isCount =
    Number.isInteger(minReady) && Number(minReady) >= 0 && Number(minReady) <= limits.rowCount;
  if (!isCount && percentOf(minReady) === undefined)
    throw new BadRequest(
      `request: minReady must be a count up to ${limits.rowCount}, or a share from 0% to 100%`,
    );
  if (!isStart(action))
    throw new BadRequest(`request: minReady goes with start and restart, not with ${action}`);
  return minReady;
};

/** Names of members. @throws BadRequest */
export const checkedMembers = (what: string, members: readonly string[]): readonly string[] => {
  if (!Array.isArray(members) || members.length > limits.rowCount || !members.every(isName))
    throw new BadRequest(
      `${what}: onlyMembers must be a list of up to ${limits.rowCount} names of services`,
    );
  return [...members];
};

const checkedArguments = (args: readonly string[]): readonly string[] => {
  if (!Array.isArray(args)) throw new BadRequest('request: the arguments are no list');
  if (args.length > limits.argumentCount)
    throw new BadRequest(
      `request: ${args.length} arguments, at most ${limits.argumentCount} are taken`,
    );
  let bytes = 0;
  for (const each of args) {
    if (typeof each !== 'string' || each.includes('\0'))
      throw new BadRequest('request: an argument is no text');
    bytes += utf8Bytes(each);
  }
  if (bytes > limits.argumentBytes)
    throw new BadRequest(
      `request: ${bytes} bytes of arguments, at most ${limits.argumentBytes} are taken`,
    );
  return [...args];
};

/** The way that something came. @throws BadRequest beyond the limits */
export const checkedHops = (hops: readonly string[]): readonly string[] => {
  if (!Array.isArray(hops)) throw new BadRequest('request: the hops are no list');
  if (hops.length > limits.hopCount)
    throw new BadRequest(
      `request: it came through ${hops.length} services, at most ${limits.hopCount} are taken`,
    );
  for (const each of hops)
    if (typeof each !== 'string' || each.length > limits.hopCharacters)
      throw new BadRequest(
        `request: a hop is no text of at most ${limits.hopCharacters} characters`,
      );
  return [...hops];
};

const shown = (value: unknown): string =>
  typeof value === 'number' ? String(value) : typeof value;

/**
 * A count or a time from outside.
 * @throws BadRequest if it is no integer from 0 to `max`.
 */
export const checkedCount = (what: string, value: number, max: number): number => {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new BadRequest(`${what}: expected an integer from 0 to ${max}, found ${shown(value)}`);
  return value;
};

/** @throws BadRequest for what is no time between two heartbeats. */
export const checkHeartbeat = (heartbeatMs: number): void => {
  const { leastHeartbeatMs, mostHeartbeatMs } = limits;
  if (checkedCount('watch: heartbeat', heartbeatMs, mostHeartbeatMs) < leastHeartbeatMs)
    throw new BadRequest(
      `watch: expected a heartbeat each ${leastHeartbeatMs} to ${mostHeartbeatMs} ms, found ${heartbeatMs}`,
    );
};
