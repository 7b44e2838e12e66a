import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDaemonLog } from '../../../packages/herd/src/daemon/daemon-log.ts';

const rig = () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-log-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'shepherd.log');
  const timers: { readonly ms: number; readonly task: () => void }[] = [];
  const { log, close } = openDaemonLog(file, {
    wall: () => Date.UTC(2026, 10, 25, 10, 4, 5, 123),
    after: (ms, task) => void timers.push({ ms, task }),
  });
  const textOf = (name = file): string => fs.readFileSync(name, 'utf8');
  const lines = (): readonly string[] =>
    textOf()
      .trimEnd()
      .split('\n')
      .map((line) => line.slice('2026-11-25 10:04:05.123Z '.length));
  return { folder, file, log, close, timers, textOf, lines };
};

describe('a line of the daemon log', () => {
  it('begins with an instant that says it is UTC', () => {
    const { log, textOf } = rig();
    log('daemon.start', { pid: 1 });
    expect(textOf()).toBe('2026-11-25 10:04:05.123Z daemon.start pid=1\n');
  });
  it('leaves out what is not there', () => {
    const { log, lines } = rig();
    log('service.stopped', { service: 'web', pid: undefined });
    expect(lines()).toEqual(['service.stopped service=web']);
  });
  it('is one line whatever it holds, and a value has 500 characters at most', () => {
    const { log, lines } = rig();
    log('a', { text: 'two\nlines', error: new Error('no such file'), list: [1, 'x'] });
    log('b', { at: 'x'.repeat(500), over: 'x'.repeat(501), pair: '\u{1F411}'.repeat(300) });
    expect(lines()[0]).toBe('a text="two\\nlines" error="no such file" list="[1,\\"x\\"]"');
    expect(lines()[1]).toBe(
      `b at=${'x'.repeat(500)} over="${'x'.repeat(499)}…" pair="${'\u{1F411}'.repeat(249)}…"`,
    );
  });
});

describe('lines that repeat', () => {
  it('are written three times, then counted until ten seconds are over', () => {
    const { log, lines, timers } = rig();
    for (let count = 0; count < 1_000; count += 1) {
      log('session.refused', { reason: 'bad preamble' });
      log('session.cut', { reason: 'too slow' });
    }
    expect(lines()).toHaveLength(6);
    expect(timers.map(({ ms }) => ms)).toEqual([10_000]);
    timers[0]?.task();
    expect(lines().slice(6)).toEqual([
      'log.repeated count=997 line="session.refused reason=\\"bad preamble\\""',
      'log.repeated count=997 line="session.cut reason=\\"too slow\\""',
    ]);
    log('session.refused', { reason: 'bad preamble' });
    expect(lines()).toHaveLength(9);
    expect(timers).toHaveLength(2);
  });
  it('are told at the end, too', () => {
    const { log, lines, close } = rig();
    for (let count = 0; count < 5; count += 1) log('a', {});
    close();
    expect(lines()).toEqual(['a', 'a', 'a', 'log.repeated count=2 line=a']);
    log('b', {});
    expect(lines()).toHaveLength(4);
  });
  it('are forgotten by the hundred, so that memory has an end', () => {
    const { log, lines } = rig();
    for (let round = 0; round < 5; round += 1)
      for (let number = 0; number < 300; number += 1) log('a', { number });
    expect(lines()).toHaveLength(3 * 256 + 5 * 44);
  });
});

describe('a log that is full', () => {
  const fill = (log: (event: string, fields: Readonly<Record<string, unknown>>) => void) => {
    const text = 'x'.repeat(480);
    for (let number = 0; number < 20_000; number += 1) log('a', { number, text });
  };
  it('becomes the first of five old ones, and none is larger than 10 MiB', () => {
    const { log, folder, textOf, file, close } = rig();
    for (let count = 0; count < 7; count += 1) {
      fs.truncateSync(file, 10 * 1024 * 1024 - 10);
      close();
      const next = openDaemonLog(file);
      next.log(`event-${count}`, {});
      next.close();
      if (count === 0) break;
    }
    expect(textOf()).toMatch(/ event-0\n$/);
    expect(fs.readdirSync(folder).sort()).toEqual(['shepherd.log', 'shepherd.log.1']);
    expect(fs.statSync(`${file}.1`).size).toBe(10 * 1024 * 1024 - 10);
    log('ignored', {});
  });
  it('keeps five old ones and drops the oldest', () => {
    const { folder, file, close } = rig();
    close();
    for (let count = 0; count < 8; count += 1) {
      const { log, close } = openDaemonLog(file);
      log(`event-${count}`, {});
      close();
      fs.truncateSync(file, 10 * 1024 * 1024);
    }
    expect(fs.readdirSync(folder).sort()).toEqual(
      ['', '.1', '.2', '.3', '.4', '.5'].map((end) => `shepherd.log${end}`),
    );
    expect(fs.readFileSync(`${file}.5`, 'utf8')).toContain('event-2');
  });
  it('rotates while it is open', () => {
    const { log, file } = rig();
    fill(log);
    fill((event, fields) => log(event, { ...fields, more: 1 }));
    expect(fs.statSync(`${file}.1`).size).toBeGreaterThan(10 * 1024 * 1024 - 1024);
    expect(fs.statSync(`${file}.1`).size).toBeLessThanOrEqual(10 * 1024 * 1024);
    expect(fs.statSync(file).size).toBeLessThan(10 * 1024 * 1024);
  });
  it('starts anew in place where its old ones cannot be moved', () => {
    const { file, close } = rig();
    close();
    fs.mkdirSync(path.join(`${file}.1`, 'full'), { recursive: true });
    fs.mkdirSync(path.join(`${file}.2`, 'full'), { recursive: true });
    fs.mkdirSync(path.join(`${file}.5`, 'full'), { recursive: true });
    fs.truncateSync(file, 10 * 1024 * 1024);
    const next = openDaemonLog(file);
    next.log('a', {});
    next.close();
    expect(fs.readFileSync(file, 'utf8')).toMatch(/^\S+ \S+Z a\n$/);
  });
});

it('a log that is a link is not opened, and its target is left as it is', () => {
  const { folder, file, close } = rig();
  close();
  fs.writeFileSync(path.join(folder, 'target'), 'before');
  fs.rmSync(file);
  fs.symlinkSync('target', file);
  expect(() => openDaemonLog(file)).toThrow(`log: ${file}: is a symbolic link`);
  expect(fs.readFileSync(path.join(folder, 'target'), 'utf8')).toBe('before');
});
