/** Short commands: custom actions. They are no service, and what they print is their result. */
import type { ChildProcess } from 'node:child_process';
import type { Answer } from '@bellwether/actors';
import type { CommandResult, Ending } from '../words/types.ts';
import { killRest, signalGroup } from './group.ts';
import { commandOutputBytes, commandOutputLineCount, pipeCloseMs } from './limits.ts';
import { ByteTail, lastLines } from './lines.ts';
import type { Proc } from './proc.ts';
import { execFailure, spawnProgram, type Program } from './program.ts';

/** Whoever counts the commands and knows their processes. */
export interface CommandWatcher {
  /** There is a process, and it leads a group. */
  forked(pid: number): void;
  /** It has ended, and so has its group: its number may mean another process from now on. */
  exited(ending: Ending): void;
  /** Called once and last, whatever happened. */
  over(): void;
}

/**
 * Runs a program in a process group of its own and keeps `answer` with its ending and its last
 * lines. At the deadline the whole group is killed, and a last line says so.
 */
export const runProgram = (
  program: Program,
  timeoutMs: number,
  proc: Proc,
  answer: Answer,
  watcher: CommandWatcher,
): void => {
  let child: ChildProcess;
  try {
    child = spawnProgram(program, ['ignore', 'pipe', 'pipe']);
  } catch (error) {
    answer.broken(execFailure(program, error));
    return watcher.over();
  }
  const { pid } = child;
  if (pid === undefined) {
    child.on('error', (error) => {
      answer.broken(execFailure(program, error));
      watcher.over();
    });
    return;
  }
  watcher.forked(pid);
  child.on('exit', (code, signal) => watcher.exited(endingOf(code, signal)));
  collect(child, pid, timeoutMs, proc, (result) => {
    answer.kept(result);
    watcher.over();
  });
};

const collect = (
  child: ChildProcess,
  pid: number,
  timeoutMs: number,
  proc: Proc,
  done: (result: CommandResult) => void,
): void => {
  const tail = new ByteTail(commandOutputBytes);
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    signalGroup(pid, 'SIGKILL');
  }, timeoutMs);
  for (const pipe of [child.stdout, child.stderr]) {
    pipe?.on('data', (chunk: Buffer) => tail.push(chunk));
    pipe?.on('error', () => {}); // reading failed: the lines so far are the result
  }
  child.on('error', () => {}); // a signal that could not be sent: we send ours to the group
  child.on('exit', () => {
    clearTimeout(deadline);
    killRest(proc, pid, () => {});
    // A process that left the group may hold the pipes open for ever.
    const closing = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, pipeCloseMs);
    child.on('close', () => clearTimeout(closing));
  });
  child.on('close', (code, signal) => {
    const lines = lastLines(tail.bytes(), tail.isTorn, commandOutputLineCount, commandOutputBytes);
    const output = isLate
      ? [...lines.slice(1 - commandOutputLineCount), `killed: still running after ${timeoutMs} ms`]
      : lines;
    done({ ...endingOf(code, signal), output });
  });
};

const endingOf = (code: number | null, signal: NodeJS.Signals | null): Ending => ({
  ...(code === null ? {} : { code }),
  ...(signal === null ? {} : { signal }),
});
