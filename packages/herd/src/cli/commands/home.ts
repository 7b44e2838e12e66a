/**
 * `herd node join`, `give`, `leave`, `home` and `key` at a machine: its controllers, and what it gives them.
 * `shepherd join` and so on say the same.
 */
import { isRemote } from '@bellwether/actors';
import type { HomeFacts, JoinSpec } from '@bellwether/fleet';
import { sturdyrefUri } from '@bellwether/ocapn';
import { visible } from '../../client/escape.ts';
import { codeIn, OutOfReach } from '../../client/errors.ts';
import { joinMs, questionMs } from '../../client/limits.ts';
import { nodesClient, type NodesClient } from '../../client/nodes.ts';
import type { Patience } from '../../client/line.ts';
import { maxRefBytes } from '../../refs/limits.ts';
import { sturdyrefOf } from '../../refs/ref-store.ts';
import { isAgreed } from '../agreeing.ts';
import { patienceOf, withRootLine, type Context } from '../context.ts';
import { hostFingerprint } from '../format/grant.ts';
import { homeLines } from '../format/node.ts';
import { print } from '../print.ts';
import { readSecretText } from '../secret-input.ts';
import { Usage } from '../usage.ts';

/** Runs one of these commands; the result is the exit code. */
export const runHome = async (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  const [word, home] = words;
  switch (action) {
    case 'node join':
      return join(context);
    case 'node give':
      return give(context, word, home);
    case 'node leave':
      return leave(context, word);
    case 'node key':
      return key(context);
    default:
      return homes(context);
  }
};

/** Asks the shepherd here about machines and controllers. */
export const withNodes = <T>(
  context: Context,
  work: (client: NodesClient, patience: Patience) => Promise<T>,
): Promise<T> => {
  const patience = patienceOf(context, context.options.timeout ?? questionMs);
  return withRootLine(context, (line) => work(nodesClient(line), patience));
};

const join = async (context: Context): Promise<number> => {
  const spec = choiceIn(context, context.options.give);
  const { text, where } = await readSecretText(context, maxRefBytes);
  if (text.trim() === '') throw nothingIn(where);
  const invite = sturdyrefOf(text.trim(), where);
  const patience = patienceOf(context, context.options.timeout ?? joinMs);
  const home = await withRootLine(context, (line) =>
    nodesClient(line).join(sturdyrefUri(invite), spec, patience).catch(outOfReach),
  );
  print(context, homeLines(home, context.terminal.wall()), { kind: 'home', home });
  return 0;
};
/** It is the controller that is away, and not the shepherd that says so. */
const outOfReach = (error: unknown): never => {
  const isAway = isRemote(error) && ['unreachable', 'timed-out'].includes(codeIn(error));
  throw isAway && error instanceof Error ? new OutOfReach(error.message, { cause: error }) : error;
};
const wordsIn = (text: string): readonly string[] => {
  const words = [...new Set(text.split(',').map((word) => word.trim()))];
  if (words.includes('')) throw new Usage(`option '--give' has an empty word in '${text}'`);
  return words;
};

/** A pipe whose other end has failed is empty, and so is a file that was never written. */
const nothingIn = (where: string): Usage =>
  new Usage(
    `${where} is empty, so there is no invite`,
    "At the controller 'herd node invite --name NAME --out FILE' makes one; here: shepherd join < FILE",
  );

/** What is not said stays as it was chosen before. */
const choiceIn = ({ options }: Context, give: string | undefined): JoinSpec => {
  const { 'dial-out': isOut, 'no-dial-out': isNotOut } = options;
  if (isOut === true && isNotOut === true)
    throw new Usage("options '--dial-out' and '--no-dial-out' exclude each other");
  return {
    ...(give === 'all' && { isAll: true }),
    ...(give !== undefined && give !== 'all' && { services: wordsIn(give) }),
    ...(isOut === true && { isDialOut: true }),
    ...(isNotOut === true && { isDialOut: false }),
  };
};

const give = async (
  context: Context,
  word: string | undefined,
  home: string | undefined,
): Promise<number> => {
  const spec = choiceIn(context, word);
  if (Object.keys(spec).length === 0)
    throw new Usage(
      'nothing is said that is to be given',
      "'herd node give all', 'herd node give web-server,web-metrics', or --dial-out or --no-dial-out.",
    );
  const now = await withNodes(context, (client, it) => client.give(spec, home, it));
  print(context, homeLines(now, context.terminal.wall()), { kind: 'home', home: now });
  return 0;
};

const key = async (context: Context): Promise<number> => {
  const designator = await withNodes(context, (client, it) => client.key(it));
  const fingerprint = hostFingerprint({ designator });
  print(context, [fingerprint], { kind: 'machine-key', fingerprint, designator });
  return 0;
};

const leave = async (context: Context, word: string | undefined): Promise<number> => {
  const meant = await withNodes(context, (client, it) => client.leave(word, true, it));
  if (context.options['dry-run'] === true) {
    const words = `Would leave ${calledAs(meant)} (${hostFingerprint(meant)}), and take back what it was given.`;
    print(context, [words, 'Nothing was done.'], {
      kind: 'home-left',
      isDryRun: true,
      home: meant,
    });
    return 0;
  }
  const question = `leave ${calledAs(meant)} (${hostFingerprint(meant)})? Only a new invite brings it back.`;
  if (!(await isAgreed(context, question))) return 1;
  const home = await withNodes(context, (client, it) => client.leave(meant.designator, false, it));
  print(
    context,
    [
      `This machine has left ${calledAs(home)}: what it had given is taken back, and its services go on.`,
      ...(home.isConnected ? [] : ['The controller is away, and was not told.']),
    ],
    { kind: 'home-left', home },
  );
  return 0;
};
const calledAs = (home: HomeFacts): string =>
  visible(home.controller ?? `the controller ${hostFingerprint(home)}`);

const homes = async (context: Context): Promise<number> => {
  const found = await withNodes(context, (client, it) => client.homes(it));
  const now = context.terminal.wall();
  const lines = found.flatMap((home) => homeLines(home, now));
  print(context, found.length === 0 ? ['This machine has joined no controller.'] : lines, {
    kind: 'homes',
    homes: found,
  });
  return 0;
};
