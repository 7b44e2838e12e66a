/** What came of a matrix: verdicts that scripts of other implementations print, and the table of them all. */
import type { ChildProcess } from 'node:child_process';
import type { Verdicts } from './calls.ts';

/** A peer in a process of its own, and the lines that it prints. */
export interface Script {
  readonly child: ChildProcess;
  readonly lines: AsyncIterable<string>;
}
/** The verdicts that a script prints, until there are so many, or a minute is over. Ends the script. */
export const heardFrom = async ({ child, lines }: Script, count: number): Promise<Verdicts> => {
  const verdicts: Verdicts = new Map();
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  try {
    for await (const line of lines) {
      const [, verdict = '', what = '', found = ''] = /^(ok|FAIL) ([^ :]+)(.*)$/.exec(line) ?? [];
      if (verdict !== '') verdicts.set(what, verdict === 'ok' ? 'ok' : `FAIL${found}`);
      if (verdicts.size === count) break;
    }
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
  return verdicts;
};

/** One way between two implementations. `wantedCount`: how many verdicts there have to be at least. */
export interface Column {
  readonly name: string;
  readonly verdicts: Verdicts;
  readonly wantedCount: number;
}
/** Prints the table; whether all is well. */
export const showColumns = (columns: readonly Column[]): boolean => {
  const rows = [...new Set(columns.flatMap(({ verdicts }) => [...verdicts.keys()]))];
  const widths = columns.map(({ name }) => name.length + 2);
  const cells = (texts: readonly string[]): string =>
    texts
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('')
      .trimEnd();
  process.stdout.write(`${''.padEnd(24)}${cells(columns.map(({ name }) => name))}\n`);
  for (const row of rows) {
    const found = columns.map(({ verdicts }) => verdicts.get(row)?.replace(/:.*/s, '') ?? '-');
    process.stdout.write(`${row.padEnd(24)}${cells(found)}\n`);
  }
  const failures = columns.flatMap(({ name, verdicts }) =>
    [...verdicts]
      .filter(([, verdict]) => verdict !== 'ok')
      .map(([row, verdict]) => `${name}: ${row}: ${verdict}\n`),
  );
  const passedCount =
    columns.reduce((count, { verdicts }) => count + verdicts.size, 0) - failures.length;
  for (const { name, verdicts, wantedCount } of columns) {
    const silentCount = wantedCount - verdicts.size;
    if (silentCount > 0)
      failures.push(`${name}: ${silentCount} of ${wantedCount} never came to anything\n`);
  }
  process.stdout.write(`\n${failures.join('')}${passedCount} passed, ${failures.length} failed\n`);
  return failures.length === 0;
};
