/**
 * Places at which two of a configuration would listen. One of them may be meant to be up while the other is not, so
 * such a configuration is taken; where both are started the later one fails.
 */
import { SocketAddress } from 'node:net';
import { isHere } from '@bellwether/netlayer-stream/here';
import type { SocketPlace } from '@bellwether/shepherd';
import { boundTo, overlap } from './bound-to.ts';
import { problemCount } from './limits.ts';
import type { Description, EntryDescription } from './schema.ts';
import { parsePlace } from './sockets.ts';

/** Somebody at a place. */
interface Listener {
  readonly who: string;
  readonly at: string;
  /** What another one at this place has in common with it: a path, or a port of one kind. */
  readonly key: string;
  /** Undefined: all of the machine. */
  readonly address?: string | undefined;
  /** Absent: of both kinds of addresses. */
  readonly family?: SocketPlace['family'];
}

/** Each pair in words, by name. */
export const sharedPlaces = ({ listen, services }: Description): readonly string[] => {
  const all = new Map<string, Listener[]>();
  const told: string[] = [];
  for (const one of [...doorsOf(listen), ...services.flatMap(listenersOf)]) {
    const there = all.get(one.key) ?? [];
    const other = there.find((each) => each.who !== one.who && areNear(one, each));
    if (other !== undefined)
      told.push(`${one.who} cannot listen at ${one.at} while ${other.who} does at ${other.at}`);
    else if (there.push(one) === 1) all.set(one.key, there);
  }
  return told.slice(0, problemCount);
};

/** A socket of addresses of one kind leaves those of the other alone. */
const areNear = (one: Listener, other: Listener): boolean =>
  (one.family ?? other.family) === (other.family ?? one.family) &&
  overlap(one.address, other.address);

const listenersOf = (entry: EntryDescription): readonly Listener[] => {
  const [who = ''] = entry.provision;
  if (entry.kind === 'service')
    return (entry.sockets ?? []).flatMap(({ listen, style }) => listenerAt(who, listen, style));
  if (entry.kind !== 'system-log') return [];
  return (entry.sources ?? ['/dev/log']).flatMap((source) => {
    if (source === 'kernel') return [];
    return listenerAt(who, typeof source === 'string' ? source : source.udp, 'datagram');
  });
};
const listenerAt = (who: string, at: string, style: string): readonly Listener[] => {
  const place = parsePlace(at);
  if (place === undefined) return [];
  const { family, host, port } = place;
  if (family === 'unix') return [{ who, at, key: at, family }];
  const { address } = new SocketAddress({ address: host, family: `ipv${family}` });
  return [{ who, at, key: `${style} ${port}`, address, family }];
};

/** Those of the shepherd itself; where they lead by a name they are open to all of its addresses. */
const doorsOf = ({ tcpTls, websocket, gnu }: Description['listen']): readonly Listener[] => {
  const door = (who: string, port: number, address: string | undefined): readonly Listener[] =>
    port === 0
      ? []
      : [{ who: `this shepherd (${who})`, at: `port ${port}`, key: `stream ${port}`, address }];
  return [
    ...(tcpTls ? door('tcpTls', tcpTls.port, isHere(tcpTls.host) ? tcpTls.host : undefined) : []),
    ...(websocket ? door('websocket', websocket.port, boundTo(websocket)) : []),
    ...(gnu ? listenerAt('this shepherd (gnu)', gnu.path, 'stream') : []),
  ];
};
