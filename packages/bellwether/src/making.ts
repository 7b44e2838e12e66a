/** How the process of a service comes about, and how it is seen that it still does what it is for. */
import type { SocketEntry } from './sockets.ts';
import type { Exec } from './parts.ts';

/** When a service that runs counts as alive: one of http, tcp and exec, as of its readiness. */
export interface Live {
  /** This URL answers with a 2xx or 3xx status. */
  readonly http?: string;
  /** Somebody listens at `host:port`. */
  readonly tcp?: string;
  /** This command ends with exit code 0. */
  readonly exec?: Exec;
  /** From 1; between the end of one check and the next. Default 30. */
  readonly everySeconds?: number;
  /** A check that takes longer has failed. Default 5. */
  readonly timeoutSeconds?: number;
  /** So many in a row, and its process is ended, which its `respawn` answers. Default 3. */
  readonly failures?: number;
}
/** What a service says of that. */
export interface Making {
  /**
   * Its start runs to its end; after exit code 0 it counts as running, without a process, until it is stopped. So does
   * the next shepherd on the same boot of the machine. Default false.
   */
  readonly remainAfterExit?: boolean;
  /**
   * What is listened at as long as the service is up, also while its process is started again, and while
   * there is no shepherd. Its process finds them open from descriptor 3 on, as those of systemd do, with
   * LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES. Needs the keeper.
   */
  readonly sockets?: readonly SocketEntry[];
  /**
   * How what comes to its sockets is served. 'systemd', the default: its process gets all of them. 'inetd': each who
   * comes has a process of his own, which reads and writes the connection as its input and output; what it says of
   * errors goes to the log of the service. It finds TCPLOCALIP, TCPLOCALPORT, TCPREMOTEIP and TCPREMOTEPORT, and
   * REMOTE_ADDR and REMOTE_PORT, and is a transient service: `NAME-7`. To stop the service ends none of those.
   */
  readonly activation?: 'systemd' | 'inetd';
  /** With 'inetd': connections that there may be at once, up to 1,000; who comes beyond is turned away. Default 100. */
  readonly maxConnections?: number;
  /** The same of those from one address, of IPv6 from one network of 64 bits. Absent: no other bound. */
  readonly maxConnectionsPerSource?: number;
  /** What their services are called, before the number. Absent: as the service. */
  readonly connectionName?: string;
  /** Whether its process waits to be started until somebody comes. Default true where it has sockets. */
  readonly lazyStart?: boolean;
  /**
   * Its program makes itself a daemon, and leaves the number of that process in this file, relative to
   * the folder of the configuration; what lies there of an earlier run is removed first. What it names
   * is believed only if its start has made it, and is the process of the service from then on. Needs the
   * keeper.
   */
  readonly pidFile?: {
    readonly path: string;
    /** Default 5, as in GNU Shepherd. Later the start has failed. */
    readonly timeoutSeconds?: number;
  };
  /**
   * Whether what is left of the group of its process is killed when that has ended. Default true; false
   * needs the keeper. A stop signals the whole group in any case.
   */
  readonly killGroup?: boolean;
  /** Whether it is still alive while it runs. Absent: as long as its process is there. */
  readonly live?: Live;
}
