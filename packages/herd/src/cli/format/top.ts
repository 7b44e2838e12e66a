/** `herd top`: a line for each service that has a process, and what all of them use together. */
import type { MachineUsage, ServiceUsage } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Look } from '../terminal/terminal.ts';
import { counted, spanText, timeText } from './times.ts';

/** What services are sorted by, each with the key that chooses it. */
export const topOrders = { cpu: 'c', memory: 'm', name: 'n' } as const;
/** A word of these. */
export type TopOrder = keyof typeof topOrders;

/** A service between two looks. */
export interface TopRow extends ServiceUsage {
  /** Of one CPU, in percent; absent where it was not there at the first look, or nobody has looked twice. */
  readonly cpuPercent?: number;
}
/** What a machine and its services used between two looks. */
export interface Top extends Omit<MachineUsage, 'services'> {
  readonly services: readonly TopRow[];
}

/** What happened between two looks; all of it belongs to the second. */
export const topOf = (before: MachineUsage | undefined, now: MachineUsage): Top => {
  const known = new Map(before?.services.map((one) => [`${one.service} ${one.pid}`, one.cpuMs]));
  const spanMs = before === undefined ? 0 : now.atMs - before.atMs;
  const services = now.services.map((one): TopRow => {
    const was = known.get(`${one.service} ${one.pid}`);
    if (was === undefined || spanMs <= 0) return one;
    // A process of it that has ended took its time along.
    const cpuPercent = (Math.max(0, one.cpuMs - was) / spanMs) * 100;
    return { ...one, cpuPercent: Math.round(cpuPercent * 10) / 10 };
  });
  return { ...now, services };
};

/** Those that use most first; what is alike by name. */
export const sortedTop = (rows: readonly TopRow[], order: TopOrder): readonly TopRow[] =>
  [...rows].sort((a, b) => weightIn(order, b) - weightIn(order, a) || byName(a, b));
const weightIn = (order: TopOrder, { cpuPercent = -1, rssBytes }: TopRow): number =>
  order === 'cpu' ? cpuPercent : order === 'memory' ? rssBytes : 0;
const byName = (a: TopRow, b: TopRow): number =>
  a.service < b.service ? -1 : a.service > b.service ? 1 : 0;

const columns = ['SERVICE', '%CPU', 'MEMORY', 'PROC', 'THR', 'FDS', 'RESTARTS', 'UP', 'PID'];

/** The machine in a line, the titles, and a line for each service, without line ends. */
export const topLines = (top: Top, order: TopOrder, look: Look): readonly string[] => {
  const cells = sortedTop(top.services, order).map((row) => cellsOf(row, look));
  const widths = columns.map((title, at) =>
    Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  // Numbers end below each other, names begin so.
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
  return [summary(top, look), look.paint('bold', line(columns)), ...cells.map(line)];
};

const cellsOf = (row: TopRow, look: Look): readonly string[] => [
  visible(row.service) + (row.stage === 'running' ? '' : ` (${row.stage})`),
  row.cpuPercent === undefined ? '-' : row.cpuPercent.toFixed(1),
  memoryText(row.rssBytes),
  String(row.processCount),
  String(row.threadCount),
  row.fdCount === undefined ? '-' : String(row.fdCount),
  String(row.respawnCount),
  row.since === undefined ? '-' : spanText(Math.max(0, look.now - row.since)),
  String(row.pid),
];

const summary = ({ services, cpuCount, memoryBytes, availableBytes }: Top, look: Look): string => {
  const told = services.flatMap(({ cpuPercent }) => cpuPercent ?? []);
  const percent = told.reduce((sum, one) => sum + one, 0);
  const used = services.reduce((sum, { rssBytes }) => sum + rssBytes, 0);
  const cpu = told.length === 0 ? '-' : `${percent.toFixed(1)}%`;
  return (
    `${timeText(look.now, look.now)}  ${counted(services.length, 'service')}  ` +
    `CPU ${cpu} of ${cpuCount * 100}%  memory ${memoryText(used)}, ` +
    `${memoryText(availableBytes)} of ${memoryText(memoryBytes)} available`
  );
};

/** `12.3M`: three digits at least, in powers of 1,024. */
export const memoryText = (bytes: number): string => {
  const units = ['B', 'K', 'M', 'G', 'T'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${units[unit] ?? ''}`;
};
