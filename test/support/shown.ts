/** What `herd --json status` and outcomes say, as far as tests look at it; and processes as the kernel counts them. */
import type { Prompt } from '@bellwether/shepherd';
import fs from 'node:fs';
import type { Daemon, Ended, Place } from './programs.ts';

/** A member in the status of a fleet. */
export interface ShownMember {
  readonly name: string;
  readonly stage: string;
  readonly pid?: number;
  readonly ageMs: number;
  readonly reason?: string;
}
/** A service. */
export interface ShownStatus {
  readonly provision: readonly string[];
  readonly stage: string;
  readonly pid?: number;
  readonly ageMs: number;
  /** By the clock of the machine that it runs on. */
  readonly since?: number;
  readonly respawnCount?: number;
  readonly isEnabled?: boolean;
  /** What its last start, its last stop and its being disabled came from. */
  readonly startedBy?: Prompt;
  readonly stoppedBecause?: Prompt;
  readonly disabledBy?: Prompt;
  readonly unknownReason?: string;
  readonly members?: readonly ShownMember[];
  readonly health?: string;
  readonly blame?: readonly string[];
}
/** One row of an outcome. */
export interface ShownRow {
  readonly member: string;
  readonly result: string;
  readonly stage?: string;
  readonly pid?: number;
  readonly reason?: string;
  readonly lastSeenMs?: number;
}
/** What came of a command. */
export interface ShownOutcome {
  readonly exitCode: number;
  readonly operation: string;
  readonly outcome: ShownRow & { readonly rows: readonly ShownRow[] };
}

/** The status of one service, asked for live; with more patience than usual, since others may use this machine, too. */
export const statusOf = async (daemon: Daemon, service: string): Promise<ShownStatus> => {
  const { stdout, stderr } = await daemon.herd('--json', '--timeout', '30', 'status', service);
  const [first] = (JSON.parse(stdout) as { services?: readonly ShownStatus[] }).services ?? [];
  if (first === undefined) throw new Error(`no status of ${service} in ${stdout}${stderr}`);
  return first;
};

/** What `status --watch` has pushed of one service. */
export interface Watching {
  /** Everything so far, oldest first. */
  pushed(): readonly ShownStatus[];
  /** The last of it. @throws Error while there is nothing */
  last(): ShownStatus;
  /** Ends as Ctrl-C does. */
  end(): Promise<Ended>;
}

/** Watches a service from now on. */
export const watch = (daemon: Daemon, service: string): Watching => {
  const { process, stdout, ended } = daemon.begin('--json', 'status', '--watch', service);
  const pushed = (): readonly ShownStatus[] =>
    stdout()
      .split('\n')
      .slice(0, -1) // what follows the last line end is no whole line yet
      .flatMap((line) => (JSON.parse(line) as { services?: readonly ShownStatus[] }).services ?? [])
      .filter(({ provision }) => provision.includes(service));
  return {
    pushed,
    last: () => {
      const last = pushed().at(-1);
      if (last === undefined) throw new Error(`nothing was pushed of ${service} yet`);
      return last;
    },
    end: () => {
      process.kill('SIGINT');
      return ended;
    },
  };
};

/** The process of a service; 0 for none. */
export const pidOf = async (daemon: Daemon, service: string): Promise<number> =>
  (await statusOf(daemon, service)).pid ?? 0;

/** The outcome that a command with `--json` printed. */
export const outcomeOf = ({ stdout, stderr }: Ended): ShownOutcome => {
  if (!stdout.startsWith('{')) throw new Error(`no outcome in ${stdout}${stderr}`);
  return JSON.parse(stdout) as ShownOutcome;
};

/** The row of one member. */
export const rowOf = ({ outcome }: ShownOutcome, member: string): ShownRow => {
  const found = outcome.rows.find((row) => row.member === member);
  if (found === undefined) throw new Error(`no row of ${member} in ${JSON.stringify(outcome)}`);
  return found;
};

/** The living processes of a place whose command line has these words in a row, by pid. */
export const processesOf = (place: Place, ...words: readonly string[]): readonly number[] => {
  const wanted = `\0${words.join('\0')}\0`;
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const read = (file: string): string => fs.readFileSync(`/proc/${pid}/${file}`, 'utf8');
      try {
        return (
          `\0${read('cmdline')}`.includes(wanted) &&
          read('environ').includes(`HOME=${place.folder}\0`)
        );
      } catch {
        return false; // gone meanwhile, or not ours
      }
    });
};
