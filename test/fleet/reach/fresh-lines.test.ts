/** Sessions of their own: how many at once, for how long, and that each is ended. Tested without machines. */
import type { Ref } from '@bellwether/actors';
import { Severed, Unreachable, type Answer } from '@bellwether/actors';
import {
  FLEET_LIMITS,
  makeFreshLines,
  makePeers,
  type FreshLine,
  type FreshLines,
} from '@bellwether/fleet';
import { describe, expect, it } from 'vitest';
import { makeBench, runIn, type Bench } from '../../support/actors-vat.ts';
import { pass, watched, type Watched } from '../../support/fleet-bench.ts';

interface Dial {
  readonly petname: string;
  readonly reached: Answer;
  endCount: number;
}
interface LinesBench extends Bench {
  readonly lines: Ref<FreshLines>;
  readonly dials: Dial[];
  open(petname: string, ms?: number): Promise<Watched<FreshLine>>;
  close(line: Watched<FreshLine>): Promise<void>;
}
const sameHost = { peer: 'key.tcp-tls' };
const linesBench = async (): Promise<LinesBench> => {
  const bench = makeBench({ rehearse: true });
  const dials: Dial[] = [];
  const [clock, entropy] = [bench.world.clock(), bench.world.entropy()];
  const destinations = new Map(
    ['one', 'two', 'three', 'four', 'five'].map((name) => [name, sameHost]),
  );
  const dial = (petname: string, reached: Answer): (() => void) => {
    const dial = { petname, reached, endCount: 0 };
    dials.push(dial);
    return () => void (dial.endCount += 1);
  };
  const { lines } = await runIn(bench, (turn) => ({
    lines: turn.spawn(
      makeFreshLines,
      dial,
      turn.spawn(makePeers, { clock, entropy, destinations }),
    ),
  }));
  const { vat } = bench;
  return {
    ...bench,
    lines,
    dials,
    open: async (petname, ms = 5_000) => {
      const line = watched(vat.run((turn) => turn.send(lines, 'open', petname, ms)));
      await pass(bench, 0);
      return line;
    },
    close: async ({ value }) => {
      void vat.run((turn) => turn.send(lines, 'close', value?.id ?? Number.NaN));
      await pass(bench, 0);
    },
  };
};
const petnames = ({ dials }: LinesBench): readonly string[] => dials.map(({ petname }) => petname);
const ends = ({ dials }: LinesBench): readonly number[] => dials.map(({ endCount }) => endCount);
const many = (count: number, name = 'web'): readonly string[] =>
  Array.from({ length: count }, (_none, at) => `${name}-${at}`);

describe('a line of its own', () => {
  it('is dialled for whoever opens it, and ended by whoever closes it, once', async () => {
    const bench = await linesBench();
    const line = await bench.open('web');
    bench.dials[0]?.reached.kept('a facet');
    await pass(bench, 0);
    expect(line.value).toMatchObject({ ref: 'a facet' });
    expect(ends(bench)).toEqual([0]);
    await bench.close(line);
    await bench.close(line);
    await pass(bench, 60_000);
    expect(ends(bench)).toEqual([1]);
  });
  it('is never used twice, and there is one at a time to each petname', async () => {
    const bench = await linesBench();
    const [first, second] = [await bench.open('web'), await bench.open('web')];
    await bench.open('other');
    expect(petnames(bench)).toEqual(['web', 'other']);
    bench.dials[0]?.reached.kept('a facet');
    await pass(bench, 0);
    expect(petnames(bench)).toEqual(['web', 'other']);
    await bench.close(first);
    expect(petnames(bench)).toEqual(['web', 'other', 'web']);
    bench.dials[2]?.reached.kept('another facet');
    await pass(bench, 0);
    expect(second.value).toMatchObject({ ref: 'another facet' });
  });
  it('waits where as many are open as may be, and one more is dialled when one is over', async () => {
    const bench = await linesBench();
    for (const petname of many(FLEET_LIMITS.freshCount)) await bench.open(petname, 60_000);
    expect(bench.dials).toHaveLength(FLEET_LIMITS.freshCount);
    await bench.open('late');
    expect(petnames(bench)).not.toContain('late');
    bench.dials[7]?.reached.broken(new Unreachable('nobody is there'));
    await pass(bench, 0);
    expect(petnames(bench).at(-1)).toBe('late');
    expect(ends(bench)[7]).toBe(1);
  });
  it.each([
    [
      'a machine that has joined',
      many(FLEET_LIMITS.freshHostCount + 1, 'web').map((name) => `${name}@node`),
    ],
    ['a machine that several refs lead to', ['one', 'two', 'three', 'four', 'five']],
  ])(
    'leaves room to others, however many services %s has that lets us wait',
    async (_what, names) => {
      const bench = await linesBench();
      for (const name of names) await bench.open(name, 60_000);
      expect(names).toHaveLength(FLEET_LIMITS.freshHostCount + 1);
      expect(petnames(bench)).toEqual(names.slice(0, -1));
      await bench.open('other');
      expect(petnames(bench).at(-1)).toBe('other');
      bench.dials[1]?.reached.broken(new Unreachable('nobody is there'));
      await pass(bench, 0);
      expect(petnames(bench).at(-1)).toBe(names.at(-1));
    },
  );
  it('is refused where too many wait for the same', async () => {
    const bench = await linesBench();
    const waiting: Watched<FreshLine>[] = [];
    for (let at = 0; at <= FLEET_LIMITS.freshWaitingCount; at += 1)
      waiting.push(await bench.open('web'));
    expect(waiting.map(({ reason }) => reason)).toEqual(waiting.map(() => undefined));
    const tooMany = await bench.open('web');
    expect(tooMany.reason).toMatchObject({ code: 'limit' });
    const other = await bench.open('other');
    expect(other.reason).toBeUndefined();
  });
  it('is given up when time is over, whether it waits or is dialled, and what came later is ended', async () => {
    const bench = await linesBench();
    const [dialled, waiting] = [await bench.open('web', 100), await bench.open('web', 50)];
    await pass(bench, 50);
    expect(waiting.reason).toMatchObject({ code: 'timed-out' });
    expect(dialled.reason).toBeUndefined();
    await pass(bench, 50);
    expect(dialled.reason).toMatchObject({ code: 'timed-out' });
    expect(ends(bench)).toEqual([1]);
    bench.dials[0]?.reached.kept('a facet');
    await pass(bench, 1_000);
    expect([dialled.value, bench.dials.length]).toEqual([undefined, 1]);
  });
  it('is ended where nobody closes it', async () => {
    const bench = await linesBench();
    const line = await bench.open('web');
    bench.dials[0]?.reached.kept('a facet');
    await pass(bench, FLEET_LIMITS.freshMs - 1);
    expect([line.value?.ref, ends(bench)]).toEqual(['a facet', [0]]);
    await pass(bench, 1);
    expect(ends(bench)).toEqual([1]);
    await bench.open('web');
    expect(bench.dials).toHaveLength(2);
  });
  it('says that nothing was sent where its session ended before it was reached', async () => {
    const bench = await linesBench();
    const line = await bench.open('web');
    bench.dials[0]?.reached.broken(new Severed('the session ended'));
    await pass(bench, 0);
    expect(line.reason).toMatchObject({
      code: 'unreachable',
      message: 'cannot reach web anew: the session ended',
    });
  });
});
