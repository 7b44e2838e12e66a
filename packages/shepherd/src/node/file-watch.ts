/**
 * Waiting for a file to change, for as long as somebody waits and no longer. The kernel tells
 * (inotify) where it can; a slow look beside it finds what it does not tell: network disks, a watch
 * that could not be had because the user has too many, a file that is not there yet.
 */
import fs from 'node:fs';
import { lastLookPauseMs, lookMs, lookPauseMs, watchedLookMs } from './limits.ts';

/** The next change of a file; a file that is written to without end is one change. */
export interface FileChange {
  /** Settles when the file has changed, after a while all the same, and when it is stopped. */
  readonly happened: Promise<void>;
  /** Leaves no watch and no timer; may be called again. */
  stop(): void;
}

/** Watches from now on, until something has changed. */
const changeOf = (file: string): FileChange => {
  let stop = (): void => undefined;
  const happened = new Promise<void>((resolve) => {
    let watcher: fs.FSWatcher | undefined;
    stop = () => {
      clearTimeout(timer);
      watcher?.close();
      resolve();
    };
    try {
      watcher = fs.watch(file, stop);
      watcher.on('error', () => watcher?.close()); // the timer goes on
    } catch {
      watcher = undefined; // likewise
    }
    const timer = setTimeout(stop, watcher === undefined ? lookMs : watchedLookMs);
  });
  return { happened, stop: () => stop() };
};

/** A wait that somebody may end. */
export interface FileWait {
  /** Whether it was seen before it was stopped. Rejects with what `look` rejects with. */
  readonly seen: Promise<boolean>;
  /** Leaves nothing behind; may be called again. */
  stop(): void;
}

/**
 * Looks now and whenever the file has changed, until `look` has seen what is waited for. Where the
 * file changes all the time that is a hundred times a second at first, and five times in the end.
 */
export const untilSeen = (file: string, look: () => Promise<boolean>): FileWait => {
  let isOver = false;
  let change: FileChange | undefined;
  let wake = (): void => undefined;
  const pause = (ms: number): Promise<void> | undefined =>
    ms <= 0 || isOver
      ? undefined
      : new Promise((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
  const wait = async (): Promise<boolean> => {
    let pauseMs = lookPauseMs;
    while (!isOver) {
      // Watched before it is looked at: nothing that happens in between is missed.
      change = changeOf(file);
      // Behind that, which may take long: from one look to the next it is never less than the pause.
      const begun = performance.now();
      try {
        if (await look()) return !isOver;
        await change.happened;
      } finally {
        change.stop();
      }
      const leftMs = begun + pauseMs - performance.now();
      const isQuiet = leftMs < pauseMs - lastLookPauseMs;
      pauseMs = isQuiet ? lookPauseMs : Math.min(2 * pauseMs, lastLookPauseMs);
      await pause(leftMs);
    }
    return false;
  };
  const seen = wait();
  return {
    seen,
    stop: () => {
      isOver = true;
      change?.stop();
      wake();
    },
  };
};
