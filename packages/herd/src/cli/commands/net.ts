/**
 * `herd net`, `herd net trace` and `herd net events`: what this user's own shepherd sees of its network. It is asked of
 * nobody else's: whom a shepherd knows is the business of its owner, and no ref or grant has a way to it.
 */
import { FLEET_LIMITS, type NetEvent } from '@bellwether/fleet';
import { closest } from '@bellwether/shepherd';
import { netRefreshMs, questionMs, traceMs } from '../../client/limits.ts';
import { netClient, type NetClient, type NetView, type TraceEar } from '../../client/net.ts';
import { isPetnameWord, patienceOf, withRootLine, type Context } from '../context.ts';
import {
  droppedLine,
  eventLines,
  linkLines,
  netLines,
  netOrders,
  sortedLinks,
  traceEndLine,
  traceLine,
  type NetOrder,
} from '../format/net.ts';
import { lasting, senderOf, type Hearing } from './lasting.ts';
import { pause } from '../terminal/pause.ts';
import { print, printErrors, printOne } from '../terminal/print.ts';
import { erase, fitted } from '../terminal/screen.ts';
import { Usage } from '../grammar/usage.ts';
import { calledSo, eventsCalledSo, sessionOf } from './net-names.ts';

/** Events that are shown where nobody says: a screen. */
const defaultEvents = 40;

/** Runs one of these commands; the result is the exit code. */
export const runNet = (
  context: Context,
  action: string,
  [word]: readonly string[],
): Promise<number> => {
  if (word !== undefined && isPetnameWord(word)) throw notOfOthers(action);
  switch (action) {
    case 'net trace':
      return trace(context, word ?? '');
    case 'net events':
      return events(context, word);
    default:
      return net(context, word);
  }
};

const notOfOthers = (action: string): Usage =>
  new Usage(
    `'herd ${action}' is asked of your own shepherd alone`,
    'Whom a shepherd knows is the business of its owner: a ref or a grant gives no right to see it.',
  );

const withNet = <T>(context: Context, work: (client: NetClient) => Promise<T>): Promise<T> =>
  withRootLine(context, (line) => work(netClient(line)));
const viewOf = (context: Context, client: NetClient): Promise<NetView> =>
  client.links(patienceOf(context));

const net = async (context: Context, word: string | undefined): Promise<number> => {
  const order = orderIn(context);
  if (context.options.watch === true) return watch(context, word, order);
  const view = await withNet(context, (client) => viewOf(context, client));
  const { lines, document } = shown(context, view, word, order);
  print(context, lines, document);
  return 0;
};
const shown = (
  { options: { all } }: Context,
  view: NetView,
  word: string | undefined,
  order: NetOrder,
) => {
  if (word !== undefined) {
    const link = calledSo(view.links, view.dials, word);
    return { lines: linkLines(link), document: { kind: 'session', session: link } };
  }
  const links = sortedLinks(view.links, order);
  const lines = netLines({ ...view, links }, all === true);
  return { lines, document: { kind: 'net', ...view, links } };
};
const orderIn = ({ options: { sort } }: Context): NetOrder => {
  const order = netOrders.find((each) => each === (sort ?? 'age'));
  if (order !== undefined) return order;
  const meant = closest(sort ?? '', netOrders);
  throw new Usage(
    `--sort takes ${netOrders.join(', ')}`,
    meant === undefined ? undefined : `Did you mean '--sort ${meant}'?`,
  );
};

/** Asks again and again, on one line as long as that lasts, until Ctrl-C or the end of `--timeout`. */
const watch = async (
  context: Context,
  word: string | undefined,
  order: NetOrder,
): Promise<number> => {
  const { terminal, options } = context;
  let drawnCount = 0;
  let isFirst = true;
  const look = async (client: NetClient, { heard, endsAt }: Hearing): Promise<void> => {
    for (let goesOn = true; goesOn; isFirst = false) {
      const view = await client.links(patienceOf(context, questionMs));
      heard();
      const { lines, document } = shown(context, view, word, order);
      if (options.json === true || !isScreen(context))
        printOne(context, isFirst ? lines : ['', ...lines], document);
      else {
        const fit = fitted(terminal, lines);
        terminal.out(`${erase(drawnCount)}${fit.map((line) => `${line}\n`).join('')}`);
        drawnCount = fit.length;
      }
      await terminal.taken();
      goesOn = await pause(context, Math.min(netRefreshMs, endsAt - terminal.now()));
      goesOn &&= terminal.now() < endsAt;
    }
  };
  await lasting(context, {
    whom: senderOf(undefined),
    attempt: (now) => withNet(context, (client) => look(client, now)),
    aside: () => (drawnCount = 0),
  });
  return 0;
};
const isScreen = ({ terminal: { isTerminal, env } }: Context): boolean =>
  isTerminal && (env['TERM'] ?? 'dumb') !== 'dumb';

const events = async (context: Context, word: string | undefined): Promise<number> => {
  const count = context.options['log-history'] ?? defaultEvents;
  const { netEventCount } = FLEET_LIMITS;
  // What is about one session is picked out of all that there is.
  const asked = word === undefined ? Math.min(count, netEventCount) : netEventCount;
  const patience = patienceOf(context);
  const [all, meant] = await withNet(context, async (client) => {
    const all = await client.events(asked, patience);
    if (word === undefined) return [all, undefined];
    return [all, eventsCalledSo(await viewOf(context, client), all, word)];
  });
  const found = meant === undefined ? all : about(all, meant);
  const wanted = found.slice(Math.max(0, found.length - count));
  const none = meant === undefined ? 'No events.' : `No events of ${meant} any more.`;
  print(context, wanted.length === 0 ? [none] : eventLines(wanted), {
    kind: 'events',
    events: wanted,
  });
  return 0;
};
/** Messages of a session, or the one of this name, with the turns that they caused and that sent them. */
const about = (all: readonly NetEvent[], word: string): readonly NetEvent[] => {
  const isMeant = (link: string): boolean => link === word || link.startsWith(`${word}/`);
  const messages = all.flatMap((event) =>
    event.kind !== 'turn' && isMeant(event.link) ? [event] : [],
  );
  const turns = new Set(messages.map(({ cause }) => cause.turn));
  // A turn follows what caused it, so one way through all of them finds what came of a message.
  const followed = new Set<number>();
  return all.filter((event) => {
    if (event.kind !== 'turn') return isMeant(event.link);
    const { turn, cause, woken } = event;
    const isCaused =
      [cause, woken].some(({ message }) => message !== undefined && isMeant(message)) ||
      (cause.turn !== undefined && followed.has(cause.turn));
    if (isCaused) followed.add(turn);
    return isCaused || turns.has(turn);
  });
};

/** Exit code 0, also after Ctrl-C: to end is what it is for. */
const trace = async (context: Context, word: string): Promise<number> => {
  const { options, terminal } = context;
  const forMs = options.for ?? traceMs;
  if (forMs > FLEET_LIMITS.traceMs)
    throw new Usage(
      `--for takes ${FLEET_LIMITS.traceMs / 60_000}m at most: one trace after another does more`,
    );
  const query = { forMs, detail: options.values === true ? 'open' : 'plain' } as const;
  await withNet(context, async (client) => {
    const { links, dials } = await viewOf(context, client);
    const session = sessionOf(calledSo(links, dials, word), word);
    const ear = traceEar(
      context,
      `herd: tracing ${session} for ${forMs / 1_000} s; Ctrl-C ends it`,
    );
    await client.trace(session, query, ear, terminal.onInterrupt).done;
  });
  return 0;
};
/** Prints what it hears, and what is missing where it is missing. */
const traceEar = (context: Context, beginning: string): TraceEar => {
  let droppedCount = 0;
  const drop = (count: number): void => {
    if (count <= 0) return;
    droppedCount += count;
    printOne(context, [droppedLine(count)], { kind: 'dropped', droppedCount: count });
  };
  return {
    begun: () => printErrors(context, [beginning]),
    told: async (batch, droppedBehind) => {
      for (const line of batch) printOne(context, [traceLine(line)], { kind: 'message', ...line });
      drop(droppedBehind);
      await context.terminal.taken();
    },
    ended: (end) => {
      // What still waited at the end was told to nobody.
      drop(end.droppedCount - droppedCount);
      printOne(context, [], { kind: 'trace', ...end });
      printErrors(context, [traceEndLine(end)]);
    },
  };
};
