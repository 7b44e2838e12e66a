/** Timers as a configuration has them: what is said, what becomes of it, and what is refused. */
import { describe, expect, it } from 'vitest';
import {
  cronChars,
  intervalSeconds,
  occurrenceCount,
  spreadSeconds,
  timerSeconds,
} from '../../../packages/herd/src/config/limits.ts';
import { toServiceConfigs } from '../../../packages/herd/src/config/plan.ts';
import { refusalOfServices, taken } from './check.ts';

const timer = (rest: string): string =>
  `timer({ provision: ['backup'], when: every(60), run: exec(['backup']), ${rest} })`;
const plannedOf = (entry: string) =>
  toServiceConfigs(taken(`defineShepherd({ services: [${entry}] })`), { PATH: '/bin' })[0];

describe('a timer', () => {
  it('is a service without a process that runs something at times', () => {
    const rest = `when: cron('15 3 * * mon-fri'), occurrences: 3, maxSeconds: 1.5, catchUp: 'once',
      overlap: 'wait', spreadSeconds: 10, stop: { graceSeconds: 1 }, autoStart: true`;
    expect(plannedOf(timer(rest))).toMatchObject({
      kind: 'service',
      config: {
        provision: ['backup'],
        stop: { signal: 'SIGTERM', graceMs: 1_000 },
        timer: {
          when: { kind: 'calendar', minutes: [15], hours: [3], daysOfWeek: [1, 2, 3, 4, 5] },
          run: { argv: ['backup'], cwd: '/srv' },
          runCount: 3,
          maxMs: 1_500,
          overlap: 'wait',
          isCaughtUp: true,
          spreadMs: 10_000,
        },
        actions: { trigger: { kind: 'trigger' } },
        isAutoStarted: true,
      },
    });
    expect(plannedOf(timer(''))).not.toHaveProperty('config.start');
  });

  it('rings when a calendar says, in any order and with one value or many', () => {
    const when =
      "when: calendar({ hours: [22, 3, 22], minutes: 0, daysOfWeek: ['sunday', 'friday'] })";
    expect(plannedOf(timer(when))).toMatchObject({
      config: {
        timer: {
          when: {
            kind: 'calendar',
            seconds: [0],
            minutes: [0],
            hours: [3, 22],
            daysOfWeek: [0, 5],
          },
        },
      },
    });
    expect(plannedOf(timer('when: calendar({ daysOfMonth: 29, months: 2 })'))).toBeDefined();
  });

  it.each([
    ["when: cron('60 * * * *')", "minute: expected 0 to 59, found '60'"],
    ["when: cron('* * 30 2 *')", 'never rings: there is no such day'],
    ['when: calendar({ daysOfMonth: 31, months: [4, 6] })', 'never rings: there is no such day'],
    ['when: calendar({ hours: 24 })', 'expected whole numbers from 0 to 23'],
    ['when: calendar({ hours: [] })', 'is empty: nothing would match'],
    ["when: calendar({ daysOfWeek: 'sonntag' })", 'expected sunday, monday'],
    ['when: calendar({ hour: 3 })', "unknown option 'hour'; did you mean 'hours'?"],
    ["when: 'daily'", "expected calendar({ … }), cron('…') or every(seconds)"],
    ['when: every(0.5)', 'is below 1'],
    ["overlap: 'never'", "expected 'skip', 'wait' or 'allow'"],
    ['catchUp: true', "expected false or 'once'"],
    ['maxSeconds: 0', 'must be more than 0'],
    ['start: exec([])', "unknown option 'start'"],
    ["stop: { run: exec(['x']) }", "unknown option 'run'"],
    ["actions: { trigger: { documentation: 'd', run: exec(['x']) } }", 'trigger is there already'],
    ["actions: { poke: { documentation: 'd', signal: 'SIGHUP' } }", 'poke has a signal'],
  ])('is refused with %s', (rest, why) => {
    expect(refusalOfServices(timer(rest))).toContain(why);
  });

  it.each([
    ['occurrences', occurrenceCount],
    ['maxSeconds', timerSeconds],
    ['spreadSeconds', spreadSeconds],
  ])('takes %s up to its limit and not above', (key, most) => {
    expect(plannedOf(timer(`${key}: ${most}`))).toBeDefined();
    expect(refusalOfServices(timer(`${key}: ${most + 1}`))).toContain(`is over ${most}`);
  });

  it('takes an interval up to intervalSeconds, and a text of cronChars', () => {
    expect(plannedOf(timer(`when: every(${intervalSeconds})`))).toBeDefined();
    expect(refusalOfServices(timer(`when: every(${intervalSeconds + 1})`))).toContain('is over');
    const text = '@daily'.padEnd(cronChars);
    expect(plannedOf(timer(`when: cron('${text}')`))).toBeDefined();
    expect(refusalOfServices(timer(`when: cron('${text} ')`))).toContain('characters');
  });
});
