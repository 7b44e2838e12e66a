/**
 * What is shown while an operation runs: its lines as they come and, where a person looks, a block
 * below them that is drawn anew until the end.
 *
 *     A: Service networking has been started.         lines of the operation: standard output
 *       web-server-a  changed                         the block: standard error, on a terminal only,
 *       web-server-b  has been stopped                without colours where there are to be none;
 *       web-server-d  …                               from many members on the last line alone;
 *     start web-fleet: 1 of 3 members, 1 changed,     it is one line
 *                      12 seconds
 *
 * Of who has not answered it has what was said last, or what is known. Batch by batch, the last line says at which it
 * is. With `-q` there is neither, with `--json` no block, and lines go to standard error. Where there is no
 * block and it takes longer, the last line is said once, on standard error, with who is waited for.
 *
 * What is done on the shepherd's own machine alone is told as GNU `herd` tells it: without the name of the machine, and
 * without what goes without saying. That is the end of what was to be stopped and, of a restart, all stops. With `-v`
 * they are said. So it is with what was refused or has failed, wherever that was: the error that follows says it.
 */
import {
  isGood,
  results,
  type Event,
  type LineTopic,
  type Outcome,
  type Row,
} from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { mostActionMs } from '../../client/limits.ts';
import type { Context } from '../context.ts';
import { fewNames } from '../format/names.ts';
import { rowLines, resultWords, paintedResult, unheard } from '../format/outcome.ts';
import { tailKey } from '../format/tails.ts';
import { counted, spanText } from '../format/times.ts';
import { groupFromCount, keptRowChars, lookAgainMs } from '../limits.ts';
import type { Deadline } from './deadline.ts';
import { cutTo, erase, redrawMs } from '../terminal/screen.ts';

/**
 * Lines that are remembered: a stream may have 100,000, and what the outcome repeats is among the
 * first.
 */
const maxSeenLines = 1_000;

/** The progress of one operation. Whoever makes one ends it. */
export class Progress {
  /** Texts of the lines so far: the outcome need not repeat them. */
  readonly seen: Set<string>;
  /** Whether there is a block. */
  readonly isLive: boolean;
  /** Has those expected anew who will answer; set by whoever can ask for them. */
  lookAgain: (() => Promise<void>) | undefined;
  readonly #context: Context;
  readonly #action: string;
  readonly #service: string;
  readonly #rows: Map<string, Row>;
  /** Members whose failure was told with the end of their log. */
  readonly #told: Set<string>;
  /** The ends of logs that were told with those. */
  readonly #tails: Set<string>;
  /** Services of which a line has said what became of them. */
  readonly #subjects: Set<string>;
  /** Of members that have not answered: what was said last. */
  readonly #words: Map<string, string>;
  /** Of those who are expected: what their shepherd knows. */
  #stages: ReadonlyMap<string, string>;
  readonly #startedAt: number;
  readonly #deadline: Deadline | undefined;
  readonly #stops: readonly (() => void)[];
  #expected: readonly string[];
  /** In which batch each of them is, where there are any. */
  #batches: ReadonlyMap<string, number>;
  #drawnCount: number;
  /** Of all rows that have come: a peer may send them without end. */
  #rowChars: number;
  /** Nobody elsewhere has a part in it. */
  #isAlone: boolean;
  /** That it takes longer. */
  #isSaid: boolean;
  #isOver: boolean;

  /** What is being done, in the words of the command line, and until when: where it takes longer, that is said. */
  constructor(context: Context, action: string, service: string, deadline?: Deadline) {
    const { terminal } = context;
    this.seen = new Set();
    this.isLive = isLive(context);
    this.#context = context;
    this.#action = action;
    this.#service = service;
    this.#rows = new Map();
    this.#told = new Set();
    this.#tails = new Set();
    this.#subjects = new Set();
    this.#words = new Map();
    this.#stages = new Map();
    this.#startedAt = deadline?.startedAt ?? terminal.now();
    this.#deadline = deadline;
    this.#expected = [];
    this.#batches = new Map();
    this.#drawnCount = 0;
    this.#rowChars = 0;
    this.#isAlone = false;
    this.#isOver = false;
    this.#isSaid = deadline === undefined || context.options.quiet === true;
    this.#stops = [
      terminal.every(lookAgainMs, () => void this.#look()),
      ...(this.isLive ? [terminal.every(redrawMs, () => this.#draw())] : []),
    ];
  }

  /** Takes in a batch of the operation's stream. */
  take(events: readonly Event[]): void {
    for (const event of events) {
      if (event.kind === 'row') this.#row(event.row);
      else if (event.kind === 'alone') this.#isAlone = true;
      else if (event.kind === 'line') {
        const { about, what } = event;
        const shown = this.#isAlone ? event.text : `${event.from}: ${event.text}`;
        this.#line(shown, event.text, this.#goesWithoutSaying(event, shown));
        this.#note(about, event.text);
        if (about !== undefined && what !== undefined && this.#subjects.size < maxSeenLines)
          this.#subjects.add(about);
      } else if (event.kind === 'dropped')
        this.#line(`(${counted(event.count, 'line')} left out)`, '');
    }
  }
  /** These are going to answer, in these batches; only they are counted. Later there is no news but of their stages. */
  expect(
    members: readonly string[],
    batches: ReadonlyMap<string, number> = new Map(),
    stages: ReadonlyMap<string, string> = new Map(),
  ): void {
    this.#stages = stages;
    if (this.#expected.length > 0) return;
    this.#expected = [...new Set(members)];
    this.#batches = batches;
  }
  /** What is known of each member, in the order of their answers. */
  rows(): readonly Row[] {
    return [...this.#rows.values()];
  }
  /** Those who were going to answer and have not, where nobody will tell any more. */
  unheard(): readonly Row[] {
    return this.#expected
      .filter((member) => !this.#rows.has(member))
      .map((member) => ({ member, result: 'unknown', reason: unheard }));
  }
  /** The outcome without the ends of logs, and the names of services, that were told already. */
  untold(outcome: Outcome): Outcome {
    const isShared = sharedTails(outcome.rows);
    const bare = (row: Row): Row => {
      // Of one that several have it was told once: whose it is stands with those.
      if (!this.#told.has(row.member) || isShared(row)) return row;
      const { output: _output, ...rest } = row;
      return rest;
    };
    const { also = [], ...rest } = outcome;
    const news = also.filter((name) => !this.#subjects.has(name));
    return { ...rest, ...(news.length > 0 && { also: news }), rows: outcome.rows.map(bare) };
  }
  /** Takes the block away, for good. */
  end(): void {
    this.#isOver = true;
    for (const stop of this.#stops) stop();
    this.#clear();
  }
  /** `start web-fleet: 1 of 2 members, 1 failed, 12 seconds of 20 minutes at most; waiting for web-b (starting)`. */
  state(): string {
    const batch = this.#openBatch();
    const open = this.#expected
      .filter((member) => !this.#rows.has(member) && this.#batches.get(member) === batch)
      .map((member) => `${member} (${this.#wordsOf(member)})`);
    const alone = this.#expected.length === 0 ? this.#stages.get(this.#service) : undefined;
    const whom = open.length > 0 ? [`waiting for ${fewNames(open)}`] : alone ? [alone] : [];
    return [this.#sum(), ...whom].join('; ');
  }

  /** Has a look at those who do not answer; of many that is done once. */
  async #look(): Promise<void> {
    if (this.#isSaid && (!this.isLive || this.#expected.length >= groupFromCount)) return;
    this.#isSaid = true;
    await this.lookAgain?.();
    if (!this.#isOver && !this.isLive) this.#context.terminal.err(`herd: ${this.state()}\n`);
  }

  /** How far a member is: the last that was said of it, or of what it is elsewhere. */
  #note(about: string | undefined, text: string): void {
    const member = about?.split('/', 1)[0];
    if (this.#expected.length >= groupFromCount) return;
    if (member !== undefined && this.#expected.includes(member))
      this.#words.set(member, text.replace(/^Service [^ :]+:? /, '').replace(/\.$/, ''));
  }
  /** A failure is worth a look while the others are still at it: with the end of its log, at once, if that is news. */
  #row(row: Row): void {
    const { member } = row;
    this.#rowChars += JSON.stringify(row).length;
    if (this.#rowChars <= keptRowChars) this.#rows.set(member, row);
    const tail = tailKey(row);
    if (!this.isLive || tail === undefined || !this.#expected.includes(member)) return;
    if (this.#tails.has(tail)) return;
    this.#tails.add(tail);
    this.#told.add(member);
    const lines = rowLines([row], this.#context.look, this.#action, '  ');
    this.#aside(() => this.#context.terminal.err(`${lines.join('\n')}\n`));
  }
  #goesWithoutSaying({ about, what }: LineTopic, shown: string): boolean {
    if (this.#context.options.verbose === true) return false;
    // Of services that are not shown the lines are all the same.
    if (about === undefined && this.seen.has(shown)) return true;
    if (what === 'refused' || what === 'failed') return true;
    if (!this.#isAlone || what !== 'stopped') return false;
    return this.#action === 'restart' || (this.#action === 'stop' && about === this.#service);
  }
  #line(shown: string, text: string, isNoNews = false): void {
    const { terminal, options } = this.#context;
    if (this.seen.size < maxSeenLines) this.seen.add(text).add(shown);
    if (options.quiet === true || isNoNews) return;
    const line = `${visible(shown)}\n`;
    this.#aside(() => (options.json === true ? terminal.err(line) : terminal.out(line)));
  }

  /** Writes something that stays, above the block. */
  #aside(write: () => void): void {
    const isDrawn = this.#drawnCount > 0;
    this.#clear();
    write();
    if (isDrawn) this.#draw();
  }
  #clear(): void {
    if (this.#drawnCount > 0) this.#context.terminal.err(erase(this.#drawnCount));
    this.#drawnCount = 0;
  }
  #draw(): void {
    const { terminal } = this.#context;
    const lines = this.#block();
    terminal.err(`${erase(this.#drawnCount)}${lines.join('\n')}\n`);
    this.#drawnCount = lines.length;
  }

  /** Fits the terminal: a line that wraps could not be taken away again. */
  #block(): readonly string[] {
    const { terminal, look } = this.#context;
    const width = Math.max(1, terminal.columns - 1);
    const sum = cutTo(this.#sum(), width);
    const members = this.#expected;
    if (members.length >= groupFromCount || members.length > terminal.rows - 2) return [sum];
    const nameWidth = Math.max(0, ...members.map((member) => visible(member).length));
    const lines = members.map((member) => {
      const row = this.#rows.get(member);
      const said = visible(this.#wordsOf(member));
      const word = row === undefined ? said : resultWords[row.result];
      const line = cutTo(`  ${visible(member).padEnd(nameWidth)}  ${word}`, width);
      return row === undefined ? line : paintedResult(line, row, look);
    });
    return [...lines, sum];
  }
  /** The first one in which somebody has not answered. */
  #openBatch(): number | undefined {
    const open = [...this.#batches].filter(([member]) => !this.#rows.has(member));
    if (open.length === 0) return undefined;
    return open.reduce((least, [, batch]) => Math.min(least, batch), Infinity);
  }
  /** `batch 2 of 4`. */
  #batch(): readonly string[] {
    const first = this.#openBatch();
    return first === undefined ? [] : [`batch ${first} of ${Math.max(...this.#batches.values())}`];
  }
  /** `starting, may take 20 minutes`. */
  #wordsOf(member: string): string {
    const { slowest } = this.#deadline ?? {};
    const said = this.#words.get(member) ?? this.#stages.get(member) ?? '…';
    return slowest?.name === member ? `${said}, may take ${spanText(slowest.ms)}` : said;
  }
  /** `start web-fleet: 1 of 2 members, 1 failed, 12 seconds of 65 seconds at most`, worst first. */
  #sum(): string {
    const { terminal } = this.#context;
    const answered = this.#expected.flatMap((member) => this.#rows.get(member) ?? []);
    const counts = results.flatMap((result) => {
      const those = answered.filter((row) => row.result === result).map(({ member }) => member);
      const whose = isGood({ result }) || this.isLive ? '' : ` (${fewNames(those)})`;
      return those.length === 0 ? [] : [`${those.length} ${resultWords[result]}${whose}`];
    });
    const { length } = this.#expected;
    const all = length === 0 ? [] : [`${answered.length} of ${counted(length, 'member')}`];
    const span = spanText(terminal.now() - this.#startedAt);
    const mostMs = Math.round((this.#deadline?.endsAt ?? Infinity) - this.#startedAt);
    // For so long herd waits for what somebody else has asked for, whose time it does not know.
    const most = mostMs < mostActionMs ? ` of ${spanText(mostMs)} at most` : '';
    const parts = [...this.#batch(), ...all, ...counts, `${span}${most}`];
    return `${visible(`${this.#action} ${this.#service}`)}: ${parts.join(', ')}`;
  }
}

/** Whether a row has a tail that others have, too. */
const sharedTails = (rows: readonly Row[]): ((row: Row) => boolean) => {
  const counts = new Map<string, number>();
  const keyOf = (row: Row): string => tailKey(row) ?? '';
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  return (row) => tailKey(row) !== undefined && (counts.get(keyOf(row)) ?? 0) > 1;
};

/** A person who looks, on a terminal that can move its cursor. */
export const isLive = ({ terminal, options }: Context): boolean =>
  terminal.isTerminal &&
  terminal.isErrorTerminal &&
  (terminal.env['TERM'] ?? 'dumb') !== 'dumb' &&
  options.json !== true &&
  options.quiet !== true;
