/**
 * `herd log [SERVICE]`. GNU has no log of one service; ours is a stream of the shepherd's that owns the
 * file. Without `-f` it ends where what is there ends.
 */
import { limits, type Change, type LogEvent, type LogQuery } from '@bellwether/shepherd';
import { codeIn, NoAnswer } from '../../client/errors.ts';
import type { LogTold } from '../../client/follower.ts';
import {
  defaultLogLines,
  historyOverlapMs,
  keptChangeCount,
  questionMs,
} from '../../client/limits.ts';
import type { OnInterrupt, Stream } from '../../client/line.ts';
import { type Context, isPetnameWord, patienceOf, withRoot, withService } from '../context.ts';
import { historyLines, LogLabels, noteLine } from '../format/log.ts';
import { choose, tellSlips } from './selecting.ts';
import { ageIn } from '../grammar/spans.ts';
import { lasting, senderOf, type Hearing } from './lasting.ts';
import { print, printErrors, printOne } from '../terminal/print.ts';

/**
 * Runs the command. Exit code 0, also after Ctrl-C: to end is what it is for. What is followed goes on where it
 * was when its shepherd is back; 4 where it is away when the time is up, and 4 where a host whose log
 * was wanted could not be reached, or the session ended.
 */
export const runLog = async (context: Context, words: readonly string[]): Promise<number> => {
  const [named] = words;
  const chosen = context.options.selector === undefined ? undefined : await choose(context, named);
  if (chosen !== undefined) tellSlips(context, chosen);
  const service = chosen?.service ?? named;
  if (service === undefined) return logOfAll(context);
  const query = { ...queryOf(context), ...(chosen && { onlyMembers: chosen.names }) };
  const printer = new Printer(context, service);
  const begunAt = context.terminal.now();
  const attempt = (now: Hearing): Promise<void> =>
    withService(context, service, (client) =>
      finished(context, printer, now, (told, onInterrupt) =>
        client.follow(printer.goingOn(query, begunAt), told, onInterrupt),
      ),
    );
  try {
    await followed(context, service, attempt);
  } catch (error) {
    // What could not be reached has been told already.
    if (codeIn(error) !== 'unreachable' || !printer.isTold) throw error;
  }
  return printer.isMissing && context.options.follow !== true ? 4 : 0;
};

const logOfAll = async (context: Context): Promise<number> => {
  const { follow } = context.options;
  if (follow === true) {
    const printer = new Printer(context, '');
    await followed(context, undefined, (now) =>
      withRoot(context, (root) =>
        finished(context, printer, now, (told, onInterrupt) =>
          root.followHistory(printer.goingOnHere(queryOf(context)), told, onInterrupt),
        ),
      ),
    );
    return 0;
  }
  const patience = patienceOf(context);
  const all = await withRoot(context, (root) => root.history(patience));
  const { sinceMs, lineCount = all.length } = queryOf(context, all.length);
  const since = sinceMs === undefined ? 0 : context.look.now - sinceMs;
  const wanted = all.filter(({ at }) => at >= since);
  const changes = wanted.slice(Math.max(0, wanted.length - lineCount));
  print(context, historyLines(changes), { kind: 'history', changes });
  return 0;
};

/** Where a time is given, it alone says how much. */
const queryOf = ({ options, look }: Context, usual = defaultLogLines): LogQuery => {
  const { since, follow } = options;
  const sinceMs = since === undefined ? undefined : ageIn(since, look.now);
  const lineCount = options['log-history'] ?? (since === undefined ? usual : undefined);
  return {
    ...(lineCount !== undefined && { lineCount }),
    ...(sinceMs !== undefined && { sinceMs }),
    ...(follow !== true && { isOnce: true }),
  };
};

/** What only has to be read is read once; what is followed outlasts who sends it. */
const followed = (
  context: Context,
  service: string | undefined,
  attempt: (now: Hearing) => Promise<void>,
): Promise<void> => {
  const { options, terminal } = context;
  return options.follow === true
    ? lasting(context, { whom: senderOf(service), attempt, aside: () => undefined })
    : attempt({
        heard: () => undefined,
        isAway: () => false,
        endsAt: terminal.now() + (options.timeout ?? Infinity),
      });
};

type Open = (told: LogTold, onInterrupt: OnInterrupt) => Stream;
/**
 * The end of the stream. What only has to be read comes without a pause, or something is wrong; what is
 * followed may be quiet for ever.
 */
const finished = async (
  context: Context,
  printer: Printer,
  { heard, endsAt }: Hearing,
  open: Open,
): Promise<void> => {
  const { options, terminal } = context;
  const leftMs = options.timeout === undefined ? undefined : Math.max(0, endsAt - terminal.now());
  const waitMs = leftMs ?? (options.follow === true ? undefined : questionMs);
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const wait = (): void => {
    clearTimeout(timer);
    if (waitMs !== undefined) timer = setTimeout(late, waitMs);
  };
  const stream = open(async (events) => {
    if (options.timeout === undefined) wait();
    heard();
    printer.take(events);
    await terminal.taken();
  }, terminal.onInterrupt);
  const late = (): void => {
    isLate = true;
    stream.close();
  };
  wait();
  try {
    await stream.done;
  } finally {
    clearTimeout(timer);
  }
  if (isLate && options.follow !== true)
    throw new NoAnswer(`no more of the log within ${options.timeout ?? questionMs} ms`, true);
};

/** Prints what comes: lines to standard output, notes to standard error. */
class Printer {
  /**
   * Whether something could not be read, or not to its end. A machine may say so of its own log, which it might as well
   * not send; it cannot say that nothing is missing.
   */
  isMissing: boolean;
  /** Whether the shepherd that was asked has said so itself. */
  isTold: boolean;
  readonly #context: Context;
  readonly #service: string;
  /** The ref by which the log is read, of whoever that leads to. */
  readonly #ref: string | undefined;
  readonly #labels: LogLabels;
  /** How far each log was printed. */
  readonly #places: Map<string, number>;
  /** The last changes that were printed, as text. */
  readonly #changes: Set<string>;
  #changedAt: number;
  readonly #begunAt: number;
  #sinceAt: number;
  #isBegun: boolean;

  constructor(context: Context, service: string) {
    this.isMissing = false;
    this.isTold = false;
    this.#context = context;
    this.#ref = isPetnameWord(service) ? service.slice(1) : undefined;
    this.#service = this.#ref ?? service;
    this.#labels = new LogLabels();
    this.#places = new Map();
    this.#changes = new Set();
    this.#begunAt = context.terminal.wall();
    this.#changedAt = this.#begunAt;
    this.#sinceAt = 0;
    this.#isBegun = false;
  }

  /** The query that goes on behind what was printed; of a log that was not heard of, as it was asked for then. */
  goingOn(query: LogQuery, begunAt: number): LogQuery {
    if (!this.#isBegun) return query;
    const { sinceMs, ...rest } = query;
    const after = [...this.#places].map(([about, place]) =>
      about === '' ? { place } : { about, place },
    );
    const agedMs = Math.round(this.#context.terminal.now() - begunAt);
    return {
      ...rest,
      ...(sinceMs !== undefined && { sinceMs: Math.min(sinceMs + agedMs, limits.sinceMs) }),
      ...(after.length > 0 && { after }),
    };
  }

  /** The same of the history, which has no places: what is told again is known by what it says. */
  goingOnHere(query: LogQuery): LogQuery {
    if (!this.#isBegun) return query;
    // What is older was not asked for, or was printed.
    this.#sinceAt = this.#begunAt;
    const ageMs = Math.max(0, this.#context.terminal.wall() - this.#changedAt) + historyOverlapMs;
    return { sinceMs: Math.min(ageMs, limits.sinceMs) };
  }

  take(events: readonly LogEvent[]): void {
    this.#isBegun = true;
    for (const event of events) this.#print(event);
  }

  #print(event: LogEvent): void {
    const context = this.#context;
    switch (event.kind) {
      case 'line':
        return printOne(context, [this.#labels.lineOf(event)], this.#document(event));
      case 'change':
        if (!this.#isNews(event)) return undefined;
        return printOne(context, historyLines([event]), { ...event });
      case 'note':
        this.#heed(event);
        if (context.options.json === true) return printOne(context, [], this.#document(event));
        return printErrors(context, [noteLine(event, this.#ref)]);
      case 'place':
        if (this.#places.size < limits.logPlaceCount || this.#places.has(event.about ?? ''))
          this.#places.set(event.about ?? '', event.place);
        return undefined;
    }
  }

  #heed({ what, saidBy }: Extract<LogEvent, { readonly kind: 'note' }>): void {
    if (what === 'back' || what === 'gone') return;
    this.isMissing = true;
    this.isTold ||= saidBy === undefined;
  }

  #isNews({ service, what, at }: Change): boolean {
    const text = `${at} ${what} ${service}`;
    if (this.#changes.has(text) || at < this.#sinceAt) return false;
    this.#changes.add(text);
    const [oldest] = this.#changes;
    if (this.#changes.size > keptChangeCount && oldest !== undefined) this.#changes.delete(oldest);
    this.#changedAt = Math.max(at, this.#changedAt);
    return true;
  }

  #document({
    about,
    ...event
  }: Extract<LogEvent, { readonly kind: 'line' | 'note' }>): Readonly<Record<string, unknown>> {
    return { ...event, service: about ?? this.#service };
  }
}
