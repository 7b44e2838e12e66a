/** Which of several controllers is meant, whatever they call themselves. */
import { expect, it } from 'vitest';
import { FLEET_LIMITS } from '@bellwether/fleet';
import { homeCalled } from '../../../packages/fleet/src/nodes/choosing.ts';
import type { HomeShelf } from '../../../packages/fleet/src/nodes/home-shelf.ts';

const key = 'abcdefghijklmnopqrstuvwxyz234567';
const shown = 'abcd-efgh-ijkl-mnop-qrst';
/** Controllers by their keys, with what they call themselves. */
const meant = (controllers: Readonly<Record<string, string>>, said: string): string => {
  const homes = Object.entries(controllers).map(([designator, controller]) => ({
    entry: { designator, controller },
  }));
  const shelf = { homes: new Map(homes.map((home) => [home.entry.designator, home])) };
  return homeCalled(shelf as unknown as HomeShelf, said).entry.designator;
};
const other = 'z'.repeat(32);

it('a key is not passed over for a controller that calls itself so', () => {
  expect(meant({ [key]: 'C', [other]: 'D' }, shown)).toBe(key);
  for (const said of [shown, key.slice(0, FLEET_LIMITS.typedKeyCharacters)])
    expect(() => meant({ [key]: 'C', [other]: said }, said)).toThrow('several controllers');
  expect(meant({ [key]: 'C', [other]: key }, key)).toBe(key);
});
it('fewer characters than a key needs are those of a name alone', () => {
  const short = key.slice(0, FLEET_LIMITS.typedKeyCharacters - 1);
  expect(meant({ [key]: 'C', [other]: short }, short)).toBe(other);
  expect(() => meant({ [key]: 'C', [other]: 'D' }, short)).toThrow('characters at least');
});
