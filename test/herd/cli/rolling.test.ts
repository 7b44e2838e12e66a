/** What the options of a restart batch by batch ask for. */
import { describe, expect, it } from 'vitest';
import { limits, type Rolling } from '@bellwether/shepherd';
import { rollingOf } from '../../../packages/herd/src/cli/operation/rolling.ts';
import type { Options } from '../../../packages/herd/src/cli/grammar/grammar.ts';
import { Usage } from '../../../packages/herd/src/cli/grammar/usage.ts';

describe('a restart is asked for', () => {
  it.each<[Options, Rolling | undefined]>([
    [{ strict: true }, undefined],
    [{ batch: '25%' }, { batch: '25%' }],
    [{ batch: '1,25%' }, { batch: '25%', canary: 1 }],
    [
      { batch: '3,10', canary: 3 },
      { batch: 10, canary: 3 },
    ],
    [{ 'max-unavailable': 2 }, { batch: 2, maxUnavailable: 2 }],
    [{ canary: 1 }, { batch: 1, canary: 1 }],
    [{ 'max-failed': 0 }, { batch: 1, maxFailed: 0 }],
    [
      { batch: '4', 'max-unavailable': '10%', 'max-failed': '5%', pause: limits.rollPauseMs },
      { batch: 4, maxUnavailable: '10%', maxFailed: '5%', pauseMs: limits.rollPauseMs },
    ],
  ])('with %j by %j', (options, rolling) => {
    expect(rollingOf('restart', options)).toEqual(rolling);
  });
  it.each<[Options, Rolling | undefined]>([
    [{ 'no-confirm': true }, undefined],
    [{ 'max-failed': 1 }, { batch: '25%', canary: 1, maxFailed: 1 }],
    [{ 'max-unavailable': 1 }, { batch: '25%', canary: 1, maxUnavailable: 1 }],
    [{ canary: 2 }, { batch: '25%', canary: 2 }],
    [{ batch: '2' }, { batch: 2 }],
    [{ batch: '100%' }, { batch: '100%' }],
  ])('of another release, with %j by %j', (options, rolling) => {
    expect(rollingOf('deploy', options)).toEqual(rolling);
  });
  it.each<[Options, string]>([
    [{ batch: '0' }, "option '--batch' needs one member at least, not '0'"],
    [{ 'max-unavailable': '0%' }, "option '--max-unavailable' needs one member at least, not '0%'"],
    [{ batch: '1,25%', canary: 2 }, "'--batch 1,25%' has another canary than '--canary'"],
    [{ pause: limits.rollPauseMs + 1 }, "option '--pause' needs at most 60 minutes"],
  ])('with %j in vain', (options, words) => {
    expect(() => rollingOf('restart', options)).toThrow(new Usage(words));
  });
});
