/**
 * `herd status [SERVICE] --watch`: what changes is shown as it is told, until Ctrl-C.
 *
 *     on a terminal         the table of `herd status`, drawn anew; no longer than the screen
 *     elsewhere             a line for each change
 *     with --json           each push is one document on one line; what has not changed is not in it
 *
 * A shepherd that says nothing, not even that nothing has changed, for two heartbeats is told to be
 * silent: what is shown may have changed. Whoever was away himself (Ctrl-Z) may have been given up by
 * then, so after a while of silence he asks anew; once, until he is told something.
 */
import type { Status } from '@bellwether/shepherd';
import type { StatusTold } from '../../client/observer.ts';
import { heartbeatMs, silentMs, watchAgainMs } from '../../client/limits.ts';
import type { OnInterrupt, Stream } from '../../client/line.ts';
import { type Context, isPetnameWord, withRoot, withService } from '../context.ts';
import { lasting, senderOf, type Hearing } from './lasting.ts';
import { ofMembers, type Chosen } from './selecting.ts';
import { JsonView, LinesView, TableView, type View } from './watch-views.ts';

/**
 * Runs the command. Exit code 0, also after Ctrl-C and after `--timeout`: to end is what it is for; 4 where the
 * shepherd is away by then.
 */
export const runWatch = async (
  context: Context,
  service: string | undefined,
  chosen?: Chosen,
): Promise<number> => {
  const isOne = service !== undefined && (chosen === undefined || isPetnameWord(service));
  const view = viewOf(context, isOne ? 'one' : chosen === undefined ? 'all' : 'some');
  const names = chosen?.names;
  const shown = (status: Status): Status =>
    names === undefined ? status : ofMembers(status, names);
  const attempt = (now: Hearing): Promise<void> =>
    isOne
      ? withService(context, service, (client) =>
          watched(context, view, now, (told, onInterrupt) =>
            client.watch(heartbeatMs, (some) => told(some.map(shown)), onInterrupt),
          ),
        )
      : withRoot(context, (root) =>
          watched(context, view, now, (told, onInterrupt) =>
            root.watch(names ?? [], heartbeatMs, told, onInterrupt),
          ),
        );
  try {
    await lasting(context, { whom: senderOf(service), attempt, aside: () => view.end() });
  } finally {
    view.end();
  }
  return 0;
};

const viewOf = (context: Context, what: 'one' | 'some' | 'all'): View => {
  if (context.options.json === true) return new JsonView(context);
  const { isTerminal, env } = context.terminal;
  return isTerminal && (env['TERM'] ?? 'dumb') !== 'dumb'
    ? new TableView(context, what)
    : new LinesView(context);
};

type Open = (told: StatusTold, onInterrupt: OnInterrupt) => Stream;
/** One watching after the other on the same line, until somebody has enough. */
const watched = async (context: Context, view: View, now: Hearing, open: Open): Promise<void> => {
  while ((await watchOnce(context, view, now, open)) === 'again');
};

/** `again` where the shepherd may have given up this watching. */
const watchOnce = async (
  { terminal }: Context,
  view: View,
  { heard, isAway, endsAt }: Hearing,
  open: Open,
): Promise<'closed' | 'again'> => {
  let heardAt: number | undefined;
  let isOver = false;
  let isGivenUp = false;
  const told = async (statuses: readonly Status[]): Promise<void> => {
    if (isOver) throw new Error('nobody watches any more');
    heardAt = terminal.now();
    heard();
    view.take(statuses);
    await terminal.taken();
  };
  const stream = open(told, terminal.onInterrupt);
  const startedAt = terminal.now();
  const stop = terminal.every(1_000, () => {
    const now = terminal.now();
    const quietMs = now - (heardAt ?? startedAt);
    if (quietMs >= silentMs && !isAway()) view.silent(quietMs);
    isGivenUp = heardAt !== undefined && quietMs >= watchAgainMs;
    if (isGivenUp || now >= endsAt) stream.close();
    else view.tick();
  });
  try {
    await stream.done;
    return isGivenUp ? 'again' : 'closed';
  } finally {
    isOver = true;
    stop();
  }
};
