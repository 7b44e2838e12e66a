/**
 * Runs a bundled configuration in a process of its own, so that one that loops, exits or fills
 * memory harms nobody. The result comes back on a descriptor of its own, since a configuration may
 * print.
 *
 *     this process ── script on stdin ──► child: vm.Script ── JSON on fd 3 ──► Result
 *        deadline, too much output ──► its group is killed
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeMs, evaluationMebibytes, printedChars, resultBytes } from './limits.ts';
import { bundleName } from './positions.ts';

/** How an evaluation ended. `told` is JSON that the child wrote, not checked yet. */
export type Evaluation = { readonly printed: string } & (
  | { readonly kind: 'told'; readonly json: string }
  | { readonly kind: 'late' }
  | { readonly kind: 'too-much' }
  | { readonly kind: 'ended'; readonly how: string }
);

// The time limit inside ends the child also when nobody is left to kill it. `-e` makes require and
// module global.
const runner = `
const fs = require('node:fs');
const tell = (result) => {
  const text = Buffer.from(JSON.stringify(result));
  for (let at = 0; at < text.length; ) at += fs.writeSync(3, text, at);
  process.exit(0);
};
try {
  const script = fs.readFileSync(0, 'utf8');
  const vm = require('node:vm');
  new vm.Script(script, { filename: '${bundleName}' }).runInThisContext({ timeout: TIMEOUT });
  tell({ described: module.exports.described });
} catch (error) {
  if (error?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') tell({ late: true });
  const isError = error instanceof Error;
  const text = isError ? error.name + ': ' + error.message : String(error);
  tell({ thrown: { text, stack: isError ? String(error.stack) : '' } });
}`;

/**
 * Evaluates a script for at most `timeoutMs`. `cwd` is where its requires of built-in modules start
 * from.
 */
export const evaluate = (
  script: string,
  timeoutMs: number,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Evaluation> => {
  const wholeMs = Math.max(1, Math.ceil(timeoutMs));
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${evaluationMebibytes}`,
      '--input-type=commonjs',
      '-e',
      runner.replace('TIMEOUT', String(wholeMs)),
    ],
    // Options meant for the daemon (an inspector's port, a preloaded module) are not meant for this
    // one.
    {
      cwd,
      env: { ...env, NODE_OPTIONS: '' },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    },
  );
  child.stdin?.on('error', () => {}); // it ended before it had read all: its end says how
  child.stdin?.end(script);
  return follow(child, wholeMs);
};

const follow = (child: ChildProcess, timeoutMs: number): Promise<Evaluation> =>
  new Promise((resolve, reject) => {
    const told: Buffer[] = [];
    let toldBytes = 0;
    let printed = '';
    let stopped: 'late' | 'too-much' | undefined;
    let closing: NodeJS.Timeout | undefined;
    const stop = (why: 'late' | 'too-much'): void => {
      stopped ??= why;
      killGroup(child);
    };
    const timer = setTimeout(stop, timeoutMs, 'late');
    for (const pipe of [child.stdout, child.stderr]) {
      pipe?.setEncoding('utf8').on('data', (text: string) => {
        printed = (printed + text).slice(-printedChars);
      });
    }
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      told.push(chunk);
      toldBytes += chunk.length;
      if (toldBytes > resultBytes) stop('too-much');
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('exit', () => {
      killGroup(child);
      // What it started in another group may hold the pipes open for ever.
      closing = setTimeout(() => child.stdio.forEach((pipe) => pipe?.destroy()), closeMs);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(closing);
      if (stopped !== undefined) return resolve({ kind: stopped, printed });
      const json = Buffer.concat(told).toString('utf8');
      const how = signal === null ? `exit code ${code ?? '?'}` : signal;
      resolve(json === '' ? { kind: 'ended', how, printed } : { kind: 'told', json, printed });
    });
  });

const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
};
