import { describe, expect, it } from 'vitest';
import {
  ActorError,
  Broken,
  codeOf,
  Halted,
  Limit,
  NotNear,
  rawReason,
  reasonOf,
  Reentrant,
  Refused,
  SealMisuse,
  Severed,
  TimedOut,
  TurnOver,
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
