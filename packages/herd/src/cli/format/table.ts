/**
 * Columns that line up. Cells are made harmless here, so that widths are those of what is shown.
 */
import { visible } from '../../client/escape.ts';

/**
 * Rows of cells as lines, two blanks between columns, none at the end; the first cell is indented.
 */
export const tableLines = (
  rows: readonly (readonly string[])[],
  indent: string,
): readonly string[] => {
  const shown = rows.map((row) => row.map(visible));
  const widths: number[] = [];
  for (const row of shown)
    row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return shown.map(
    (row) =>
      indent +
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
  );
};

/** Words wrapped to a width, every line indented. */
export const wrapped = (
  words: readonly string[],
  indent: string,
  columns: number,
): readonly string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of words.map(visible)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > columns) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, indent + line];
};
