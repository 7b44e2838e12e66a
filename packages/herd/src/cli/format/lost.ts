/** What is said of a command that a later one stands in the way of. */
import type { Row } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Command } from '../grammar/invocation.ts';
import { typedWord } from './typed.ts';

/** How to have it after all: to repeat the older one is not enough. */
export const lostWords = (
  { action, service }: Pick<Command, 'action' | 'service'>,
  rows: readonly Pick<Row, 'result'>[],
): readonly string[] =>
  rows.some(({ result }) => result === 'superseded')
    ? [
        `  The later command counts: 'herd ${visible(action)} ${typedService(service)}' asks for it anew.`,
      ]
    : [];

/** A service as it is typed; of what was picked out, whom a selector picks out now. */
export const typedService = (service: string): string => {
  const [, name = '', selector] = /^(.*)\{(.*)\}$/.exec(service) ?? [];
  if (selector === undefined) return visible(service);
  return visible(`-l ${typedWord(selector)}${name === '' ? '' : ` ${name}`}`);
};
