/** What exit codes mean, in the order in which they are decided: help and manual page show it. */
export const exitCodeWords: readonly (readonly [code: number, words: string])[] = [
  [0, 'done or unchanged'],
  [1, 'failed'],
  [2, 'usage or configuration'],
  [3, 'some failed and others did not'],
  [4, 'unreachable (no shepherd runs here, too) or unknown'],
  [5, 'your grant does not allow it (any more)'],
  [6, 'time was up'],
  [7, 'rolled back'],
  [8, 'a way back that failed'],
  [9, 'a later command won, or something else is under way or locked'],
  [130, 'detached by Ctrl-C'],
];
