/**
 * `herd accept [PETNAME]`: an invite becomes a ref of the user's own, and several of one file as many. They are
 * secrets and come by standard input or a file. Where anything goes wrong after one was redeemed, the same user
 * may accept it once more.
 */
import { nodeCrypto } from '@bellwether/netlayer-stream';
import type { GrantFacts } from '@bellwether/fleet';
import type { KeyPair, Sturdyref } from '@bellwether/ocapn';
import { isDetached } from '../../client/errors.ts';
import { visible } from '../../client/escape.ts';
import { inviteClient, type Accepted, type InviteClient } from '../../client/invite.ts';
import { questionMs } from '../../client/limits.ts';
import type { Patience } from '../../client/line.ts';
import { placesOf } from '../../client/place.ts';
import { invitesIn, type NamedInvite } from '../../refs/bundle.ts';
import { holderKey } from '../../refs/holder-key.ts';
import { maxBundleBytes } from '../../refs/limits.ts';
import { isPetname, petnameOf } from '../../refs/petname.ts';
import { RefStore } from '../../refs/ref-store.ts';
import { AlreadyThere } from '../../refs/secret-file.ts';
import { closing, type Context, patienceOf } from '../context.ts';
import { factLines, hostFingerprint } from '../format/grant.ts';
import { counted } from '../format/times.ts';
import { print, printErrors } from '../print.ts';
import { exitCodeOfError } from '../report.ts';
import { readSecretText } from '../secret-input.ts';
import { Usage } from '../usage.ts';

/** Runs the command; the result is the exit code. */
export const runAccept = async (context: Context, words: readonly string[]): Promise<number> => {
  const { terminal, options } = context;
  const [word] = words;
  const places = placesOf(terminal);
  const store = new RefStore(places.refs, terminal.uid);
  // Before anything is asked of anybody: what would only go wrong afterwards.
  const said = word === undefined ? undefined : petnameOf(word);
  if (said !== undefined) checkFree(store, said, options.yes === true);
  const { text, where } = await readSecretText(context, maxBundleBytes);
  const invites = invitesIn(text, where);
  const desk: Desk = {
    context,
    store,
    mayReplace: options.yes === true,
    patience: patienceOf(context, options.timeout ?? questionMs),
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
  readonly patience: Patience;
  /** Made where there is none yet: not before it is needed. */
  readonly key: () => KeyPair;
}

const acceptOne = async (
  desk: Desk,
  invite: Sturdyref,
  said: string | undefined,
): Promise<number> => {
  const { context, store, mayReplace, patience } = desk;
  const key = desk.key();
  const { petname, ref, grant } = await withInvite(desk, invite, async (client) => {
    const petname = petnameFor(said ?? (await client.facts(patience)).service);
    checkFree(store, petname, mayReplace);
    return { petname, ...(await redeem(desk, client, petname, key)) };
  });
  const lines = [
    `@${petname} is yours now.`,
    ...factLines(grant, ref.peer, context.terminal.wall()),
  ];
  print(context, lines, { kind: 'accepted', ...told({ petname, ref, grant }) });
  return 0;
};
/** Without the secret. */
const told = ({ petname, ref, grant }: Taken) => ({
  petname,
  fingerprint: ref.fingerprint(nodeCrypto()),
  host: hostFingerprint(ref.peer),
  grant,
});

const withInvite = async <T>(
  { context }: Desk,
  invite: Sturdyref,
  work: (client: InviteClient) => Promise<T>,
): Promise<T> =>
  closing(await context.connections.sturdyref(invite, 'the invite'), (line) =>
    work(inviteClient(line, invite)),
  );
const redeem = async (
  { store, mayReplace, patience }: Desk,
  client: InviteClient,
  petname: string,
  key: KeyPair,
): Promise<Accepted> => {
  const accepted = await client.redeem(key, patience);
  store.add(petname, accepted.ref, mayReplace);
  return accepted;
};

interface Taken {
  readonly petname: string;
  readonly ref: Sturdyref;
  readonly grant: GrantFacts;
}
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
    ref,
  }));
  for (const { petname } of named) checkFree(store, petname, mayReplace);
  const key = desk.key();
  const adopted: Adopted[] = [];
  for (let at = 0; at < named.length; at += atOnceCount)
    adopted.push(
      ...(await Promise.all(
        named.slice(at, at + atOnceCount).map((each) => adopt(desk, each.ref, each.petname, key)),
      )),
    );
  return tell(context, adopted);
};
/** Lines that are open at a time: a fleet is accepted in seconds, and no file descriptors are missed. */
const atOnceCount = 16;

const adopt = async (
  desk: Desk,
  invite: Sturdyref,
  petname: string,
  key: KeyPair,
): Promise<Adopted> => {
  try {
    const { ref, grant } = await withInvite(desk, invite, (client) =>
      redeem(desk, client, petname, key),
    );
    return { petname, ref, grant };
  } catch (error) {
    if (isDetached(error)) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    return { petname, problem, exitCode: exitCodeOfError(error) };
  }
};

const tell = (context: Context, adopted: readonly Adopted[]): number => {
  const now = context.terminal.wall();
  const bad = adopted.filter((each) => 'problem' in each);
  const lines = adopted.flatMap((each) =>
    'problem' in each
      ? [`@${each.petname} was not accepted: ${visible(each.problem)}`]
      : [`@${each.petname} is yours now.`, ...factLines(each.grant, each.ref.peer, now)],
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

const checkFree = (store: RefStore, petname: string, mayReplace: boolean): void => {
  if (!mayReplace && store.has(petname)) throw taken(petname);
};
const taken = (petname: string): AlreadyThere =>
  new AlreadyThere(
    `a ref is called '${petname}' already; --yes replaces it, 'herd accept PETNAME' chooses another`,
  );

/** The name that its host, or its giver, has for the service is a word from elsewhere. */
const petnameFor = (service: string): string => {
  if (isPetname(service)) return service;
  throw new Usage(
    `'${visible(service)}' cannot be the name of a ref`,
    "Choose one: 'herd accept PETNAME'. Nothing was accepted yet.",
  );
};
