/** Secrets on their way in: from standard input, or from the file that `--from` names. */
import fs from 'node:fs';
import type { Sturdyref } from '@bellwether/ocapn';
import { visible } from '../../client/escape.ts';
import { maxRefBytes } from '../../refs/limits.ts';
import { sturdyrefOf } from '../../refs/ref-store.ts';
import type { Context } from '../context.ts';
import { Usage } from '../grammar/usage.ts';

/** The ref that the user hands in. @throws Usage, BadRef */
export const readRef = async (context: Context): Promise<Sturdyref> => {
  const { text, where } = await readSecretText(context, maxRefBytes);
  if (text.trim() === '') throw new Usage(`${where} is empty, so there is no ref`);
  return sturdyrefOf(text.trim(), where);
};

/** What the user hands in, of at most so many bytes, and where it came from. @throws Usage */
export const readSecretText = async (
  context: Context,
  maxBytes: number,
): Promise<{ readonly text: string; readonly where: string }> => {
  const { options, terminal } = context;
  const { from } = options;
  if (from === undefined) {
    const text = await terminal.readInput(maxBytes);
    if (terminal.isInputOpen()) terminal.err(openToOthers('the file of standard input'));
    return { text, where: 'standard input' };
  }
  return { text: textOf(context, from, maxBytes), where: from };
};

/**
 * A file that came by mail or scp is often open to others; that is said, and no reason to refuse
 * it.
 */
const textOf = ({ terminal }: Context, from: string, maxBytes: number): string => {
  const stat = fs.statSync(from, { throwIfNoEntry: false });
  if (stat === undefined) throw new Usage(`there is no file ${from}`);
  if (!stat.isFile()) throw new Usage(`${from} is no plain file`);
  if (stat.size > maxBytes)
    throw new Usage(`${from} is longer than ${maxBytes} bytes, so it is no ref`);
  if ((stat.mode & 0o077) !== 0) terminal.err(openToOthers(visible(from)));
  return fs.readFileSync(from, 'utf8');
};

const openToOthers = (what: string): string =>
  `herd: warning: others may read ${what}; delete it, or chmod 600\n`;
