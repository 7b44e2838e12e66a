/** How often a machine and its controller may have the other one do something durable, and how much of it stays. */
import { codeOf, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import { FLEET_LIMITS, type NodeDoor, type NodeSelf } from '@bellwether/fleet';
import { describe, expect, it } from 'vitest';
import { JoinPlace, refOf, webConfig } from '../../support/fleet-joins.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';
import { program } from '../../support/shepherd-machine.ts';
import {
  askBack,
  callIsOver,
  type CallBacks,
} from '../../../packages/fleet/src/nodes/call-backs.ts';
import type { NodeShelf } from '../../../packages/fleet/src/nodes/node-shelf.ts';

const { enterCount: atOnceCount, enterGapMs: gapMs } = FLEET_LIMITS;
const refusalOf = ({ error }: { readonly error?: Error }): string => error?.message ?? 'none';

/** A machine that has joined, and from then on says what it likes with its own key. */
const joined = (seed: number) => {
  const place = new JoinPlace(seed);
  const uri = place.invite();
  place.join(uri);
  place.run(1_000);
  const { router, machine } = place.node();
  if (router === undefined) throw new Error('no router');
  const door = router.enliven<NodeDoor>(refOf(uri));
  /** The code that is answered, `ok` where it is none. */
  const say = (method: 'enter' | 'leave', ...args: readonly unknown[]): string => {
    const told: string[] = [];
    machine.life.vat.post(door, method, args, {
      kept: () => void told.push('ok'),
      broken: (reason) => void told.push(codeOf(reason as Error)),
    });
    for (let ms = 0; ms < 2_000 && told.length === 0; ms += 10) place.run(10);
    return told.join();
  };
  const enter = (count: number, gift?: Uint8Array): string =>
    say('enter', { services: [[`s${count}`]] } satisfies NodeSelf, ...(gift ? [gift] : []));
  const writtenAt = (): number => place.controller.machine.disk.entries.length;
  return { place, say, enter, writtenAt };
};

describe('a machine that says over and over that it gives something else', () => {
  it('is taken at its word so many times in a row, and refused from then on, with nothing written', () => {
    const { enter, writtenAt, place } = joined(1);
    // The first time was when it joined.
    for (let count = 1; count < atOnceCount; count += 1) expect(enter(count)).toBe('ok');
    const before = writtenAt();
    expect(enter(atOnceCount)).toBe('limit');
    expect(enter(atOnceCount, new Uint8Array(32))).toBe('limit');
    expect(writtenAt()).toBe(before);
    expect(place.nodes()).toMatchObject([{ serviceCount: 1, state: 'joined' }]);
    // What it has said before it may say as often as it likes: it comes back after each cut.
    for (let again = 0; again < 3; again += 1) expect(enter(atOnceCount - 1)).toBe('ok');
    place.run(gapMs);
    expect(enter(atOnceCount)).toBe('ok');
    expect(enter(atOnceCount + 1)).toBe('limit');
  });
  it('comes and goes no more often either', () => {
    const { say, writtenAt } = joined(2);
    const before = writtenAt();
    const gift = new Uint8Array(32).fill(1);
    for (let round = 0; round < 2 * atOnceCount; round += 1) {
      expect(say('leave')).toBe('ok');
      say('enter', { services: [] } satisfies NodeSelf, gift);
    }
    expect(writtenAt() - before).toBeLessThan(6 * atOnceCount);
  });
  it('is counted by itself alone: another one is taken at its word meanwhile', () => {
    const { enter, place } = joined(3);
    for (let count = 0; count <= atOnceCount; count += 1) enter(count);
    place.add('M', webConfig);
    expect(place.join(place.invite('m'), place.node('M'))).toMatchObject({ state: 'joined' });
  });
});

describe('a machine whose configuration changes often', () => {
  it('is known as it is in the end, a while later', () => {
    const place = new JoinPlace(4);
    place.join(place.invite('n'));
    const node = place.node();
    const reload = (count: number): void => {
      node.config = { services: [program({ provision: [`cron${count}`] })] };
      place.settled(
        place.operator.ask(node, (turn, root) =>
          turn.send(root, 'reload', false, place.operator.printer(turn)),
        ),
      );
    };
    for (let count = 0; count <= atOnceCount + 3; count += 1) reload(count);
    expect(place.homes()[0]?.trouble).toContain(`once in ${gapMs / 1_000} s`);
    expect(place.names()).not.toContain(`cron${atOnceCount + 3}@n`);
    place.run(gapMs + 1_000);
    expect(place.names()).toEqual([`cron${atOnceCount + 3}@n`]);
    expect(place.homes()[0]?.trouble).toBeUndefined();
  });
});

describe('those who come at the same moment', () => {
  it('are no more machines than a controller knows', () => {
    const { nodeCount } = FLEET_LIMITS;
    const place = new JoinPlace(5);
    place.rebootWithInvited(nodeCount - 1);
    const asked = ['one', 'two'].map((name) =>
      place.operator.ask(place.controller, (turn, root) => turn.send(root, 'inviteNode', { name })),
    );
    place.run(1_000);
    expect(asked.map(refusalOf)).toEqual([
      'none',
      expect.stringContaining(`${nodeCount} machines`),
    ]);
    expect(place.nodes().length).toBe(nodeCount);
  });
  it('are no more controllers than a machine takes, and no way to the last one is left', () => {
    const { homeCount } = FLEET_LIMITS;
    const place = new JoinPlace(6, { N: webConfig, D: {} });
    const uris = [place.invite('n'), place.invite('n', {}, place.node('D'))];
    const { machine, doors } = place.node();
    place.node().crash();
    for (let at = 1; at < homeCount; at += 1) {
      const designator = `H${at}`;
      const entry = { designator, door: '', gift: 'g', madeMs: 0, epoch: 1, isJoined: true };
      machine.disk.entries.push({ kind: 'home', ...entry });
      doors.set(designator, (uris[0] ?? '').replace('C', designator));
    }
    place.run(100);
    place.node().boot();
    place.run(1_000);
    const asked = uris.map((uri) => place.joining(uri));
    place.run(2_000);
    expect(asked.map(refusalOf)).toEqual([
      'none',
      expect.stringContaining(`${homeCount} controllers`),
    ]);
    expect(place.homes().length).toBe(homeCount);
    expect(doors.size).toBe(homeCount);
  });
});

describe('a session that a machine is asked to open', () => {
  it('leaves nothing behind where nobody wants it any more before the machine was asked', async () => {
    const bench = makeBench();
    const asked: string[] = [];
    type Way = { present(): Ref };
    type CalledBack = { callBack(name: string): void };
    const makeGift = (): Behavior<CalledBack> => ({
      callBack: (turn, name) => turn.effect(() => asked.push(name)),
    });
    const makeWay = (_turn: Turn<Way>, _bcom: unknown, gift: Ref): Behavior<Way> => ({
      present: () => gift,
    });
    const left: number[] = [];
    const look: (() => void)[] = [];
    await runIn(bench, (turn) => {
      const calls: CallBacks = turn.map();
      const way = turn.spawn(makeWay, turn.spawn(makeGift));
      const contacts = new Map([['node', { way, isConnected: true }]]);
      const shelf = { contacts, entropy: bench.world.entropy() } as unknown as NodeShelf;
      for (const [id, service] of [
        [1, 'gone'],
        [2, 'wanted'],
      ] as const)
        askBack(shelf, calls, turn as never, { id, node: 'node', service });
      callIsOver(calls, 1);
      look.push(() => left.push(...calls.keys()));
      turn.after(50, () => look.forEach((each) => each()));
    });
    bench.world.run(bench.world.now + 100);
    expect(asked).toEqual(['wanted']);
    expect(left).toEqual([2]);
  });
});
