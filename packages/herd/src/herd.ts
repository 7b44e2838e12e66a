/**
 * The program `herd`. Bundled into one file, so that a command that is typed all day reads nothing
 * else.
 */
import path from 'node:path';
import { main } from './cli/main.ts';
import { processTerminal } from './cli/terminal/process-terminal.ts';
import { StandardOutput } from './cli/terminal/standard-output.ts';
import { keepMemoryOutOfDumps } from './core-dump.ts';
import { version } from './version.ts';

/** `shepherd join` runs this file too, and speaks by its own name. */
const program = path.basename(process.argv[1] ?? '').startsWith('shepherd') ? 'shepherd' : 'herd';
const output = new StandardOutput(
  () => process.stdout,
  () => exitWith(1),
);

/** `herd … | head`: whoever read our output has enough of it. */
const endAtBrokenPipe = (stream: NodeJS.WriteStream, otherwise: (error: Error) => void): void => {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') return otherwise(error);
    process.exit(process.exitCode ?? 0);
  });
};

/** A script must not take half an answer for a whole one. */
const exitWith = (exitCode: number): void => {
  const { lost } = output;
  const hint = exitCode === 0 ? 'What was asked was done; what was to be shown is cut off.\n' : '';
  const told =
    lost === undefined ? '' : `herd: error: the output is not whole: ${lost.message}\n${hint}`;
  const code = exitCode === 0 && lost !== undefined ? 1 : exitCode;
  process.stderr.write(told, () => process.exit(code));
};

keepMemoryOutOfDumps(() => undefined); // where it cannot be, nobody reads about it at every command
endAtBrokenPipe(process.stdout, (error) => output.lose(error));
endAtBrokenPipe(process.stderr, (error) => {
  throw error;
});
void main(process.argv.slice(2), processTerminal(process, output, program), { version }).then(
  (exitCode) => {
    process.exitCode = exitCode;
    // Not at once: what a pipe has not taken yet must be written. Not later: a socket may take a
    // second to close.
    process.stdout.write('', () => exitWith(exitCode));
  },
);
