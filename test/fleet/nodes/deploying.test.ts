/** A slot of a machine that has joined: its controller confirms, also where it cannot dial the machine. */
import type { Behavior, Turn } from '@bellwether/actors';
import type { NodeDoor } from '@bellwether/fleet';
import { describe, expect, it } from 'vitest';
import { sturdyrefOf } from '../../../packages/herd/src/refs/ref-store.ts';
import { ExportedSlot } from '../../support/exported-slot.ts';
import type { Asked } from '../../support/shepherd-machine.ts';
import { release } from '../../support/slot-machine.ts';

const makeNothing = (_turn: Turn<never>, _bcom: unknown): Behavior<never> => ({}) as never;
const one = release('1');
const two = release('2');

describe.each([
  ['that listens', {}],
  ['that only dials out', { isDialOut: true }],
] as const)('a deploy to a machine %s', (_what, joins) => {
  it.each([1, 2, 3])(
    'is confirmed over a session that is no older than the switch, seed %i',
    (seed) => {
      const story = new ExportedSlot(seed, { joins, rehearse: seed === 1 }).begin(one, two);
      const deploy = story.act('deploy', [two.digest], 'op-2');
      story.world.runFor(6_000);
      expect(deploy.value).toMatchObject({ member: 'web@node', result: 'changed' });
      expect(story.running).toEqual([two.digest]);
      expect(story.record?.underway).toBeUndefined();
      story.world.runFor(2_000);
      // Of the sessions that were made for it none is left.
      expect(story.c.freshRouters.flatMap((router) => router.sessions())).toEqual([]);
      expect(story.a.freshRouters.flatMap((router) => router.sessions())).toEqual([]);
      expect(story.a.freshCount + story.c.freshCount).toBe(1);
      expect(story.a.freshCount).toBe('isDialOut' in joins ? 1 : 0);
      for (const node of [story.a, story.c]) expect(node.machine.logged('turn.threw')).toEqual([]);
    },
  );
});

describe('a deploy to a machine that only dials out', () => {
  it('goes back where the new release has cut it off, and says so later', () => {
    const story = new ExportedSlot(4, { joins: { isDialOut: true } }).begin(one, two);
    story.act('deploy', [two.digest], 'op-2');
    for (let ms = 0; ms < 8_000 && story.phase !== 'health-gate'; ms += 1) story.world.runFor(1);
    story.network.part('A', 'C');
    story.world.runFor(60_000);
    expect(story.running).toEqual([one.digest]);
    story.network.heal('A', 'C');
    story.world.runFor(60_000);
    expect(story.running).toEqual([one.digest]);
    expect(story.record).toMatchObject({ current: one.digest });
    expect(story.status()).toMatchObject({ slot: { current: one.digest } });
  });
  it('takes the session from the machine that was asked, and from nobody who has found its door', () => {
    const story = new ExportedSlot(6, { joins: { isDialOut: true } }).begin(one, two);
    const door = story.a.doors.get('C') ?? '';
    const deploy = story.act('deploy', [two.digest], 'op-2');
    const told: Asked<unknown>[] = [];
    for (let ms = 0; ms < 8_000 && deploy.value === undefined; ms += 5) {
      story.world.runFor(5);
      if (story.phase !== 'awaiting-confirm') continue;
      told.push(
        story.desk.askAt<NodeDoor, unknown>(sturdyrefOf(door, 'door'), (turn, found) =>
          turn.send(found, 'came', new Uint8Array(32), turn.spawn(makeNothing)),
        ),
      );
    }
    story.world.runFor(2_000);
    expect(deploy.value).toMatchObject({ result: 'changed' });
    expect(told.length).toBeGreaterThan(2);
    for (const { error } of told) expect(error?.message).toContain('nobody has asked for that');
  });
  it('is confirmed by the next session where the first one was lost on the way', () => {
    const story = new ExportedSlot(5, { joins: { isDialOut: true } }).begin(one, two);
    const deploy = story.act('deploy', [two.digest], 'op-2');
    for (let ms = 0; ms < 8_000 && story.phase !== 'awaiting-confirm'; ms += 1)
      story.world.runFor(1);
    story.c.crash();
    story.world.runFor(200);
    story.c.boot();
    story.world.runFor(20_000);
    expect(deploy.error).toBeDefined();
    expect(story.record?.underway).toBeUndefined();
    expect(story.running).toEqual([two.digest]);
  });
});
