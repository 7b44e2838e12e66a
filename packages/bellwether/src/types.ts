/**
 * What a configuration is made of: plain data, tagged by `kind`. What is optional says what holds
 * without it. Times are in seconds here, since people write them; names are checked when the
 * configuration is loaded.
 */
import type { LogRotationEntry, MonitoringEntry } from './chores.ts';
import type { Action, Exec, Labels, Log } from './parts.ts';
import type { Making } from './making.ts';
import type { FailureHook, Requirement, Respawn } from './policies.ts';
import type { SystemLogEntry } from './system-log.ts';
import type { TimerEntry } from './timer.ts';

/** A name in the daemon's own ref store; made by `ref`. The secret stays in the store. */
export interface RefName {
  readonly kind: 'ref';
  readonly petname: string;
}

/** A file of one's own that holds a ref, and nobody else can read; made by `ref`. */
export interface RefFile {
  readonly kind: 'ref-file';
  /** Relative to the folder of the declaration. */
  readonly file: string;
}

/**
 * When a started service counts as ready. Absent: as soon as its process exists. A URL or a port that answers before
 * the process is started may be another program's: then it counts once the process has lived on with it for 3 s. A
 * command is believed at once, so it should ask for what only this service can answer.
 */
export type Ready =
  | {
      /** This URL answers with a 2xx or 3xx status. */
      readonly http: string;
      /** Default 10. Later the start has failed. */
      readonly timeoutSeconds?: number;
    }
  | {
      /** Somebody listens at `host:port`, for example `127.0.0.1:5432` or `[::1]:5432`. */
      readonly tcp: string;
      /** Default 10. Later the start has failed. */
      readonly timeoutSeconds?: number;
    }
  | {
      /**
       * The service writes a newline to this descriptor, from 3 to 255, which it finds open: as
       * programs made for s6 do. How it learns the number is its own affair.
       */
      readonly notifyFd: number;
      /** Default 10. Later the start has failed. */
      readonly timeoutSeconds?: number;
    }
  | {
      /**
       * The service says READY=1 as programs made for systemd (`Type=notify`) do, with sd_notify(3): the
       * variable NOTIFY_SOCKET names a socket of its start alone. It counts from a process of its user, of
       * root, or from its own process. Takes the keeper. What else it says is not heard.
       */
      readonly sdNotify: true;
      /** Default 10. Later the start has failed. */
      readonly timeoutSeconds?: number;
    }
  | {
      /** This command ends with exit code 0. It is run again and again, one at a time. */
      readonly exec: Exec;
      /** Default 10. Later the start has failed. One run gets this long, at most 10. */
      readonly timeoutSeconds?: number;
    }
  | {
      /**
       * This text stands in what the service has written to its log since it was started, in the
       * first 16 MiB. Plain text within one line: a pattern that somebody else's output is matched
       * against can be made to run for hours, and here nothing but this daemon would wait for it.
       */
      readonly log: string;
      /** Default 10. Later the start has failed. */
      readonly timeoutSeconds?: number;
    };

/** How a service is stopped. */
export interface Stop {
  /**
   * A command that has it stop. It gets the grace for that, and the variable MAINPID where there is a
   * process. Where one is left then, that is signalled, and gets the grace once more. Only of a service.
   */
  readonly run?: Exec;
  /** Sent to the whole process group. Default SIGTERM. */
  readonly signal?: string;
  /** After this long without an end the group is killed. Default 5, as in GNU Shepherd. */
  readonly graceSeconds?: number;
}

/** What `service` takes. */
export interface ServiceOptions extends Making {
  /** The names of the service, the canonical one first. */
  readonly provision: readonly [string, ...string[]];
  /** What must run before this one starts, by name, or with how it binds. Default none. */
  readonly requirement?: readonly (string | Requirement)[];
  readonly documentation?: string;
  readonly labels?: Labels;
  /** What is done when it has failed: at most eight things, five times a minute. */
  readonly onFailure?: FailureHook | readonly FailureHook[];
  /** Absent: a service without a process, running from start until stop. */
  readonly start?: Exec;
  readonly ready?: Ready;
  /**
   * Whether a process that ended by itself is started again. Default false; true takes all
   * defaults.
   */
  readonly respawn?: boolean | Respawn;
  readonly stop?: Stop;
  /** Absent, also in part: as the whole shepherd has it. */
  readonly log?: Log;
  /** Runs to its end, then counts as done; others may require it. Default false. */
  readonly oneShot?: boolean;
  readonly actions?: Readonly<Record<string, Action>>;
  /** Started with the daemon, unless the last command for it was stop. Default false. */
  readonly autoStart?: boolean;
}
/** A service of this machine; made by `service`. */
export interface ServiceEntry extends ServiceOptions {
  readonly kind: 'service';
}

/** Which releases a slot takes: all of it has to hold, and at least one of it is said. */
export interface Trust {
  /** Public keys, as `herd release key` prints them. Absent: whoever may deploy here need not have it signed. */
  readonly keys?: readonly string[];
  /** So many of them must have signed a release. Default 1. */
  readonly needed?: number;
  /** Keys that do not count any more, whatever stands in `keys`. */
  readonly revoked?: readonly string[];
  /** Only these, named as `herd release show` does: `rel:sha256-…`, or the digits alone. */
  readonly digests?: readonly string[];
  /**
   * Only from this instant on, by this machine's clock: '2026-12-01T22:00:00Z', or with an offset as in '+01:00'. To
   * roll back to what was active before is allowed at any time.
   */
  readonly from?: string;
  /** Only before this instant. */
  readonly until?: string;
}

/** What `slot` takes. */
export interface SlotOptions {
  /** The names of the service, the canonical one first. */
  readonly provision: readonly [string, ...string[]];
  /** As of a service. */
  readonly requirement?: readonly (string | Requirement)[];
  readonly documentation?: string;
  readonly labels?: Labels;
  /** As of a service. */
  readonly onFailure?: FailureHook | readonly FailureHook[];
  /** Releases that are kept beside those that are needed: to go back to. From 0 to 32, default 5. */
  readonly keep?: number;
  /**
   * Mebibytes of the files of all releases that are here, from 1 to 1,048,576: beyond it no other one is taken. The
   * disk has them twice. What was brought and is not staged yet comes on top, since what it replaces goes once it is
   * staged: for an hour as much again for whoever brings it, for two of them at most, and for each 423 MiB more, since
   * files may be small: the disk has no less than 4 KiB of each of 100,000, and the text that lists them. Default
   * 16,384.
   */
  readonly maxMiB?: number;
  /**
   * Seconds that a new release waits to be confirmed before it is taken back, unless the deploy says otherwise. From
   * 1, default 60.
   */
  readonly confirmSeconds?: number;
  /**
   * Seconds for which a new release has to be well before it counts as that. Whoever deploys confirms it then, and what
   * crashes once it is confirmed is not taken back: so, longer than a crash takes to show. From 0, default 5. There is
   * no least one above that: how long that takes is known to who writes the service alone.
   */
  readonly healthySeconds?: number;
  /**
   * As whom its releases and their checks run, as in an `exec`. Absent: as the shepherd, so that whoever may deploy
   * here has all that the shepherd has, `admin.ref` and every other service among it.
   */
  readonly user?: string | number;
  readonly group?: string | number;
  /** Which releases it takes. Absent: whoever may deploy here brings what he likes. */
  readonly trust?: Trust;
  readonly ready?: Ready;
  /** As of a service. */
  readonly respawn?: boolean | Respawn;
  readonly stop?: Omit<Stop, 'run'>;
  /** Absent, also in part: as the whole shepherd has it. */
  readonly log?: Log;
}
/** A service that is run as the release that was deployed to it last; made by `slot`. */
export interface SlotEntry extends SlotOptions {
  readonly kind: 'slot';
}

/** What `exported` takes. */
export interface ExportedOptions {
  /** The names of the service at this shepherd, the canonical one first. */
  readonly provision: readonly [string, ...string[]];
  readonly from: RefName;
  /** Services of this shepherd that a start brings up first, a tunnel to that machine for example. */
  readonly requirement?: readonly string[];
  /**
   * What this operator calls the machine where the service runs. Absent: the petname of the ref.
   */
  readonly node?: string;
  /** What this operator calls it; labels that it has at its own shepherd count there alone. */
  readonly labels?: Labels;
}
/** A service of another shepherd; made by `exported`. */
export interface ExportedEntry extends ExportedOptions {
  readonly kind: 'exported';
}

/** Who the members of a fleet are. */
export type FleetMembers =
  | {
      /** Names of services of this shepherd: its own, exported ones, other fleets. */
      readonly members: readonly string[];
    }
  | {
      /**
       * Its services that have such labels, as in `role=web,!canary`, also as they come and go: with a reload, and
       * with machines that join. No fleets.
       */
      readonly select: string;
      /** Of those alone that are called so: `web-server` is `web-server@web-07`, too. */
      readonly service?: string;
    };
/** What `fleet` takes. */
export type FleetOptions = FleetMembers & {
  readonly provision: readonly [string, ...string[]];
  /**
   * How many members must be ready: a count, or a share as in '100%', which is the default. With `select` a share
   * alone.
   */
  readonly minReady?: number | `${number}%`;
  /**
   * Seconds for which fewer may be ready before the fleet counts as failed; who is started has as long as its start may
   * take. Default 10.
   */
  readonly settleSeconds?: number;
  readonly documentation?: string;
  readonly labels?: Labels;
};
/** An aggregate over services; made by `fleet`. */
export type FleetEntry = FleetOptions & { readonly kind: 'fleet' };

/** Where a shepherd can be reached. */
export interface Listen {
  /**
   * On a private socket, for `herd` of the user that the shepherd runs as. 'shared': on a second one as well, for
   * all users of this machine, who can do there what they were granted. Default true.
   */
  readonly unix?: boolean | 'shared';
  /**
   * From other machines. The host is the name under which they reach this one; port 0 takes a free
   * one.
   */
  readonly tcpTls?: { readonly host: string; readonly port: number };
  /**
   * Over WebSockets, for browsers, for what has to pass a proxy, and for peers of other kinds. Whoever comes so is
   * anonymous: machines join, and grants are accepted, over `tcpTls`.
   */
  readonly websocket?: ListenWebSocket;
  /** From this machine, by the `herd` of GNU Shepherd and whatever else speaks its protocol. */
  readonly gnu?: ListenGnu;
}
/** How GNU Shepherd's clients reach a shepherd: the owner alone, with all that he may or with a part of it. */
export interface ListenGnu {
  /** Of the socket; relative to the configuration. Its folder is made 0700, or has to be. */
  readonly path: string;
  /** Names of services: those alone are there. Default all. */
  readonly services?: readonly string[];
  /**
   * What may be done beside looking: these actions, 'readonly' for none. Default all. Who has but a part of the
   * services or of the actions can neither end the shepherd nor reload it.
   */
  readonly allow?: 'readonly' | readonly string[];
}
/** How a shepherd is reached over WebSockets. */
export interface ListenWebSocket {
  /** The name under which others reach this machine. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /**
   * The address to listen on. Default: the host where it is an address, 127.0.0.1 behind a proxy, else all of this
   * machine's. `0.0.0.0` where the host is the address of a router before it.
   */
  readonly bind?: string;
  /**
   * Absent: in clear, which stays on this machine. True: under the shepherd's own certificate, which refs say how to
   * know; browsers take it from nobody. Files in PEM: under one that an authority has signed, read at each start.
   */
  readonly tls?: true | { readonly cert: string; readonly key: string };
  /** What others dial where a proxy of this machine stands before it: `wss://fleet.example/ocapn`. */
  readonly url?: string;
  /** Pages that may connect, as `https://app.example`; all others are refused. Default none. */
  readonly origins?: readonly string[];
}

/** What a shepherd has. */
export type ServicesEntry =
  | ServiceEntry
  | SlotEntry
  | TimerEntry
  | ExportedEntry
  | FleetEntry
  | SystemLogEntry
  | MonitoringEntry
  | LogRotationEntry;
/** What `defineShepherd` takes. */
export interface ShepherdOptions {
  /** The name of this machine in what is printed. Default: the host name. */
  readonly name?: string;
  readonly services: readonly ServicesEntry[];
  readonly listen?: Listen;
  /** For services that say nothing else. */
  readonly log?: Log;
}
/** A whole configuration; made by `defineShepherd`, the default export of the module. */
export interface ShepherdEntry extends ShepherdOptions {
  readonly kind: 'shepherd';
}

/** What kind of machine it is, in the words of GNU and Nix. */
export type System =
  | 'x86_64-linux'
  | 'aarch64-linux'
  | 'armv7l-linux'
  | 'i686-linux'
  | 'riscv64-linux'
  | 'powerpc64le-linux'
  | 's390x-linux'
  | 'x86_64-darwin'
  | 'aarch64-darwin';

/** What `machine` takes. */
export interface MachineOptions {
  /** A release for another one is not sent to it, and nothing is if it turns out to be another one. */
  readonly system: System;
  /** The slot that is deployed to: a ref or a grant that allows `deploy`. */
  readonly deploy: RefFile | RefName;
}
/** A machine, as whoever deploys to it knows it; made by `machine`. */
export interface MachineEntry extends MachineOptions {
  readonly kind: 'machine';
}
/** Machines by name; made by `defineMachines`, the default export of the module. */
export interface MachinesEntry {
  readonly kind: 'machines';
  readonly machines: Readonly<Record<string, MachineEntry>>;
}
