/** `herd` with a terminal that remembers. */
import { main } from '../../../packages/herd/src/cli/main.ts';
import { fakeTerminal } from '../cli/fake-terminal.ts';

/** Runs a command line, and answers what it printed. */
export const run = async (
  words: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> => {
  const terminal = fakeTerminal();
  const code = await main([...words], terminal, { version: '1' });
  return { code, stdout: terminal.written.out, stderr: terminal.written.err };
};
