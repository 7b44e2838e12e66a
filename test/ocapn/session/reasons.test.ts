import {
  ActorError,
  Broken,
  fateOf,
  type Log,
  Refused,
  Remote,
  Severed,
  World,
} from '@bellwether/actors';
import { encode, Sym, SyrupRecord } from '@bellwether/ocapn';
import { describe, expect, it } from 'vitest';
import { sendable } from '../../../packages/ocapn/src/session/sendable.ts';
import { Faults } from '../../../packages/ocapn/src/session/faults.ts';
import { reasonIn, reasonOut } from '../../../packages/ocapn/src/session/reasons.ts';
import { NEUTRAL } from '../../../packages/ocapn/src/wire/dialect.ts';
import { simulatedCrypto } from '../../support/ocapn-peer.ts';

const faultsOf = (seed: number, log: Log = () => undefined): Faults =>
  new Faults(simulatedCrypto(new World(seed)), log);
const written = (reason: unknown, faults = faultsOf(1)): unknown =>
  reasonOut(reason, NEUTRAL, faults);

describe('a break reason on its way out', () => {
  it('that is an error of ours is its code and its message', () => {
    expect(written(new Refused('no such service'))).toEqual([
      new Sym('refused'),
      'no such service',
    ]);
  });
  it('that is any other error says nothing but an id, and the log has the rest under that id', () => {
    const logged: unknown[] = [];
    const faults = faultsOf(1, (event, fields) => void logged.push([event, fields]));
    const reason = written(new TypeError('/root/secret: x is undefined'), faults);
    const [, words] = reason as [unknown, string];
    expect(words).toMatch(/^internal error [0-9a-f]{8}$/);
    expect(reason).toEqual([new Sym('error'), words]);
    const fields = { fault: words.slice(-8), name: 'TypeError', message: expect.any(String) };
    expect(logged).toEqual([['captp.fault-hidden', fields]]);
    expect(logged).toEqual([
      ['captp.fault-hidden', expect.objectContaining({ message: '/root/secret: x is undefined' })],
    ]);
  });
  it('has one id for one fault, another for another, and none that a peer could work out', () => {
    const faults = faultsOf(1);
    const first = written(new TypeError('x'), faults);
    expect(written(new TypeError('x'), faults)).toEqual(first);
    expect(written(new RangeError('x'), faults)).not.toEqual(first);
    expect(written(new TypeError('y'), faults)).not.toEqual(first);
    expect(written(new TypeError('x'), faultsOf(2))).not.toEqual(first);
  });
  it('that is no error that can be read as text is hidden as well', () => {
    for (const text of ['\ud83d', 'x'.repeat(5_000), ''])
      expect(written(new Error(text))).toEqual([new Sym('error'), expect.any(String)]);
  });
  it('that is plain data stays what it is, also after it was an error here', () => {
    for (const data of ['text', 7, undefined, { a: 1 }, new Sym('gone')]) {
      expect(written(data)).toBe(data);
      expect(written(new Broken(data))).toBe(data);
    }
  });
  it('is cut where it is longer than anybody reads', () => {
    const [, message] = written(new Refused('x'.repeat(5_000))) as [unknown, string];
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
    expect(written(reasonIn(came))).toEqual(came);
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
      expect(() => encode(written(new Refused(text)))).not.toThrow();
      expect(() => encode(written(new ActorError(text, text)))).not.toThrow();
    }
  });
  it('loses what is no character, and nothing else', () => {
    expect(sendable(`${'x'.repeat(1_023)}😀`)).toBe(`${'x'.repeat(1_023)}\ufffd`);
    expect(sendable('grüß 😀')).toBe('grüß 😀');
    expect(sendable(`a${half}b`)).toBe('a\ufffdb');
  });
});
