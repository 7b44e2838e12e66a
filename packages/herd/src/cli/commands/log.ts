/**
 * `herd log [SERVICE]`. GNU has no log of one service; ours is a stream of the shepherd's that owns the
 * file. Without `-f` it ends where what is there ends.
 */
import type { LogEvent, LogQuery } from '@bellwether/shepherd';
import { codeIn, NoAnswer } from '../../client/errors.ts';
import type { LogTold } from '../../client/follower.ts';
import { defaultLogLines, questionMs } from '../../client/limits.ts';
import type { OnInterrupt, Stream } from '../../client/line.ts';
import { type Context, isPetnameWord, patienceOf, withRoot, withService } from '../context.ts';
import { historyLines, LogLabels, noteLine } from '../format/log.ts';
import { ageIn } from '../grammar.ts';
import { print, printErrors, printOne } from '../print.ts';

/**
 * Runs the command. Exit code 0, also after Ctrl-C: to end is what it is for; 4 where a host whose log
 * was wanted could not be reached, or the session ended.
 */
export const runLog = async (context: Context, words: readonly string[]): Promise<number> => {
  const [service] = words;
  if (service === undefined) return logOfAll(context);
  const printer = new Printer(context, service);
  const open = (follow: Open): Promise<void> => finished(context, printer, follow);
  try {
    await withService(context, service, (client) =>
      open((told, onInterrupt) => client.follow(queryOf(context), told, onInterrupt)),
    );
  } catch (error) {
    // What could not be reached has been told already.
    if (codeIn(error) !== 'unreachable' || !printer.isMissing) throw error;
  }
  return printer.isMissing && context.options.follow !== true ? 4 : 0;
};

const logOfAll = async (context: Context): Promise<number> => {
  const { follow, timeout } = context.options;
  if (follow === true) {
    const printer = new Printer(context, '');
    await withRoot(context, (root) =>
      finished(context, printer, (told, onInterrupt) =>
        root.followHistory(queryOf(context), told, onInterrupt),
      ),
    );
    return 0;
  }
  const patience = patienceOf(context, timeout ?? questionMs);
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

type Open = (told: LogTold, onInterrupt: OnInterrupt) => Stream;
/**
 * The end of the stream. What only has to be read comes without a pause, or something is wrong; what is
 * followed may be quiet for ever.
 */
const finished = async (context: Context, printer: Printer, open: Open): Promise<void> => {
  const { options, terminal } = context;
  const waitMs = options.timeout ?? (options.follow === true ? undefined : questionMs);
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const wait = (): void => {
    clearTimeout(timer);
    if (waitMs !== undefined) timer = setTimeout(late, waitMs);
  };
  const stream = open(async (events) => {
    if (options.timeout === undefined) wait();
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
    throw new NoAnswer(`no more of the log within ${waitMs ?? 0} ms`, true);
};

/** Prints what comes: lines to standard output, notes to standard error. */
class Printer {
  /** Whether something could not be read, or not to its end. */
  isMissing: boolean;
  readonly #context: Context;
  readonly #service: string;
  readonly #labels: LogLabels;

  constructor(context: Context, service: string) {
    this.isMissing = false;
    this.#context = context;
    this.#service = isPetnameWord(service) ? service.slice(1) : service;
    this.#labels = new LogLabels();
  }

  take(events: readonly LogEvent[]): void {
    for (const event of events) this.#print(event);
  }

  #print(event: LogEvent): void {
    const context = this.#context;
    switch (event.kind) {
      case 'line':
        return printOne(context, [this.#labels.lineOf(event)], this.#document(event));
      case 'change':
        return printOne(context, historyLines([event]), { ...event });
      case 'note':
        this.isMissing ||= event.what !== 'back' && event.what !== 'gone';
        if (context.options.json === true) return printOne(context, [], this.#document(event));
        return printErrors(context, [noteLine(event)]);
      case 'place':
        return undefined; // for who goes on after a session has ended
    }
  }

  #document({
    about,
    ...event
  }: Extract<LogEvent, { readonly kind: 'line' | 'note' }>): Readonly<Record<string, unknown>> {
    return { ...event, service: about ?? this.#service };
  }
}
