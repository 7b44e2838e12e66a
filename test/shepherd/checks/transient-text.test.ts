/** What the disk has of transient services: what is believed of it, and what is refused. */
import { limits } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { readRunOnce } from '../../../packages/shepherd/src/checks/transient-text.ts';

const read = (value: unknown) => readRunOnce(JSON.stringify(value));
const start = { argv: ['make', '-j2'] };

describe('the description of a transient service', () => {
  it('is read for what differs between two of them, and for nothing else', () => {
    const command = {
      ...start,
      env: { A: '1', __proto__x: '' },
      cwd: '/srv',
      runAs: { user: 'www', group: 33 },
    };
    expect(read({ start: command, log: { file: '/var/log/job' }, isAutoStarted: true })).toEqual({
      command,
      logFile: '/var/log/job',
    });
    expect(
      read({ timer: { when: { kind: 'once', atMs: 7 }, run: { ...start, more: 1 } } }),
    ).toEqual({ command: start, atMs: 7 });
  });
  it('is read of a connection with who that is, and how it is stopped', () => {
    const arrival = {
      number: 7,
      peer: { family: 6, host: '::1', port: 4711 },
      local: { family: 'unix', host: '/run/echo', port: 0 },
    };
    const connection = { of: 'echo', arrival };
    const stop = { signal: 'SIGINT', graceMs: 9 };
    expect(read({ start, stop, connection })).toEqual({ command: start, stop, connection });
    expect(read({ start, stop })).toEqual({ command: start });
    const left = { of: 'echo', arrival: { number: 8 } };
    expect(read({ start, stop, connection: left }).connection).toEqual(left);
  });
  it.each([
    [{ start, connection: { of: 'a', arrival: { number: 1 } } }, 'how it is stopped'],
    [{ start, stop: { signal: 'SIGINT', graceMs: 1 }, connection: { of: 'a' } }, 'arrival'],
    [{ start, connection: { of: 'a', arrival: { number: -1 } } }, 'number'],
    [{ start, connection: { of: 'a', arrival: { number: 1, peer: { family: 5 } } } }, 'family'],
    [{ start, stop: { signal: 'kill -9', graceMs: 1 } }, 'signal'],
    [{}, 'something that it runs'],
    [[], 'a struct'],
    [{ start: {} }, 'argv'],
    [{ start: { argv: [] } }, 'a program'],
    [{ start: { argv: ['a', 1] } }, 'argv[1]'],
    [{ start: { ...start, env: { A: 1 } } }, 'env.A'],
    [{ start: { ...start, env: ['A'] } }, 'variables'],
    [{ start: { ...start, runAs: { user: -1 } } }, 'user'],
    [{ timer: { when: { atMs: -1 }, run: start } }, 'atMs'],
    [{ timer: { when: { atMs: 1 } } }, 'run'],
    [{ start, log: { file: 1 } }, 'log.file'],
  ])('%j is refused, by what is wrong of it', (value, what) => {
    expect(() => read(value)).toThrow(what);
  });
  it('shows nothing of a command that is no JSON', () => {
    expect(() => readRunOnce('{"start":{"argv":["secret"')).toThrow(/^description: expected JSON$/);
  });
  it('has transientCharacters and argumentCount words, and not one more', () => {
    const long = (count: number) => {
      const bare = JSON.stringify({ start: { argv: [''] } }).length;
      return { start: { argv: ['x'.repeat(count - bare)] } };
    };
    expect(() => read(long(limits.transientCharacters))).not.toThrow();
    expect(() => read(long(limits.transientCharacters + 1))).toThrow('over');
    const many = (count: number) => ({ start: { argv: Array.from({ length: count }, () => 'x') } });
    expect(() => read(many(limits.argumentCount))).not.toThrow();
    expect(() => read(many(limits.argumentCount + 1))).toThrow('argv');
  });
});
