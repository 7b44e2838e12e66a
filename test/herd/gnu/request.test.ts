import { describe, expect, it } from 'vitest';
import { sym } from '../../../packages/herd/src/gnu/wire/datum.ts';
import { replyText, requestIn } from '../../../packages/herd/src/gnu/wire/request.ts';
import { readText } from '../../support/gnu-datum.ts';

const whole =
  '(shepherd-command (version 0) (action start) (service web) (arguments ("a" #:name x)) (directory "/"))';
const asked = (text: string) => requestIn(readText(text) ?? false);

describe('a request', () => {
  it('says what is asked of whom, with what', () => {
    expect(asked(whole)).toMatchObject({ action: sym('start'), service: sym('web') });
    expect(asked(whole)?.args).toHaveLength(3);
  });
  it('may be of a later version that is compatible', () => {
    expect(asked(whole.replace('(version 0)', '(version 0 1 2)'))).toBeDefined();
  });
  it.each([
    ['another version', '(version 0)', '(version 1)'],
    ['a version that is no number', '(version 0)', '(version 0 x)'],
    ['a version without a number', '(version 0)', '(version)'],
    ['another word in front', 'shepherd-command', 'shepherd-commands'],
    ['a field twice', '(directory "/")', '(service web)'],
    ['a field with two values', '(action start)', '(action start stop)'],
    ['a field without a value', '(action start)', '(action)'],
    ['a field too many', '(directory "/")', '(directory "/") (more 1)'],
    ['a field too few', '(directory "/")', ''],
    ['arguments that are no list', '("a" #:name x)', '("a" . "b")'],
    ['fields in another order', '(action start) (service web)', '(service web) (action start)'],
  ])('is none with %s', (_what, from, to) => {
    const text = whole.replace(from, to);
    expect(text).not.toBe(whole);
    expect(asked(text)).toBeUndefined();
  });
  it.each(['()', '#t', '"x"', '(a . b)', '#(shepherd-command)'])(
    'is none where it is %s',
    (text) => {
      expect(asked(text)).toBeUndefined();
    },
  );
});

describe('a reply', () => {
  it('has its fields in the order in which herd expects them', () => {
    expect(replyText({ result: [true], messages: ['done'] })).toBe(
      '(reply (version 0) (result (#t)) (error #f) (messages ("done")))',
    );
  });
  it('tells an exception by a key and arguments of Guile, so that herd prints the text and no more', () => {
    const error = {
      kind: 'exception',
      action: sym('start'),
      service: sym('web'),
      text: 'no "such" file',
    } as const;
    expect(replyText({ result: false, error })).toBe(
      '(reply (version 0) (result #f) (error (error (version 0) action-exception start web ' +
        'misc-error (#f "~A" ("no \\"such\\" file") #f))) (messages ()))',
    );
  });
});
