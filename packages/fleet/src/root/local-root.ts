/**
 * The `^local-root`: what the holder of `admin.ref` can do, and nobody on another machine. It hands
 * out data, never an actor; what it is asked is checked here, since whoever can read that file may
 * still run a faulty client.
 */
import {
  Refused,
  type Answer,
  type Bcom,
  type Behavior,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import {
  auditLimits,
  kindOf,
  readGrantReason,
  readGrantSpec,
  type AuditQuery,
  type GrantFacts,
  type GrantSpec,
  type Past,
} from '@bellwether/authority';
import {
  checkedQuery,
  list,
  localRoot,
  questionMethods,
  sinceOf,
  type Asker,
  type MachineUsage,
  type Question,
  type Returner,
  type Shepherd,
  type UsedBy,
} from '@bellwether/shepherd';
import { firstOf, makeGrant, pageOf, takeBack, type Issuing } from '../granted/granter.ts';
import type { Net } from '../net/net.ts';
import { netMethods } from '../net/methods.ts';
import type { Homes, Nodes } from '../nodes/types.ts';
import { auditedAs, detach, reload, shutDown, statuses } from './by-owner.ts';
import type { Composition } from './composition.ts';
import type { SlotAgents } from '../planned.ts';
import { Malformed, noSuchWay } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { DirectGrants } from '../granted/direct-held.ts';
import type { NonceRegistry } from './nonce-registry.ts';
import type { Destination } from '../reach/destination.ts';
import type { Peers } from '../reach/peer.ts';
import { readName, readStatusNames, readUpTo } from '../read.ts';
import type { MadeDirect, TakenBack, WhoCan } from '../granted/types.ts';
import type { MintWay } from '../ways.ts';
import type {
  ShepherdFacts,
  BackedUp,
  Facetlike,
  GrantRoot,
  LocalRoot,
  NodeRoot,
} from './types.ts';

/** The power over the daemon's own ref store. */
export interface RefStore {
  /** Kept with its Destination once the ref is on disk; broken for a URI that is none. The URI is a secret. */
  put(petname: string, uri: string, answer: Answer): void;
  /** Kept with petnames and peers, no secrets. */
  list(answer: Answer): void;
}
/** Records what is asked of the root, and how it ended. */
const audited = auditedAs(localRoot);

/** What of a shepherd its local root needs. */
export type RootShepherd = Pick<
  Shepherd,
  | Question
  | Exclude<keyof Facetlike, 'plan'>
  | 'foresee'
  | 'status'
  | 'grounds'
  | 'probe'
  | 'glance'
  | 'watch'
  | 'names'
  | 'select'
  | 'history'
  | 'followHistory'
  | 'shutDown'
>;
/** What a local root stands in front of. */
export interface LocalRootOptions extends Issuing {
  readonly shepherd: Ref<RootShepherd>;
  readonly mint: Ref<NonceRegistry>;
  readonly direct: Ref<DirectGrants>;
  readonly refs: RefStore;
  /** Told of refs that are new. */
  readonly peers: Ref<Pick<Peers, 'hurry'>>;
  readonly composition: Ref<Composition>;
  readonly slots: Ref<Pick<SlotAgents, 'left' | 'free'>>;
  readonly nodes: Ref<Nodes>;
  readonly homes: Ref<Homes>;
  readonly net: Ref<Net>;
  /** Only read. */
  readonly about: () => ShepherdFacts;
  /** Looks what these processes use, and the shepherd itself; answers with a MachineUsage. */
  readonly usage: (runs: readonly UsedBy[], answer: Answer) => void;
  /** Writes the records into a file, and answers with a BackedUp. */
  readonly backup: (file: string, mayReplace: boolean, answer: Answer) => void;
  /** Reads the audit, and answers with an AuditAnswer. */
  readonly lastOfAudit: (query: AuditQuery, answer: Answer) => void;
  /** Reads all of it for what it tells of grants that are good for so many uses, and answers with a Past. */
  readonly pastOf: (maxUses: ReadonlyMap<string, number>, answer: Answer) => void;
  /** The URI of a swissnum that was minted, where nobody has to prove anything. @throws Refused */
  readonly mintedUriOf: (swissnum: Uint8Array, way: MintWay) => string;
  /** Ends the daemon; called once everything has stopped and the outcome is on its way. */
  readonly end: () => void;
  /** Ends the daemon and nothing else: services go on for the next one. */
  readonly leave: () => void;
}

/** Makes the root of local authority. */
export const makeLocalRoot = (
  _turn: Turn<LocalRoot>,
  _bcom: Bcom<LocalRoot>,
  options: LocalRootOptions,
): Behavior<LocalRoot> => {
  const { shepherd, mint, refs } = options;
  return withRoom(options, {
    ...operationMethods(options),
    ...questionMethods<LocalRoot>(true, (turn, question, args, name) =>
      turn.send(shepherd, question, readName(name, 'service'), ...args, asker),
    ),
    status: (turn, names, timeoutMs, isGlance) =>
      statuses(shepherd, turn, names, timeoutMs, asker, isGlance === true),
    select: (turn, selector, service) =>
      turn.call(shepherd, 'select', { selector, ...(service !== undefined && { service }) }),
    watch: (turn, names, observer, heartbeatMs) =>
      turn.call(shepherd, 'watch', readStatusNames(names, 'names'), observer, heartbeatMs, asker),
    history: (turn) => turn.send(shepherd, 'history'),
    followHistory: (turn, query, follower) =>
      turn.send(shepherd, 'followHistory', checkedQuery(query), follower),
    mint: (turn, service, asked) => {
      const way = readMintWay(asked);
      // Before anything is made that nobody could be told of.
      if (way !== 'any' && !options.hasWay(way)) throw noSuchWay(way);
      const made = turn.send(mint, 'mint', readName(service, 'service'));
      return turn.when(made, (_turn, swissnum) => options.mintedUriOf(swissnum, way));
    },
    ...grantMethods(options),
    ...nodeMethods(options),
    adoptRef: (turn, petname, uri) => {
      checkPetname(petname);
      checkUri(uri);
      const put = turn.ask<Destination>((answer) => refs.put(petname, uri, answer));
      const done = turn.when(put, (turn, destination) =>
        turn.tell(options.peers, 'hurry', petname, destination),
      );
      return audited(turn, { action: 'ref push', label: petname }, done);
    },
    refs: (turn) => turn.ask((answer) => refs.list(answer)),
    ...factMethods(options),
    backup: (turn, file, mayReplace) => {
      checkPath(file);
      const done = turn.ask<BackedUp>((answer) =>
        options.backup(file, mayReplace === true, answer),
      );
      return audited(turn, { action: 'state backup', label: file }, done);
    },
    ...netMethods(options.net, (turn, label, done) =>
      audited(turn, { action: 'net trace', label }, done, () => 'ok'),
    ),
    leftSlots: (turn) => turn.call(options.slots, 'left'),
    freeSlot: (turn, slot) => {
      const name = readName(slot, 'slot');
      const done = turn.send(options.slots, 'free', name);
      return audited(turn, { action: 'release free', label: name }, done);
    },
    audit: (turn, query) => {
      const checked = checkedAuditQuery(query);
      return turn.ask((answer) => options.lastOfAudit(checked, answer));
    },
    reload: (turn, isDryRun, sink) => reload(options, turn, isDryRun, sink, localRoot),
    detach: (turn) => detach(options.leave, turn, localRoot),
    shutDown: (turn, sink) => shutDown(options, turn, sink, localRoot),
  });
};

/** Methods that write something down, but for those that look themselves whether there is room for that. */
const giving = [
  ...(['mint', 'grantDirect', 'confirmGrants', 'adoptRef', 'backup', 'freeSlot'] as const),
  ...(['netTrace'] as const),
  ...(['inviteNode', 'rekeyNode', 'labelNode', 'approveNode', 'joinHome', 'giveHome'] as const),
];
const takingBack = ['revokeGrant', 'removeNode', 'leaveHome'] as const;

/** The same, of which nothing is begun that the disk has no room for. */
const withRoom = (
  { checkRoom }: LocalRootOptions,
  methods: Behavior<LocalRoot>,
): Behavior<LocalRoot> => {
  const checked = (name: keyof LocalRoot, action?: 'revoke') => {
    const method = methods[name] as (turn: Turn, ...args: readonly unknown[]) => unknown;
    return (turn: Turn, ...args: readonly unknown[]): unknown => {
      checkRoom?.(localRoot, action);
      return method(turn, ...args);
    };
  };
  const given = giving.map((name) => [name, checked(name)] as const);
  const taken = takingBack.map((name) => [name, checked(name, 'revoke')] as const);
  return { ...methods, ...Object.fromEntries([...given, ...taken]) };
};

/** What the shepherd says of itself, of its machine and of how a service came to be so. */
const factMethods = (
  options: LocalRootOptions,
): Pick<Behavior<LocalRoot>, 'about' | 'grounds' | 'usage'> => ({
  about: () => options.about(),
  grounds: (turn, service) => turn.send(options.shepherd, 'grounds', readName(service, 'service')),
  usage: (turn) => {
    const runs = runsOf(options, turn);
    return turn.ask<MachineUsage>((answer) => options.usage(runs, answer));
  },
});

/** Commands, and what is told of them and done with them later: whoever asked, the root may. */
const operationMethods = ({
  shepherd,
}: LocalRootOptions): Pick<Behavior<LocalRoot>, keyof Facetlike> => ({
  perform: (turn, request, sink, mark) =>
    turn.send(shepherd, 'perform', request, sink, { principal: localRoot, ...sinceOf(mark) }),
  plan: (turn, request) => turn.send(shepherd, 'foresee', request),
  cancel: (turn, operation) =>
    turn.send(shepherd, 'cancel', readName(operation, 'operation'), anybodys),
  operations: (turn, query) => turn.call(shepherd, 'operations', query, anybodys),
  operation: (turn, operation) =>
    turn.send(shepherd, 'operation', readName(operation, 'operation'), anybodys),
  retry: (turn, operation, sink, remainingMs) =>
    turn.send(shepherd, 'retry', readName(operation, 'operation'), sink, anybodys, remainingMs),
  join: (turn, operation, sink, remainingMs) =>
    turn.send(shepherd, 'join', readName(operation, 'operation'), sink, anybodys, remainingMs),
});

/** Of this host, of references that were minted here, and at hosts elsewhere. */
const grantMethods = (options: LocalRootOptions): Pick<Behavior<LocalRoot>, keyof GrantRoot> => ({
  grant: (turn, spec) => makeGrant(options, turn, localRoot, spec),
  grantDirect: (turn, spec, leaseMs) => grantDirect(options, turn, spec, leaseMs),
  grants: (turn, after) => pageOf(allGrants(options, turn), after),
  revokeGrant: (turn, id, reason, isForced) =>
    revokeGrant(options, turn, id, reason, isForced === true),
  confirmGrants: (turn, ids, isForced) => confirm(options, turn, ids, isForced === true),
  grantClock: (turn, isTakenBack) => {
    if (isTakenBack !== true) return turn.kept(turn.call(options.book, 'clock'));
    options.checkRoom?.(localRoot);
    const done = turn.kept(turn.call(options.book, 'takeBackTime'));
    return audited(turn, { action: 'grant clock' }, done, ({ nowMs, wallMs }) =>
      nowMs > wallMs ? 'changed' : 'ok',
    );
  },
  whoCan: (turn, action, service) => whoCan(options, turn, action, service),
});

/** Machines that join this one, and those that it has joined. */
const nodeMethods = ({
  nodes,
  homes,
}: LocalRootOptions): Pick<Behavior<LocalRoot>, keyof NodeRoot> => ({
  inviteNode: (turn, spec) => turn.send(nodes, 'invite', spec),
  rekeyNode: (turn, name, expiresMs, more) => turn.send(nodes, 'rekey', name, expiresMs, more),
  labelNode: (turn, name, change) => turn.send(nodes, 'label', name, change),
  approveNode: (turn, name, key) => turn.send(nodes, 'approve', name, key),
  nodes: (turn) => turn.call(nodes, 'list'),
  removeNode: (turn, name) => turn.send(nodes, 'remove', name),
  joinHome: (turn, uri, spec) => turn.send(homes, 'join', uri, spec),
  giveHome: (turn, spec, home) => turn.send(homes, 'give', spec, homeIn(home)),
  leaveHome: (turn, home, isDryRun) => turn.send(homes, 'leave', homeIn(home), isDryRun === true),
  machineKey: (turn) => turn.call(homes, 'key'),
  homes: (turn) => turn.call(homes, 'list'),
});

const homeIn = (home: unknown): string | undefined =>
  home === undefined ? undefined : readName(home, 'home');

/** Who asks here, for what lasts. */
const asker: Asker = { principal: localRoot };
/** The owner of a machine may come back to whatever anybody has asked it for. */
const anybodys: Returner = { ...asker, reach: 'all' };

const grantDirect = (
  { shepherd, composition, direct, nodes }: LocalRootOptions,
  turn: Turn,
  spec: GrantSpec,
  leaseMs: number | undefined,
): Vow<MadeDirect> => {
  const { service: asked, ...rest } = readGrantSpec(spec);
  const [service = asked] = turn.call(shepherd, 'status', asked).provision;
  const members = turn.call(composition, 'directMembers', service, rest.members);
  const alone = members.find(({ petname }) => turn.call(nodes, 'isAlone', petname));
  if (alone !== undefined)
    throw new Refused(
      `${alone.member} is of a machine that only dials out: nobody but this shepherd reaches it, so a direct grant ` +
        'would lead nowhere; without --direct it is made here',
    );
  return turn.call(direct, 'make', { service, ...rest }, members, leaseMs);
};
const allGrants = ({ book, direct, mint }: LocalRootOptions, turn: Turn): readonly GrantFacts[] => [
  ...turn.call(mint, 'list'),
  ...turn.call(direct, 'list'),
  ...turn.call(book, 'list', localRoot),
];
const revokeGrant = (
  { book, direct, mint }: LocalRootOptions,
  turn: Turn,
  id: string,
  reason: string | undefined,
  isForced: boolean,
): Vow<TakenBack> => {
  const why = readGrantReason(reason === '' ? undefined : reason);
  const name = readName(id, 'grant');
  if (isMintedId(name)) return turn.kept({ revoked: turn.call(mint, 'revoke', name, why) });
  if (!isDirectId(name)) return turn.kept(takeBack(book, turn, localRoot, name, why));
  return turn.when(turn.call(direct, 'revoke', id, why, isForced), (_turn, grant) => ({
    revoked: [grant],
  }));
};

const confirm = (
  { book, direct, mint, homes, pastOf }: LocalRootOptions,
  turn: Turn,
  ids: readonly string[],
  isForced: boolean,
): Vow<readonly string[]> => {
  const named = list(readName, LIMITS.grantListCount)(ids, 'grants');
  const some = (isOne: (id: string) => boolean): readonly string[] | undefined =>
    named.length === 0 ? undefined : named.filter(isOne);
  const confirmed = (turn: Turn, past?: Past): readonly string[] => {
    if (named.length === 0) turn.call(homes, 'confirm');
    const own = some((id) => !isMintedId(id) && !isDirectId(id));
    const granted = own?.length === 0 ? [] : turn.call(book, 'confirm', own, past);
    const directs = turn.call(direct, 'confirm', some(isDirectId), past);
    const left = LIMITS.grantListCount - granted.length - directs.length;
    return [...granted, ...directs, ...turn.call(mint, 'confirm', some(isMintedId), left, past)];
  };
  if (isForced) return turn.kept(confirmed(turn));
  const bounded = turn
    .call(book, 'list', localRoot)
    .flatMap(({ id, maxUses }) => (maxUses === undefined ? [] : [[id, maxUses] as const]));
  const past = turn.ask<Past>((answer) => pastOf(new Map(bounded), answer));
  return turn.when(past, confirmed);
};
const isMintedId = (id: string): boolean => kindOf(id) === 'minted';
const isDirectId = (id: string): boolean => kindOf(id) === 'direct';

/** A direct grant may so, whatever is known of it here. */
const holdSomewhere: ReadonlySet<GrantFacts['state']> = new Set([
  'live',
  'unconfirmed',
  'revoking',
  'lost',
]);
/** What is asked of a fleet reaches its members, so who may do it there may do it here. */
const whoCan = (
  { book, direct, mint, shepherd }: LocalRootOptions,
  turn: Turn,
  action: string,
  name: string,
): WhoCan => {
  const wanted = readName(action, 'action');
  const asked = readName(name, 'service');
  const [service = asked] = turn.call(shepherd, 'status', asked).provision;
  const isThere = ({ parts = [] }: GrantFacts): boolean =>
    parts.some(({ member, state }) => state !== 'revoked' && member === service);
  const elsewhere = turn
    .call(direct, 'list')
    .filter(
      (each) =>
        holdSomewhere.has(each.state) &&
        each.actions.includes(wanted) &&
        (each.service === service || isThere(each)),
    );
  const reached = withFleetsOf(shepherd, turn, service);
  const here = [...reached].flatMap((each) => turn.call(book, 'whoCan', wanted, each));
  const all = [...elsewhere, ...here.filter((each) => reachesOneOf(each, service, reached))];
  const grants = firstOf(all);
  return {
    grants,
    moreCount: all.length - grants.length,
    minted: [...reached].flatMap((each) => turn.call(mint, 'mintedFor', each)),
  };
};
/** A service, and all fleets that it is in, also by way of other fleets. */
const withFleetsOf = (
  shepherd: LocalRootOptions['shepherd'],
  turn: Turn,
  service: string,
): ReadonlySet<string> => {
  const all = turn.call(shepherd, 'names').map((each) => turn.call(shepherd, 'status', each));
  const reached = new Set([service]);
  // What is added while it is walked through is walked through as well.
  for (const each of reached)
    for (const { provision, ...status } of all)
      if (status.kind === 'fleet' && status.members.some((member) => member.name === each))
        reached.add(provision[0] ?? '');
  return reached;
};
const reachesOneOf = (
  { service: of, members }: GrantFacts,
  service: string,
  reached: ReadonlySet<string>,
): boolean =>
  of === service || members === undefined || members.some((member) => reached.has(member));

const runsOf = ({ shepherd }: LocalRootOptions, turn: Turn): readonly UsedBy[] =>
  turn.call(shepherd, 'names').flatMap((service): readonly UsedBy[] => {
    const status = turn.call(shepherd, 'status', service);
    if (status.kind !== 'local' || status.pid === undefined) return [];
    const { stage, pid, since, respawnCount } = status;
    return [{ service, stage, pid, respawnCount, ...(since !== undefined && { since }) }];
  });

/** An older herd says `true` or `false`: over the shared socket, or not. */
const readMintWay = (way: unknown): MintWay => {
  if (way === undefined || way === false || way === 'any') return 'any';
  if (way === true || way === 'local') return 'local';
  if (way === 'websocket') return way;
  throw new Malformed('way: expected any, local or websocket');
};
/** A petname is also the name of a file in the store. */
const checkPetname = (petname: unknown): void => {
  const name = readName(petname, 'petname');
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw new Malformed(`petname: expected letters, digits, '.', '_' and '-', found others`);
};
/** A path of the daemon's machine. */
const checkPath = (file: unknown): void => {
  if (typeof file !== 'string' || !file.startsWith('/') || file.length > LIMITS.pathLength)
    throw new Malformed(
      `file: expected an absolute path of at most ${LIMITS.pathLength} characters`,
    );
  if (file.includes('\0')) throw new Malformed('file: a path has no zero in it');
};
const checkedAuditQuery = (query: unknown): AuditQuery => {
  if (typeof query !== 'object' || query === null) throw new Malformed('query: expected a struct');
  const { service, sinceMs, count } = query as Readonly<Record<string, unknown>>;
  return {
    count: readUpTo(auditLimits.answerCount)(count, 'count'),
    ...(service !== undefined && { service: readName(service, 'service') }),
    ...(sinceMs !== undefined && { sinceMs: readUpTo(Number.MAX_SAFE_INTEGER)(sinceMs, 'since') }),
  };
};
/** Says nothing of what it found: it may be a secret that was mistyped. */
const checkUri = (uri: unknown): void => {
  if (typeof uri !== 'string' || uri.length > LIMITS.uriLength || !uri.startsWith('ocapn://'))
    throw new Malformed(`uri: expected ocapn://… of at most ${LIMITS.uriLength} characters`);
};
