/** `herd grant clock`: by what time grants end, and with `--yes` the way back from one that was wrong. */
import type { GrantClock } from '@bellwether/fleet';
import { visible } from '../../client/escape.ts';
import { patienceOf, type Context } from '../context.ts';
import { counted, spanText, timeText } from '../format/times.ts';
import { withOwner } from './granting.ts';
import { print } from '../terminal/print.ts';

/** Runs the command; the result is the exit code. */
export const grantClock = async (context: Context): Promise<number> => {
  const { yes = false } = context.options;
  const clock = await withOwner(context, (client) => client.clock(yes, patienceOf(context)));
  const { nowMs, wallMs, returned } = clock;
  const lines = yes ? takenBackLines(clock) : aheadLines(clock);
  const isTakenBack = yes && nowMs > wallMs;
  print(context, lines, { kind: 'grant-clock', nowMs, wallMs, isTakenBack, returned });
  return 0;
};

const aheadLines = ({ nowMs, wallMs }: GrantClock): readonly string[] => {
  const shown = timeText(nowMs, wallMs);
  if (nowMs - wallMs < 1_000) return [`Grants end by the clock of the machine: ${shown}.`];
  return [
    `Grants end by a time that is ${spanText(nowMs - wallMs)} ahead of the clock of the machine: ${shown}.`,
    'That clock was ahead once. If it was wrong then and is right now, --yes takes the time back:',
    'what had ended by that alone stands again.',
  ];
};
const takenBackLines = ({ nowMs, wallMs, returned }: GrantClock): readonly string[] => {
  if (nowMs <= wallMs) return ['The time is that of the machine already.'];
  return [
    `The time by which grants end was ${spanText(nowMs - wallMs)} ahead, and is that of the machine again.`,
    ...returned.map((id) => `Grant ${visible(id)} stands again.`),
    counted(returned.length, 'grant'),
  ];
};
