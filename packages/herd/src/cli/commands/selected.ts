/**
 * A command to those whom a selector picks out: they are shown first, and on a terminal it is asked whether they are
 * meant where they are many, or where the selector may have a slip in it.
 */
import type { Request } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Context } from '../context.ts';
import { counted } from '../format/times.ts';
import type { Command } from '../invocation.ts';
import { askFromCount, shownNameCount } from '../limits.ts';
import { printErrors } from '../print.ts';
import { choose, tellSlips, type Chosen } from '../selecting.ts';
import { Usage } from '../usage.ts';

/** Runs the command by `run`; the result is the exit code, 1 where somebody said no. @throws Usage, … */
export const runSelected = async (
  context: Context,
  command: Command,
  request: Request,
  run: (context: Context, command: Command, request: Request) => Promise<number>,
): Promise<number> => {
  if (context.options['no-members'] === true)
    throw new Usage('-l picks out whom it goes to, and --no-members leaves those alone');
  const chosen = await meant(context, command);
  if (chosen === undefined) return 1;
  const member = chosen.service;
  const onlyMembers = chosen.names;
  return run(context, { ...command, service: member }, { ...request, member, onlyMembers });
};

/** Whom it is for, once that was shown and nobody has said no; undefined where somebody has. @throws Usage, … */
export const meant = async (context: Context, command: Command): Promise<Chosen | undefined> => {
  const { 'dry-run': isDry, quiet } = context.options;
  const { service } = command;
  const chosen = await choose(context, service === '' ? undefined : service);
  tellSlips(context, chosen);
  if (isDry === true) return chosen;
  if (quiet !== true) printErrors(context, [`herd: ${wordsFor(command, chosen)}`]);
  if (await isMeant(context, chosen)) return chosen;
  printErrors(context, ['herd: nothing was done']);
  return undefined;
};

const wordsFor = ({ action }: Command, { names }: Chosen): string => {
  const shown = names.slice(0, shownNameCount).map(visible).join(', ');
  const moreCount = names.length - shownNameCount;
  const more = moreCount > 0 ? ` and ${moreCount} more` : '';
  return `${visible(action)} of ${counted(names.length, 'service')}: ${shown}${more}`;
};

/** Nobody is asked who cannot answer: a script has said what it means. */
const isMeant = async (
  { options, terminal }: Context,
  { names, unknownKeys }: Chosen,
): Promise<boolean> => {
  if (options.yes === true || (names.length < askFromCount && unknownKeys.length === 0))
    return true;
  return (await terminal.agrees('herd: all of these? [y/N] ')) !== false;
};
