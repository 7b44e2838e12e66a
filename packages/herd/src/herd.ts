/**
 * The program `herd`. Bundled into one file, so that a command that is typed all day reads nothing
 * else.
 */
import { main } from './cli/main.ts';
import { processTerminal } from './cli/process-terminal.ts';
import { keepMemoryOutOfDumps } from './core-dump.ts';
import { version } from './version.ts';

/** `herd … | head`: whoever read our output has enough of it. */
const endAtBrokenPipe = (stream: NodeJS.WriteStream): void => {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(process.exitCode ?? 0);
  });
};

keepMemoryOutOfDumps(() => undefined); // where it cannot be, nobody reads about it at every command
endAtBrokenPipe(process.stdout);
endAtBrokenPipe(process.stderr);
void main(process.argv.slice(2), processTerminal(process), { version }).then((exitCode) => {
  process.exitCode = exitCode;
  // Not at once: what a pipe has not taken yet must be written. Not later: a socket may take a
  // second to close.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
});
