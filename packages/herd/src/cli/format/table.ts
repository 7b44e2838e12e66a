/**
 * Columns that line up. Cells are made harmless here, so that widths are those of what is shown.
 */
import { visible } from '../../client/escape.ts';
import type { Look, Style } from '../terminal/terminal.ts';

/**
 * Rows of cells as lines, two blanks between columns, none at the end; the first cell is indented. A cell of more than
 * `columns` makes no column wider: what follows it stands further right in its own line alone.
 */
export const tableLines = (
  rows: readonly (readonly string[])[],
  indent: string,
  columns = Number.POSITIVE_INFINITY,
): readonly string[] => {
  const shown = rows.map((row) => row.map(visible));
  const widths: number[] = [];
  for (const row of shown)
    row.forEach((cell, at) => {
      if (cell.length <= columns) widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  return shown.map(
    (row) =>
      indent +
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
  );
};

/**
 * A line with a word of it painted: the first that stands in a cell of its own after `before`. Paint
 * comes last, since a painted cell has another length than what is seen of it.
 */
export const paintedWord = (
  line: string,
  before: string,
  word: string,
  look: Look,
  style: Style,
): string => {
  const known = line.indexOf(visible(before));
  const start = line.indexOf(`  ${word}`, known === -1 ? 0 : known + visible(before).length);
  if (start === -1) return line;
  const end = start + 2 + word.length;
  return `${line.slice(0, start + 2)}${look.paint(style, word)}${line.slice(end)}`;
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
