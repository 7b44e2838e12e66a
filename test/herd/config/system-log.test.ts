/** A system log as a configuration has it: what its process is told, and what is refused. */
import { describe, expect, it } from 'vitest';
import {
  floodMessages,
  markMinutes,
  socketPathBytes,
  systemLogPathBytes,
  systemLogPlaceCount,
  systemLogRuleCount,
  systemLogSourceCount,
} from '../../../packages/herd/src/config/limits.ts';
import { toServiceConfigs } from '../../../packages/herd/src/config/plan.ts';
import { refusalOfServices, taken } from './check.ts';

const configOf = (options: string, uid = 1000) => {
  const here = { uid, keeper: '/lib/keeper', logs: '/home/ann/log', runtime: '/run/user/1000/b' };
  const described = taken(`defineShepherd({ services: [systemLog(${options})] })`);
  const [first] = toServiceConfigs(described, {}, () => here);
  if (first?.kind !== 'service') throw new Error('expected a service');
  return first.config;
};
const inputOf = (options: string, uid?: number): readonly string[] =>
  configOf(options, uid).start?.input?.split('\n').slice(0, -1) ?? [];
const [all, none] = ['ff', '00'];
const mask = (chosen: Readonly<Record<number, string>>, rest = none): string =>
  Array.from({ length: 24 }, (_, at) => chosen[at] ?? rest).join('');
const many = (count: number, one: (at: number) => string) =>
  `[${Array.from({ length: count }, (_, at) => one(at)).join()}]`;

describe('a system log', () => {
  it('is a service that says when it listens, comes back, and is there from the beginning', () => {
    const { start, documentation, ...rest } = configOf('{}');
    expect(rest).toMatchObject({
      provision: ['system-log', 'syslogd'],
      stop: { signal: 'SIGTERM', graceMs: 5_000 },
      ready: { kind: 'notify', descriptor: 3 },
      respawn: { limitCount: 5 },
      isAutoStarted: true,
      actions: { reopen: { signal: 'SIGHUP' }, rotate: { signal: 'SIGUSR1' } },
    });
    expect(documentation).toMatch(/programs and the kernel/);
    expect(start).toMatchObject({ argv: ['/lib/keeper', 'syslog', '3'], cwd: '/' });
  });
  it('has a socket of its own for a user, and one file for all', () => {
    expect(inputOf('{}')).toEqual([
      'unix /run/user/1000/b/log',
      `to ${mask({}, all)} file /home/ann/log/syslog`,
      `to ${mask({}, all)} log`,
      'rotate 10485760 5',
      'mark 1200',
      'flood 10000 30',
      'stamp seconds',
      'senders 0',
    ]);
  });
  it('is for root where GNU Shepherd has it', () => {
    expect(inputOf('{}', 0).slice(0, 8)).toEqual([
      'unix /dev/log',
      'kernel /proc/kmsg',
      `to ${mask({ 2: none, 10: none }, '7f')} file /var/log/messages`,
      `to ${mask({ 2: none, 10: none }, '7f')} terminal /dev/tty12`,
      `to ${mask({}, '03')} terminal /dev/console`,
      `to ${mask({}, '80')} file /var/log/debug`,
      `to ${mask({ 4: all, 10: all })} file /var/log/secure`,
      `to ${mask({}, all)} log`,
    ]);
  });
  it('does what it is told, and nothing else', () => {
    const options = `{ provision: ['log'], sources: ['/run/x', { udp: '[::1]:514' }, { udp: '10.0.0.1:1514' }],
      rules: [{ facility: 'mail', level: 'warning', to: ['/m', 'log'] }, { onlyLevel: ['alert', 'debug'], to: '/m' }],
      maxMiB: 1, keep: 2, markMinutes: 0, flood: false, stamps: 'milliseconds', senders: true,
      log: { keep: 1 }, autoStart: false }`;
    expect(inputOf(options)).toEqual([
      'unix /run/x',
      'udp ::1 514',
      'udp 10.0.0.1 1514',
      `to ${mask({ 2: '9f' }, '82')} file /m`,
      `to ${mask({ 2: '1f' })} log`,
      'rotate 1048576 2',
      'mark 0',
      'flood 0 0',
      'stamp milliseconds',
      'senders 1',
    ]);
    expect(configOf(options)).toMatchObject({ log: { keptCount: 1 }, isAutoStarted: false });
  });
  it('takes as much as its limits say, and not one more', () => {
    const sources = (count: number) => `{ sources: ${many(count, (at) => `'/run/${at}'`)} }`;
    const rules = (count: number) => `{ rules: ${many(count, () => `{ to: 'log' }`)} }`;
    const places = (count: number) => `{ rules: [{ to: ${many(count, (at) => `'/log/${at}'`)} }] }`;
    const socket = (bytes: number) => `{ sources: ['/${'x'.repeat(bytes - 1)}'] }`;
    const long = (bytes: number) => `{ rules: [{ to: '/${'x'.repeat(bytes - 1)}' }] }`;
    for (const [made, most] of [
      [sources, systemLogSourceCount],
      [rules, systemLogRuleCount],
      [places, systemLogPlaceCount],
      [(count: number) => `{ flood: { messages: ${count}, seconds: 1 } }`, floodMessages],
      [socket, socketPathBytes],
      [long, systemLogPathBytes],
      [(minutes: number) => `{ markMinutes: ${minutes} }`, markMinutes],
    ] as const) {
      expect(inputOf(made(most)).length).toBeGreaterThan(0);
      expect(refusalOfServices(`systemLog(${made(most + 1)})`)).toMatch(/more than|is over/);
    }
  });
  it('fits what its process reads, also with everything at its limit', () => {
    const path = (bytes: number) => (at: number) => `'/${String(at).padStart(bytes - 1, 'x')}'`;
    const sources = many(systemLogSourceCount, path(socketPathBytes));
    const to = many(systemLogPlaceCount, path(systemLogPathBytes));
    const lines = inputOf(`{ sources: ${sources}, rules: [{ to: ${to} }] }`);
    expect(lines.join('\n').length).toBeLessThan(65_536);
  });
  it.each([
    [`{ sources: [] }`, /at least one source/],
    [`{ sources: ['/dev/log', '/dev/log'] }`, /a source twice/],
    [`{ sources: [3] }`, /expected a path, 'kernel' or/],
    [`{ sources: ['log'] }`, /expected an absolute path/],
    [`{ sources: ['/dev/log\\n'] }`, /expected an absolute path/],
    [`{ sources: [{ udp: 'localhost:514' }] }`, /expected 'address:port'/],
    [`{ rules: [] }`, /at least one rule/],
    [`{ rules: [{ to: 'messages' }] }`, /rules\[0\]\.to/],
    [`{ rules: [{ to: '/var/../etc/x' }] }`, /rules\[0\]\.to/],
    [`{ rules: [{ facility: 'post', to: 'log' }] }`, /rules\[0\]\.facility/],
    [`{ rules: [{ level: 'warn', to: 'log' }] }`, /expected a level: emergency/],
    [
      `{ rules: [{ facility: 'mail', notFacility: 'auth', to: 'log' }] }`,
      /one of the two is enough/,
    ],
    [`{ rules: [{ level: 'info', onlyLevel: 'info', to: 'log' }] }`, /one of the two is enough/],
    [`{ flood: true }`, /expected false or/],
    [`{ maxMib: 3 }`, /did you mean 'maxMiB'/],
  ])('is refused with %s', (options, why) => {
    expect(refusalOfServices(`systemLog(${options})`)).toMatch(why);
  });
});
