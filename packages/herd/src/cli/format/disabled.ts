/** What is said of services that may not be started before somebody enables them. */
import type { Row } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { isPetnameWord } from '../context.ts';
import type { Command } from '../grammar/invocation.ts';
import { mergeFromCount } from '../limits.ts';
import { typedService } from './lost.ts';

/**
 * How to have them started after all, by names that whoever asks can type: to ask again is not enough. `rows` are the
 * answer of `service` itself, those of its members, or of what it requires (`isBelow`).
 */
export const enableWords = (
  { action, service }: Pick<Command, 'action' | 'service'>,
  rows: readonly Pick<Row, 'member' | 'isDisabled'>[],
  isBelow = false,
): readonly string[] => {
  const names = rows.flatMap(({ member, isDisabled }) => (isDisabled === true ? [member] : []));
  if (names.length === 0) return [];
  // What lies behind a petname, or below another service, has no name here.
  const isNamed = !isPetnameWord(service) && names.every((name) => !name.includes('/'));
  if (isBelow && !isNamed) return [];
  const whole = typedService(service);
  const isFew = names.length < rows.length && names.length < mergeFromCount;
  const enabled = isBelow || (isNamed && isFew) ? names.map(visible) : [whole];
  const commands = enabled.map((name) => `'herd enable ${name}'`).join(' and ');
  return [
    `  What is disabled is not started: ${commands} first, then 'herd ${visible(action)} ${whole}'.`,
  ];
};
