/**
 * `herd accept [PETNAME]`: an invite becomes a ref of the user's own, and several of one file as many. They are
 * secrets and come by standard input or a file. Where anything goes wrong after one was redeemed, the same user
 * may accept it once more.
 *
 *     nobody has accepted it             redeemed, and kept under a petname
 *     its user has, and holds it         left as it is, under its petname: to redeem it again would end that ref
 *     its user has, and holds nothing    redeemed again: the answer was lost, or the ref
 *     another key has                    tried all the same, since the host raises an alert of that; said
 */
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { ActorError, messageOf } from '@bellwether/actors';
import { fingerprintOf } from '@bellwether/authority';
import type { GrantFacts } from '@bellwether/fleet';
import type { KeyPair, Sturdyref } from '@bellwether/ocapn';
import { isDetached } from '../../client/errors.ts';
import { visible } from '../../client/escape.ts';
import { inviteClient, type Accepted, type InviteClient } from '../../client/invite.ts';
import type { Patience } from '../../client/line.ts';
import { placesOf } from '../../client/place.ts';
import { invitesIn, type NamedInvite } from '../../refs/bundle.ts';
import { holderKey } from '../../refs/holder-key.ts';
import { maxBundleBytes } from '../../refs/limits.ts';
import { isPetname, petnameFrom, petnameOf } from '../../refs/petname.ts';
import { RefStore } from '../../refs/ref-store.ts';
import { AlreadyThere } from '../../refs/secret-file.ts';
import { heldBefore, refsAt, type HeldGrant } from './already-held.ts';
import { closing, type Context, patienceOf } from '../context.ts';
import { factLines, hostFingerprint } from '../format/grant.ts';
import { counted } from '../format/times.ts';
import { mostLines } from '../limits.ts';
import { print, printErrors } from '../terminal/print.ts';
import { exitCodeOfError } from '../report.ts';
import { readSecretText } from '../terminal/secret-input.ts';
import { Usage } from '../grammar/usage.ts';

/** Runs the command; the result is the exit code. */
export const runAccept = async (context: Context, words: readonly string[]): Promise<number> => {
  const { terminal, options } = context;
  const [word] = words;
  const places = placesOf(terminal);
  const store = new RefStore(places.refs, terminal.uid);
  const said = word === undefined ? undefined : petnameOf(word);
  const { text, where } = await readSecretText(context, maxBundleBytes);
  const invites = invitesIn(text, where);
  const desk: Desk = {
    context,
    store,
    mayReplace: options.yes === true,
    isForced: options.force === true,
    patience: patienceOf(context),
    key: () => holderKey(places.keys, terminal.uid),
  };
  const [first] = invites;
  return invites.length === 1 && first !== undefined
    ? acceptOne(desk, first.ref, said ?? first.member)
    : acceptAll(desk, invites, said);
};

interface Desk {
  readonly context: Context;
  readonly store: RefStore;
  readonly mayReplace: boolean;
  /** A ref that is there already may go for a new one. */
  readonly isForced: boolean;
  readonly patience: Patience;
  /** Made where there is none yet: not before it is needed. */
  readonly key: () => KeyPair;
}

const acceptOne = async (
  desk: Desk,
  invite: Sturdyref,
  said: string | undefined,
): Promise<number> => {
  const { context, store, mayReplace } = desk;
  if (said !== undefined) checkElsewhere(store, said, invite, mayReplace);
  const taken = await withInvite(desk, invite, (client) => take(desk, client, { invite, said }));
  print(context, takenLines(taken, context.terminal.wall()), { kind: 'accepted', ...told(taken) });
  return 0;
};
/** Without the secret. */
const told = ({ petname, ref, grant, isKept, ended }: Taken) => ({
  petname,
  fingerprint: ref.fingerprint(nodeCrypto()),
  host: hostFingerprint(ref.peer),
  grant,
  ...(isKept && { isKept }),
  ...(ended !== undefined && { ended }),
});
const takenLines = ({ petname, ref, grant, isKept, ended }: Taken, now: number) => [
  isKept ? `It is yours already, as @${petname}.` : `@${petname} is yours now.`,
  ...(ended === undefined
    ? []
    : [`@${ended}, which led to the same grant, is good no longer: 'herd ref rm ${ended}'.`]),
  ...factLines(grant, ref.peer, now),
];

const withInvite = async <T>(
  { context }: Desk,
  invite: Sturdyref,
  work: (client: InviteClient) => Promise<T>,
): Promise<T> =>
  closing(await context.connections.sturdyref(invite, 'the invite'), (line) =>
    work(inviteClient(line, invite)),
  );
/** One that is to be taken. */
interface Wanted {
  readonly invite: Sturdyref;
  /** The petname that somebody has chosen. */
  readonly said: string | undefined;
  /** Else it has this one; absent: that of its service. */
  readonly member?: string;
}
/** One that was taken, now or before. */
interface Taken extends HeldGrant {
  readonly isKept: boolean;
  /** What led there before, and does no longer. */
  readonly ended?: string;
}
const take = async (
  desk: Desk,
  client: InviteClient,
  { invite, said, member }: Wanted,
): Promise<Taken> => {
  const { context, store, mayReplace, isForced, patience } = desk;
  const facts = await client.facts(patience);
  const { holder } = facts;
  const own = holder === undefined ? undefined : fingerprintOf(nodeCrypto(), desk.key().publicKey);
  const held =
    holder === own && own !== undefined
      ? await heldBefore({ context, store, patience }, invite, facts, said)
      : undefined;
  if (held !== undefined && !isForced) {
    if (said !== undefined && said !== held.petname) throw yoursAs(held.petname, said);
    return { ...held, isKept: true };
  }
  const petname = petnameFor(said ?? member ?? facts.service);
  checkFree(store, petname, mayReplace || held?.petname === petname);
  const accepted = await redeemed(desk, client, facts, own);
  store.add(petname, accepted.ref, mayReplace || held?.petname === petname);
  const ended = held === undefined || held.petname === petname ? {} : { ended: held.petname };
  return { petname, ...accepted, isKept: false, ...ended };
};
const redeemed = async (
  { patience, key }: Desk,
  client: InviteClient,
  { id, holder }: GrantFacts,
  own: string | undefined,
): Promise<Accepted> => {
  try {
    return await client.redeem(key(), patience);
  } catch (error) {
    if (holder === undefined || own === undefined || holder === own) throw error;
    throw new TakenInvite(
      `somebody else has accepted this invite: the key ${visible(holder)}, and yours is ${own}`,
      `Whoever gave it to you knows whether that is right, and can end it: herd grant revoke ${visible(id)}`,
      { cause: error },
    );
  }
};

/** Another key has it. */
class TakenInvite extends ActorError {
  readonly hint: string;
  constructor(message: string, hint: string, options?: ErrorOptions) {
    super('taken-invite', message, options);
    this.name = 'TakenInvite';
    this.hint = hint;
  }
}
const yoursAs = (petname: string, said: string): AlreadyThere =>
  new AlreadyThere(
    `this grant is yours already, as @${petname}; 'herd ref rename ${petname} ${said}' calls it @${said}, ` +
      `and --force gets a new ref, after which @${petname} is good no longer`,
  );

type Adopted =
  Taken | { readonly petname: string; readonly problem: string; readonly exitCode: number };

/** One petname for each; a host that is away keeps nobody from accepting the others. */
const acceptAll = async (
  desk: Desk,
  invites: readonly NamedInvite[],
  said: string | undefined,
): Promise<number> => {
  const { context, store, mayReplace } = desk;
  const named = invites.map(({ member = '', ref }) => ({
    petname: petnameFor(said === undefined ? member : `${said}-${member}`),
    isSaid: said !== undefined,
    invite: ref,
  }));
  for (const { petname, invite } of named) checkElsewhere(store, petname, invite, mayReplace);
  const adopted: Adopted[] = [];
  for (let at = 0; at < named.length; at += mostLines)
    adopted.push(
      ...(await Promise.all(named.slice(at, at + mostLines).map((each) => adopt(desk, each)))),
    );
  return tell(context, adopted);
};

const adopt = async (
  desk: Desk,
  { invite, petname, isSaid }: { invite: Sturdyref; petname: string; isSaid: boolean },
): Promise<Adopted> => {
  const said = isSaid ? petname : undefined;
  try {
    return await withInvite(desk, invite, (client) =>
      take(desk, client, { invite, said, member: petname }),
    );
  } catch (error) {
    if (isDetached(error)) throw error;
    const problem = messageOf(error);
    return { petname, problem, exitCode: exitCodeOfError(error) };
  }
};

const tell = (context: Context, adopted: readonly Adopted[]): number => {
  const now = context.terminal.wall();
  const bad = adopted.filter((each) => 'problem' in each);
  const lines = adopted.flatMap((each) =>
    'problem' in each
      ? [`@${each.petname} was not accepted: ${visible(each.problem)}`]
      : takenLines(each, now),
  );
  const [worst] = bad;
  const exitCode = worst === undefined ? 0 : bad.length < adopted.length ? 3 : worst.exitCode;
  const isAway = bad.length > 0 && bad.every((each) => each.exitCode === 4);
  const shown = adopted.map((each) => ('problem' in each ? each : told(each)));
  print(context, lines, { kind: 'accepted', adopted: shown });
  if (bad.length > 0)
    printErrors(context, [
      `herd: error: ${bad.length} of ${counted(adopted.length, 'invite')} were not accepted`,
      "As long as they are open, 'herd accept --yes' with the same file tries them all again.",
    ]);
  return isAway ? 4 : exitCode;
};

/** Before anything is asked of anybody: what leads to another machine is not what this would become. */
const checkElsewhere = (
  store: RefStore,
  petname: string,
  { peer }: Sturdyref,
  mayReplace: boolean,
): void => {
  if (refsAt(store, peer).every((each) => each.petname !== petname))
    checkFree(store, petname, mayReplace);
};
const checkFree = (store: RefStore, petname: string, mayReplace: boolean): void => {
  if (!mayReplace && store.has(petname)) throw taken(petname);
};
const taken = (petname: string): AlreadyThere =>
  new AlreadyThere(
    `a ref is called '${petname}' already; --yes replaces it, 'herd accept PETNAME' chooses another`,
  );

/** The name that its host, or its giver, has for the service is a word from elsewhere. */
const petnameFor = (service: string): string => {
  const name = petnameFrom(service);
  if (isPetname(name)) return name;
  throw new Usage(
    `'${visible(service)}' cannot be the name of a ref`,
    "Choose one: 'herd accept PETNAME'. Nothing was accepted yet.",
  );
};
