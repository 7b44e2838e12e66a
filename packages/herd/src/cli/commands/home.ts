/**
 * `herd node join`, `give`, `leave`, `home` and `key` at a machine: its controllers, and what it gives them.
 * `shepherd join` and so on say the same.
 */
import { isRemote } from '@bellwether/actors';
import type { HomeFacts, JoinSpec } from '@bellwether/fleet';
import { sturdyrefUri, type Sturdyref } from '@bellwether/ocapn';
import { visible } from '../../client/escape.ts';
import { codeIn, OutOfReach } from '../../client/errors.ts';
import { joinMs } from '../../client/limits.ts';
import { nodesClient, type NodesClient } from '../../client/nodes.ts';
import type { Patience } from '../../client/line.ts';
import { statusesOf } from '../../client/service.ts';
import { maxRefBytes } from '../../refs/limits.ts';
import { sturdyrefOf } from '../../refs/ref-store.ts';
import { isAgreed } from '../terminal/agreeing.ts';
import { patienceOf, withRootLine, type Context } from '../context.ts';
import { hostFingerprint } from '../format/grant.ts';
import { homeLines } from '../format/node.ts';
import { print } from '../terminal/print.ts';
import { readSecretText } from '../terminal/secret-input.ts';
import { Usage } from '../grammar/usage.ts';
import { wordList } from '../grammar/word-list.ts';

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
  const patience = patienceOf(context);
  return withRootLine(context, (line) => work(nodesClient(line), patience));
};

const join = async (context: Context): Promise<number> => {
  const spec = choiceIn(context, context.options.give, "option '--give'");
  const { text, where } = await readSecretText(context, maxRefBytes);
  if (text.trim() === '') throw nothingIn(where);
  const invite = sturdyrefOf(text.trim(), where);
  if (context.options['dry-run'] === true) return foretellJoin(context, invite, spec);
  const patience = patienceOf(context, context.options.timeout ?? joinMs);
  const home = await withRootLine(context, (line) =>
    nodesClient(line).join(sturdyrefUri(invite), spec, patience).catch(outOfReach),
  );
  print(context, homeLines(home, context.terminal.wall()), { kind: 'home', home });
  return 0;
};
/** From what is known here: the invite is not used, and the controller is not asked. */
const foretellJoin = async (
  context: Context,
  { peer }: Sturdyref,
  spec: JoinSpec,
): Promise<number> => {
  const { services = [] } = spec;
  if (services.length > 0) await checkServices(context, services);
  const homes = await homesHere(context);
  const known = homes.find(({ designator }) => designator === peer.designator);
  const lines = [
    `Would join the controller ${hostFingerprint(peer)}, and give it ${givenText(spec, known)}.`,
    ...(known?.state === 'joined'
      ? [
          `This machine has joined it already, as ${visible(known.name ?? '?')}: any other invite is refused.`,
        ]
      : []),
    'Nothing was done.',
  ];
  print(context, lines, {
    kind: 'home',
    isDryRun: true,
    designator: peer.designator,
    spec,
    home: known,
  });
  return 0;
};
const givenText = ({ services, isAll }: JoinSpec, known: HomeFacts | undefined): string => {
  if (services !== undefined) return visible(services.join(', '));
  return known === undefined || isAll === true ? 'all services' : 'what was chosen before';
};
/** @throws UnknownService as a Remote */
const checkServices = (context: Context, names: readonly string[]): Promise<unknown> => {
  const patience = patienceOf(context);
  return withRootLine(context, (line) => statusesOf(line, names, 0, patience));
};

/** It is the controller that is away, and not the shepherd that says so. */
const outOfReach = (error: unknown): never => {
  const isAway = isRemote(error) && ['unreachable', 'timed-out'].includes(codeIn(error));
  throw isAway && error instanceof Error ? new OutOfReach(error.message, { cause: error }) : error;
};

/** A pipe whose other end has failed is empty, and so is a file that was never written. */
const nothingIn = (where: string): Usage =>
  new Usage(
    `${where} is empty, so there is no invite`,
    "At the controller 'herd node invite --name NAME --out FILE' makes one; here: shepherd join < FILE",
  );

/** What is not said stays as it was chosen before. */
const choiceIn = ({ options }: Context, give: string | undefined, where: string): JoinSpec => {
  const { 'dial-out': isOut, 'no-dial-out': isNotOut } = options;
  if (isOut === true && isNotOut === true)
    throw new Usage("options '--dial-out' and '--no-dial-out' exclude each other");
  return {
    ...(give === 'all' && { isAll: true }),
    ...(give !== undefined && give !== 'all' && { services: wordList(give, where) }),
    ...(isOut === true && { isDialOut: true }),
    ...(isNotOut === true && { isDialOut: false }),
  };
};

const give = async (
  context: Context,
  word: string | undefined,
  home: string | undefined,
): Promise<number> => {
  const spec = choiceIn(context, word, 'the list of services');
  if (Object.keys(spec).length === 0)
    throw new Usage(
      'nothing is said that is to be given',
      "'herd node give all', 'herd node give web-server,web-metrics', or --dial-out or --no-dial-out.",
    );
  if (context.options['dry-run'] === true) return foretellGift(context, spec, home);
  const now = await withNodes(context, (client, it) => client.give(spec, home, it));
  print(context, homeLines(now, context.terminal.wall()), { kind: 'home', home: now });
  return 0;
};

const foretellGift = async (
  context: Context,
  spec: JoinSpec,
  word: string | undefined,
): Promise<number> => {
  const { services = [], isDialOut } = spec;
  // The same question as for leaving: which one is meant.
  const home = await withNodes(context, (client, it) => client.leave(word, true, it));
  if (services.length > 0) await checkServices(context, services);
  const before = givenText({ ...(home.services && { services: home.services }) }, undefined);
  const lines = [
    `Would give ${calledAs(home)} (${hostFingerprint(home)}) ${givenText(spec, home)}; it has ${before} now.`,
    ...(isDialOut === undefined
      ? []
      : [isDialOut ? 'It would not dial this machine.' : 'It might dial this machine again.']),
    'Nothing was done.',
  ];
  print(context, lines, { kind: 'home', isDryRun: true, spec, home });
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
  const found = await homesHere(context);
  const now = context.terminal.wall();
  const lines = found.flatMap((home) => homeLines(home, now));
  print(context, found.length === 0 ? ['This machine has joined no controller.'] : lines, {
    kind: 'homes',
    homes: found,
  });
  return 0;
};
const homesHere = (context: Context): Promise<readonly HomeFacts[]> =>
  withNodes(context, (client, it) => client.homes(it));
