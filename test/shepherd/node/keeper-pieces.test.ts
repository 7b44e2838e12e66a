import { afterEach, describe, expect, it } from 'vitest';
import { pieceMs } from '../../../packages/shepherd/src/node/keeper/limits.ts';
import { Pieces } from '../../../packages/shepherd/src/node/keeper/pieces.ts';

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));
/** Takes longer than a piece may. */
const long = (): void => {
  const until = performance.now() + pieceMs;
  while (performance.now() <= until);
};

describe('pieces', () => {
  const pieces = new Pieces();
  afterEach(() => pieces.drop());

  it('do at once what has time in this turn of the event loop, and one piece in each further one', async () => {
    const done: string[] = [];
    for (const name of ['a', 'b', 'c'])
      pieces.do(name, () => {
        done.push(name);
        long();
      });
    expect(done).toEqual(['a']);
    await turn();
    expect(done).toEqual(['a', 'b']);
    await turn();
    expect(done).toEqual(['a', 'b', 'c']);
  });
  it('do one that is hurried before others, and once', async () => {
    const done: string[] = [];
    pieces.do('a', long);
    for (const name of ['b', 'c']) pieces.do(name, () => void done.push(name));
    pieces.doNow('c');
    expect(done).toEqual(['c']);
    await turn();
    await turn();
    expect(done).toEqual(['c', 'b']);
  });
  it('do nothing that was dropped', async () => {
    const done: string[] = [];
    pieces.do('a', long);
    pieces.do('b', () => void done.push('b'));
    pieces.drop();
    await turn();
    expect(done).toEqual([]);
  });
});
