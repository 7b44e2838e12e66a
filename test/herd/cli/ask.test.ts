/** A question over a line, and what is made of its answer. */
import { expect, it } from 'vitest';
import { checked } from '../../../packages/herd/src/client/answers.ts';
import { ask, given } from '../../../packages/herd/src/client/ask.ts';
import type { Line, Question } from '../../../packages/herd/src/client/line.ts';
import { readCount } from '@bellwether/shepherd';

const lineThat = (answers: () => unknown, asked: Question[] = []): Line => ({
  ask: (question) => {
    asked.push(question);
    return Promise.resolve().then(answers);
  },
  open: () => {
    throw new TypeError('no stream was asked for');
  },
  close: () => undefined,
});

// @ts-expect-error nobody has such a method
const misspelt: Question['method'] = 'revoke-grants';
void misspelt;

it('goes out with who waits for it, and its answer is read', async () => {
  const asked: Question[] = [];
  const line = lineThat(() => 3, asked);
  const onInterrupt = () => () => undefined;
  const found = await ask(
    line,
    'usage',
    ['web'],
    { waitMs: 5, onInterrupt },
    checked(readCount, 'n'),
  );
  expect(found).toBe(3);
  expect(asked).toEqual([{ method: 'usage', args: ['web'], waitMs: 5, onInterrupt }]);
});
it('rejects with what is wrong with the answer, and as the line does', async () => {
  const read = checked(readCount, 'n');
  await expect(
    ask(
      lineThat(() => 'x'),
      'usage',
      [],
      { waitMs: 5 },
      read,
    ),
  ).rejects.toMatchObject({
    code: 'bad-answer',
  });
  const none = new Error('nobody is there');
  const dead = lineThat(() => {
    throw none;
  });
  await expect(ask(dead, 'usage', [], { waitMs: 5 }, read)).rejects.toBe(none);
});
it.each([
  [
    ['a', 'b'],
    ['a', 'b'],
  ],
  [['a', undefined], ['a']],
  [
    ['a', undefined, 'c'],
    ['a', undefined, 'c'],
  ],
  [[undefined, undefined], []],
])('has arguments %j as %j: the last ones may be absent', (args, sent) => {
  expect(given(...args)).toEqual(sent);
  expect(given(...args)).toHaveLength(sent.length);
});
