/** Sockets that are there before their service is. */

/** What `socket` takes. */
export interface SocketOptions {
  /** An address with its port, as '127.0.0.1:80' or '[::]:80', or the path of a unix socket. */
  readonly listen: string;
  /** What its service calls it, in LISTEN_FDNAMES. Default 'unknown', as in GNU Shepherd and systemd. */
  readonly name?: string;
  /** Default 'stream'. */
  readonly style?: 'stream' | 'datagram';
  /** How many may wait to be accepted. Default 128. */
  readonly backlog?: number;
  /** Tries to have it, a second apart, where somebody else listens there. Default 5. */
  readonly bindAttempts?: number;
  /** Of a path: whose it is. Absent: the shepherd's user. */
  readonly owner?: string | number;
  readonly group?: string | number;
  /** Of a path: who may connect, as 0o660. Default 0o666. */
  readonly mode?: number;
  /** Of a path: the permissions of its folder, where that has to be made. Default 0o755. */
  readonly folderMode?: number;
}
/** A socket that is there before its service is; made by `socket`. */
export interface SocketEntry extends SocketOptions {
  readonly kind: 'socket';
}
