/** Sockets that are there before a service is: what is held for it, and who comes. */
import type { Answer } from '@bellwether/actors';

/** Where a socket listens. */
export interface SocketPlace {
  readonly family: 'unix' | 4 | 6;
  /** An address, or an absolute path. */
  readonly host: string;
  /** 0 of a path. */
  readonly port: number;
}
/** One socket of a service. */
export interface SocketConfig {
  /** What its service calls it: its name in LISTEN_FDNAMES. */
  readonly name: string;
  readonly place: SocketPlace;
  readonly style: 'stream' | 'datagram';
  /** How many may wait to be accepted. */
  readonly backlog: number;
  /** Tries to have it, a second apart, where somebody else has the place. */
  readonly bindAttempts: number;
  /** Of a path: who it belongs to. Absent: the shepherd's user. */
  readonly owner?: string | number;
  readonly group?: string | number;
  readonly mode: number;
  /** Of its folder, where that has to be made. */
  readonly folderMode: number;
  /** Who comes is accepted for its service, one at a time. */
  readonly accepts?: true;
}
/** Somebody who has come, and was accepted. */
export interface Arrival {
  /** By which a start is given the connection; no other one of this boot of the machine has it. */
  readonly number: number;
  /** Both absent where he has left already. A process of this machine that comes to a path has none. */
  readonly peer?: SocketPlace;
  readonly local?: SocketPlace;
}
/** Holds sockets of services by the names of these; what it says comes from the event loop. */
export interface SocketHolder {
  /**
   * Kept once all of them listen; those that do already stay as they are, and so do those who wait there. Broken with
   * StartFailed, and then none of them does.
   */
  listen(service: string, sockets: readonly SocketConfig[], answer: Answer): void;
  /** Kept once none of them listens any more: who waits there is turned away. */
  unlisten(service: string, answer: Answer): void;
  /**
   * Kept once somebody comes to one of them; broken where they are closed before. Where they accept: with an Arrival,
   * whom a start is given, or who is dropped; who comes next is accepted after that.
   */
  connection(service: string, answer: Answer): void;
  /** Closes a connection that no start was given; of one that was, nothing is done. */
  drop(arrival: number): void;
}

/** What the status of a service tells that has a process for each connection. */
export interface AcceptFacts {
  /** Connections that there are, and may be. */
  readonly openCount: number;
  readonly limitCount: number;
  /** Of those from one address. */
  readonly sourceLimitCount?: number;
  /** Who was turned away, in this life of its shepherd. */
  readonly refusedCount: number;
}
/** What the status of such a process tells. */
export interface ConnectionFacts {
  /** The service that has accepted it. */
  readonly of: string;
  /** From where, and to where; a process of this machine that came to a path has no address. */
  readonly peer: string;
  readonly local?: string;
}

/** As it is written: `127.0.0.1:80`, `[::1]:80`, `/run/web.sock`. */
export const placeText = ({ family, host, port }: SocketPlace): string => {
  if (family === 'unix') return host;
  return family === 6 ? `[${host}]:${port}` : `${host}:${port}`;
};

/** What a process finds in its environment of the connection that it is given: as of GNU Shepherd, and of systemd. */
export const connectionVariables = ({
  peer,
  local,
}: Arrival): Readonly<Record<string, string>> => ({
  ...(local !== undefined &&
    local.family !== 'unix' && { TCPLOCALIP: local.host, TCPLOCALPORT: String(local.port) }),
  ...(peer !== undefined &&
    peer.family !== 'unix' && {
      ...{ TCPREMOTEIP: peer.host, TCPREMOTEPORT: String(peer.port) },
      ...{ REMOTE_ADDR: peer.host, REMOTE_PORT: String(peer.port) },
    }),
});
/** Who has come, for people: what GNU Shepherd calls them. */
export const peerText = ({ peer }: Arrival): string => {
  if (peer === undefined) return 'somebody who has left';
  return peer.family === 'unix' ? 'local process' : placeText(peer);
};
