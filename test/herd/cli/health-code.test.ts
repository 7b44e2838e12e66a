import { unknownStatus, type Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { healthCode } from '../../../packages/herd/src/cli/commands/health-code.ts';

const status = (more: object): Status => ({ ...unknownStatus('web', ''), ...more }) as Status;

describe('the exit code of a strict status', () => {
  it.each<readonly [number, object]>([
    [0, { stage: 'running', isReady: true }],
    [3, { stage: 'running', isReady: false }],
    [3, { stage: 'starting' }],
    [3, { stage: 'stopping', isWanted: true }],
    [0, { stage: 'stopping', isWanted: false }],
    [0, { stage: 'stopped', isWanted: false }],
    [1, { stage: 'stopped', isWanted: true }],
    [0, { stage: 'stopped', isWanted: true, isOneShot: true }],
    [1, { stage: 'stopped', isOneShot: true, failure: { reason: 'r', at: 0 } }],
    [1, { stage: 'running', isReady: true, slot: { phase: 'rollback-failed' } }],
    [0, { stage: 'running', isReady: true, slot: { phase: 'awaiting-confirm' } }],
    [4, { stage: 'unknown' }],
    [0, { kind: 'fleet', stage: 'running', health: 'ok' }],
    [3, { kind: 'fleet', stage: 'running', health: 'degraded' }],
    [3, { kind: 'fleet', stage: 'running', health: 'settling' }],
    [1, { kind: 'fleet', stage: 'running', health: 'failed' }],
    [0, { kind: 'fleet', stage: 'stopped' }],
  ])('is %i for %j', (code, more) => {
    expect(healthCode([status(more)])).toBe(code);
  });
  it('of several is the worst, and of none 0', () => {
    const [well, ill, lost] = [{ stage: 'running' }, { stage: 'starting' }, {}].map(status);
    const all = [well, ill, lost].flatMap((one) => one ?? []);
    expect(healthCode(all)).toBe(3);
    expect(healthCode([...all, status({ stage: 'stopped', isWanted: true })])).toBe(1);
    expect(healthCode(all.slice(2))).toBe(4);
    expect(healthCode([])).toBe(0);
  });
});
