/** Answers that tests wait for, real programs, and folders that go away with their test. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Answer } from '@bellwether/actors';
import type { Command, Ended, Started } from '../../../packages/shepherd/src/words/types.ts';

/**
 * An answer and the promise of what it was settled with; a second settling is a failure of the
 * test.
 */
export const answerOf = <T>(): { readonly answer: Answer; readonly value: Promise<T> } => {
  let settledCount = 0;
  let settle: { kept(value: T): void; broken(reason: unknown): void } | undefined;
  const value = new Promise<T>((kept, broken) => {
    settle = { kept, broken };
  });
  const once = (act: () => void): void => {
    settledCount += 1;
    if (settledCount > 1) throw new Error('an answer was settled twice');
    act();
  };
  value.catch(() => {}); // a test that does not wait for it does not care
  return {
    value,
    answer: {
      kept: (result) => once(() => settle?.kept(result as T)),
      broken: (reason) => once(() => settle?.broken(reason)),
    },
  };
};

/** What `start` takes and gives, as promises. */
export const startOf = (
  backend: {
    start(
      start: { startId: string; service: string; command: Command },
      started: Answer,
      ended: Answer,
    ): void;
  },
  startId: string,
  command: Command,
  service = 'web',
) => {
  const started = answerOf<Started>();
  const ended = answerOf<Ended>();
  backend.start({ startId, service, command }, started.answer, ended.answer);
  return { started: started.value, ended: ended.value };
};

export const makeFolder = (): string =>
  fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-node-')));

/** A command that runs JavaScript text. */
export const node = (script: string, ...args: string[]): Command => ({
  argv: [process.execPath, '-e', script, ...args],
});

/** True while a process has this number, zombies not counted. */
export const isAlive = (pid: number): boolean => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
};

/** Real processes take their time: looks every 10 ms, and fails after two minutes. */
export const until = async <T>(what: string, look: () => T | undefined | false): Promise<T> => {
  for (let tries = 0; tries < 12_000; tries += 1) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain for ${what}`);
};
export const textOf = (file: string): string => {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
