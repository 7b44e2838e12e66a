/** Work that is done by a bounded number at once: what is beyond it waits in order. */
export type TaskQueue = <T>(work: () => Promise<T>) => Promise<T>;

/** Makes a queue of which at most `mostCount` are at work. Who puts something in bounds how much that is. */
export const makeQueue = (mostCount: number): TaskQueue => {
  const waiting: (() => void)[] = [];
  let workingCount = 0;
  const enter = (): Promise<void> | undefined => {
    if (workingCount >= mostCount) return new Promise((resolve) => waiting.push(resolve));
    workingCount += 1;
    return undefined;
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) workingCount -= 1;
    else next();
  };
  return async (work) => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
};
