/** Decides once how output looks: in colour only on a terminal whose user has not said NO_COLOR. */
import { styleText } from 'node:util';
import type { Look, Terminal } from './terminal.ts';

/** The look that suits a terminal now. */
export const lookOf = (terminal: Terminal): Look => ({
  paint: hasColour(terminal)
    ? (style, text) => styleText(style, text, ownJudgement)
    : (_style, text) => text,
  bullet: speaksUtf8(terminal.env) ? '●' : '*',
  columns: terminal.columns,
  now: terminal.wall(),
});

/** Else Node judges by the standard output of the process, which a test's is not. */
const ownJudgement = { validateStream: false };

/** https://no-color.org: any value but the empty one counts. */
const hasColour = (terminal: Terminal): boolean =>
  terminal.isTerminal && (terminal.env['NO_COLOR'] ?? '') === '' && terminal.env['TERM'] !== 'dumb';

/** The first of these that is set decides (POSIX, section 8.2). */
const speaksUtf8 = (env: Terminal['env']): boolean => {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return locale !== undefined && /utf-?8/i.test(locale);
};
