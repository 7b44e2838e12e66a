/**
 * `herd top`: what the services of this machine use, or those that a selector picks out, while somebody looks.
 *
 *     on a terminal                  a table that is drawn anew every two seconds, and at each key
 *     elsewhere, --once, --json      two looks, a second apart, and the table of what was between them
 *
 *     q, Esc, Ctrl-C   end           c, m, n   by CPU, memory, name        up, down   through a long table
 *
 * The shepherd looks when it is asked, so nobody is watched whom nobody watches.
 */
import type { MachineUsage } from '@bellwether/shepherd';
import { machineClient, type MachineClient } from '../../client/machine.ts';
import { type Context, patienceOf, withRootLine } from '../context.ts';
import { topLines, topOf, topOrders, type Top, type TopOrder } from '../format/top.ts';
import { lookOf } from '../terminal/look.ts';
import { pause } from '../terminal/pause.ts';
import { choose, listed, tellSlips } from './selecting.ts';
import { print, printErrors } from '../terminal/print.ts';
import { erase, fitted } from '../terminal/screen.ts';
import { Usage } from '../grammar/usage.ts';

/** Milliseconds between two looks of one table, and of one that is drawn anew. */
const onceMs = 1_000;
const againMs = 2_000;

/** Runs the command; exit code 0, also after Ctrl-C: to end is what it is for. @throws Usage for another order */
export const runTop = async (context: Context): Promise<number> => {
  const { options, terminal } = context;
  const order = orderOf(options.sort);
  const isLive =
    terminal.isTerminal &&
    (terminal.env['TERM'] ?? 'dumb') !== 'dumb' &&
    options.once !== true &&
    options.json !== true;
  const chosen = options.selector === undefined ? undefined : await choose(context, undefined);
  if (chosen !== undefined) tellSlips(context, chosen);
  await withRootLine(context, (line) => {
    const look = looking(context, machineClient(line), chosen?.names);
    return isLive ? live(context, look, order) : once(context, look, order, chosen?.names);
  });
  return 0;
};

const orderOf = (sort = 'cpu'): TopOrder => {
  const order = (Object.keys(topOrders) as TopOrder[]).find((each) => each === sort);
  if (order !== undefined) return order;
  throw new Usage(`--sort of 'top' is one of ${Object.keys(topOrders).join(', ')}, not '${sort}'`);
};

type LookAt = () => Promise<MachineUsage>;
/** Looks at all that have a process, or at those of `names` alone. */
const looking =
  (context: Context, client: MachineClient, names: readonly string[] | undefined): LookAt =>
  async () => {
    const usage = await client.usage(patienceOf(context));
    if (names === undefined) return usage;
    return { ...usage, services: usage.services.filter(({ service }) => names.includes(service)) };
  };

const once = async (
  context: Context,
  lookAt: LookAt,
  order: TopOrder,
  names: readonly string[] = [],
): Promise<void> => {
  const before = await lookAt();
  await pause(context, onceMs);
  const top = topOf(before, await lookAt());
  const left = names.filter((name) => top.services.every(({ service }) => service !== name));
  if (left.length > 0)
    printErrors(context, [`herd: left out, since without a process here: ${listed(left)}`]);
  print(context, topLines(top, order, lookOf(context.terminal)), { kind: 'top', ...top });
};

const live = async (context: Context, lookAt: LookAt, order: TopOrder): Promise<void> => {
  const screen = new TopScreen(context, order);
  const gone = new Promise<void>((over) => screen.onEnd(over));
  try {
    while (!screen.isOver) {
      screen.take(await lookAt());
      await Promise.race([gone, pause(context, againMs)]);
    }
  } finally {
    screen.end();
  }
};

/** The table on a terminal, and the keys that change it. Whoever makes one ends it. */
export class TopScreen {
  isOver: boolean;
  readonly #context: Context;
  readonly #stops: readonly (() => void)[];
  #order: TopOrder;
  #before: MachineUsage | undefined;
  #top: Top | undefined;
  /** Services that are above what is shown. */
  #skippedCount: number;
  #drawnCount: number;
  #ended: () => void;

  constructor(context: Context, order: TopOrder) {
    const { terminal } = context;
    this.isOver = false;
    this.#context = context;
    this.#order = order;
    this.#before = undefined;
    this.#top = undefined;
    this.#skippedCount = 0;
    this.#drawnCount = 0;
    this.#ended = () => undefined;
    this.#stops = [
      terminal.keys((key) => this.#press(key)),
      terminal.onInterrupt(() => this.#leave()),
    ];
  }

  /** Called once it is left by a key. */
  onEnd(ended: () => void): void {
    this.#ended = ended;
  }
  /** Another look: what is shown is what was since the one before. */
  take(usage: MachineUsage): void {
    this.#top = topOf(this.#before, usage);
    this.#before = usage;
    if (!this.isOver) this.#draw();
  }
  /** Gives the terminal back; the last table stays. */
  end(): void {
    this.isOver = true;
    for (const stop of this.#stops) stop();
  }

  #leave(): void {
    this.isOver = true;
    this.#ended();
  }
  #press(key: string): void {
    const chosen = (Object.keys(topOrders) as TopOrder[]).find((each) => topOrders[each] === key);
    if (['q', '\x03', '\x04', '\x1b'].includes(key)) return this.#leave();
    if (chosen !== undefined) {
      this.#order = chosen;
      this.#skippedCount = 0;
    } else if (key === '\x1b[A') this.#skippedCount -= 1;
    else if (key === '\x1b[B') this.#skippedCount += 1;
    else return;
    if (this.#top !== undefined) this.#draw();
  }
  #draw(): void {
    const { terminal } = this.#context;
    const look = lookOf(terminal);
    const [first = '', titles = '', ...rows] =
      this.#top === undefined ? [] : topLines(this.#top, this.#order, look);
    const mostSkipped = Math.max(0, rows.length - Math.max(1, terminal.rows - 5));
    this.#skippedCount = Math.min(Math.max(0, this.#skippedCount), mostSkipped);
    const help = look.paint('dim', `by ${this.#order}  c: CPU  m: memory  n: name  q: end`);
    const shown = [first, help, titles, ...rows.slice(this.#skippedCount)];
    const lines = fitted(terminal, shown);
    terminal.out(`${erase(this.#drawnCount)}${lines.map((line) => `${line}\n`).join('')}`);
    this.#drawnCount = lines.length;
  }
}
