/**
 * A command to those whom a selector picks out: they are shown first, and on a terminal it is asked whether they are
 * meant where they are many, or where the selector may have a slip in it.
 */
import { slotActions } from '@bellwether/deploy';
import { lacks, NothingSelected, type Request, type Status } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { probeMs, questionMs } from '../../client/limits.ts';
import { statusesOf } from '../../client/service.ts';
import { isAgreed } from '../terminal/agreeing.ts';
import { patienceOf, withRootLine, type Context } from '../context.ts';
import { counted } from '../format/times.ts';
import type { Command } from '../grammar/invocation.ts';
import { askFromCount } from '../limits.ts';
import { printErrors } from '../terminal/print.ts';
import { choose, listed, tellSlips, type Chosen } from './selecting.ts';
import { Usage } from '../grammar/usage.ts';

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
  const chosen = await picked(context, command);
  if (isDry === true) return chosen;
  if (quiet !== true) printErrors(context, [`herd: ${wordsFor(command, chosen)}`]);
  return (await isMeant(context, chosen)) ? chosen : undefined;
};

/** Whom it is for, where nothing is changed, so that nobody need be asked. @throws Usage, … */
export const picked = async (context: Context, command: Command): Promise<Chosen> => {
  const { service } = command;
  const chosen = await choose(context, service === '' ? undefined : service);
  tellSlips(context, chosen);
  return slotsOf(context, command, chosen);
};

/**
 * What only slots can do is for the slots alone of those with such labels; one of whom nobody knows may be one, so
 * those elsewhere are asked. Whoever has named a SERVICE has said who is meant. @throws NothingSelected where none of
 * them is one
 */
const slotsOf = async (
  context: Context,
  { action, service }: Command,
  chosen: Chosen,
): Promise<Chosen> => {
  if (service !== '' || !Object.hasOwn(slotActions, action)) return chosen;
  const statuses = await withRootLine(context, (line) =>
    statusesOf(line, chosen.names, probeMs, patienceOf(context, questionMs)),
  );
  const others = new Set(statuses.filter((each) => lacks(each, action)).map(nameIn));
  const names = chosen.names.filter((name) => !others.has(name));
  const selector = context.options.selector ?? '';
  if (names.length === 0)
    throw new NothingSelected(
      selector,
      undefined,
      `no slot is among ${listed([...others])}, and '${action}' is for slots`,
    );
  if (others.size > 0)
    printErrors(context, [`herd: left out, since no slots: ${listed([...others])}`]);
  return { ...chosen, names };
};
const nameIn = ({ provision }: Status): string => provision[0] ?? '';

const wordsFor = ({ action }: Command, { names }: Chosen): string => {
  return `${visible(action)} of ${counted(names.length, 'service')}: ${listed(names)}`;
};

/** Asked only where they are many, or where the selector may have a slip in it. */
const isMeant = async (context: Context, { names, unknownKeys }: Chosen): Promise<boolean> =>
  (names.length < askFromCount && unknownKeys.length === 0) ||
  (await isAgreed(context, 'all of these?'));
