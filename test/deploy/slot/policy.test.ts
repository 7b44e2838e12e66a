/** What a slot understands by its arguments: names of releases, whole or as far as they tell one from the others. */
import { describe, expect, it } from 'vitest';
import { emptyRecord, type Digest, type SlotRecord } from '@bellwether/deploy';
import { beginningOf } from '@bellwether/shepherd';
import { wantedIn } from '../../../packages/deploy/src/slot/policy.ts';
import { release, shortRules, SlotMachine } from '../../support/slot-machine.ts';
import { World } from '@bellwether/actors';

const digest = (beginning: string): Digest => `rel:sha256-${beginning.padEnd(64, '0')}`;
const [one, two, other] = [digest('abcdef1'), digest('abcdef2'), digest('123456')];
const there = {
  ...emptyRecord('web'),
  releases: [one, two, other].map((each) => ({ digest: each })),
} as unknown as SlotRecord;
const read = (...args: readonly string[]) => wantedIn('pin', args, false, there);

describe('a release that is there', () => {
  it.each(['123456', 'rel:sha256-123456', other, other.slice('rel:sha256-'.length)])(
    'is named by %s',
    (word) => expect(read(word)).toEqual({ release: other }),
  );
  it.each(['12345', 'rel:sha256-12345', 'rel:123456', '123456g', 'ABCDEF1', `${other}0`])(
    'is not named by %s',
    (word) => expect(() => read(word)).toThrow('is no name of a release, nor six digits'),
  );
  it('has to be meant alone: where several begin so, they are listed', () => {
    expect(() => read('abcdef')).toThrow(
      `pin: several begin with rel:sha256-abcdef: ${one}, ${two}`,
    );
    expect(read('abcdef1')).toEqual({ release: one });
    expect(() => read('abcdef3')).toThrow('no release here begins with rel:sha256-abcdef3');
  });
  it('may be another one by its whole name alone, and is said once', () => {
    const absent = digest('fedcba');
    expect(read(absent)).toEqual({ release: absent });
    expect(read(absent.slice('rel:sha256-'.length))).toEqual({ release: absent });
    expect(() => read('123456', other)).toThrow('is said twice');
  });
  it('is found by what is under way, too', () => {
    const underway = { target: digest('fedcba') } as NonNullable<SlotRecord['underway']>;
    expect(wantedIn('confirm', ['fedcba'], false, { ...there, underway })).toEqual({
      release: digest('fedcba'),
    });
  });
});

it('a slot pins, goes back and activates by what status shows', () => {
  const world = new World(1);
  const machine = new SlotMachine(world, 'A', shortRules, true);
  machine.boot();
  world.runFor(500);
  const [first, second] = [release('1'), release('2')];
  for (const made of [first, second]) {
    machine.bring(world, made);
    machine.act('deploy', [made.digest, 'no-confirm']);
    world.runFor(3_000);
  }
  const shown = first.digest.slice('rel:sha256-'.length, 'rel:sha256-'.length + 12);
  machine.act('pin', [shown]);
  world.runFor(100);
  expect(machine.record().pinned).toEqual([first.digest]);
  machine.act('rollback', [shown]);
  world.runFor(3_000);
  expect(machine.record().current).toBe(first.digest);
  machine.act('activate', [second.digest.slice(0, 23), 'no-confirm']);
  world.runFor(3_000);
  expect(machine.record().current).toBe(second.digest);
  expect(beginningOf(shown)).toBe(first.digest.slice(0, 23));
});
