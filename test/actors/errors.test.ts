import { describe, expect, it } from 'vitest';
import {
  ActorError,
  Broken,
  codeOf,
  fateOf,
  Halted,
  isRemote,
  Limit,
  NotNear,
  rawReason,
  reasonOf,
  Reentrant,
  Refused,
  Remote,
  SealMisuse,
  Severed,
  TimedOut,
  TurnOver,
  Unreachable,
} from '@bellwether/actors';

const classes = {
  'not-near': NotNear,
  severed: Severed,
  refused: Refused,
  reentrant: Reentrant,
  'seal-misuse': SealMisuse,
  'turn-over': TurnOver,
  halted: Halted,
  'timed-out': TimedOut,
  limit: Limit,
  unreachable: Unreachable,
} as const;

describe('errors', () => {
  it('are real classes with a stable code, a name and a cause', () => {
    for (const [code, Kind] of Object.entries(classes)) {
      const error = new Kind('what happened', { cause: 1 });
      expect(error).toBeInstanceOf(ActorError);
      expect(error).toMatchObject({ code, name: Kind.name, message: 'what happened', cause: 1 });
      expect(codeOf(error)).toBe(code);
    }
  });
  it('can be derived by other packages with a code of their own', () => {
    class UnknownService extends ActorError {
      constructor(name: string) {
        super('unknown-service', `no service ${name}`);
      }
    }
    const error = new UnknownService('web');
    expect([codeOf(error), error.name]).toEqual(['unknown-service', 'UnknownService']);
  });
  it('show no code that is not ours', () => {
    const system = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    expect([codeOf(system), codeOf('text'), codeOf(undefined)]).toEqual([
      'error',
      'error',
      'error',
    ]);
  });
  it('keep a reason that is plain data, quoting it shortly', () => {
    const own = new Refused('no');
    expect(reasonOf(own)).toBe(own);
    for (const value of [
      'text',
      5,
      7n,
      undefined,
      null,
      ['list'],
      { key: 'secret' },
      Symbol('s'),
    ]) {
      const error = reasonOf(value);
      expect(error).toBeInstanceOf(Broken);
      expect(rawReason(error)).toBe(value);
      expect(error.message).not.toContain('secret');
    }
    expect(reasonOf('x'.repeat(10_000)).message.length).toBeLessThan(300);
    expect(rawReason(own)).toBe(own);
  });
});

describe('the fate of a message', () => {
  it.each([
    ['not-sent', new Unreachable('nobody there')],
    ['in-doubt', new Severed('cut')],
    ['in-doubt', new Halted('a bug')],
    ['late', new TimedOut('5 s')],
    ['refused', new Refused('no')],
    ['refused', new ActorError('severed', 'a code is no class')],
    ['refused', new TypeError('a bug')],
    ['refused', 'text'],
    ['refused', undefined],
  ])('is %s by what happened here: %s', (fate, reason) => {
    expect(fateOf(reason)).toBe(fate);
  });
  it('is a refusal, whatever code a peer gives it', () => {
    for (const code of Object.keys(classes)) {
      const reason = new Remote(code, 'says the peer');
      expect(reason).toBeInstanceOf(ActorError);
      expect([fateOf(reason), isRemote(reason), codeOf(reason)]).toEqual(['refused', true, code]);
    }
  });
  it('is known of a Remote that another copy of the class has made', () => {
    const copy = Object.assign(new Error('no'), { [Symbol.for('bellwether.remote')]: true });
    expect(isRemote(copy)).toBe(true);
    const impostors = [
      new Refused('no'),
      { 'bellwether.remote': true },
      'Symbol(bellwether.remote)',
    ];
    expect(impostors.map(isRemote)).toEqual([false, false, false]);
  });
});
