/**
 * A slot, or several, are asked to switch to a release that is there. That it waits to be confirmed is seen, and said,
 * through other connections (confirming.ts), while the one that it was asked through waits for the end. Where that one
 * is lost the operation is joined again through another.
 */
import { slotLimits, type Digest } from '@bellwether/deploy';
import type { ReleaseFileReader } from '@bellwether/deploy/node';
import { isGood, readSlotWords, slotWords, type Outcome, type Request } from '@bellwether/shepherd';
import { codeIn, isNoAnswer, isNoShepherd, isOutOfReach, OutOfReach } from '../../client/errors.ts';
import { visible } from '../../client/escape.ts';
import type { Line, Patience } from '../../client/line.ts';
import { deployMs, firstAgainMs, rejoinMs } from '../../client/limits.ts';
import { serviceClient, type ServiceClient } from '../../client/service.ts';
import type { Told } from '../../client/sink.ts';
import { nameFor } from './sending.ts';
import { Confirming } from './confirming.ts';
import { isPetnameWord, withOperations, type Context } from '../context.ts';
import { shortRelease } from '../format/slot.ts';
import type { Command } from '../grammar/invocation.ts';
import { pause } from '../terminal/pause.ts';
import { printErrors } from '../terminal/print.ts';
import { expecting } from '../operation/expecting.ts';
import type { Progress } from '../operation/progress.ts';
import { requestOf } from '../operation/request.ts';
import { Usage } from '../grammar/usage.ts';

/** What is deployed, and where. */
export interface Deploy {
  readonly command: Command;
  readonly digest: Digest;
  /** Those whom a selector has picked out; absent: the service itself. */
  readonly names?: readonly string[];
  /** Absent: it is there already. */
  readonly release: ReleaseFileReader | undefined;
}

/** How it is asked for, and who is told. */
export interface Asking {
  readonly line: Line;
  readonly request: Request;
  readonly told: Told;
  readonly patience: Patience;
  /** Shows who is going to answer, where those may be several. */
  readonly progress?: Progress;
}

/** The request for it, with an id of its own. */
export const requestFor = (context: Context, { command, names }: Deploy): Request => ({
  ...requestOf(context, command, deployMs),
  ...(names && { onlyMembers: names }),
});

/** How it is switched to, in the words of slots. @throws Usage */
export const switchesIn = ({ options }: Context): readonly string[] => {
  const { confirm, 'no-confirm': isUnconfirmed, 'accept-data-loss': acceptsLoss } = options;
  if (confirm !== undefined && isUnconfirmed === true)
    throw new Usage(
      '--confirm says how long it waits to be confirmed, and --no-confirm that it does not',
    );
  if (confirm !== undefined && confirm > slotLimits.confirmMostMs)
    throw new Usage('a release waits to be confirmed for a day at most: --confirm 24h');
  return slotWords({
    ...(confirm !== undefined && { confirmMs: confirm }),
    ...(isUnconfirmed === true && { isUnconfirmed }),
    ...(acceptsLoss === true && { acceptsLoss }),
  });
};

/** Has what was brought switched to, and confirms it; what came of it. */
export const switched = async (
  context: Context,
  { command, digest, names }: Deploy,
  { line, request, told, patience, progress }: Asking,
): Promise<Outcome> => {
  const confirming = new Confirming(context, command.service, digest, names);
  if (waitsToBeConfirmed(command)) confirming.begin();
  try {
    const client = serviceClient(line, nameFor(command.service));
    const heard = progress ? expecting(client, request, told, patience, progress) : told;
    const outcome = await askFor(context, client, command, request, heard, patience);
    confirming.end();
    if (outcome.result === 'rolled-back') printErrors(context, confirming.troubleLines());
    return worded(outcome, command, digest);
  } finally {
    confirming.end();
  }
};

/** Whether the slot goes back by itself, unless somebody confirms it. */
export const waitsToBeConfirmed = ({ action, args }: Command): boolean =>
  action === 'deploy' && readSlotWords(args).isUnconfirmed !== true;

/** A slot says nothing of what went well. */
const worded = (outcome: Outcome, { action, service }: Command, digest: Digest): Outcome => {
  if (!isGood(outcome) || outcome.reason !== undefined || outcome.rows.length > 0) return outcome;
  const name = visible(service);
  const isNew = outcome.result === 'changed';
  const active = isNew ? `has been deployed to ${name}` : `was active at ${name} before`;
  const staged = isNew ? `has been staged at ${name}` : `was there at ${name} before`;
  const words = action === 'stage' ? staged : active;
  return { ...outcome, reason: `Release ${shortRelease(digest)} ${words}.` };
};

/** Asks, and where the session ends asks what became of it, until that is known or it has been away for too long. */
const askFor = async (
  context: Context,
  client: ServiceClient,
  { service }: Pick<Command, 'service'>,
  request: Request,
  told: Told,
  patience: Patience,
): Promise<Outcome> => {
  try {
    return await client.perform(request, told, patience);
  } catch (error) {
    if (!isNoAnswer(error) || error.isTimeUp) throw error;
    if (context.options.quiet !== true)
      printErrors(context, [
        `herd: ${visible(service)} is away, and is asked again what became of it`,
      ]);
    return joined(context, service, request, patience, error);
  }
};

const joined = async (
  context: Context,
  service: string,
  { operation }: Request,
  patience: Patience,
  lost: Error,
): Promise<Outcome> => {
  const { confirm = 0 } = context.options;
  const endsAt = context.terminal.now() + Math.min(rejoinMs + confirm, patience.waitMs);
  const way = isPetnameWord(service) ? service : undefined;
  while (context.terminal.now() < endsAt) {
    await pause(context, firstAgainMs);
    try {
      // What it says on its way was printed before, or is told by its outcome.
      return await withOperations(context, way, (client) =>
        client.join(operation, () => undefined, patience),
      );
    } catch (error) {
      if (codeIn(error) === 'unknown-operation') throw neverBegun(service, lost, error);
      if (!isNoAnswer(error) && !isOutOfReach(error) && !isNoShepherd(error)) throw error;
      if (isNoAnswer(error) && error.isTimeUp) throw error;
    }
  }
  throw lost;
};

/** Whoever has begun an operation has it on its disk first: what is not known there was lost on its way. */
const neverBegun = (service: string, lost: Error, cause: unknown): OutOfReach =>
  new OutOfReach(
    `${visible(service)} is back and was never asked, so nothing was begun: ${lost.message}`,
    { cause },
  );
