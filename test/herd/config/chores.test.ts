/** What a shepherd does itself, as a configuration has it. */
import { describe, expect, it } from 'vitest';
import {
  expiredDays,
  keptLogCount,
  monitoringSeconds,
  rotatedFileCount,
} from '../../../packages/herd/src/config/limits.ts';
import { toServiceConfigs } from '../../../packages/herd/src/config/plan.ts';
import { refusalOfServices, taken } from './check.ts';

const plannedOf = (entries: string) =>
  toServiceConfigs(taken(`defineShepherd({ services: [${entries}] })`), {});
const sunday = { kind: 'calendar', seconds: [0], minutes: [0], hours: [22], daysOfWeek: [0] };
const files = (count: number) =>
  `[${Array.from({ length: count }, (_, at) => `{ file: '/log/${at}' }`).join()}]`;

describe('a monitoring', () => {
  it('is a service without a process, whose agent is told how often', () => {
    expect(plannedOf('monitoring()')).toMatchObject([
      {
        kind: 'chore',
        config: {
          provision: ['monitoring'],
          isAutoStarted: true,
          actions: { log: { kind: 'agent' }, period: { kind: 'agent', takesArguments: true } },
        },
        chore: { what: 'monitoring', everyMs: 1_200_000 },
      },
    ]);
    expect(
      plannedOf(`monitoring({ provision: ['m'], everySeconds: ${monitoringSeconds} })`),
    ).toMatchObject([
      { config: { provision: ['m'] }, chore: { everyMs: monitoringSeconds * 1_000 } },
    ]);
  });
  it.each([
    [`{ everySeconds: 0 }`, /is below 1/],
    [`{ everySeconds: ${monitoringSeconds + 1} }`, /everySeconds: is over 2000000/],
    [`{ everySecond: 3 }`, /did you mean 'everySeconds'/],
  ])('is refused with %s', (options, why) => {
    expect(refusalOfServices(`monitoring(${options})`)).toMatch(why);
  });
});

describe('a rotation of logs', () => {
  it('is on Sundays as in GNU Shepherd, and says so for services that say nothing else', () => {
    const service = (name: string, log: string) =>
      `service({ provision: ['${name}'], start: exec(['/x']), ${log} })`;
    const planned = plannedOf(
      `logRotation(), ${service('a', '')}, ${service('b', `log: { keep: 2 }`)},
       ${service('c', `log: { rotate: 'never' }`)}, ${service('d', `log: { rotate: every(60) }`)}`,
    );
    expect(planned[0]).toMatchObject({
      kind: 'chore',
      chore: { when: sunday, files: [], keptCount: 5, isPacked: true, expireMs: 90 * 86_400_000 },
    });
    expect(planned.slice(1).map((one) => ('config' in one ? one.config.log : 0))).toEqual([
      { when: sunday },
      { when: sunday, keptCount: 2 },
      {},
      { when: { kind: 'every', everyMs: 60_000 } },
    ]);
  });
  it('runs what is said of a file in the folder of the configuration', () => {
    const entry = `logRotation({ rotate: cron('0 3 * * *'), keep: 7, compress: 'none', expireDays: 1,
      files: [{ file: '/log/a', run: exec(['reopen'], { user: 'www' }) }, { file: '/log/b' }] })`;
    expect(plannedOf(entry)).toMatchObject([
      {
        chore: {
          when: { kind: 'calendar', hours: [3], minutes: [0] },
          files: [
            { file: '/log/a', run: { argv: ['reopen'], cwd: '/srv', runAs: { user: 'www' } } },
            { file: '/log/b' },
          ],
          keptCount: 7,
          isPacked: false,
          expireMs: 86_400_000,
        },
      },
    ]);
  });
  it(`has ${rotatedFileCount} files at most`, () => {
    expect(plannedOf(`logRotation({ files: ${files(rotatedFileCount)} })`)).toHaveLength(1);
    expect(refusalOfServices(`logRotation({ files: ${files(rotatedFileCount + 1)} })`)).toMatch(
      /more than 256 files/,
    );
  });
  it.each([
    [`{ files: [{ file: 'web.log' }] }`, /an absolute path/],
    [`{ files: [{ file: '/a' }, { file: '/a' }] }`, /a file twice/],
    [
      `{ files: [{ file: '/a', run: exec(['x'], { process: { nice: 3 } }) }] }`,
      /only what a service/,
    ],
    [`{ keep: ${keptLogCount + 1} }`, /keep: is over 100/],
    [`{ expireDays: ${expiredDays + 1} }`, /expireDays: is over 36500/],
    [`{ rotate: 'sometimes' }`, /expected 'hourly', 'daily'/],
    [`{ compress: 'zstd' }`, /compress/],
  ])('is refused with %s', (options, why) => {
    expect(refusalOfServices(`logRotation(${options})`)).toMatch(why);
  });
});
