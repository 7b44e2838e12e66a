import { describe, expect, it } from 'vitest';
import { World } from '@bellwether/actors';
import { limits } from '../../packages/actors/src/limits.ts';
import { makeBench, runIn, type Bench } from '../support/actors-vat.ts';

/** A store that answers when told, and a trace of what happened in which order. */
const withStore = (): Bench & {
  readonly trace: string[];
  finish(failure?: Error): void;
} => {
  const trace: string[] = [];
  const waiting: ((failure?: Error) => void)[] = [];
  const bench = makeBench({
    commit: (entries, done) => {
      trace.push(`commit ${entries.join(' ')}`);
      waiting.push(done);
    },
    stopped: (reason) => trace.push(`stopped ${reason.message}`),
  });
  const finish = (failure?: Error): void => {
    const done = waiting.shift();
    if (done === undefined) throw new Error('no commit is under way');
    done(failure);
    bench.world.run();
  };
  return { ...bench, trace, finish };
};
const act = (bench: Bench, trace: string[], name: string, gates?: boolean): void => {
  bench.vat
    .run((turn) => {
      if (gates !== undefined) turn.record(`r-${name}`, { gates });
      trace.push(`turn ${name}`);
      turn.effect(() => trace.push(`effect ${name}`));
    })
    .catch(() => undefined);
  bench.world.run();
};
const most = limits.entriesPerCommit;
/** So many records in one turn, and what waits for them. */
const heap = (bench: Bench, trace: string[], name: string, count: number, gates = true): void => {
  bench.vat
    .run((turn) => {
      for (let at = 0; at < count; at += 1) turn.record(name, { gates });
      turn.effect(() => trace.push(`effect ${name}`));
    })
    .catch(() => undefined);
  bench.world.run();
};
/** The beginning of each line, and how many words follow its first. */
const counted = (trace: readonly string[]): readonly string[] =>
  trace.map((line) => `${line.slice(0, 8)} ${line.split(' ').length - 1}`);

describe('output commit', () => {
  it('holds effects until the records ahead of them are durable, while later turns run', () => {
    const { trace, finish, ...bench } = withStore();
    act(bench, trace, 'a', true);
    act(bench, trace, 'b');
    act(bench, trace, 'c', true);
    act(bench, trace, 'd');
    expect(trace).toEqual(['turn a', 'commit r-a', 'turn b', 'turn c', 'turn d']);
    finish();
    expect(trace.slice(5)).toEqual(['effect a', 'effect b', 'commit r-c']);
    finish();
    expect(trace.slice(8)).toEqual(['effect c', 'effect d']);
    act(bench, trace, 'e');
    expect(trace.slice(10)).toEqual(['turn e', 'effect e']);
  });
  it('takes up what an effect brings back in the same task, four times and no more', () => {
    const { vat, world } = makeBench();
    let count = 0;
    const again = (): void => {
      count += 1;
      if (count < 6) void vat.run((turn) => turn.effect(again));
    };
    void vat.run((turn) => turn.effect(again));
    world.step();
    expect(count).toBe(4);
    world.step();
    expect(count).toBe(6);
  });
  it('gathers what turns record during a commit into one next commit', () => {
    const { trace, finish, ...bench } = withStore();
    for (const name of ['a', 'b', 'c']) act(bench, trace, name, true);
    finish();
    finish();
    expect(trace.filter((line) => line.startsWith('commit'))).toEqual([
      'commit r-a',
      'commit r-b r-c',
    ]);
  });
  it('fills no commit beyond its limit but with what one task has recorded, each effect behind its own', () => {
    const { trace, finish, ...bench } = withStore();
    act(bench, trace, 'first', true);
    heap(bench, trace, 'a', most - 1);
    heap(bench, trace, 'b', most);
    heap(bench, trace, 'c', 1);
    for (let left = 4; left > 1; left -= 1) finish();
    expect(counted(trace)).toEqual([
      ...['turn fir 1', 'commit r 1', 'effect f 1'],
      ...[`commit a ${2 * most - 1}`, 'effect a 1', 'effect b 1'],
      ...['commit c 1', 'effect c 1'],
    ]);
  });
  it('holds what records nothing behind the last of several commits that gates, and not behind others', () => {
    const { trace, finish, ...bench } = withStore();
    act(bench, trace, 'first', true);
    heap(bench, trace, 'a', most);
    heap(bench, trace, 'b', most);
    heap(bench, trace, 'c', 1, false);
    act(bench, trace, 'late');
    for (let left = 4; left > 1; left -= 1) finish();
    expect(counted(trace)).toEqual([
      ...['turn fir 1', 'commit r 1', 'turn lat 1', 'effect f 1'],
      ...[`commit a ${most}`, 'effect a 1', `commit b ${most}`, 'effect b 1'],
      ...['effect c 1', 'effect l 1', 'commit c 1'],
    ]);
  });
  it('makes none of several commits after one that has failed', () => {
    const { trace, finish, ...bench } = withStore();
    act(bench, trace, 'first', true);
    for (const name of ['a', 'b']) heap(bench, trace, name, most);
    finish();
    finish(new Error('full'));
    expect(counted(trace).slice(2)).toEqual(['effect f 1', `commit a ${most}`, 'stopped  1']);
    expect(() => finish()).toThrow('no commit');
  });
  it('holds back the answer of a caller until the disk knows', async () => {
    const { trace, finish, ...bench } = withStore();
    let told = '';
    bench.vat
      .run((turn) => turn.record('r'))
      .then(
        () => (told = 'kept'),
        () => (told = 'broken'),
      );
    bench.world.run();
    await Promise.resolve();
    expect([told, trace]).toEqual(['', ['commit r']]);
    finish();
    await Promise.resolve();
    expect(told).toBe('kept');
  });
  it('writes records that gate nothing and holds nothing back for them', () => {
    const { trace, finish, ...bench } = withStore();
    act(bench, trace, 'a', false);
    act(bench, trace, 'b');
    expect(trace).toEqual(['turn a', 'effect a', 'commit r-a', 'turn b', 'effect b']);
    act(bench, trace, 'c', true);
    expect(trace.slice(5)).toEqual(['turn c']);
    finish();
    expect(trace.slice(6)).toEqual(['commit r-c']);
    act(bench, trace, 'd', false);
    expect(trace.slice(7)).toEqual(['turn d']);
    finish();
    expect(trace.slice(8)).toEqual(['effect c', 'effect d', 'commit r-d']);
    finish();
  });
  it('ignores a second answer of the store', () => {
    const dones: ((failure?: Error) => void)[] = [];
    const bench = makeBench({ commit: (_entries, done) => dones.push(done) });
    const trace: string[] = [];
    act(bench, trace, 'a', true);
    act(bench, trace, 'b', true);
    dones[0]?.();
    dones[0]?.(new Error('again'));
    bench.world.run();
    expect(trace).toEqual(['turn a', 'turn b', 'effect a']);
    dones[1]?.();
    expect(trace.at(-1)).toBe('effect b');
  });
  it('halts on a commit that fails: no effect behind it ever runs', async () => {
    const { trace, finish, ...bench } = withStore();
    const open = bench.vat.run((turn) => {
      turn.record('r');
      turn.effect(() => trace.push('effect'));
    });
    bench.world.run();
    act(bench, trace, 'later');
    finish(new Error('disk full'));
    await expect(open).rejects.toMatchObject({
      code: 'halted',
      message: expect.stringContaining('disk full'),
    });
    expect(trace).toEqual(['commit r', 'turn later', 'stopped disk full']);
    expect(() => finish()).toThrow('no commit');
  });
  it('halts when the store throws instead of answering', async () => {
    const stopped: string[] = [];
    const bench = makeBench({
      commit: () => {
        throw new Error('no store');
      },
      stopped: (reason) => stopped.push(reason.message),
    });
    await expect(runIn(bench, (turn) => turn.record(1))).rejects.toMatchObject({ code: 'halted' });
    expect(stopped).toEqual(['no store']);
  });
  it('lets nothing out before its record in any order of a thousand worlds', () => {
    for (let seed = 1; seed <= 1_000; seed += 1) {
      const world = new World(seed);
      const disk = new Set<unknown>();
      const out: string[] = [];
      const { vat } = makeBench(
        {
          commit: (entries, done) =>
            void world.at(world.random() * 10, () => {
              for (const entry of entries) disk.add(entry);
              done();
            }),
        },
        world,
      );
      for (let n = 0; n < 10; n += 1) {
        world.at(world.random() * 40, () => {
          vat
            .run((turn) => {
              turn.record(n);
              turn.effect(() => out.push(`${n} ${disk.has(n)}`));
            })
            .catch(() => undefined);
        });
      }
      world.run();
      expect(out.filter((line) => line.endsWith('true')).length).toBe(10);
    }
  });
});
