/** A terminal that remembers what was written to it, with buttons for a test to press. */
import type { Terminal } from '../../../packages/herd/src/cli/terminal/terminal.ts';

export interface FakeTerminal extends Terminal {
  /** Everything written so far. */
  readonly written: { out: string; err: string };
  /** What Ctrl-C does. */
  pressInterrupt(): void;
}

export const fakeTerminal = (
  more: Partial<Terminal> & { readonly input?: string } = {},
): FakeTerminal => {
  const written = { out: '', err: '' };
  const told = new Set<() => void>();
  return {
    env: {},
    uid: 1000,
    columns: 80,
    isTerminal: false,
    rows: 24,
    isErrorTerminal: false,
    out: (text) => void (written.out += text),
    taken: () => Promise.resolve(),
    err: (text) => void (written.err += text),
    wall: () => new Date(2026, 10, 25, 10, 4, 5).getTime(),
    now: () => performance.now(),
    every: () => () => undefined,
    isInputOpen: () => false,
    closeOutput: () => false,
    readInput: () => Promise.resolve(more.input ?? ''),
    agrees: () => Promise.resolve(undefined),
    keys: () => () => undefined,
    onInterrupt: (handler) => {
      told.add(handler);
      return () => void told.delete(handler);
    },
    written,
    pressInterrupt: () => {
      for (const handler of [...told]) handler();
    },
    ...more,
  };
};
