/** The netlayers of a daemon: what it listens on, and what it only dials with. */
import type { Log } from '@bellwether/actors';
import type { Netlayer } from '@bellwether/ocapn';
import {
  makeIdentity,
  openIdentity,
  tlsNetlayer,
  type TlsIdentity,
} from '@bellwether/netlayer-tcp-tls';
import { unixNetlayer } from '@bellwether/netlayer-unix';
import { WEBSOCKET_FACTS } from '@bellwether/netlayer-websocket/place';
import { isHere } from '@bellwether/netlayer-stream/here';
import { gnuTransport, type GnuPlace } from './lazy-gnu-door.ts';
import { LazyNetlayer } from './lazy-netlayer.ts';
import type { WebSocketDoor } from './websocket-door.ts';

/** Where a daemon is to be reached. */
export interface Doors {
  /** The path of the private socket, for `herd` on this machine. */
  readonly socket: string;
  /** The path of the socket for all users of this machine; absent: there is none. */
  readonly sharedSocket: string | undefined;
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

/** Makes the netlayers of one life. The caller holds the lock of the state, so a stale socket is a leftover. */
export const netlayersFor = (doors: Doors, identity: TlsIdentity, log: Log): Hinges => {
  const { socket, sharedSocket, tcpTls, websocket: websocketDoor } = doors;
  const { designator } = identity;
  const unix = unixNetlayer({ designator, place: { path: socket, replaceStale: true } });
  const shared = unixNetlayer({
    designator,
    mode: 'shared',
    ...(sharedSocket !== undefined && { place: { path: sharedSocket, replaceStale: true } }),
  });
  const tls = tlsNetlayer(
    tcpTls === undefined ? { identity } : { identity, place: placeOf(tcpTls) },
  );
  const websocket = websocketNetlayer(websocketDoor, identity, log);
  const others = [
    ...(sharedSocket === undefined ? [] : [shared.transport]),
    ...(tcpTls === undefined ? [] : [tls.transport]),
    ...(websocketDoor === undefined ? [] : [websocket.transport]),
    ...(doors.gnu === undefined ? [] : [gnuTransport]),
  ];
  return { netlayers: [unix, shared, tls, websocket], listening: [unix.transport, ...others] };
};

const websocketNetlayer = (
  door: WebSocketDoor | undefined,
  identity: TlsIdentity,
  log: Log,
): Netlayer =>
  new LazyNetlayer(WEBSOCKET_FACTS, async () => {
    const { openWebSocketDoor } = await import('./websocket-door.ts');
    return openWebSocketDoor(door, identity, log);
  });

/**
 * A netlayer to dial this transport with, that proves nothing but that we are nobody in particular, and what the hello
 * on it has to say then. Each time another one.
 */
export const strangersNetlayer = (
  transport: string,
): { readonly netlayers: readonly Netlayer[]; readonly designator?: string } => {
  switch (transport) {
    case 'unix':
    case 'unix-shared': {
      const mode = transport === 'unix' ? 'private' : 'shared';
      return { netlayers: [unixNetlayer({ designator: 'stranger', mode })] };
    }
    case 'tcp-tls': {
      const identity = openIdentity(makeIdentity());
      return { netlayers: [tlsNetlayer({ identity })], designator: identity.designator };
    }
    case 'websocket':
      // Who dials so proves nothing in any case.
      return {
        netlayers: [websocketNetlayer(undefined, openIdentity(makeIdentity()), () => undefined)],
      };
    default:
      return { netlayers: [] };
  }
};

/** A loopback host is bound as it is, so that an example on one machine is not open to the network. */
const placeOf = ({ host, port }: { readonly host: string; readonly port: number }) =>
  isHere(host) ? { host, port, bindHost: host } : { host, port };
