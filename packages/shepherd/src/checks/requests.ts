/** What a shepherd checks before it believes a request: the sender may be any peer on earth. */
import { isName } from '../words/names.ts';
import { batchActions, hasBatches, isStart } from '../action-table.ts';
import { BadRequest, Malformed } from '../errors.ts';
import { limits } from '../limits.ts';
import {
  list,
  numberIf,
  readBoolean,
  readFrom,
  readIf,
  readUpTo,
  requested,
  struct,
  textIf,
  type Read,
} from '../read.ts';
import { utf8Bytes } from '../text.ts';
import { isSelection } from '../words/selectors.ts';
import { percentOf } from './rolling.ts';
import type { MinReady, OperationQuery, Request, Rolling } from '../words/types.ts';

const operationForm = /^[A-Za-z0-9._-]+$/;
const readOperation = textIf(
  (text) => text.length <= limits.nameCharacters && operationForm.test(text),
  `1 to ${limits.nameCharacters} letters, digits, '.', '_' or '-'`,
);
const readText = textIf((text) => !text.includes('\0'), 'a text without NUL');
const readArguments: Read<readonly string[]> = (value, what) => {
  const args = list(readText, limits.argumentCount)(value, what);
  const bytes = args.reduce((sum, each) => sum + utf8Bytes(each), 0);
  if (bytes <= limits.argumentBytes) return args;
  throw new Malformed(`${what}: ${bytes} bytes, at most ${limits.argumentBytes} are taken`);
};
const readRemaining = numberIf(
  (ms) => ms >= 1 && ms <= limits.remainingMs,
  `1 to ${limits.remainingMs} milliseconds`,
);
/** The way that something came, through at most so many services. */
export const readHops = (maxCount: number): Read<readonly string[]> =>
  list(
    textIf(
      (text) => text.length <= limits.hopCharacters,
      `a text of at most ${limits.hopCharacters} characters`,
    ),
    maxCount,
  );
/** Names of members. */
export const readMembers = list(textIf(isName, 'a name of a service'), limits.rowCount);
/** A count, or a share from `least`% on, of members. */
const readShare = (least: number): Read<MinReady> =>
  readIf((share): share is MinReady => {
    const number = typeof share === 'number' ? share : (percentOf(share) ?? NaN);
    return Number.isInteger(number) && number >= least && number <= limits.rowCount;
  }, `a count from ${least} to ${limits.rowCount}, or a share from ${least}% to 100%`);
const readRolling = struct<Rolling>(
  { batch: readShare(1) },
  {
    maxUnavailable: readShare(1),
    maxFailed: readShare(0),
    pauseMs: readUpTo(limits.rollPauseMs),
    canary: readFrom(1, limits.rowCount),
  },
);
const mustBeTrue = readIf((value): value is true => value === true, 'true, or nothing');

const readRequest = requested(
  struct<Request>(
    {
      operation: readOperation,
      member: textIf(isName, 'a name of a service'),
      action: textIf(isName, 'a name of an action'),
      args: readArguments,
      remainingMs: readRemaining,
      hops: readHops(limits.hopCount),
    },
    {
      withMembers: readBoolean,
      onlyMembers: readMembers,
      isRepeat: mustBeTrue,
      isPatient: mustBeTrue,
      minReady: readShare(0),
      queueMs: readFrom(1, limits.queueMs),
      rolling: readRolling,
    },
  ),
  'request',
);
/**
 * The request with nothing in it but what a request has.
 * @throws BadRequest
 */
export const checkedRequest = (request: Request): Request => {
  const read = readRequest(request);
  const misfit = misfitIn(read);
  if (misfit !== undefined) throw new BadRequest(`request: ${misfit}`);
  return read;
};
/** What does not go together. */
const misfitIn = (request: Request): string | undefined => {
  const { member, action, withMembers, onlyMembers, minReady, rolling, queueMs } = request;
  if (isSelection(member) && (withMembers === false || onlyMembers === undefined))
    return 'what was picked out is commanded by the names of its members';
  if (minReady !== undefined && !isStart(action))
    return `minReady goes with start and restart, not with ${action}`;
  if (rolling === undefined) return undefined;
  if (queueMs !== undefined)
    return 'batches wait for nobody who is away; queueMs does not go with them';
  if (!hasBatches(action)) return `batches go with ${batchActions.join(', ')}, not with ${action}`;
  return withMembers === false
    ? `a ${action} that leaves the members alone has no batches`
    : undefined;
};

/** The way that a question came. @throws BadRequest beyond the limits */
export const checkedHops = requested(readHops(limits.hopCount), 'request.hops');
/** A time to carry something out in. @throws BadRequest */
export const checkRemaining = requested(readRemaining, 'request.remainingMs');
/** A question for operations, with nothing in it but what such a question has. @throws BadRequest */
export const checkedOperations = requested(
  struct<OperationQuery>({}, { count: readUpTo(limits.operationListCount), isOpen: readBoolean }),
  'operations',
);
/** How long an answer may take. @throws BadRequest if it is no integer from 0 to what is taken. */
export const checkedProbe = requested(readUpTo(limits.probeMs), 'probe.timeout');
/** A time between two heartbeats. @throws BadRequest */
export const checkHeartbeat = requested(
  readFrom(limits.leastHeartbeatMs, limits.mostHeartbeatMs),
  'watch.heartbeat',
);
