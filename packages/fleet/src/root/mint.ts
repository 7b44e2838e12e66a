/**
 * The `^nonce-registry` of a daemon: what swissnums name. A swissnum is 32 random bytes and exists
 * in the URI alone; what is kept, in memory and on disk, is its SHA-256, so that a stolen table
 * opens nothing.
 *
 *     mint     random → hash recorded → kept    a facet of one service; found again after a restart
 *     admit    random or given → kept           for this life of the daemon only; nothing is written
 *     fetch    hash → facet                     one answer for all that is unknown, gone or malformed
 */
import {
  Limit,
  type Bcom,
  type Behavior,
  type Entropy,
  type JournalMap,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { audit } from '@bellwether/authority';
import type { Crypto } from '@bellwether/ocapn';
import { unknownReference, type Shepherd } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import type { MintEntry } from '../types.ts';

/** Of its methods only `fetch` may be reached from outside of the daemon. */
export interface NonceRegistry {
  /**
   * A fresh swissnum for one service, kept once its hash is durable. The bytes are a secret and
   * belong to the caller.
   * @throws UnknownService, Limit
   */
  mint(service: string): Vow<Uint8Array>;
  /** A swissnum for an actor, good until the daemon ends: the one that is given, else a fresh one. */
  admit(root: Ref, swissnum?: Uint8Array): Vow<Uint8Array>;
  /**
   * What a swissnum names. @throws Refused, in the same words for everything that it does not know.
   */
  fetch(swissnum: Uint8Array): Ref;
}
/** What the registry is made from. */
export interface MintOptions {
  readonly entropy: Entropy;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** What the store found at boot. */
  readonly entries: readonly MintEntry[];
  readonly shepherd: Ref<Pick<Shepherd, 'facet' | 'isRegistered'>>;
}

const swissnumBytes = 32;

/** Makes the registry from the records of earlier lives. */
export const makeNonceRegistry = (
  turn: Turn<NonceRegistry>,
  _bcom: Bcom<NonceRegistry>,
  options: MintOptions,
): Behavior<NonceRegistry> => {
  const held: Held = {
    options,
    services: turn.map<string, string>(),
    found: turn.map<string, Ref>(),
  };
  for (const { hash, service } of options.entries) held.services.set(hash, service);
  return {
    mint: (turn, service) => mint(held, turn, service),
    admit: (turn, root, given) =>
      turn.when(given === undefined ? fresh(held, turn) : turn.kept(given), (_turn, swissnum) => {
        held.found.set(hashOf(held, swissnum), root);
        return swissnum;
      }),
    fetch: (turn, swissnum) => fetch(held, turn, swissnum),
  };
};

interface Held {
  readonly options: MintOptions;
  /** Names of services by hash: the durable half. */
  readonly services: JournalMap<string, string>;
  /** Actors by hash: facets that were asked for in this life, and what was admitted. */
  readonly found: JournalMap<string, Ref>;
}

const mint = (held: Held, turn: Turn, service: string): Vow<Uint8Array> => {
  if (held.services.size >= LIMITS.mintCount)
    throw new Limit(`mint: ${LIMITS.mintCount} references exist, no more are made`);
  return turn.when(fresh(held, turn), (turn, swissnum) => {
    const hash = hashOf(held, swissnum);
    const facet = turn.call(held.options.shepherd, 'facet', service, hash);
    held.services.set(hash, service);
    held.found.set(hash, facet);
    const entry: MintEntry = { kind: 'minted', hash, service };
    turn.record(entry);
    audit(turn, { event: 'granted', asker: 'root', service, action: 'ref mint', label: hash });
    return swissnum;
  });
};

const fetch = (held: Held, turn: Turn, swissnum: unknown): Ref => {
  if (!(swissnum instanceof Uint8Array) || swissnum.length !== swissnumBytes)
    throw unknownReference();
  const hash = hashOf(held, swissnum);
  const { shepherd } = held.options;
  const service = held.services.get(hash);
  // One that the configuration has no longer is as unknown to strangers as one that never was.
  if (service !== undefined && !turn.call(shepherd, 'isRegistered', service))
    throw unknownReference();
  const known = held.found.get(hash);
  if (known !== undefined) return known;
  if (service === undefined) throw unknownReference();
  const facet = turn.call(shepherd, 'facet', service, hash);
  held.found.set(hash, facet);
  return facet;
};

const fresh = ({ options }: Held, turn: Turn): Vow<Uint8Array> =>
  turn.ask((answer) => {
    const bytes = new Uint8Array(swissnumBytes);
    options.entropy.fill(bytes);
    answer.kept(bytes);
  });

const hashOf = ({ options }: Held, swissnum: Uint8Array): string => {
  let hex = '';
  for (const byte of options.crypto.sha256(swissnum)) hex += byte.toString(16).padStart(2, '0');
  return hex;
};
