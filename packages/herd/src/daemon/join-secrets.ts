/**
 * The secrets of machines that join, each in a file (0600) of two folders (0700) beside the daemon's own refs:
 *
 *     nodes/NAME          at a controller: the gift of the machine of that name
 *     homes/DESIGNATOR    at a machine: the door of that controller
 *
 * They are no records: a backup does not have them, and a machine gives another one where the first was lost.
 */
import type { Answer } from '@bellwether/actors';
import type { Destination, DoorStore, GiftStore } from '@bellwether/fleet';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { Sturdyref } from '@bellwether/ocapn';
import type { RefStore } from '../refs/ref-store.ts';

/** Where some of them are kept; its methods throw as those of RefStore do. */
export type KeptSecrets = Pick<RefStore, 'get' | 'add' | 'has' | 'list' | 'remove'>;
/** Both folders. */
export interface JoinStores {
  readonly gifts: KeptSecrets;
  readonly doors: KeptSecrets;
}
/** What there is of them when a life begins. */
export interface JoinSecrets {
  /** Which gift each is, by the name of the machine: fingerprints. */
  readonly gifts: ReadonlyMap<string, string>;
  /** Designators of controllers. */
  readonly doors: readonly string[];
}

/** Reads the folders, so it is not for a turn. What cannot be used is as if it were not there. */
export const secretsIn = ({ gifts, doors }: JoinStores): JoinSecrets => ({
  gifts: new Map(
    gifts
      .list()
      .map((one) => [one.petname, 'ref' in one ? one.ref.fingerprint(nodeCrypto()) : ''] as const),
  ),
  doors: doors.list().map(({ petname }) => petname),
});

/** The power over gifts. `destinationOf` tells where a ref leads. */
export const giftStore = (
  store: KeptSecrets,
  destinationOf: (ref: Sturdyref) => Destination,
): GiftStore => ({
  keep: (node, { transport, designator, hints }, swissnum, answer) =>
    settle(answer, () => {
      // Of what it says of itself nothing but where it is goes into our files.
      const { host, port } = hints;
      const place = {
        ...(host !== undefined && { host }),
        ...(host !== undefined && port !== undefined && { port }),
      };
      const gift = new Sturdyref({ transport, designator, hints: place }, swissnum);
      store.add(node, gift, true);
      return destinationOf(gift);
    }),
  drop: (node, answer) => settle(answer, () => void (store.has(node) && store.remove(node))),
});

/** The power over doors. */
export const doorStore = (
  store: KeptSecrets,
  destinationOf: (ref: Sturdyref) => Destination,
): DoorStore => ({
  keep: (door, answer) =>
    settle(answer, () => {
      store.add(door.peer.designator, door, true);
      return destinationOf(door);
    }),
  drop: (designator, answer) =>
    settle(answer, () => void (store.has(designator) && store.remove(designator))),
});

/** A power answers; it never throws into the vat. */
export const settle = (answer: Answer, body: () => unknown): void => {
  try {
    answer.kept(body());
  } catch (error) {
    answer.broken(error);
  }
};
