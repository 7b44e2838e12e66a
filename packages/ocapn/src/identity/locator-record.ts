/**
 * Locations as Syrup:
 *
 *     <ocapn-peer 'transport "designator" {"name" "value" …}>        hints, or `f` for none
 *     <ocapn-sturdyref <ocapn-peer …> swissnum>                      comes in, goes out as a URI alone
 *
 * Whatever comes in is judged here and in `uri.ts` by the same rules, so that every location in the
 * program can be written in both forms.
 */
import { Decode, Limit } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { type PeerLocation, Sturdyref } from '../locator.ts';
import { isRecord, isStruct, Sym, SyrupRecord } from '../syrup/values.ts';

const PEER = new Sym('ocapn-peer');
const STURDYREF = 'ocapn-sturdyref';

/**
 * A location as a record. No hints are written as `f`: Goblins and Endo read and sign that form.
 */
export const peerRecord = (peer: PeerLocation): SyrupRecord => {
  const hints = Object.keys(peer.hints).length === 0 ? false : peer.hints;
  return new SyrupRecord(PEER, [new Sym(peer.transport), peer.designator, hints]);
};

/**
 * The location in a record. Hints as an empty list are read too: a transport of Goblins writes them
 * so.
 * @throws Decode, Limit
 */
export const peerFrom = (value: unknown): PeerLocation => {
  if (!isRecord(value, PEER.name) || value.fields.length !== 3) {
    throw new Decode('locator: expected <ocapn-peer transport designator hints>');
  }
  const [transport, designator, hints] = value.fields;
  if (!(transport instanceof Sym)) throw new Decode('locator: expected a symbol as transport');
  if (typeof designator !== 'string') throw new Decode('locator: expected a string as designator');
  const entries = hintEntries(hints);
  return makePeer(transport.name, designator, entries);
};

/** The sturdyref in a record, which a peer passed as a value. @throws Decode, Limit */
export const sturdyrefFrom = (value: unknown): Sturdyref => {
  if (!isRecord(value, STURDYREF) || value.fields.length !== 2) {
    throw new Decode('locator: expected <ocapn-sturdyref peer swissnum>');
  }
  const [peer, swissnum] = value.fields;
  if (!(swissnum instanceof Uint8Array)) throw new Decode('locator: expected bytes as swissnum');
  return makeSturdyref(peerFrom(peer), swissnum);
};

/** A location that keeps the limits and can be written as a URI. @throws Decode, Limit */
export const makePeer = (
  transport: string,
  designator: string,
  hints: readonly (readonly [name: string, value: string])[],
): PeerLocation => {
  if (!TRANSPORT.test(transport)) {
    throw new Decode('locator: expected a transport of letters, digits and hyphens');
  }
  atMost(transport.length, LIMITS.transportBytes, 'characters of the transport');
  if (!DESIGNATOR.test(designator)) {
    throw new Decode('locator: expected a designator of letters, digits, hyphens and dots');
  }
  atMost(designator.length, LIMITS.designatorBytes, 'characters of the designator');
  atMost(hints.length, LIMITS.hintCount, 'hints');
  return { transport, designator, hints: makeHints(hints) };
};

/** A sturdyref that keeps the limits. @throws Decode, Limit */
export const makeSturdyref = (peer: PeerLocation, swissnum: Uint8Array): Sturdyref => {
  if (swissnum.length === 0) throw new Decode('locator: expected a swissnum that is not empty');
  atMost(swissnum.length, LIMITS.swissnumBytes, 'bytes of the swissnum');
  return new Sturdyref(peer, swissnum);
};

/** The transport ends at the last dot of a URI's host, so it holds none. */
const TRANSPORT = /^[A-Za-z0-9-]+$/;
const DESIGNATOR = /^[A-Za-z0-9.-]+$/;
/** Names of hints stand in URIs as they are. */
const HINT_NAME = /^[A-Za-z0-9._~-]+$/;

/** One for all peers that have none. */
const NO_HINTS = Object.freeze(Object.create(null) as Record<string, string>);
/** Without a prototype, so that a hint may be called anything. */
const makeHints = (
  entries: readonly (readonly [string, string])[],
): Readonly<Record<string, string>> => {
  if (entries.length === 0) return NO_HINTS;
  const hints = Object.create(null) as Record<string, string>;
  for (const [name, value] of entries) {
    if (!HINT_NAME.test(name)) {
      throw new Decode('locator: expected names of hints of letters, digits and . _ ~ -');
    }
    if (name in hints) throw new Decode(`locator: expected one hint named ${name}, found two`);
    atMost(name.length, LIMITS.hintBytes, 'characters of the name of a hint');
    atMost(value.length, LIMITS.hintBytes, `characters of the hint ${name}`);
    hints[name] = value;
  }
  return hints;
};

const hintEntries = (hints: unknown): (readonly [string, string])[] => {
  if (hints === false || (Array.isArray(hints) && hints.length === 0)) return [];
  if (!isStruct(hints)) throw new Decode('locator: expected a struct or false as hints');
  return Object.entries(hints).map(([name, value]) => {
    if (typeof value !== 'string') {
      throw new Decode('locator: expected strings as the values of hints');
    }
    return [name, value] as const;
  });
};

const atMost = (count: number, limit: number, what: string): void => {
  if (count > limit) throw new Limit(`locator: expected at most ${limit} ${what}, found ${count}`);
};
