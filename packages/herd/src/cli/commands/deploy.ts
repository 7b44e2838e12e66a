/**
 * `herd deploy`, `herd stage` and `herd rollback`: a release is brought to a slot, which is asked to switch to it. That
 * it waits to be confirmed is seen, and said, through other connections (confirming.ts), while the one that brought it
 * waits for the end. Where that one is lost the operation is joined again through another.
 */
import fs from 'node:fs';
import path from 'node:path';
import { beginningOf, bytesText, slotLimits, type Digest } from '@bellwether/deploy';
import { openReleaseFile, type ReleaseFileReader } from '@bellwether/deploy/node';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { isGood, type Outcome, type Request, type Status } from '@bellwether/shepherd';
import {
  codeIn,
  Detached,
  isNoAnswer,
  isNoShepherd,
  isOutOfReach,
  NoAnswer,
  OutOfReach,
} from '../../client/errors.ts';
import { visible } from '../../client/escape.ts';
import type { Line, Patience } from '../../client/line.ts';
import { deployMs, firstAgainMs, pieceMs, questionMs, rejoinMs } from '../../client/limits.ts';
import { releaseClient } from '../../client/releases.ts';
import { serviceClient, statusesOf, type ServiceClient } from '../../client/service.ts';
import type { Told } from '../../client/sink.ts';
import { bring, offerOf, type Brought } from './bringing.ts';
import { Confirming } from './confirming.ts';
import { isPetnameWord, overLine, patienceOf, withOperations } from '../context.ts';
import type { Context } from '../context.ts';
import { typedService } from '../format/lost.ts';
import { planLines } from '../format/plan.ts';
import { sendWords, toSend } from '../format/to-send.ts';
import { shortRelease } from '../format/slot.ts';
import { counted } from '../format/times.ts';
import type { Command } from '../grammar/invocation.ts';
import { pause } from '../terminal/pause.ts';
import { print, printErrors } from '../terminal/print.ts';
import { carriedOut, timesOf } from '../operation/carried-out.ts';
import { expecting } from '../operation/expecting.ts';
import type { Progress } from '../operation/progress.ts';
import { requestOf } from '../operation/request.ts';
import { Usage } from '../grammar/usage.ts';
import { WorkLine } from '../operation/work-line.ts';
import { runPerform } from './perform.ts';
import { exitCodeOfPlan } from './plan.ts';
import { meant } from './selected.ts';

/** Runs `herd deploy` and `herd stage`; the result is the exit code. @throws Usage, BadRelease, … */
export const runDeploy = async (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  const isChosen = context.options.selector !== undefined;
  const [named = '', what = ''] = isChosen && words.length === 1 ? ['', ...words] : words;
  const isName = what.startsWith('rel:') || !fs.existsSync(what);
  const there = action === 'deploy' && isName ? beginningOf(what) : undefined;
  if (isName && path.extname(named) === '.rel') throw swapped(action, named, what);
  const release = there === undefined ? await opened(action, what) : undefined;
  try {
    const digest = there ?? release?.digest ?? (what as Digest);
    const args = [digest, ...switchesIn(context)];
    const chosen = isChosen
      ? await meant(context, { action, service: named, args })
      : { service: named };
    if (chosen === undefined) return 1;
    const { service } = chosen;
    const names = 'names' in chosen ? { names: chosen.names } : {};
    const deploy: Deploy = { command: { action, service, args }, digest, release, ...names };
    return await overLine(context, service, (line) =>
      context.options['dry-run'] === true
        ? foreseen(context, deploy, line)
        : carryOut(context, deploy, line),
    );
  } finally {
    await release?.close();
  }
};

const swapped = (action: string, file: string, service: string): Usage =>
  new Usage(
    `'${visible(service)}' is no file of a release`,
    `The service comes first: 'herd ${action} ${visible(service)} ${visible(file)}'.`,
  );

/** Runs `herd rollback`; the result is the exit code. @throws Usage */
export const runRollback = async (context: Context, words: readonly string[]): Promise<number> => {
  const [service = '', what] = namedIn(context, words);
  const release = what === undefined ? undefined : beginningOf(what);
  if (what !== undefined && release === undefined) throw noName(what, service);
  const args = [...(release === undefined ? [] : [release]), ...switchesIn(context)];
  return runPerform(context, { action: 'rollback', service, args });
};

const noName = (word: string, service = 'SERVICE'): Usage =>
  new Usage(
    `'${visible(word)}' is no name of a release, nor six digits or more of its beginning`,
    `'herd release ls ${visible(service)}' shows those that are there.`,
  );

/**
 * A selector may stand in the place of SERVICE: where one word is left over, it is that of a release, or a service.
 * Digits alone may be the name of one.
 */
const namedIn = ({ options }: Context, words: readonly string[]): readonly string[] =>
  options.selector !== undefined && words[0]?.startsWith('rel:') === true ? ['', ...words] : words;

/** What is deployed, and where. */
export interface Deploy {
  readonly command: Command;
  readonly digest: Digest;
  /** Those whom a selector has picked out; absent: the service itself. */
  readonly names?: readonly string[];
  /** Absent: it is there already. */
  readonly release: ReleaseFileReader | undefined;
}

/** Opens what is to be brought somewhere. @throws Usage, BadRelease */
export const opened = async (action: string, file: string): Promise<ReleaseFileReader> => {
  try {
    return await openReleaseFile(path.resolve(file), nodeCrypto(), { name: visible(file) });
  } catch (error) {
    if (!(error instanceof Error) || path.extname(file) === '.rel') throw error;
    if (file.startsWith('rel:')) throw noName(file);
    throw new Usage(
      error.message,
      `'herd release build' makes a release. An action of the service's own: herd do ${action} SERVICE …`,
    );
  }
};

/** How it is switched to, in the words of slots. @throws Usage */
export const switchesIn = ({ options }: Context): readonly string[] => {
  const { confirm, 'no-confirm': isUnconfirmed, 'accept-data-loss': acceptsLoss } = options;
  if (confirm !== undefined && isUnconfirmed === true)
    throw new Usage(
      '--confirm says how long it waits to be confirmed, and --no-confirm that it does not',
    );
  if (confirm !== undefined && confirm > slotLimits.confirmMostMs)
    throw new Usage('a release waits to be confirmed for a day at most: --confirm 24h');
  return [
    ...(confirm === undefined ? [] : [`confirm=${Math.ceil(confirm / 1_000)}`]),
    ...(isUnconfirmed === true ? ['no-confirm'] : []),
    ...(acceptsLoss === true ? ['accept-data-loss'] : []),
  ];
};

/** A local root asks for the name, and what a petname leads to has one. */
const nameFor = (service: string): string | undefined =>
  isPetnameWord(service) ? undefined : service;

const carryOut = async (context: Context, deploy: Deploy, line: Line): Promise<number> => {
  const { command, release } = deploy;
  const takers = release === undefined ? [] : await takersOf(context, deploy, line);
  for (const taker of takers) {
    const brought = release && (await sent(context, taker, release, line));
    if (brought !== undefined && context.options.verbose === true)
      context.terminal.err(
        `${counted(brought.pieceCount, 'piece')}, ${bytesText(brought.byteCount)} sent\n`,
      );
  }
  const request = requestFor(context, deploy);
  return carriedOut(context, command, {
    operation: request.operation,
    ...timesOf(request),
    afterDetach: waitsToBeConfirmed(command) ? detachWords(command) : [],
    ask: (told, patience, progress) =>
      switched(context, deploy, { line, request, told, patience, progress }),
  });
};
/**
 * Who is brought a release that is for some: each slot of that shepherd, and one of those elsewhere, for all of whom it
 * keeps it.
 */
const takersOf = async (
  context: Context,
  { command: { service }, names }: Deploy,
  line: Line,
): Promise<readonly string[]> => {
  if (names === undefined || isPetnameWord(service)) return [service];
  const known = await statusesOf(line, names, 0, patienceOf(context, questionMs));
  const isHere = ({ kind }: Status): boolean => kind === 'local';
  const takers = [...known.filter(isHere), ...known.filter((each) => !isHere(each)).slice(0, 1)];
  return takers.flatMap(({ provision }) => provision.slice(0, 1));
};
const waitsToBeConfirmed = ({ action, args }: Command): boolean =>
  action === 'deploy' && !args.includes('no-confirm');

/** How it is asked for, and who is told. */
export interface Asking {
  readonly line: Line;
  readonly request: Request;
  readonly told: Told;
  readonly patience: Patience;
  /** Shows who is going to answer, where those may be several. */
  readonly progress?: Progress;
}
const requestFor = (context: Context, { command, names }: Deploy): Request => ({
  ...requestOf(context, command, deployMs),
  ...(names && { onlyMembers: names }),
});

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

const detachWords = ({ service }: Command): readonly string[] => [
  '  The machine decides alone now: it goes back by itself, ' +
    `unless 'herd confirm ${typedService(service)}' keeps it, or a controller on the way does.`,
];
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

/** Brings what is missing, and shows how far it is. */
export const sent = async (
  context: Context,
  service: string,
  release: ReleaseFileReader,
  line: Line,
): Promise<Brought> => {
  const progress = new WorkLine(context);
  const name = visible(service);
  // One for all pieces that are on their way.
  let letGo = (): void => undefined;
  const interrupted = new Promise<never>((_never, fail) => {
    letGo = context.terminal.onInterrupt(() => fail(new Detached(false)));
  });
  try {
    const brought = bring({
      client: releaseClient(line, nameFor(service)),
      release,
      now: context.terminal.now,
      patience: { waitMs: pieceMs },
      told: (done, all) =>
        progress.say(`bringing it to ${name}: ${bytesText(done)} of ${bytesText(all)}`),
    });
    return await Promise.race([brought, interrupted]);
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    const words = `${error.message}; what came is kept there for a while: the same command goes on with it`;
    throw new NoAnswer(words, error.isTimeUp, { cause: error });
  } finally {
    letGo();
    progress.end();
  }
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

/** `--dry-run`: what would be sent, and done. The slot remembers that it was asked, and nothing else. */
const foreseen = async (context: Context, deploy: Deploy, line: Line): Promise<number> => {
  const { command, digest, release } = deploy;
  const { service } = command;
  const patience = patienceOf(context, context.options.timeout ?? questionMs);
  const name = nameFor(service);
  const request = requestFor(context, deploy);
  const steps = await serviceClient(line, name).plan(request, patience);
  const isRefused = steps.some(({ effect }) => effect === 'refused');
  const takers = release === undefined || isRefused ? [] : await takersOf(context, deploy, line);
  // What one of them is sent is there for the others, since a shepherd keeps contents once.
  const [taker] = takers;
  const missing =
    release === undefined || taker === undefined
      ? undefined
      : await releaseClient(line, nameFor(taker)).offer(offerOf(release), patience);
  const send = release && missing && toSend(release, missing);
  const exitCode = exitCodeOfPlan(steps);
  const { action } = command;
  print(
    context,
    [...(send === undefined ? [] : [sendWords(send)]), ...planLines(command, steps, context.look)],
    { kind: 'plan', action, service, release: digest, exitCode, steps, ...(send && { send }) },
  );
  return exitCode;
};
