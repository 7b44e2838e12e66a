/** What the owner of a machine is told of it beside its services: what they use, and why they are as they are. */
import type { Stage } from './vocabulary.ts';
import type { Wish } from './steps.ts';

/** What one service of this machine uses at a moment: the processes of its group. */
export interface ServiceUsage {
  /** Its canonical name; `root` is the shepherd itself. */
  readonly service: string;
  readonly stage: Stage;
  readonly pid: number;
  /** Wall clock, milliseconds since 1970, when its stage was entered. */
  readonly since?: number;
  readonly respawnCount: number;
  readonly processCount: number;
  readonly threadCount: number;
  /** Milliseconds of CPU time of the processes that live. Two looks make a share of it. */
  readonly cpuMs: number;
  /** Memory that lies in RAM; what several share counts for each. */
  readonly rssBytes: number;
  /** Open descriptors; absent where the system does not tell. */
  readonly fdCount?: number;
}
/** What a machine and its services use at a moment. */
export interface MachineUsage {
  /** A clock that never goes back, milliseconds: of the two looks. */
  readonly atMs: number;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly availableBytes: number;
  /** Those that have a process, in no order. */
  readonly services: readonly ServiceUsage[];
}
/** A service that has a process, before anybody has looked at that. */
export type UsedBy = Pick<ServiceUsage, 'service' | 'stage' | 'pid' | 'since' | 'respawnCount'>;

/** What the shepherd remembers of how a service came to be as it is; its status has the rest. */
export interface Grounds {
  /** What was wished of it last; absent: nothing ever was. */
  readonly wish?: Wish;
  /** The command that says so, where it was one, as far as that is remembered. */
  readonly by?: Commanded;
  /** Commands that have not ended and are about it, also as what comes along, oldest first. */
  readonly underWay: readonly UnderWay[];
}
/** A command that was taken on. */
export interface Commanded {
  /** As in the facts of an operation. */
  readonly asker: string;
  readonly operation: string;
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
  /** What was asked for, of which service: perhaps of another that took this one along. */
  readonly action?: string;
  readonly service?: string;
}
/** A part of a command that has not ended. */
export interface UnderWay {
  readonly asker: string;
  readonly operation: string;
  /** What is done with the service in it. */
  readonly action: string;
  readonly phase: 'waiting' | 'acting' | 'queued';
  /** Services that it waits for, before it is done here; the first ones. */
  readonly waitsFor: readonly string[];
}
