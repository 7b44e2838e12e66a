/** `herd deploy`, `herd stage` and `herd rollback`: a release is brought to a slot, which is asked to switch to it. */
import fs from 'node:fs';
import path from 'node:path';
import { bytesText, type Digest } from '@bellwether/deploy';
import { beginningOf, type Status } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Line } from '../../client/line.ts';
import { questionMs } from '../../client/limits.ts';
import { releaseClient } from '../../client/releases.ts';
import { serviceClient, statusesOf } from '../../client/service.ts';
import { offerOf } from '../deploy/bringing.ts';
import { nameFor, noName, opened, sent } from '../deploy/sending.ts';
import {
  requestFor,
  switched,
  switchesIn,
  waitsToBeConfirmed,
  type Deploy,
} from '../deploy/switching.ts';
import { isPetnameWord, overLine, patienceOf, type Context } from '../context.ts';
import { typedService } from '../format/lost.ts';
import { planLines } from '../format/plan.ts';
import { sendWords, toSend } from '../format/to-send.ts';
import { counted } from '../format/times.ts';
import type { Command } from '../grammar/invocation.ts';
import { print } from '../terminal/print.ts';
import { carriedOut, timesOf } from '../operation/carried-out.ts';
import { Usage } from '../grammar/usage.ts';
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
  if (isSwapped(named, what)) throw swapped(action, named, what);
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

/** No service stands there, and in the place of the release none: a file or a folder may be called as a service is. */
const isSwapped = (service: string, what: string): boolean => {
  const isOne = beginningOf(what) !== undefined || isOfRelease(what);
  const found = fs.statSync(what, { throwIfNoEntry: false });
  return isOfRelease(service) && !isOne && found?.isFile() !== true;
};
const isOfRelease = (word: string): boolean =>
  word.startsWith('rel:') || path.extname(word) === '.rel';
const swapped = (action: string, file: string, service: string): Usage =>
  new Usage(
    `'${visible(service)}' is no release`,
    `The service comes first: 'herd ${action} ${visible(service)} ${visible(file)}'.`,
  );

/** Runs `herd rollback`; the result is the exit code. @throws Usage */
export const runRollback = async (context: Context, words: readonly string[]): Promise<number> => {
  const [service = '', what] = namedIn(context, words);
  const release = what === undefined ? undefined : beginningOf(what);
  if (what !== undefined && release === undefined)
    throw isOfRelease(service) ? swapped('rollback', service, what) : noName(what, service);
  const args = [...(release === undefined ? [] : [release]), ...switchesIn(context)];
  return runPerform(context, { action: 'rollback', service, args });
};

/**
 * A selector may stand in the place of SERVICE: where one word is left over, it is that of a release, or a service.
 * Digits alone may be the name of one.
 */
const namedIn = ({ options }: Context, words: readonly string[]): readonly string[] =>
  options.selector !== undefined && words[0]?.startsWith('rel:') === true ? ['', ...words] : words;

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

const detachWords = ({ service }: Command): readonly string[] => [
  '  The machine decides alone now: it goes back by itself, ' +
    `unless 'herd confirm ${typedService(service)}' keeps it, or a controller on the way does.`,
];

/** `--dry-run`: what would be sent, and done. The slot remembers that it was asked, and nothing else. */
const foreseen = async (context: Context, deploy: Deploy, line: Line): Promise<number> => {
  const { command, digest, release } = deploy;
  const { service } = command;
  const patience = patienceOf(context);
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
