/** What a shepherd does itself, as services without a process: their descriptions, and the powers behind them. */
import type { Answer } from '@bellwether/actors';
import type { Command } from './service-config.ts';
import type { When } from './timer-types.ts';

/** What such a service is described by, beside what every service is. */
export type ChoreRules = MonitoringRules | RotationRules;
/** It says from time to time how its shepherd is. */
export interface MonitoringRules {
  readonly what: 'monitoring';
  readonly everyMs: number;
}
/** It puts files of others aside. */
export interface RotationRules {
  readonly what: 'log-rotation';
  readonly when: When;
  readonly files: readonly RotatedFile[];
  readonly keptCount: number;
  readonly isPacked: boolean;
  readonly expireMs: number;
}
/** A log that is none of a service here. */
export interface RotatedFile {
  /** Absolute. */
  readonly file: string;
  /** Has whoever writes it begin another one. Absent: it is copied and emptied, in which a line may be lost. */
  readonly run?: Command;
}

/** Of the process of this shepherd, and of its disk. */
export interface Measured {
  readonly heapBytes: number;
  /** All of its memory. */
  readonly residentBytes: number;
  readonly descriptorCount: number;
  /** Sessions with others. */
  readonly sessionCount: number;
  /** Of its records. */
  readonly recordBytes: number;
  /** Milliseconds that its event loop was late since it was measured last: 99 times of 100 at most, and the most. */
  readonly lateMs: number;
  readonly latestMs: number;
}
/** One look at files that are to be put aside. */
export interface RotationLook {
  /** Wall clock, milliseconds since 1970. */
  readonly wall: number;
  /** Whether those are that need not be yet, as long as there is something in them. */
  readonly isForced: boolean;
  /** And logs of services with them: of these, of all where none is named. Only where it is forced. */
  readonly services?: readonly string[];
}
/** What came of it. */
export interface Rotated {
  /** Those that were, by their number among the rules. */
  readonly files: readonly number[];
  /** How many logs of services were. */
  readonly serviceCount: number;
  /** Why others were not, each a sentence. */
  readonly troubles: readonly string[];
}
/** The powers behind it all. */
export interface ChorePowers {
  /** Adds a line to the log of a service that has no process. */
  write(service: string, text: string): void;
  /** Kept with Measured. */
  measure(answer: Answer): void;
  /** Kept with Rotated. */
  rotate(rules: RotationRules, look: RotationLook, answer: Answer): void;
  /** Kept with the paths of the logs of services that are there. */
  logs(answer: Answer): void;
}
