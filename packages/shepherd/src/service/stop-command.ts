/**
 * The command that stops a service, as of GNU Shepherd's system destructor and of systemd's ExecStop:
 * it is run where the service is up, gets the grace for it, and whatever it comes to, the service is
 * stopped afterwards. What a stop has not done is told in these words, too.
 */
import type { Turn, Vow } from '@bellwether/actors';
import { plainWordsOf } from '../errors.ts';
import { limits } from '../limits.ts';
import { say, type ServiceHeld } from './service-state.ts';
import type { Command, Run } from '../words/types.ts';
import { endedWords } from '../words/wording.ts';

/** Kept once it is over, with what is to be said of it. */
export const runStop = (
  held: ServiceHeld,
  turn: Turn,
  command: Command,
  run: Run | undefined,
): Vow<readonly string[]> => {
  const own = run === undefined ? {} : { MAINPID: String(run.pid) };
  const all = { ...command, env: { ...command.env, ...own } };
  const { graceMs } = held.config.get().stop;
  return turn.when(
    turn.send(held.monitor, 'runToEnd', held.name, all, graceMs, true),
    (turn, { output, ...ending }) => {
      if (ending.code === 0) return [];
      return doubt(held, turn, endedWords(ending), output);
    },
    (turn, reason) => doubt(held, turn, `could not be run: ${plainWordsOf(reason)}`, []),
  );
};

/** The daemon's log has the last lines of what it said, too. */
const doubt = (
  held: ServiceHeld,
  turn: Turn,
  how: string,
  output: readonly string[],
): readonly string[] => {
  // GNU's words, and why.
  const text = `Service ${held.name} might have failed to stop: its stop command ${how}.`;
  say(held, turn, 'service.doubtful', { text, output });
  return [text];
};

/** What no signal has reached, since it is not in the group of its service. */
export const tellLeft = (held: ServiceHeld, turn: Turn, left: readonly string[]): string => {
  const moreCount = left.length - limits.leftNameCount;
  const more = moreCount > 0 ? ` and ${moreCount} more` : '';
  const named = left.slice(0, limits.leftNameCount).join(', ');
  const text = `Service ${held.name} has left behind process ${named}${more}.`;
  say(held, turn, 'service.left-behind', { text });
  return text;
};
