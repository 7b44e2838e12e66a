/** Waiting at a terminal. */
import type { Terminal } from './terminal.ts';

/** Settles after so many milliseconds, with true, or at Ctrl-C, with false. What is over by now is over in a moment. */
export const pause = (
  { terminal }: { readonly terminal: Pick<Terminal, 'every' | 'onInterrupt'> },
  ms: number,
): Promise<boolean> =>
  new Promise((resolve) => {
    const over = (goesOn: boolean): void => {
      stop();
      release();
      resolve(goesOn);
    };
    const stop = terminal.every(Math.max(1, ms), () => over(true));
    const release = terminal.onInterrupt(() => over(false));
  });
