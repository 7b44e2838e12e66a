import { describe, expect, it } from 'vitest';
import { requestWords } from '../../../packages/herd/src/gnu/arguments.ts';
import type { Datum } from '../../../packages/herd/src/gnu/wire/datum.ts';
import { readText } from '../../support/gnu-datum.ts';

const words = (action: string, text: string): readonly string[] =>
  requestWords(action, readText(text) as readonly Datum[]);

describe('arguments', () => {
  it('are texts', () => {
    expect(words('hi', '("a" "b c")')).toEqual(['a', 'b c']);
    for (const odd of ['(a)', '(1)', '(("a"))', '("a" #:name x)'])
      expect(() => words('hi', odd)).toThrow(/no text|no options/);
  });
  it('of spawn and schedule end with options, which stand in front here', () => {
    expect(
      words(
        'spawn',
        '("sh" "-c" "x" #:name job #:directory "/srv" #:extra-environment-variables ("A=b" "C=d") #:user "web" #:group "g" #:log-file "/x")',
      ),
    ).toEqual(
      [
        '-N',
        'job',
        '-d',
        '/srv',
        '-E',
        'A=b',
        '-E',
        'C=d',
        '--user',
        'web',
        '--group',
        'g',
        '--log-file',
        '/x',
        '--',
      ].concat(['sh', '-c', 'x']),
    );
    expect(words('schedule', '("at" "12:00" "-N" "x")')).toEqual(['--', 'at', '12:00', '-N', 'x']);
  });
  it.each([
    ['("x" #:nice "1")', /no option for nice/],
    ['("x" #:name)', /no text/],
    ['("x" #:name 1)', /no text/],
    ['("x" #:name a b)', /more than one value/],
    ['("x" #:extra-environment-variables (1))', /no text/],
  ])('that mean nothing are refused: %s', (text, why) => {
    expect(() => words('spawn', text)).toThrow(why);
  });
});
