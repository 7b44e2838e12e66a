/**
 * The command that stops a service, as of GNU Shepherd's system destructor and of systemd's ExecStop:
 * it is run where the service is up, gets the grace for it, and whatever it comes to, the service is
 * stopped afterwards.
 */
import type { Turn, Vow } from '@bellwether/actors';
import { plainWordsOf } from '../errors.ts';
import { say, type ServiceHeld } from './service-state.ts';
import type { Command, Run } from '../words/types.ts';
import { endedWords } from '../words/wording.ts';

/** Kept once it is over: with nothing where it has worked, else with what is to be said of it. */
export const runStop = (
  held: ServiceHeld,
  turn: Turn,
  command: Command,
  run: Run | undefined,
): Vow<string | undefined> => {
  const own = run === undefined ? {} : { MAINPID: String(run.pid) };
  const all = { ...command, env: { ...command.env, ...own } };
  const { graceMs } = held.config.get().stop;
  return turn.when(
    turn.send(held.monitor, 'runToEnd', held.name, all, graceMs, true),
    (turn, { output, ...ending }) => {
      if (ending.code === 0) return undefined;
      return doubt(held, turn, endedWords(ending), output);
    },
    (turn, reason) => doubt(held, turn, `could not be run: ${plainWordsOf(reason)}`, []),
  );
};

/** The daemon's log has the last lines of what it said, too. */
const doubt = (held: ServiceHeld, turn: Turn, how: string, output: readonly string[]): string => {
  const why = `its stop command ${how}`;
  say(held, turn, 'service.doubtful', { text: doubtful(held, why), output });
  return why;
};

/** GNU's words, and why. */
export const doubtful = ({ name }: ServiceHeld, why: string): string =>
  `Service ${name} might have failed to stop: ${why}.`;
