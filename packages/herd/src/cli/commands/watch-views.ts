/** Three ways to show what a watching tells; commands/watch.ts says when which. */
import type { Status } from '@bellwether/shepherd';
import type { Context } from '../context.ts';
import { changeText, silenceText } from '../format/watch.ts';
import { rootStatus, statusListLines } from '../format/status-list.ts';
import { statusReportLines } from '../format/status-report.ts';
import { timeText } from '../format/times.ts';
import { lookOf } from '../terminal/look.ts';
import { printOne } from '../terminal/print.ts';
import { erase, fitted } from '../terminal/screen.ts';

/** Where a watching is shown. */
export interface View {
  /** What has changed; none: nothing has. */
  take(statuses: readonly Status[]): void;
  /** Nothing was heard for so long, in milliseconds. Told again and again. */
  silent(ms: number): void;
  /** Time has passed. */
  tick(): void;
  /** The last state stays where it is; what is told after that is told from the beginning. */
  end(): void;
}

const nameOf = ({ provision: [name = ''] }: Status): string => name;

/** A status, and when it was told. */
interface Told {
  readonly status: Status;
  readonly at: number;
}

/** The table of `herd status`, drawn anew in its place. */
export class TableView implements View {
  readonly #context: Context;
  readonly #isOne: boolean;
  readonly #isAll: boolean;
  readonly #told: Map<string, Told>;
  #silentMs: number | undefined;
  #drawnCount: number;

  /** Of a single service there is a report in place of a list; with all of them, the shepherd is listed. */
  constructor(context: Context, what: 'one' | 'some' | 'all') {
    this.#context = context;
    this.#isOne = what === 'one';
    this.#isAll = what === 'all';
    this.#told = new Map();
    this.#silentMs = undefined;
    this.#drawnCount = 0;
  }
  take(statuses: readonly Status[]): void {
    const at = this.#context.terminal.now();
    this.#silentMs = undefined;
    for (const status of statuses) this.#told.set(nameOf(status), { status, at });
    this.tick();
  }
  silent(ms: number): void {
    this.#silentMs = ms;
  }
  tick(): void {
    const { terminal } = this.#context;
    const lines = fitted(terminal, this.#lines());
    terminal.out(`${erase(this.#drawnCount)}${lines.map((line) => `${line}\n`).join('')}`);
    this.#drawnCount = lines.length;
  }
  end(): void {
    this.#told.clear();
    this.#silentMs = undefined;
    this.#drawnCount = 0;
  }

  #lines(): readonly string[] {
    const look = lookOf(this.#context.terminal);
    const shown = [...this.#told.values()].map((one) => this.#aged(one));
    const lines = this.#isOne
      ? shown.flatMap((status) => statusReportLines(status, look, 0, false))
      : statusListLines(this.#isAll ? [...shown, rootStatus] : shown, look);
    if (this.#silentMs === undefined) return lines;
    return [look.paint('yellow', silenceText(this.#silentMs)), ...lines];
  }
  /** What is known is confirmed with each heartbeat; what is unknown gets older. */
  #aged({ status, at }: Told): Status {
    if (status.ageMs === undefined) return status;
    if (status.stage !== 'unknown' && this.#silentMs === undefined) return status;
    return { ...status, ageMs: status.ageMs + (this.#context.terminal.now() - at) };
  }
}

/** A line for each change that such a line shows. */
export class LinesView implements View {
  readonly #context: Context;
  readonly #shown: Map<string, string>;
  #isSilent: boolean;

  constructor(context: Context) {
    this.#context = context;
    this.#shown = new Map();
    this.#isSilent = false;
  }
  take(statuses: readonly Status[]): void {
    this.#isSilent = false;
    for (const status of statuses) {
      const text = changeText(status);
      if (this.#shown.get(nameOf(status)) === text) continue;
      this.#shown.set(nameOf(status), text);
      this.#say(text);
    }
  }
  silent(ms: number): void {
    if (!this.#isSilent) this.#say(silenceText(ms));
    this.#isSilent = true;
  }
  tick(): void {
    // Only changes are told.
  }
  end(): void {
    // Every line stands for itself.
  }
  #say(text: string): void {
    const { terminal } = this.#context;
    const now = terminal.wall();
    terminal.out(`${timeText(now, now)} ${text}\n`);
  }
}

/** JSON lines. */
export class JsonView implements View {
  readonly #context: Context;
  #isSilent: boolean;

  constructor(context: Context) {
    this.#context = context;
    this.#isSilent = false;
  }
  take(services: readonly Status[]): void {
    this.#isSilent = false;
    if (services.length > 0) printOne(this.#context, [], { kind: 'status', services });
  }
  silent(silentMs: number): void {
    if (!this.#isSilent) printOne(this.#context, [], { kind: 'silence', silentMs });
    this.#isSilent = true;
  }
  tick(): void {
    // Only changes are told.
  }
  end(): void {
    // Every document stands for itself.
  }
}
