/** A block of lines on a terminal that is drawn anew in its place. */
import type { Terminal } from './terminal.ts';

/** Milliseconds between two drawings: often enough for a clock that shows seconds. */
export const redrawMs = 250;

/** Up so many lines, and away with everything from there on (ECMA-48: CUU, ED). */
export const erase = (lineCount: number): string =>
  lineCount === 0 ? '' : `\x1b[${lineCount}A\x1b[J`;

/**
 * Lines that fit the terminal: one that wraps, or is above its first row, could not be taken away
 * again. What does not fit is counted.
 */
export const fitted = (
  { rows, columns }: Pick<Terminal, 'rows' | 'columns'>,
  lines: readonly string[],
): readonly string[] => {
  const mostLines = Math.max(1, rows - 2);
  const width = Math.max(1, columns - 1);
  const shown = lines.slice(0, mostLines).map((line) => cutTo(line, width));
  const moreCount = lines.length - shown.length;
  return moreCount === 0 ? shown : [...shown, cutTo(`… ${moreCount} more lines`, width)];
};

/**
 * The beginning of a text that takes up so many columns at most; anything but ASCII may take two, and
 * what paints (ECMA-48: SGR) takes none and is kept to the end.
 */
export const cutTo = (text: string, columns: number): string => {
  let left = columns;
  let kept = '';
  for (const part of text.match(sgrOrCharacter) ?? []) {
    if (part.length > 1 && part.startsWith('\x1b')) {
      kept += part;
      continue;
    }
    left -= part.charCodeAt(0) < 0x80 || part === '…' ? 1 : 2;
    if (left >= 0) kept += part;
  }
  return kept;
};
const sgrOrCharacter = /\x1b\[[0-9;]*m|[^]/gu;
