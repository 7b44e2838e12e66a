/** Stands for `emacs --fg-daemon` where there is no Emacs: says what that says, and ends at SIGTERM as that does. */
import process from 'node:process';

process.on('SIGTERM', () => process.exit(15));
setInterval(() => undefined, 60_000);
process.stderr.write('Starting Emacs daemon.\n');
