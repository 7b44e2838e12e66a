/**
 * `herd accept [PETNAME]`: an invite becomes a ref of the user's own. The invite is a secret and comes
 * by standard input or a file. Where anything goes wrong after it was redeemed, the same user may
 * accept it once more.
 */
import { questionMs } from '../../client/limits.ts';
import { inviteClient } from '../../client/invite.ts';
import { placesOf } from '../../client/place.ts';
import { visible } from '../../client/escape.ts';
import { holderKey } from '../../refs/holder-key.ts';
import { isPetname, petnameOf } from '../../refs/petname.ts';
import { RefStore } from '../../refs/ref-store.ts';
import { AlreadyThere } from '../../refs/secret-file.ts';
import { type Context, patienceOf } from '../context.ts';
import { factLines, hostFingerprint } from '../format/grant.ts';
import { print } from '../print.ts';
import { readRef } from '../secret-input.ts';
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
  const invite = await readRef(context);
  const key = holderKey(places.keys, terminal.uid);
  const line = await context.connections.sturdyref(invite, 'the invite');
  try {
    const patience = patienceOf(context, options.timeout ?? questionMs);
    const client = inviteClient(line, invite);
    const petname = said ?? petnameFor((await client.facts(patience)).service);
    checkFree(store, petname, options.yes === true);
    const { ref, grant } = await client.redeem(key, patience);
    store.add(petname, ref, options.yes === true);
    const lines = [`@${petname} is yours now.`, ...factLines(grant, ref.peer, terminal.wall())];
    const [fingerprint, host] = [ref.fingerprint(), hostFingerprint(ref.peer)];
    print(context, lines, { kind: 'accepted', petname, fingerprint, host, grant });
    return 0;
  } finally {
    line.close();
  }
};

const checkFree = (store: RefStore, petname: string, mayReplace: boolean): void => {
  if (!mayReplace && store.has(petname)) throw taken(petname);
};
const taken = (petname: string): AlreadyThere =>
  new AlreadyThere(
    `a ref is called '${petname}' already; --yes replaces it, 'herd accept PETNAME' chooses another`,
  );

/** The name that its host has for the service is a word from elsewhere. */
const petnameFor = (service: string): string => {
  if (isPetname(service)) return service;
  throw new Usage(
    `'${visible(service)}' cannot be the name of a ref`,
    "Choose one: 'herd accept PETNAME'. Nothing was accepted yet.",
  );
};
