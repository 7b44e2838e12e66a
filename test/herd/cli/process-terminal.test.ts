import fs from 'node:fs';
import { expect, it } from 'vitest';
import { unreadBytes } from '../../../packages/herd/src/cli/limits.ts';
import { StandardOutput } from '../../../packages/herd/src/cli/terminal/standard-output.ts';
import { processTerminal } from '../../../packages/herd/src/cli/terminal/process-terminal.ts';

it.each([
  ['a size', { columns: 100, rows: 50 }, [100, 50]],
  ['no size', {}, [80, 24]],
  ['a size of nothing', { columns: 0, rows: 0 }, [80, 24]],
])('a terminal that says %s is drawn on', (_what, stdout, size) => {
  const own = { stdout } as unknown as NodeJS.Process;
  const output = new StandardOutput(
    () => own.stdout,
    () => undefined,
  );
  const { columns, rows } = processTerminal(own, output, 'herd');
  expect([columns, rows]).toEqual(size);
});
it.each([
  [0, true],
  [1, false],
])('output of which the limit and %i bytes wait to be read takes more: %s', (more, takesMore) => {
  const fd = fs.openSync('/dev/null', 'w');
  const written: string[] = [];
  const pager = {
    fd,
    isTTY: true, // it takes what it has room for, and not at once
    writableLength: unreadBytes + more,
    write: (text: string) => written.push(text),
  } as unknown as NodeJS.Process['stdout'];
  const output = new StandardOutput(
    () => pager,
    () => undefined,
  );
  output.write('more');
  fs.closeSync(fd);
  expect([written, output.lost?.message]).toEqual(
    takesMore ? [['more'], undefined] : [[], expect.stringContaining('nobody reads it')],
  );
});
