import { ActorError, Broken, fateOf, Refused, Remote, Severed } from '@bellwether/actors';
import { encode, Sym, SyrupRecord } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { cutText, reasonIn, reasonOut } from '../../../packages/ocapn/src/session/reasons.ts';

const silent = (): void => undefined;

describe('a break reason on its way out', () => {
  it('that is an error of ours is its code and its message', () => {
    expect(reasonOut(new Refused('no such service'), silent)).toEqual([
      new Sym('refused'),
      'no such service',
    ]);
  });
  it('that is any other error says nothing, and is logged', () => {
    const logged: unknown[] = [];
    const reason = reasonOut(new TypeError('/root/secret: x is undefined'), (event, fields) => {
      logged.push([event, fields['message']]);
    });
    expect(reason).toEqual([new Sym('error'), 'internal error']);
    expect(logged).toEqual([['captp.fault-hidden', '/root/secret: x is undefined']]);
  });
  it('that is plain data stays what it is, also after it was an error here', () => {
    for (const data of ['text', 7, undefined, { a: 1 }, new Sym('gone')]) {
      expect(reasonOut(data, silent)).toBe(data);
      expect(reasonOut(new Broken(data), silent)).toBe(data);
    }
  });
  it('is cut where it is longer than anybody reads', () => {
    const [, message] = reasonOut(new Refused('x'.repeat(5_000)), silent) as [unknown, string];
    expect(message).toHaveLength(1_024);
  });
});

describe('a break reason on its way in', () => {
  it('that is a code and a message is an error with both, and with no stack of the peer', () => {
    const reason = reasonIn([new Sym('superseded'), 'a later wish', 'detail']);
    expect(reason).toBeInstanceOf(ActorError);
    expect(reason).toMatchObject({ code: 'superseded', message: 'a later wish' });
  });
  it('is the word of a peer, also where it is a code that we give to what happens here', () => {
    for (const code of ['severed', 'timed-out', 'halted', 'unreachable']) {
      const reason = reasonIn([new Sym(code), 'hello']);
      expect(reason).toBeInstanceOf(Remote);
      expect(reason).not.toBeInstanceOf(Severed);
      expect(fateOf(reason)).toBe('refused');
    }
  });
  it('goes on to the next peer as it came', () => {
    const came = [new Sym('superseded'), 'a later wish'];
    expect(reasonOut(reasonIn(came), silent)).toEqual(came);
  });
  it.each([
    ['text', 'text'],
    ['a list without a code', ['a', 'b']],
    ['a code without a message', [new Sym('a'), 1]],
    ['a code that is longer than a code', [new Sym('c'.repeat(65)), 'm']],
    ['a record', new SyrupRecord(new Sym('odd'), [])],
  ])('that is %s stays what it is', (_what, reason) => {
    expect(reasonIn(reason)).toBe(reason);
  });
  it('that is an error record of Goblins or Endo is an error', () => {
    const endo = new SyrupRecord(new Sym('desc:error'), ['it failed']);
    expect(reasonIn(endo)).toMatchObject({ code: 'error', message: 'it failed' });
    const goblins = new SyrupRecord(new Sym('exn:fail:mystery'), []);
    expect(reasonIn(goblins)).toMatchObject({ code: 'error' });
  });
});

describe('a text that is cut', () => {
  const half = '\ud83d';
  it('can be written, also where the cut goes through a character, or it came with half of one', () => {
    for (const text of [`${'x'.repeat(1_023)}😀`, `a ${half} b`, half, '😀'.repeat(2_000)]) {
      expect(() => encode(reasonOut(new Refused(text), silent))).not.toThrow();
      expect(() => encode(reasonOut(new ActorError(text, text), silent))).not.toThrow();
    }
  });
  it('loses what is no character, and nothing else', () => {
    expect(cutText(`${'x'.repeat(1_023)}😀`)).toBe(`${'x'.repeat(1_023)}\ufffd`);
    expect(cutText('grüß 😀')).toBe('grüß 😀');
    expect(cutText(`a${half}b`)).toBe('a\ufffdb');
  });
});
