/** What is said of a command that a later one stands in the way of. */
import { readSlotWord, type Row } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Command } from '../grammar/invocation.ts';
import { typedWord } from './typed.ts';

/** How to have it after all: to repeat the older one is not enough. */
export const lostWords = (
  { action, service, args }: Command,
  rows: readonly Pick<Row, 'result'>[],
): readonly string[] => {
  if (!rows.some(({ result }) => result === 'superseded')) return [];
  const typed = `herd ${visible(action)} ${typedService(service)}${releaseIn(args)}`;
  return [`  The later command counts: '${typed}' asks for it anew.`];
};

/** Another release is asked for by its name, whatever file it came from. */
const releaseIn = (args: readonly string[]): string => {
  const release = args.find((each) => readSlotWord(each)?.release);
  return release === undefined ? '' : ` ${visible(release)}`;
};

/** A service as it is typed; of what was picked out, whom a selector picks out now. */
export const typedService = (service: string): string => {
  const [, name = '', selector] = /^(.*)\{(.*)\}$/.exec(service) ?? [];
  if (selector === undefined) return visible(service);
  return visible(`-l ${typedWord(selector)}${name === '' ? '' : ` ${name}`}`);
};
