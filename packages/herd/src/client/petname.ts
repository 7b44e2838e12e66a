/**
 * The line to whatever a petname leads to: dialled from here, no shepherd of our own in between.
 */
import type { Sturdyref } from '@bellwether/ocapn';
import { RefStore } from '../refs/ref-store.ts';
import { transports } from '../transports.ts';
import { isOutOfReach, OutOfReach } from './errors.ts';
import { type Dialler, explaining, type Line, openLine } from './line.ts';
import { placesOf, type User } from './place.ts';
import { rootCause } from './root.ts';

/**
 * Opens a line to the service behind `@petname`. It must be closed.
 * @throws BadPetname, UnknownRef, BadRef, UnsafeFile; OutOfReach for a transport that this program
 *   does not speak
 */
export const openPetname = async (user: User, petname: string): Promise<Line> => {
  const ref = new RefStore(placesOf(user).refs, user.uid).get(petname);
  return openRef(ref, petname);
};

/**
 * Opens a line to what a ref leads to, which `what` names in errors. It must be closed.
 * @throws OutOfReach for a transport that this program does not speak
 */
export const openRef = async (ref: Sturdyref, what: string): Promise<Line> => {
  const line = openLine({ ref, ...(await diallerFor(ref, what)) });
  return explaining(line, (error) => explained(error, what));
};

/** Why a ref cannot be used whatever the network does; undefined where it can, or is of a transport not spoken here. */
export const refusalOf = async ({ peer }: Sturdyref): Promise<string | undefined> => {
  switch (peer.transport) {
    case transports.network: {
      const { addressOf } = await import('@bellwether/netlayer-tcp-tls');
      const address = addressOf(peer);
      return typeof address === 'string' ? address : undefined;
    }
    case transports.web:
      return (await import('./websocket.ts')).urlRefusal(peer);
    case transports.own:
    case transports.shared:
      return (await import('@bellwether/netlayer-unix')).pathRefusal(peer);
    default:
      return undefined;
  }
};

/** By transport; each is loaded when a ref leads there. A daemon has these loaded: see its table of doors. */
const diallers: Readonly<Record<string, () => Promise<Dialler>>> = {
  [transports.network]: async () => (await import('@bellwether/netlayer-tcp-tls')).tlsDialler(),
  [transports.web]: async () => ({ netlayer: (await import('./websocket.ts')).websocketDialler() }),
  [transports.own]: async () => ({
    netlayer: (await import('@bellwether/netlayer-unix')).unixDialler(),
  }),
  [transports.shared]: async () => ({
    netlayer: (await import('@bellwether/netlayer-unix')).unixDialler('shared'),
  }),
};

const diallerFor = ({ peer: { transport } }: Sturdyref, what: string): Promise<Dialler> => {
  const dialler = Object.hasOwn(diallers, transport) ? diallers[transport] : undefined;
  if (dialler !== undefined) return dialler();
  const spoken = Object.keys(diallers).join(', ');
  throw new OutOfReach(`${what}: this version speaks ${spoken}, not '${transport}'`);
};

const explained = (error: unknown, petname: string): unknown => {
  if (!isOutOfReach(error)) return error;
  const { message, code } = judgedBy(error) ?? { message: rootCause(error).message };
  const what = code === 'untrusted' ? 'is not what its ref says' : 'is unreachable';
  return new OutOfReach(`${petname} ${what}: ${message}; nothing was asked of it`, {
    cause: error,
  });
};

/** What the netlayer made of it: it names the place, and what to do. The system's own words lie below that. */
const judgedBy = (error: Error): (Error & { readonly code?: unknown }) | undefined => {
  if ('summary' in error) return error;
  return error.cause instanceof Error ? judgedBy(error.cause) : undefined;
};
