/** The table in `reactions.md`, which says what is expected. */
import fs from 'node:fs';

/** One row of it. */
export interface Row {
  readonly name: string;
  readonly goblins: string;
  readonly ours: string;
  readonly why: string;
}

/** The rows of the document, in order: those of its table with four columns, below its head. */
export const rowsIn = (file: string): readonly Row[] => {
  const cells = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(1, -1).split('|'))
    .filter(({ length }) => length === 4)
    .slice(1);
  return cells.map((row) => {
    const [name = '', goblins = '', ours = '', why = ''] = row.map((cell) => cell.trim());
    return { name, goblins: goblins.replaceAll('`', ''), ours: ours.replaceAll('`', ''), why };
  });
};
