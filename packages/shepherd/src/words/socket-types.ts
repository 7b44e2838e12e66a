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
  /** Kept once somebody comes to one of them; broken where they are closed before. */
  connection(service: string, answer: Answer): void;
}

/** As it is written: `127.0.0.1:80`, `[::1]:80`, `/run/web.sock`. */
export const placeText = ({ family, host, port }: SocketPlace): string => {
  if (family === 'unix') return host;
  return family === 6 ? `[${host}]:${port}` : `${host}:${port}`;
};
