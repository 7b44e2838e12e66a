/**
 * `herd node …` at a controller: the machines that join it. What is asked at a machine is in home.ts. An invite is a
 * secret: it goes into a file or through a pipe, and onto a screen only where `--reveal` asks for it.
 */
import { Refused } from '@bellwether/actors';
import {
  FLEET_LIMITS,
  isNodeName,
  nodeNameWords,
  type LabelChange,
  type NodeFacts,
  type NodeInvite,
  type RekeySpec,
  type RemovedNode,
} from '@bellwether/fleet';
import { sturdyrefUri } from '@bellwether/ocapn';
import {
  isLabelKey,
  isLabelValue,
  isPicked,
  labelTexts,
  labelWords,
  parseSelector,
  type Labels,
} from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { sturdyrefOf } from '../../refs/ref-store.ts';
import { AlreadyThere, writeSecret } from '../../refs/secret-file.ts';
import { isAgreed } from '../terminal/agreeing.ts';
import type { Context } from '../context.ts';
import { hostFingerprint } from '../format/grant.ts';
import { nodeLines } from '../format/node.ts';
import { counted, timeText } from '../format/times.ts';
import { print, printErrors } from '../terminal/print.ts';
import { targetOf } from '../terminal/secret-output.ts';
import { Usage } from '../grammar/usage.ts';
import { runHome, withNodes } from './home.ts';

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
      return remove(context, words);
    case 'node label':
      return label(context, words);
    case 'node approve':
      return approve(context, word ?? '');
    default:
      return runHome(context, action, words);
  }
};

const invite = async (context: Context): Promise<number> => {
  const { name, expires } = context.options;
  if (name === undefined)
    throw new Usage(
      'an invite needs a name for the machine',
      "Say it with --name NAME: its services are called SERVICE@NAME here, and 'herd node ls' lists it.",
    );
  const spec = { name: checkedName(name), ...moreOf(context), ...expiryOf(expires) };
  if (context.options['dry-run'] === true) return foretellInvite(context, spec.name);
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
  if (context.options['dry-run'] === true) return foretellRekey(context, name);
  const target = placeFor(context);
  const made = await withNodes(context, (client, it) =>
    client.rekey(name, expiresMs, moreOf(context), it),
  );
  return deliver(context, target, made);
};

const foretellInvite = async (context: Context, name: string): Promise<number> => {
  const known = (await nodesHere(context)).find((each) => each.name === name);
  if (known !== undefined && known.state !== 'lapsed')
    throw new AlreadyThere(
      `a machine is called '${name}' already; 'herd node rekey ${name}' makes it another invite, ` +
        `'herd node rm ${name}' forgets it`,
    );
  const document = { kind: 'node-invite', isDryRun: true, name };
  print(context, [`Would make an invite for ${name}.`, 'Nothing was done.'], document);
  return 0;
};
const foretellRekey = async (context: Context, name: string): Promise<number> => {
  const [node] = named(await nodesHere(context), [name]);
  const until =
    node?.isInDoubt === true ? 'out at once, since it is in doubt' : 'good until that is used';
  const its = node?.designator === undefined ? '' : `; the key that it has is ${until}`;
  const document = { kind: 'node-invite', isDryRun: true, name, node };
  print(context, [`Would make another invite for ${name}${its}.`, 'Nothing was done.'], document);
  return 0;
};

const moreOf = ({ options }: Context): RekeySpec => ({
  ...(options.labels !== undefined && { labels: labelsIn(options.labels) }),
  ...(options['for-key'] !== undefined && { key: options['for-key'] }),
});

/** `role=db`, `canary`, and `old-` for one that goes. */
const label = async (
  context: Context,
  [word = '', ...changes]: readonly string[],
): Promise<number> => {
  const name = checkedName(word);
  const drop = changes.filter((each) => each.endsWith('-')).map((each) => each.slice(0, -1));
  const bad = drop.find((each) => !isLabelKey(each));
  if (bad !== undefined) throw new Usage(`'${bad}-' takes away no label: a key is ${labelWords}`);
  const added = changes.filter((each) => !each.endsWith('-'));
  const set = added.length === 0 ? {} : labelsIn(added.join(','), 'the command line');
  if (context.options['dry-run'] === true) return foretellLabels(context, name, { set, drop });
  const node = await withNodes(context, (client, it) => client.label(name, { set, drop }, it));
  const now = labelTexts(node.labels).join(',');
  print(
    context,
    [`${visible(name)} has ${now === '' ? 'no labels' : visible(now)} now; ${fleetWords(node)}.`],
    { kind: 'node', node },
  );
  return 0;
};

/** From when on fleets that follow labels go by them. */
const fleetWords = ({ name, state, isInDoubt }: NodeFacts): string => {
  if (state !== 'joined') return 'fleets that follow labels have it in once it has joined';
  return isInDoubt === true
    ? `it is in doubt, and no fleet that follows labels has it in before 'herd node approve ${visible(name)}'`
    : 'fleets that follow labels have it in';
};

const foretellLabels = async (
  context: Context,
  name: string,
  { set, drop }: LabelChange,
): Promise<number> => {
  const [node] = named(await nodesHere(context), [name]);
  const before = node?.labels ?? {};
  const stays = Object.entries(before).filter(([key]) => !drop.includes(key));
  const labels: Labels = { ...Object.fromEntries(stays), ...set };
  const [had, has] = [before, labels].map((each) => visible(labelTexts(each).join(',')));
  const words = `Would give ${name} ${has === '' ? 'no labels' : has}; it has ${had === '' ? 'none' : had} now.`;
  print(context, [words, 'Nothing was done.'], { kind: 'node', isDryRun: true, node, labels });
  return 0;
};

/** The key that was looked at is the one that is approved. */
const approve = async (context: Context, word: string): Promise<number> => {
  const name = checkedName(word);
  const said = context.options['for-key'];
  const [found] = named(await nodesHere(context), [name]);
  const { designator } = found ?? {};
  if (context.options['dry-run'] === true) return foretellApproval(context, name, found);
  if (said === undefined && designator !== undefined && !(await isMeant(context, name, designator)))
    return 1;
  const key = said ?? designator;
  const node = await withNodes(context, (client, it) => client.approve(name, key, it));
  const lines = [
    designator === undefined
      ? `The alerts of ${name} are acknowledged.`
      : `${name} is the machine ${hostFingerprint({ designator })}: it is in doubt no more.`,
  ];
  print(context, lines, { kind: 'node', node });
  return 0;
};
const foretellApproval = (context: Context, name: string, node: NodeFacts | undefined): number => {
  const { designator } = node ?? {};
  const said = context.options['for-key']?.replaceAll('-', '').toLowerCase();
  if (said !== undefined && designator?.startsWith(said) !== true)
    throw new Refused(
      `${name} has ${designator === undefined ? 'no key yet' : `another key: ${hostFingerprint({ designator })}`}`,
    );
  const words =
    designator === undefined
      ? `Would acknowledge the alerts of ${name}; it has no key yet.`
      : `Would approve ${hostFingerprint({ designator })} as the key of ${name}.`;
  print(context, [words, 'Nothing was done.'], { kind: 'node', isDryRun: true, node });
  return 0;
};
const isMeant = (context: Context, name: string, designator: string): Promise<boolean> => {
  const key = hostFingerprint({ designator });
  return isAgreed(context, `${name} has the key ${key}. Is that what 'shepherd key' says there?`);
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
const labelsIn = (text: string, where = "option '--labels'"): Labels => {
  const found = new Map<string, string>();
  for (const each of text.split(',').map((word) => word.trim())) {
    const at = each.indexOf('=');
    const key = at === -1 ? each : each.slice(0, at);
    const value = at === -1 ? '' : each.slice(at + 1);
    if (!isLabelKey(key) || !isLabelValue(value))
      throw new Usage(
        `${where} has '${each}', which is no KEY=TEXT or KEY`,
        `Both are ${labelWords}.`,
      );
    if (found.has(key)) throw new Usage(`${where} has '${key}' twice`);
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
    `An invite for ${visible(node.name)} is ${where}. ${whoJoins(node)} joins under that name;`,
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

const whoJoins = ({ inviteKey }: NodeFacts): string =>
  inviteKey === undefined
    ? 'The first machine to use it'
    : `${hostFingerprint({ designator: inviteKey })} alone`;

/** A shell makes the file of `> FILE` for everybody to read. */
const closeToOthers = ({ terminal }: Context): void => {
  if (terminal.closeOutput())
    terminal.err(
      'herd: others could read the file of standard output; now you alone can (mode 0600)\n',
    );
};

const list = async (context: Context): Promise<number> => {
  const nodes = (await nodesHere(context)).filter(picked(context));
  print(context, nodeLines(nodes, context.terminal.wall()), { kind: 'nodes', nodes });
  return 0;
};
const nodesHere = (context: Context): Promise<readonly NodeFacts[]> =>
  withNodes(context, (client, it) => client.nodes(it));
/** By the labels of machines, also of one that is in doubt. */
const picked = ({ options }: Context): ((node: NodeFacts) => boolean) => {
  if (options.selector === undefined) return () => true;
  const selector = parseSelector(options.selector);
  return ({ labels }) => isPicked(selector, labels);
};

/** Those that are named, or those that a selector picks out; each for itself. */
const remove = async (context: Context, words: readonly string[]): Promise<number> => {
  const { selector, 'dry-run': isDry } = context.options;
  if ((selector === undefined) === (words.length === 0))
    throw new Usage('either machines are named, or --selector picks them out');
  const names = [...new Set(words.map(checkedName))];
  if (isDry !== true && names.length === 1) return removeAll(context, names);
  const nodes = await nodesHere(context);
  const found = selector === undefined ? named(nodes, names) : nodes.filter(picked(context));
  if (found.length === 0) throw new Usage(`no machine is as '${String(selector)}' says`);
  if (isDry === true) return foretell(context, found);
  const chosen = found.map(({ name }) => name);
  const question = `forget ${counted(chosen.length, 'machine')}: ${visible(chosen.join(', '))}?`;
  return (await isAgreed(context, question)) ? removeAll(context, chosen) : 1;
};
/** As the shepherd says it of one. @throws Refused */
const named = (nodes: readonly NodeFacts[], names: readonly string[]): readonly NodeFacts[] =>
  names.map((name) => {
    const node = nodes.find((each) => each.name === name);
    if (node !== undefined) return node;
    throw new Refused(`no machine is called '${name}'; 'herd node ls' lists them`);
  });
/** Each is told once it is gone, since a later one may fail; with `--json` the document of all comes at the end. */
const removeAll = async (context: Context, names: readonly string[]): Promise<number> => {
  const gone: RemovedNode[] = [];
  for (const name of names) {
    const removed = await withNodes(context, (client, it) => client.remove(name, it));
    gone.push({ ...removed, name });
    const lines = removedLines(name, removed);
    if (context.options.json === true) printErrors(context, lines);
    else print(context, lines, {});
  }
  const [node] = gone;
  const what = gone.length === 1 ? node : { nodes: gone };
  print(context, [], { kind: 'node-removed', ...what });
  return 0;
};
const removedLines = (name: string, { isTold }: RemovedNode): readonly string[] => [
  `${name} is forgotten; what runs there goes on.`,
  isTold
    ? 'What it had given is taken back there.'
    : 'It could not be told: what it had given is taken back there when it calls.',
];
const foretell = (context: Context, nodes: readonly NodeFacts[]): number => {
  const lines = nodes.map(
    ({ name, serviceCount }) =>
      `Would forget ${name}, with ${counted(serviceCount, 'service')} here; what runs there goes on.`,
  );
  const [node] = nodes;
  const what = nodes.length === 1 ? { node } : { nodes };
  print(context, [...lines, 'Nothing was done.'], {
    kind: 'node-removed',
    isDryRun: true,
    ...what,
  });
  return 0;
};
