/** Who is at his turn to send. */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { makeLine, type Line, type Queuer } from '../../../packages/deploy/src/carrier/line.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';

const makeQueuer = (
  _turn: Turn<Queuer>,
  _bcom: Bcom<Queuer>,
  went: () => void,
): Behavior<Queuer> => ({ go: (turn) => turn.effect(went) });

const place = async () => {
  const bench = makeBench();
  const gone: string[] = [];
  const found = await runIn(bench, (turn) =>
    turn.kept({
      line: turn.spawn(makeLine, 2),
      queuers: new Map(
        ['a', 'b', 'c', 'd'].map((name) => [
          name,
          turn.spawn(makeQueuer, () => void gone.push(name)),
        ]),
      ),
    }),
  );
  const say = (method: keyof Line, name: string): Promise<unknown> => {
    const queuer = found.queuers.get(name) as Ref<Queuer>;
    return runIn(bench, (turn) => turn.send(found.line, method, queuer));
  };
  const run = (): void => bench.world.runFor(10);
  return { gone, say, run };
};

describe('a line', () => {
  it('lets so many go at a time, in the order in which they came', async () => {
    const { gone, say, run } = await place();
    for (const name of ['b', 'a', 'd', 'c']) await say('enter', name);
    run();
    expect(gone).toEqual(['b', 'a']);
    await say('exit', 'a');
    run();
    expect(gone).toEqual(['b', 'a', 'd']);
  });
  it('counts nobody twice, whatever he says', async () => {
    const { gone, say, run } = await place();
    for (const name of ['a', 'a', 'b', 'c']) await say('enter', name);
    await say('exit', 'd');
    run();
    expect(gone).toEqual(['a', 'b']);
    await say('exit', 'a');
    await say('exit', 'a');
    run();
    expect(gone).toEqual(['a', 'b', 'c']);
  });
  it('forgets who leaves before his turn, and has him last when he is back', async () => {
    const { gone, say, run } = await place();
    for (const name of ['a', 'b', 'c', 'd']) await say('enter', name);
    await say('exit', 'c');
    await say('enter', 'c');
    await say('exit', 'a');
    run();
    expect(gone).toEqual(['a', 'b', 'd']);
    await say('exit', 'b');
    run();
    expect(gone).toEqual(['a', 'b', 'd', 'c']);
  });
});
