/**
 * The ends of logs, and what actions have printed, with a table of rows; a bar tells them apart from our own words:
 *
 *     of one row                    below it
 *     of several that failed        once, behind the table, with whose it is
 *     of what went well             below it, whoever else has printed the same
 *     of a start that said nothing  that, in place of them
 */
import { isGood, type Row } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { fewNames } from './names.ts';

/** A line of a table, and who is told in it. */
export interface Teller {
  readonly names: readonly string[];
  /** Undefined: nothing is known yet. */
  readonly row: Pick<Row, 'result' | 'output'> | undefined;
}

/** What goes below each line of a table, and what goes behind all of it. `indent` is that of the table. */
export const tailsOf = (
  table: readonly Teller[],
  indent: string,
): { readonly below: readonly (readonly string[])[]; readonly behind: readonly string[] } => {
  const shared = new Map<string, Teller[]>();
  for (const told of table) {
    const key = tailKey(told.row);
    if (key !== undefined) shared.set(key, [...(shared.get(key) ?? []), told]);
  }
  const common = [...shared.values()].filter(({ length }) => length > 1);
  const isCommon = new Set(common.flat());
  return {
    below: table.map((told) => (isCommon.has(told) ? [] : tailLines(told.row, `${indent}    `))),
    behind: common.flatMap((those) => [
      `${indent}said by ${fewNames(those.flatMap(({ names }) => names))}:`,
      ...tailLines(those[0]?.row, `${indent}    `),
    ]),
  };
};

/** The same for all who failed with the same tail; undefined for who has none, or is told by itself. */
export const tailKey = (row: Teller['row']): string | undefined =>
  row?.output === undefined || row.output.length === 0 || isGood(row)
    ? undefined
    : JSON.stringify(row.output);

/** The tail of one row. */
export const tailLines = (row: Teller['row'], indent: string): readonly string[] => {
  const { output } = row ?? {};
  if (row !== undefined && output?.length === 0 && !isGood(row))
    return [`${indent}(nothing in its log since this start)`];
  return (output ?? []).map((line) => `${indent}| ${visible(line)}`);
};
