/**
 * `herd release left` and `herd release free SLOT`: a slot that goes from the configuration leaves its releases on the
 * disk, since it may come back. They are told here, and removed by whoever is sure that it does not.
 */
import { Refused } from '@bellwether/actors';
import { bytesText } from '@bellwether/deploy';
import { visible } from '../../client/escape.ts';
import { type Context, patienceOf, withRoot } from '../context.ts';
import { tableLines } from '../format/table.ts';
import { counted } from '../format/times.ts';
import type { Patience } from '../../client/line.ts';
import { print } from '../terminal/print.ts';
import type { LeftSlot } from '@bellwether/fleet';

/** Shows those that there are; the result is the exit code. */
export const runLeft = async (context: Context): Promise<number> => {
  const patience = patienceOf(context);
  const slots = await withRoot(context, (root) => root.leftSlots(patience));
  const rows = slots.map((each) => [each.slot, ...amountOf(each)]);
  const lines =
    slots.length === 0
      ? ['No slot that is gone has left anything.']
      : [...tableLines(rows, ''), "'herd release free SLOT' removes those of one."];
  print(context, lines, { kind: 'left-slots', slots });
  return 0;
};

/** Removes those of one slot; the result is the exit code. */
export const runFree = async (
  context: Context,
  [slot = '']: readonly string[],
): Promise<number> => {
  const patience = patienceOf(context, context.options.timeout ?? freeMs);
  if (context.options['dry-run'] === true) return foretell(context, slot, patience);
  const freed = await withRoot(context, (root) => root.freeSlot(slot, patience));
  const words = `${visible(freed.slot)}: ${amountOf(freed).join(', ')} removed.`;
  print(context, [words], { kind: 'freed-slot', ...freed });
  return 0;
};
const foretell = async (context: Context, slot: string, patience: Patience): Promise<number> => {
  const slots = await withRoot(context, (root) => root.leftSlots(patience));
  const found = slots.find((each) => each.slot === slot);
  if (found === undefined)
    throw new Refused(
      `no slot '${slot}' is gone and has left anything; 'herd release left' lists them`,
    );
  const words = `Would remove of ${visible(slot)}: ${amountOf(found).join(', ')}.`;
  const document = { kind: 'freed-slot', isDryRun: true, ...found };
  print(context, [words, 'Nothing was done.'], document);
  return 0;
};
/** To remove 100,000 files takes seconds on a disk that turns. */
const freeMs = 120_000;

const amountOf = ({ releaseCount, byteCount }: LeftSlot): readonly [string, string] => [
  counted(releaseCount, 'release'),
  bytesText(byteCount),
];
