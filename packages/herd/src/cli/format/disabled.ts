/** What is said of services that may not be started before somebody enables them. */
import type { Row } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { isPetnameWord } from '../context.ts';
import type { Command } from '../grammar/invocation.ts';
import { mergeFromCount } from '../limits.ts';
import { typedService } from './lost.ts';

/** Whether something may be enabled by whoever is told of it. */
export type Allowance = boolean | 'unknown';

/** Whether some of them are. */
export const isAnyDisabled = (rows: readonly Pick<Row, 'isDisabled'>[]): boolean =>
  rows.some(({ isDisabled }) => isDisabled === true);

/**
 * How to have them started after all, by names that whoever asks can type: to ask again is not enough. `rows` are the
 * answer of `service` itself, those of its members, or of what it requires (`isBelow`).
 */
export const enableWords = (
  { action, service }: Pick<Command, 'action' | 'service'>,
  rows: readonly Pick<Row, 'member' | 'isDisabled'>[],
  isBelow = false,
  isAllowed: Allowance = true,
): readonly string[] => {
  const names = rows.flatMap(({ member, isDisabled }) => (isDisabled === true ? [member] : []));
  if (names.length === 0) return [];
  // What lies behind a petname, or below another service, has no name here.
  const isNamed = !isPetnameWord(service) && names.every((name) => !name.includes('/'));
  if (isBelow && !isNamed) return [];
  const whole = typedService(service);
  if (isAllowed === 'unknown') return [];
  if (!isAllowed)
    return [
      `  What is disabled is not started, and ${whole} does not allow 'enable': ask whoever gave it to you.`,
    ];
  const isFew = names.length < rows.length && names.length < mergeFromCount;
  const enabled = isBelow || (isNamed && isFew) ? names.map(visible) : [whole];
  const commands = enabled.map((name) => `'herd enable ${name}'`).join(' and ');
  return [
    `  What is disabled is not started: ${commands} first, then 'herd ${visible(action)} ${whole}'.`,
  ];
};
