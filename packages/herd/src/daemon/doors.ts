/** The doors of a daemon in one table: what it listens on, what it only dials with, and what it says of each. */
import type { Log } from '@bellwether/actors';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { tlsDialler, tlsNetlayer, type TlsIdentity } from '@bellwether/netlayer-tcp-tls';
import { unixDialler, unixNetlayer } from '@bellwether/netlayer-unix';
import { WEBSOCKET_FACTS } from '@bellwether/netlayer-websocket/place';
import { isHere } from '@bellwether/netlayer-stream/here';
import type { Dialler } from '../client/line.ts';
import { prepareShared } from '../places/folders.ts';
import { transports } from '../transports.ts';
import { gnuTransport, type GnuPlace } from './lazy-gnu-door.ts';
import { LazyNetlayer } from './lazy-netlayer.ts';
import type { WebSocketDoor } from './websocket-door.ts';

/** Where a daemon is to be reached. */
export interface Doors {
  /** The path of the private socket, for `herd` on this machine. */
  readonly socket: string;
  /** The path of the socket for all users of this machine; absent: there is none. */
  readonly sharedSocket: string | undefined;
  /** Has that, by its descriptor, refuse descriptors that are sent along. Absent: they are taken and closed. */
  readonly refuseDescriptors?: (listener: number) => void;
  /** Absent: reached from this machine only. Port 0 or absent: a free one, which the caller keeps. */
  readonly tcpTls: { readonly host: string; readonly port: number } | undefined;
  /** Absent: there it only dials. */
  readonly websocket: WebSocketDoor | undefined;
  /** Absent: GNU Shepherd's clients find nothing here. */
  readonly gnu: GnuPlace | undefined;
}
/** The netlayers, and the transports that are to listen: theirs, and the door that is none of OCapN's. */
export interface Hinges {
  readonly netlayers: readonly Netlayer[];
  readonly listening: readonly string[];
}

/** One transport of OCapN, as a daemon has it. */
interface Door {
  readonly transport: string;
  /** Whether it is to listen there; where not, it only dials. */
  readonly isListening: (doors: Doors) => boolean;
  readonly netlayer: (doors: Doors, identity: TlsIdentity, log: Log) => Netlayer;
  /** Each time another one. */
  readonly stranger: () => Dialler;
  /** Goes on the sentence with which a shepherd says that it is ready. */
  readonly words: (hints: PeerLocation['hints']) => string;
}

/** The private socket comes first: without it nobody can be told anything. */
const table: readonly Door[] = [
  {
    transport: transports.own,
    isListening: () => true,
    // The caller holds the lock of the state, so a stale socket is a leftover.
    netlayer: ({ socket }, { designator }) =>
      unixNetlayer({ designator, place: { path: socket, replaceStale: true } }),
    stranger: () => ({ netlayer: unixDialler() }),
    words: ({ path }) => `herd talks to it on ${path}`,
  },
  {
    transport: transports.shared,
    isListening: ({ sharedSocket }) => sharedSocket !== undefined,
    netlayer: ({ sharedSocket: path, refuseDescriptors }, { designator }) => {
      if (path === undefined) return unixNetlayer({ designator, mode: 'shared' });
      const place = { path, replaceStale: true, ...(refuseDescriptors && { refuseDescriptors }) };
      return judged(unixNetlayer({ designator, mode: 'shared', place }), () => prepareShared(path));
    },
    stranger: () => ({ netlayer: unixDialler('shared') }),
    words: ({ path }) => `other users on ${path}`,
  },
  {
    transport: transports.network,
    isListening: ({ tcpTls }) => tcpTls !== undefined,
    netlayer: ({ tcpTls }, identity) =>
      tlsNetlayer(tcpTls === undefined ? { identity } : { identity, place: placeOf(tcpTls) }),
    stranger: tlsDialler,
    words: ({ host, port }) => `others reach it at ${host}:${port}`,
  },
  {
    transport: transports.web,
    isListening: ({ websocket }) => websocket !== undefined,
    netlayer: ({ websocket }, identity, log) =>
      websocket === undefined ? websocketDialler() : websocketNetlayer(websocket, identity, log),
    // Who dials so proves nothing in any case.
    stranger: () => ({ netlayer: websocketDialler() }),
    words: ({ url }) => `over WebSockets at ${url}`,
  },
];

/** Makes the netlayers of one life. */
export const netlayersFor = (doors: Doors, identity: TlsIdentity, log: Log): Hinges => ({
  netlayers: table.map(({ netlayer }) => netlayer(doors, identity, log)),
  listening: [
    ...table.flatMap((door) => (door.isListening(doors) ? [door.transport] : [])),
    ...(doors.gnu === undefined ? [] : [gnuTransport]),
  ],
});

/** What dials this transport as a stranger; nothing, where it is none that is spoken here. */
export const strangerTo = (transport: string): Dialler | undefined =>
  table.find((door) => door.transport === transport)?.stranger();

/** Where a daemon is reached, in words: `gnu` is where its door for GNU Shepherd's clients is open. */
export const reachWords = (locations: readonly PeerLocation[], gnu: string | undefined): string =>
  [
    ...table.flatMap(({ transport, words }) =>
      locations.filter((at) => at.transport === transport).map(({ hints }) => words(hints)),
    ),
    ...(gnu === undefined ? [] : [`GNU's herd on ${gnu}`]),
  ].join(', ');

/** Whoever is faster may have made a folder of /tmp: that costs this door, until it is gone, and no other. */
const judged = (netlayer: Netlayer, judge: () => Promise<void>): Netlayer => ({
  facts: netlayer.facts,
  listen: (accept, ready, failed) =>
    void judge().then(() => netlayer.listen(accept, ready, failed), failed),
  dial: (to, accept, failed, isForOthers) => netlayer.dial(to, accept, failed, isForOthers),
  close: (done) => netlayer.close(done),
});
const websocketNetlayer = (door: WebSocketDoor, identity: TlsIdentity, log: Log): Netlayer =>
  new LazyNetlayer(WEBSOCKET_FACTS, async () => {
    const { openWebSocketDoor } = await import('./websocket-door.ts');
    return openWebSocketDoor(door, identity, log);
  });
const websocketDialler = (): Netlayer =>
  new LazyNetlayer(WEBSOCKET_FACTS, async () => {
    const { websocketDialler: dialler } = await import('./websocket-door.ts');
    return dialler();
  });

/** A loopback host is bound as it is, so that an example on one machine is not open to the network. */
const placeOf = ({ host, port }: { readonly host: string; readonly port: number }) =>
  isHere(host) ? { host, port, bindHost: host } : { host, port };
