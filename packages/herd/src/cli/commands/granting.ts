/** Whom commands about grants ask. */
import {
  heldClient,
  ownerClient,
  type GrantClient,
  type HeldClient,
  type OwnerClient,
} from '../../client/grants.ts';
import { closing, isPetnameWord, withRootLine, type Context } from '../context.ts';

/** Runs some work with who makes grants: the local root, where no petname is given. */
export const withGrants = async <T>(
  context: Context,
  service: string,
  work: (client: GrantClient) => Promise<T>,
): Promise<T> =>
  isPetnameWord(service) ? withHeld(context, service, work) : withOwner(context, work);

/** The same with what a petname leads to. */
export const withHeld = async <T>(
  context: Context,
  word: string,
  work: (client: HeldClient) => Promise<T>,
): Promise<T> => closing(await context.connections.petname(word), (line) => work(heldClient(line)));

/** The same with the local root, as the owner of all grants. */
export const withOwner = async <T>(
  context: Context,
  work: (client: OwnerClient) => Promise<T>,
): Promise<T> => withRootLine(context, (line) => work(ownerClient(line)));
