import { expect, it } from 'vitest';
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
