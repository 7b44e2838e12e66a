/** What a service knows of the connections that it has accepted. */
import type { JournalCell, JournalMap } from '@bellwether/actors';
import type { AcceptFacts, Arrival, InetdConfig } from '../words/types.ts';

/** Those that are there: from which network, by the name of the service that each has; undefined: from none. */
export type Connections = JournalMap<string, string | undefined>;
/** How one service accepts. */
export interface Accepting {
  /** Who waits for the next one: another start of the service has another. */
  readonly round: number;
  readonly refusedCount: number;
  /** Monotonic: when that was told last, and how many have been turned away since then. */
  readonly toldAtMs: number;
  readonly untoldCount: number;
}
/** What a service has of both. */
export interface Accepted {
  readonly accepting: JournalCell<Accepting>;
  readonly connections: Connections;
}
/** Nobody has come yet: one for all services, of which most never accept anybody. */
export const noneCame: Accepting = {
  round: 0,
  refusedCount: 0,
  toldAtMs: -Infinity,
  untoldCount: 0,
};

/**
 * The network that one person can hold, of who has an address: all of an IPv4 one, the first 64 bits of an IPv6 one, as
 * netlayers count their peers.
 */
export const sourceOf = ({ peer }: Arrival): string | undefined => {
  if (peer === undefined || peer.family === 'unix') return undefined;
  return peer.family === 4 ? peer.host : firstHalf(peer.host);
};
/** As inet_ntop(3) writes it: zeros may be left out at one place. */
const firstHalf = (host: string): string => {
  const [bare = ''] = host.split('%', 1);
  const [front = '', back] = bare.split('::');
  const wordsOf = (text: string | undefined): readonly string[] =>
    text === undefined || text === '' ? [] : text.split(':');
  const [head, tail] = [wordsOf(front), wordsOf(back)];
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
};

/** Why there is no room for one more: for all, or for those from there; undefined where there is. */
export const fullness = (
  connections: Connections,
  arrival: Arrival,
  { maxCount, maxPerSource = Infinity }: InetdConfig,
): 'all' | 'source' | undefined => {
  if (connections.size >= maxCount) return 'all';
  const source = sourceOf(arrival);
  if (source === undefined || maxPerSource === Infinity) return undefined;
  const count = [...connections.entries()].filter(([, from]) => from === source).length;
  return count >= maxPerSource ? 'source' : undefined;
};

/** What a status tells of it. */
export const acceptFactsOf = (
  { connections, accepting }: Accepted,
  { maxCount, maxPerSource }: InetdConfig,
): AcceptFacts => ({
  openCount: connections.size,
  limitCount: maxCount,
  ...(maxPerSource !== undefined && { sourceLimitCount: maxPerSource }),
  refusedCount: accepting.get().refusedCount,
});
