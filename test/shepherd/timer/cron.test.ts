/** What lines of a crontab mean. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../packages/shepherd/src/limits.ts';
import { nextAlarm, utc } from '../../../packages/shepherd/src/timer/calendar.ts';
import { BadCron, parseCron } from '../../../packages/shepherd/src/timer/cron.ts';

const next = (text: string, from: string): string =>
  new Date(nextAlarm(parseCron(text), Date.parse(from), utc, 0) ?? NaN).toISOString().slice(0, 16);

describe('parseCron', () => {
  it.each([
    ['*/15 * * * *', { minutes: [0, 15, 30, 45] }],
    ['5/20 3 * * *', { minutes: [5, 25, 45], hours: [3] }],
    ['0 22 * * 7', { minutes: [0], hours: [22], daysOfWeek: [0] }],
    ['0 22 * JAN,mar-apr fri-sun', { months: [1, 3, 4], daysOfWeek: [0, 5, 6] }],
    ['0 0 1-31 * *', { daysOfMonth: Array.from({ length: 31 }, (_each, at) => at + 1) }],
    ['@daily', { minutes: [0], hours: [0] }],
    ['@weekly', { daysOfWeek: [0] }],
    [' 1  2 3 4   5 ', { daysOfMonth: [3], daysOfWeek: [5], isEitherDay: true }],
  ])('reads %s', (text, expected) => {
    expect(parseCron(text)).toMatchObject({ kind: 'calendar', seconds: [0], ...expected });
  });

  it('takes a day by either field where both are restricted, and by both where one begins with a star', () => {
    // 2026-11-02 is a Monday.
    expect(next('0 0 13 * mon', '2026-11-01T00:00Z')).toBe('2026-11-02T00:00');
    expect(next('0 0 13 * mon', '2026-11-09T12:00Z')).toBe('2026-11-13T00:00');
    expect(parseCron('0 0 */2 * mon').isEitherDay).toBeUndefined();
    expect(next('0 0 */2 * mon', '2026-11-01T00:00Z')).toBe('2026-11-09T00:00');
  });

  it.each([
    ['* * * *', "expected five fields, as in '15 3 * * mon-fri', found 4"],
    ['', "expected five fields, as in '15 3 * * mon-fri', found 0"],
    ['60 * * * *', "minute: expected 0 to 59, found '60'"],
    ['* 24 * * *', "hour: expected 0 to 23, found '24'"],
    ['* * 0 * *', "day of month: expected 1 to 31, found '0'"],
    ['* * * 13 *', "month: expected 1 to 12, or jan to dec, found '13'"],
    ['* * * * 8', "day of week: expected 0 to 7, or sun to sat, found '8'"],
    ['5-1 * * * *', "minute: expected 0 to 59, found '5-1'"],
    ['*/0 * * * *', "minute: expected 0 to 59, found '*/0'"],
    ['1,,2 * * * *', 'minute: expected 0 to 59, found nothing'],
    ['-1 * * * *', "minute: expected 0 to 59, found '-1'"],
    ['@reboot', '@reboot is no time: a service with autoStart runs when the machine has booted'],
    [
      '@often',
      'there is no @often; expected one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly',
    ],
  ])('refuses %j', (text, message) => {
    expect(() => parseCron(text)).toThrow(new BadCron(message));
  });

  it('takes a text as long as cronCharacters, and none that is longer', () => {
    const text = '* * * * *'.padEnd(limits.cronCharacters, ' ');
    expect(parseCron(text).minutes).toBeUndefined();
    expect(() => parseCron(`${text} `)).toThrow(
      `has more than ${limits.cronCharacters} characters`,
    );
  });

  it('reads any text or refuses it with words', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789*/-, monja@') }), (text) => {
        try {
          const event = parseCron(text);
          for (const list of [event.minutes, event.hours, event.daysOfMonth])
            expect([...(list ?? [])].sort((a, b) => a - b)).toEqual(list ?? []);
        } catch (error) {
          expect(error).toBeInstanceOf(BadCron);
        }
      }),
    );
  });
});
