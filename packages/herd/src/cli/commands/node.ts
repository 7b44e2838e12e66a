/**
 * `herd node …`: machines that join a controller. The first four are asked of the controller's shepherd, the last three
 * of that of a machine, where `shepherd join`, `leave` and `home` say the same. An invite is a secret: it goes into a
 * file or through a pipe, and onto a screen only where `--reveal` asks for it.
 */
import { isRemote } from '@bellwether/actors';
import { FLEET_LIMITS, isNodeName, nodeNameWords, type NodeInvite } from '@bellwether/fleet';
import { sturdyrefUri } from '@bellwether/ocapn';
import { isLabelKey, isLabelValue, labelWords, type Labels } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { codeIn, OutOfReach } from '../../client/errors.ts';
import { joinMs, questionMs } from '../../client/limits.ts';
import { nodesClient, type NodesClient } from '../../client/nodes.ts';
import type { Patience } from '../../client/line.ts';
import { maxRefBytes } from '../../refs/limits.ts';
import { sturdyrefOf } from '../../refs/ref-store.ts';
import { writeSecret } from '../../refs/secret-file.ts';
import { patienceOf, withRootLine, type Context } from '../context.ts';
import { hostFingerprint } from '../format/grant.ts';
import { homeLines, nodeLines } from '../format/node.ts';
import { counted, timeText } from '../format/times.ts';
import { print, printErrors } from '../print.ts';
import { readSecretText } from '../secret-input.ts';
import { targetOf } from '../secret-output.ts';
import { Usage } from '../usage.ts';

/** Runs one of these commands; the result is the exit code. */
export const runNode = async (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  const [word] = words;
  switch (action) {
    case 'node invite':
      return invite(context);
    case 'node rekey':
      return rekey(context, word ?? '');
    case 'node ls':
      return list(context);
    case 'node rm':
      return remove(context, word ?? '');
    case 'node join':
      return join(context);
    case 'node leave':
      return leave(context, word);
    default:
      return homes(context);
  }
};

const withNodes = <T>(
  context: Context,
  work: (client: NodesClient, patience: Patience) => Promise<T>,
): Promise<T> => {
  const patience = patienceOf(context, context.options.timeout ?? questionMs);
  return withRootLine(context, (line) => work(nodesClient(line), patience));
};

const invite = async (context: Context): Promise<number> => {
  const { name, labels, expires } = context.options;
  if (name === undefined)
    throw new Usage(
      'an invite needs a name for the machine',
      "Say it with --name NAME: its services are called SERVICE@NAME here, and 'herd node ls' lists it.",
    );
  const spec = {
    name: checkedName(name),
    ...(labels !== undefined && { labels: labelsIn(labels) }),
    ...expiryOf(expires),
  };
  const target = placeFor(context);
  return deliver(
    context,
    target,
    await withNodes(context, (client, it) => client.invite(spec, it)),
  );
};
const rekey = async (context: Context, word: string): Promise<number> => {
  const name = checkedName(word);
  const { expiresMs } = expiryOf(context.options.expires);
  const target = placeFor(context);
  const made = await withNodes(context, (client, it) => client.rekey(name, expiresMs, it));
  return deliver(context, target, made);
};

const checkedName = (name: string): string => {
  if (isNodeName(name)) return name;
  throw new Usage(`'${name}' cannot be the name of a machine`, `Those are ${nodeNameWords}.`);
};
const expiryOf = (expiresMs: number | undefined): { readonly expiresMs?: number } => {
  if (expiresMs === undefined) return {};
  if (expiresMs <= FLEET_LIMITS.nodeInviteMostMs) return { expiresMs };
  throw new Usage('an invite to join can be used for 7d at most: --expires 15m, for example');
};
/** `role=web,canary` */
const labelsIn = (text: string): Labels => {
  const found = new Map<string, string>();
  for (const each of text.split(',').map((word) => word.trim())) {
    const at = each.indexOf('=');
    const key = at === -1 ? each : each.slice(0, at);
    const value = at === -1 ? '' : each.slice(at + 1);
    if (!isLabelKey(key) || !isLabelValue(value))
      throw new Usage(
        `option '--labels' has '${each}', which is no KEY=TEXT or KEY`,
        `Both are ${labelWords}.`,
      );
    if (found.has(key)) throw new Usage(`option '--labels' has '${key}' twice`);
    found.set(key, value);
  }
  return Object.fromEntries(found);
};

/** Where the secret goes: a file, or standard output where that is no terminal. Decided before there is one. */
type Target = { readonly file: string } | 'output';
const placeFor = (context: Context): Target => {
  const { out, reveal, json } = context.options;
  const isPiped = !context.terminal.isTerminal && json !== true;
  if (out === undefined && (isPiped || reveal === true)) return 'output';
  const file = targetOf(context, 'an invite to join');
  return file === undefined ? 'output' : { file };
};

const deliver = (context: Context, target: Target, made: NodeInvite): number => {
  const { terminal, options } = context;
  const { node, expiresMs } = made;
  const ref = sturdyrefOf(made.invite, 'the answer of the shepherd');
  const uri = sturdyrefUri(ref);
  const isShown = target === 'output';
  if (isShown) closeToOthers(context);
  else writeSecret(target.file, uri, options.yes === true);
  const where = isShown ? 'on standard output' : `in ${visible(target.file)}`;
  const lines = [
    `An invite for ${visible(node.name)} is ${where}. The first machine to use it joins under that name;`,
    `that has to be before ${timeText(expiresMs, terminal.wall())}, there: shepherd join < FILE`,
    `This controller is ${hostFingerprint(ref.peer)}.`,
  ];
  const document = {
    kind: 'node-invite',
    node,
    host: hostFingerprint(ref.peer),
    expiresMs,
    ...(!isShown && { file: target.file }),
    ...(isShown && { invite: uri }),
  };
  if (options.json === true || !isShown) print(context, lines, document);
  else {
    terminal.out(`${uri}\n`);
    printErrors(context, lines);
  }
  return 0;
};

/** A shell makes the file of `> FILE` for everybody to read. */
const closeToOthers = ({ terminal }: Context): void => {
  if (terminal.closeOutput())
    terminal.err(
      'herd: others could read the file of standard output; now you alone can (mode 0600)\n',
    );
};

const list = async (context: Context): Promise<number> => {
  const nodes = await withNodes(context, (client, it) => client.nodes(it));
  print(context, nodeLines(nodes, context.terminal.wall()), { kind: 'nodes', nodes });
  return 0;
};

const remove = async (context: Context, word: string): Promise<number> => {
  const name = checkedName(word);
  if (context.options['dry-run'] === true) return foretell(context, name);
  const { isTold } = await withNodes(context, (client, it) => client.remove(name, it));
  print(
    context,
    [
      `${name} is forgotten; what runs there goes on.`,
      isTold
        ? 'What it had given is taken back there.'
        : 'It could not be told: what it had given is taken back there when it calls.',
    ],
    { kind: 'node-removed', name, isTold },
  );
  return 0;
};
const foretell = async (context: Context, name: string): Promise<number> => {
  const nodes = await withNodes(context, (client, it) => client.nodes(it));
  const node = nodes.find((each) => each.name === name);
  if (node === undefined)
    throw new Usage(`no machine is called '${name}'`, "'herd node ls' lists them.");
  const services = counted(node.serviceCount, 'service');
  print(
    context,
    [`Would forget ${name}, with ${services} here; what runs there goes on.`, 'Nothing was done.'],
    { kind: 'node-removed', isDryRun: true, node },
  );
  return 0;
};

const join = async (context: Context): Promise<number> => {
  const { give, 'dial-out': isDialOut } = context.options;
  const services = give === undefined || give === 'all' ? undefined : wordsIn(give);
  const { text, where } = await readSecretText(context, maxRefBytes);
  const invite = sturdyrefOf(text.trim(), where);
  const spec = { ...(services && { services }), ...(isDialOut && { isDialOut }) };
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

const leave = async (context: Context, word: string | undefined): Promise<number> => {
  const home = await withNodes(context, (client, it) => client.leave(word, it));
  const { controller = `the controller ${hostFingerprint(home)}` } = home;
  print(
    context,
    [
      `This machine has left ${visible(controller)}: what it had given is taken back, and its services go on.`,
      ...(home.isConnected ? [] : ['The controller is away, and was not told.']),
    ],
    { kind: 'home-left', home },
  );
  return 0;
};

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
