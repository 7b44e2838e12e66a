/** What services use: the figures, the table, and the keys. */
import type { MachineUsage, ServiceUsage } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { TopScreen } from '../../../packages/herd/src/cli/commands/top.ts';
import type { Context } from '../../../packages/herd/src/cli/context.ts';
import {
  memoryText,
  sortedTop,
  topLines,
  topOf,
} from '../../../packages/herd/src/cli/format/top.ts';
import { lookOf } from '../../../packages/herd/src/cli/terminal/look.ts';
import { fakeTerminal } from './fake-terminal.ts';

const used = (service: string, cpuMs: number, more: Partial<ServiceUsage> = {}): ServiceUsage => ({
  ...{ service, cpuMs, stage: 'running', pid: 7, respawnCount: 0 },
  ...{ processCount: 1, threadCount: 2, rssBytes: 1_048_576 },
  ...more,
});
const usage = (atMs: number, ...services: readonly ServiceUsage[]): MachineUsage => ({
  ...{ atMs, cpuCount: 2, memoryBytes: 8 * 1024 ** 3, availableBytes: 1024 ** 3, services },
});

describe('a share of the CPU', () => {
  it('is that of the time between two looks, and none of who was not there before', () => {
    const before = usage(1_000, used('a', 100), used('b', 100, { pid: 1 }));
    const now = usage(3_000, used('a', 1_100), used('b', 900, { pid: 2 }), used('c', 1));
    expect(topOf(before, now).services.map(({ cpuPercent }) => cpuPercent)).toEqual([
      50,
      undefined,
      undefined,
    ]);
    expect(topOf(undefined, now).services[0]).not.toHaveProperty('cpuPercent');
    expect(topOf(now, now).services[0]).not.toHaveProperty('cpuPercent');
  });
  it('is nothing where a process has ended and taken its time along', () => {
    expect(
      topOf(usage(0, used('a', 500)), usage(1_000, used('a', 100))).services[0]?.cpuPercent,
    ).toBe(0);
  });
});

describe('the table', () => {
  const look = lookOf(fakeTerminal());
  const top = topOf(
    usage(0, used('idle', 0), used('web', 0)),
    usage(
      1_000,
      used('idle', 0, { rssBytes: 3 * 1024 ** 3, fdCount: 12 }),
      used('web', 1_234, { since: look.now - 180_000, respawnCount: 4, stage: 'starting' }),
    ),
  );
  it('has a line for each, numbers below each other, and what all use', () => {
    expect(topLines(top, 'cpu', look)).toEqual([
      '10:04:05  2 services  CPU 123.4% of 200%  memory 3.0G, 1.0G of 8.0G available',
      'SERVICE          %CPU  MEMORY  PROC  THR  FDS  RESTARTS         UP  PID',
      'web (starting)  123.4    1.0M     1    2    -         4  3 minutes    7',
      'idle              0.0    3.0G     1    2   12         0          -    7',
    ]);
  });
  it('is sorted by what was asked for, and by name where that is alike', () => {
    const names = (order: 'cpu' | 'memory' | 'name') =>
      sortedTop(top.services, order).map(({ service }) => service);
    expect([names('cpu'), names('memory'), names('name')]).toEqual([
      ['web', 'idle'],
      ['idle', 'web'],
      ['idle', 'web'],
    ]);
  });
  it.each([
    [0, '0B'],
    [999, '999B'],
    [1_000, '1.0K'],
    [1_048_576, '1.0M'],
    [123.4 * 1024 ** 3, '123G'],
    [5_000 * 1024 ** 4, '5000T'],
  ])('tells %d bytes as %s', (bytes, text) => {
    expect(memoryText(bytes)).toBe(text);
  });
});

describe('the keys', () => {
  const screenOf = (rows = 24) => {
    let press = (_key: string): void => undefined;
    let isGiven = false;
    const terminal = fakeTerminal({
      ...{ rows, isTerminal: true, env: { TERM: 'xterm', NO_COLOR: '1' } },
      keys: (pressed) => {
        press = pressed;
        isGiven = true;
        return () => void (isGiven = false);
      },
    });
    const connections = { root: none, petname: none, sturdyref: none };
    const context: Context = { terminal, look: lookOf(terminal), options: {}, connections };
    const screen = new TopScreen(context, 'cpu');
    const shown = (): readonly string[] => {
      const last = terminal.written.out.split(/\x1b\[\d+A\x1b\[J/).at(-1) ?? '';
      return last
        .split('\n')
        .slice(3, -1)
        .map((line) => line.split(' ', 1)[0] ?? '');
    };
    return { screen, shown, press: (key: string) => press(key), isGiven: () => isGiven, terminal };
  };
  const none = (): never => {
    throw new Error('asks nobody');
  };
  const rows = ['a', 'b', 'c', 'd', 'e'].map((name, at) => used(name, 0, { rssBytes: at }));

  it('sort, and draw at once what is known', () => {
    const { screen, shown, press } = screenOf();
    screen.take(usage(0, ...rows));
    expect(shown()).toEqual(['a', 'b', 'c', 'd', 'e']);
    press('m');
    expect(shown()).toEqual(['e', 'd', 'c', 'b', 'a']);
    press('n');
    expect(shown()).toEqual(['a', 'b', 'c', 'd', 'e']);
    press('x');
    screen.end();
  });
  it('move a table that is longer than the screen, and not beyond its ends', () => {
    const { screen, shown, press } = screenOf(8);
    screen.take(usage(0, ...rows));
    expect(shown()[0]).toBe('a');
    press('\x1b[A');
    expect(shown()[0]).toBe('a');
    for (let times = 0; times < 9; times += 1) press('\x1b[B');
    expect(shown()).toEqual(['c', 'd', 'e']);
    press('\x1b[A');
    expect(shown()[0]).toBe('b');
    screen.end();
  });
  it.each(['q', '\x03', '\x04', '\x1b'])(
    '%j ends it, once, and the terminal is given back',
    (key) => {
      const { screen, press, isGiven, terminal } = screenOf();
      let endCount = 0;
      screen.onEnd(() => (endCount += 1));
      expect(isGiven()).toBe(true);
      press(key);
      expect([screen.isOver, endCount]).toEqual([true, 1]);
      screen.take(usage(0, ...rows));
      expect(terminal.written.out).toBe('');
      screen.end();
      expect(isGiven()).toBe(false);
    },
  );
  it('as does an interrupt that comes from elsewhere', () => {
    const { screen, terminal } = screenOf();
    terminal.pressInterrupt();
    expect(screen.isOver).toBe(true);
    screen.end();
  });
});
