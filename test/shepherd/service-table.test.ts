/** The table in service.ts, exhaustively: every state of a `^service` under every event. */
import { describe, expect, it } from 'vitest';
import { program } from '../support/shepherd-machine.ts';
import { ServiceRig } from '../support/shepherd-service.ts';

const config = program({
  provision: ['web'],
  ready: { kind: 'tcp', host: 'localhost', port: 80, timeoutMs: 1_000 },
  respawn: { limitCount: 5, limitWindowMs: 7_000, delayMs: 300, maxDelayMs: 1_000 },
});

/** How each state is reached from a service that is new. */
const states: Readonly<Record<string, (rig: ServiceRig) => void>> = {
  stopped: () => undefined,
  spawning: (rig) => void rig.perform('start'),
  waking: (rig) => {
    rig.perform('start');
    rig.spawned();
  },
  running: (rig) => {
    rig.perform('start');
    rig.spawned();
    rig.answerProbes(true);
  },
  resting: (rig) => {
    rig.perform('start');
    rig.spawned();
    rig.answerProbes(true);
    rig.exit({ code: 1 });
  },
  stopping: (rig) => {
    rig.perform('start');
    rig.spawned();
    rig.answerProbes(true);
    rig.perform('stop');
  },
  cancelling: (rig) => {
    rig.perform('start');
    rig.perform('stop');
  },
};
const adoptOther = (rig: ServiceRig) =>
  rig.ask((turn, service) =>
    turn.call(service, 'adopt', { startId: 'old-1', pid: 7, ended: turn.vow<never>().vow }),
  );
const events: Readonly<Record<string, (rig: ServiceRig) => void>> = {
  start: (rig) => void rig.perform('start'),
  stop: (rig) => void rig.perform('stop'),
  enable: (rig) => void rig.perform('enable'),
  disable: (rig) => void rig.perform('disable'),
  retire: (rig) => void rig.ask((turn, service) => turn.call(service, 'retire', 'It is going.')),
  adopt: (rig) => void adoptOther(rig),
  spawned: (rig) => rig.spawned(),
  'spawn failed': (rig) => rig.spawnFailed(),
  ready: (rig) => rig.answerProbes(true),
  'not ready': (rig) => rig.answerProbes(false),
  'exit 0': (rig) => rig.exit({ code: 0 }),
  'exit 1': (rig) => rig.exit({ code: 1 }),
  'exit by signal': (rig) => rig.exit({ signal: 'SIGSEGV' }),
  '299 ms': (rig) => rig.wait(299),
  '300 ms (respawn due)': (rig) => rig.wait(300),
  '1 s (deadline)': (rig) => rig.wait(1_000),
  '5 s (grace over)': (rig) => rig.wait(5_000),
};

const columns = ['stopped', 'spawning', 'waking', 'running', 'resting', 'stopping', 'cancelling'];
const same = [...columns];
/** By event: the state that follows, in the order of `columns`. */
const table: Readonly<Record<string, readonly string[]>> = {
  start: ['spawning', 'spawning', 'waking', 'running', 'spawning', 'stopping', 'cancelling'],
  stop: ['stopped', 'cancelling', 'stopping', 'stopping', 'stopped', 'stopping', 'cancelling'],
  enable: same,
  disable: ['stopped', 'spawning', 'waking', 'running', 'stopped', 'stopping', 'cancelling'],
  retire: ['stopped', 'spawning', 'waking', 'running', 'stopped', 'stopping', 'cancelling'],
  adopt: ['waking', 'spawning', 'waking', 'running', 'resting', 'stopping', 'cancelling'],
  spawned: ['stopped', 'waking', 'waking', 'running', 'resting', 'stopping', 'stopping'],
  'spawn failed': ['stopped', 'stopped', 'waking', 'running', 'resting', 'stopping', 'stopped'],
  ready: ['stopped', 'spawning', 'running', 'running', 'resting', 'stopping', 'cancelling'],
  'not ready': same,
  'exit 0': ['stopped', 'spawning', 'stopped', 'resting', 'resting', 'stopped', 'cancelling'],
  'exit 1': ['stopped', 'spawning', 'stopped', 'resting', 'resting', 'stopped', 'cancelling'],
  'exit by signal': [
    'stopped',
    'spawning',
    'stopped',
    'resting',
    'resting',
    'stopped',
    'cancelling',
  ],
  '299 ms': same,
  '300 ms (respawn due)': [
    'stopped',
    'spawning',
    'waking',
    'running',
    'spawning',
    'stopping',
    'cancelling',
  ],
  '1 s (deadline)': [
    'stopped',
    'cancelling',
    'stopping',
    'running',
    'spawning',
    'stopping',
    'cancelling',
  ],
  '5 s (grace over)': [
    'stopped',
    'cancelling',
    'stopping',
    'running',
    'cancelling',
    'stopping',
    'cancelling',
  ],
};
const cases = Object.entries(table).flatMap(([event, after]) =>
  columns.map((before, at) => ({ before, event, after: after[at] ?? 'missing' })),
);

describe('a service', () => {
  it('has a row for every event', () => {
    expect(Object.keys(table).sort()).toEqual(Object.keys(events).sort());
  });
  it.each(cases)('that is $before is $after after: $event', ({ before, event, after }) => {
    const rig = new ServiceRig(config);
    states[before]?.(rig);
    expect(rig.state()).toBe(before);
    events[event]?.(rig);
    expect(rig.state()).toBe(after);
    expect(rig.complaints()).toEqual([]);
  });
  it.each(columns.filter((state) => state !== 'stopped'))(
    'that is %s refuses to adopt a second process',
    (state) => {
      const rig = new ServiceRig(config);
      states[state]?.(rig);
      expect(adoptOther(rig).error).toMatchObject({ code: 'refused' });
    },
  );
  it.each(columns)('that is %s can be stopped, and then nothing is left of it', (state) => {
    const rig = new ServiceRig(config);
    states[state]?.(rig);
    const asked = rig.perform('stop');
    rig.spawned();
    rig.exit({ signal: 'SIGTERM' });
    expect(asked.value?.result).toBe(state === 'stopped' ? 'ok' : 'changed');
    expect(rig.state()).toBe('stopped');
    expect(rig.world.pendingCount).toBe(0);
    expect(rig.complaints()).toEqual([]);
  });
  it.each(columns)('that is %s can be started after all', (state) => {
    const rig = new ServiceRig(config);
    states[state]?.(rig);
    const asked = rig.perform('start');
    if (state === 'stopping' || state === 'cancelling') {
      rig.spawned();
      rig.exit({ signal: 'SIGTERM' });
    }
    rig.spawned();
    rig.answerProbes(true);
    expect(asked.value?.result).toBe(state === 'running' ? 'ok' : 'changed');
    expect(rig.state()).toBe('running');
    expect(rig.complaints()).toEqual([]);
  });
});
