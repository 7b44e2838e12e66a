/**
 * `herd grant …` and `herd who-can`. At the local root grants are made out of everything; through
 * @PETNAME, at the host of that service, out of what the ref allows. The invite is a secret: it goes
 * into a file, or onto the screen where `--reveal` asks for it.
 */
import { sturdyrefUri } from '@bellwether/ocapn';
import { FLEET_LIMITS, type GrantFacts, type GrantSpec } from '@bellwether/fleet';
import { closest } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { codeIn } from '../../client/errors.ts';
import type { GrantClient, OwnerClient } from '../../client/grants.ts';
import type { Patience } from '../../client/line.ts';
import { sturdyrefOf } from '../../refs/ref-store.ts';
import { writeSecret } from '../../refs/secret-file.ts';
import { type Context, isPetnameWord, patienceOf } from '../context.ts';
import { withGrants, withOwner } from './granting.ts';
import {
  allowsText,
  factLines,
  grantLines,
  hostFingerprint,
  partRows,
  untilText,
  whoLines,
} from '../format/grant.ts';
import { tableLines } from '../format/table.ts';
import { counted, timeText } from '../format/times.ts';
import { rateIn } from '../grammar/spans.ts';
import { print, printErrors } from '../terminal/print.ts';
import { targetOf } from '../terminal/secret-output.ts';
import { Usage } from '../grammar/usage.ts';
import { wordList } from '../grammar/word-list.ts';

/** Runs one of these commands; the result is the exit code. */
export const runGrant = async (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  const [first = '', second = ''] = words;
  switch (action) {
    case 'grant':
      return grant(context, first);
    case 'grant ls':
      return list(context, first);
    case 'grant revoke':
      return revoke(context, first, second);
    case 'grant confirm':
      return confirm(context, words);
    case 'grant clock':
      return (await import('./grant-clock.ts')).grantClock(context);
    default:
      return whoCan(context, first, second);
  }
};

/** Asks where the secret shall go before there is one. */
const grant = async (context: Context, word: string): Promise<number> => {
  const spec = await narrowed(context, word, specOf(context, word));
  if (spec === undefined) return 1;
  const service = isPetnameWord(word) ? word : spec.service;
  if (context.options['dry-run'] === true) return foretell(context, service, spec);
  if (context.options.direct === true)
    return (await import('./grant-direct.ts')).grantDirect(context, service, spec);
  const file = targetOf(context, 'an invite');
  const { reveal, yes } = context.options;
  // Asked before there is an invite: what comes after one must not fail.
  const doubts = await (await import('./own-user.ts')).doubtsAboutGrant(context, service, spec);
  const { grant, invite, inviteExpiresMs, doubt } = await withGrants(context, service, (client) =>
    client.grant(spec, patienceOf(context)),
  );
  const ref = sturdyrefOf(invite, 'the answer of the host');
  const [uri, host] = [sturdyrefUri(ref), hostFingerprint(ref.peer)];
  if (file !== undefined) writeSecret(file, uri, yes === true);
  const now = context.terminal.wall();
  const where = file === undefined ? 'below' : `in ${visible(file)}`;
  print(
    context,
    [
      `An invite for ${visible(spec.label ?? '')} is ${where}. Who accepts it first holds the grant;`,
      `that has to be before ${timeText(inviteExpiresMs, now)}: herd accept < FILE`,
      ...factLines(grant, ref.peer, now),
      ...(reveal === true ? [uri] : []),
    ],
    {
      kind: 'grant',
      grant,
      host,
      inviteExpiresMs,
      file,
      ...(doubt !== undefined && { doubt }),
      ...(reveal === true && { invite: uri }),
    },
  );
  if (doubt !== undefined) printErrors(context, [visible(`herd: warning: ${doubt}`)]);
  printErrors(context, doubts);
  return 0;
};

/**
 * Of a fleet the members that a selector picks out now, as `--nodes` would name them: who comes to have such labels
 * later is none of them. Of a name that machines have, the service of the one that it picks out. Undefined where
 * somebody said that they are not meant. @throws Usage, …
 */
const narrowed = async (
  context: Context,
  service: string,
  spec: GrantSpec,
): Promise<GrantSpec | undefined> => {
  if (context.options.selector === undefined) return spec;
  const { meant } = await import('./selected.ts');
  const chosen = await meant(context, { action: 'grant', service, args: [] });
  if (chosen === undefined) return undefined;
  const { names: members } = chosen;
  if (isPetnameWord(service) || (await isThere(context, service))) return { ...spec, members };
  const [only = service, ...others] = members;
  if (others.length === 0) return { ...spec, service: only };
  throw new Usage(
    `a grant is of one service, and ${members.length} of those are called '${visible(service)}'`,
    `Name one of them, or a fleet that has them: fleet({ select: '${context.options.selector}' }) makes one.`,
  );
};

/** What is called so may be services of machines alone: `web` of `web@web-07`. */
const isThere = (context: Context, service: string): Promise<boolean> =>
  withOwner(context, (client) => client.whoCan('status', service, patienceOf(context))).then(
    () => true,
    (reason: unknown) => {
      if (codeIn(reason) === 'unknown-service') return false;
      throw reason;
    },
  );

const specOf = ({ options }: Context, service: string): GrantSpec => {
  const { to, expires, rate, selector } = options;
  // `herd grant lst`, and nothing of what every grant has.
  const meant =
    to === undefined ? closest(service, ['ls', 'revoke', 'confirm', 'clock']) : undefined;
  if (meant !== undefined)
    throw new Usage(`'grant ${service}' says not to whom`, `Did you mean 'herd grant ${meant}'?`);
  if (options.lease !== undefined && options.direct !== true)
    throw new Usage(
      "'--lease' is for grants that are made with --direct",
      'Any other one ends where it was made, as soon as you revoke it.',
    );
  if (to === undefined)
    throw new Usage(
      'a grant needs a name for whoever gets it',
      "Say it with --to NAME: 'herd grant ls' shows it, and so does the audit.",
    );
  const isEndless = options['no-expiry'] === true;
  if ((expires === undefined) !== isEndless)
    throw new Usage(
      isEndless
        ? 'a grant has either --expires or --no-expiry'
        : 'a grant needs an end: --expires 8h, for example',
      'With --no-expiry it holds until it is revoked.',
    );
  if (selector !== undefined && service === '')
    throw new Usage(
      'a grant is one thing that can be taken back, so it is of one service: -l picks out members of a fleet',
      "Name it: 'herd grant FLEET -l SELECTOR ...'; fleet({ select }) in the configuration makes one of any services.",
    );
  if (selector !== undefined && options.nodes !== undefined)
    throw new Usage("'--nodes' and -l are two ways to choose members of a fleet", 'Leave out one.');
  const limit = rate === undefined ? undefined : rateIn(rate);
  if (rate !== undefined && limit === undefined)
    throw new Usage(`option '--rate' needs a rate like 5/min, 100/h or 3/10s, not '${rate}'`);
  const actions =
    options.allow === undefined ? ['status'] : wordList(options.allow, "option '--allow'");
  const rules = options.args === undefined ? undefined : argumentRules(options.args, actions);
  const members =
    options.nodes === undefined ? undefined : wordList(options.nodes, "option '--nodes'");
  return {
    service: isPetnameWord(service) ? service.slice(1) : service,
    actions,
    label: to,
    ...(expires !== undefined && { lifetimeMs: expires }),
    ...(options['max-uses'] !== undefined && { maxUses: options['max-uses'] }),
    ...(limit !== undefined && { rate: limit }),
    ...(rules !== undefined && { arguments: rules }),
    ...(members !== undefined && { members }),
    ...(options.local === true && { isLocal: true }),
    ...(options['invite-expires'] !== undefined && { inviteMs: options['invite-expires'] }),
  };
};

/** `deploy=rel:*; greet=**`: by action, a pattern for each argument. */
const argumentRules = (
  text: string,
  actions: readonly string[],
): Readonly<Record<string, readonly string[]>> => {
  const rules = new Map<string, readonly string[]>();
  for (const rule of text.split(';')) {
    const at = rule.indexOf('=');
    const action = rule.slice(0, at).trim();
    if (at === -1 || action === '')
      throw new Usage(
        `option '--args' needs ACTION=PATTERN..., not '${rule.trim()}'`,
        "For example: --args 'deploy=rel:*; greet=**'",
      );
    if (!actions.includes(action))
      throw new Usage(`'--args' speaks of '${action}', which --allow does not allow`);
    // The last one would count alone, and nobody would see that.
    if (rules.has(action)) throw new Usage(`'--args' speaks of '${action}' twice`);
    const patterns = rule.slice(at + 1).split(' ');
    rules.set(
      action,
      patterns.filter((each) => each !== ''),
    );
  }
  return Object.fromEntries(rules);
};

/** What would be made, from what is known here; and whether anybody is there who could make it. */
const foretell = async (context: Context, service: string, spec: GrantSpec): Promise<number> => {
  await withGrants(context, service, (client) => client.grants(patienceOf(context)));
  const doubts = await (await import('./own-user.ts')).doubtsAboutGrant(context, service, spec);
  const { lifetimeMs, members } = spec;
  const now = context.terminal.wall();
  const some = members === undefined ? '' : ` (only ${members.join(', ')})`;
  const end =
    lifetimeMs === undefined ? 'until revoked' : `until ${timeText(now + lifetimeMs, now)}`;
  print(
    context,
    [
      visible(
        `Would let ${spec.label} do this: ${spec.actions.join(', ')} of ${service}${some}, ${end}.`,
      ),
      'Nothing was done.',
    ],
    { kind: 'grant', isDryRun: true, spec },
  );
  printErrors(context, doubts);
  return 0;
};

const list = async (context: Context, way: string): Promise<number> => {
  checkWay(way);
  const grants = await withGrants(context, way, (client) => client.grants(patienceOf(context)));
  const lines = grantLines(grants, context.options.tree === true, context.terminal.wall());
  print(context, lines, { kind: 'grants', grants });
  return 0;
};

const revoke = async (context: Context, id: string, way: string): Promise<number> => {
  checkWay(way);
  const { reason, force = false } = context.options;
  if (context.options['dry-run'] === true) return foretellRevocation(context, id, way);
  const { revoked } = await withGrants(context, way, (client) =>
    client.revoke(id, { reason, isForced: force }, patienceOf(context)),
  );
  const now = context.terminal.wall();
  print(
    context,
    revoked.length === 0
      ? [`Grant ${visible(id)} held no more already.`]
      : revoked.flatMap((each) => [
          visible(`Grant ${each.id}${forText(each)} is ${untilText(each, now)}.`),
          ...tableLines(partRows(each, now), '  '),
        ]),
    { kind: 'revoked', grant: id, revoked },
  );
  const states = revoked.flatMap(({ parts = [] }) => parts.map(({ state }) => state));
  if (states.includes('revoking'))
    printErrors(context, [
      'herd: some hosts could not be told. The shepherd tells each of them by itself once it reaches it, before',
      "anything else; until then its grant holds there. 'herd grant ls' shows how far that is.",
    ]);
  if (states.includes('lost'))
    printErrors(context, [
      'herd: of some hosts the shepherd has no longer the ref that the grant was made through. Their owners can end',
      `it there, as is said above; once they have, 'herd grant revoke ${visible(id)} --force' takes it as ended.`,
    ]);
  return states.includes('revoking') || states.includes('lost') ? 4 : 0;
};

const forText = ({ label }: GrantFacts): string => (label === undefined ? '' : ` for ${label}`);

const foretellRevocation = async (context: Context, id: string, way: string): Promise<number> => {
  const revoked = await withGrants(context, way, (client) => subtreeOf(context, client, id));
  print(
    context,
    [
      ...revoked.map((each) =>
        visible(
          `Would take from ${each.label ?? 'whoever holds it'}: ${each.id}, ${allowsText(each)}.`,
        ),
      ),
      'Nothing was done.',
    ],
    { kind: 'revoked', isDryRun: true, grant: id, revoked },
  );
  return 0;
};

/** Those that hold, of a grant and all that were made from it. */
const subtreeOf = async (
  context: Context,
  client: GrantClient,
  id: string,
): Promise<readonly GrantFacts[]> => {
  const grants = await client.grants(patienceOf(context));
  const within = new Set([id]);
  // Parents come before their children, being older.
  for (const each of grants) if (within.has(each.parent ?? each.issuer)) within.add(each.id);
  const found = grants.filter((each) => within.has(each.id));
  if (found.length === 0)
    throw new Usage(`there is no grant '${id}'`, "'herd grant ls' lists them.");
  const over = ['revoked', 'revoking', 'lost', 'expired', 'lapsed'];
  return found.filter(({ state }) => !over.includes(state));
};

const checkWay = (way: string): void => {
  if (way !== '' && !isPetnameWord(way))
    throw new Usage(
      `'${way}' is no @PETNAME`,
      'The petname is needed for grants that were made through one.',
    );
};

const confirm = async (context: Context, ids: readonly string[]): Promise<number> => {
  const { all = false, force = false } = context.options;
  if (all === ids.length > 0)
    throw new Usage(
      all ? 'confirm: GRANT and --all exclude each other' : 'confirm: which grants?',
      "'herd grant ls' lists them; --all confirms all that the audit does not say were ended since.",
    );
  const patience = patienceOf(context);
  const [grants, waiting] = await withOwner(context, async (client) => {
    const confirmed = await confirmAll(client, ids, force, patience);
    const left = all ? (await client.grants(patience)).filter(isUnconfirmed) : [];
    return [confirmed, left.map(({ id }) => id)] as const;
  });
  const held = waiting.map(
    (id) =>
      `Grant ${visible(id)} waits: the audit says that it was ended after that backup; see 'herd audit'.`,
  );
  const lines =
    grants.length === 0 && held.length === 0
      ? ['No grant waits for that.']
      : [
          ...held,
          ...grants.map((id) => `Grant ${visible(id)} holds again.`),
          counted(grants.length, 'grant'),
        ];
  print(context, lines, { kind: 'confirmed', grants });
  return 0;
};

/** Of all that wait one answer has room for so many; what one audit holds back goes on waiting. */
const confirmAll = async (
  client: OwnerClient,
  ids: readonly string[],
  isForced: boolean,
  patience: Patience,
): Promise<readonly string[]> => {
  const { grantListCount, grantAskedCount } = FLEET_LIMITS;
  const found: string[] = [];
  let count: number;
  do {
    const confirmed = await client.confirm(ids, isForced, patience);
    count = confirmed.length;
    found.push(...confirmed);
  } while (ids.length === 0 && count >= grantListCount && found.length < grantAskedCount);
  return found;
};
const isUnconfirmed = ({ state }: GrantFacts): boolean => state === 'unconfirmed';

const whoCan = async (context: Context, action: string, service: string): Promise<number> => {
  if (isPetnameWord(service))
    throw new Usage(
      `'${service}' leads to another machine`,
      'Who may do what is known where the service runs; ask its shepherd.',
    );
  const found = await withOwner(context, (client) =>
    client.whoCan(action, service, patienceOf(context)),
  );
  print(context, whoLines(found, context.terminal.wall()), {
    kind: 'who-can',
    action,
    service,
    ...found,
  });
  return 0;
};
