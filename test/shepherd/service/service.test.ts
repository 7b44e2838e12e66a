/** What a `^service` answers, remembers and asks of its powers. The states: service-table.test.ts. */
import { describe, expect, it } from 'vitest';
import type { ServiceConfig } from '@bellwether/shepherd';
import { limits } from '@bellwether/shepherd';
import { program, service } from '../../support/shepherd-machine.ts';
import { ServiceRig } from '../../support/shepherd-service.ts';

const web = (given: Partial<ServiceConfig> = {}) => program({ provision: ['web'], ...given });
const running = (config = web()) => {
  const rig = new ServiceRig(config);
  rig.perform('start');
  rig.spawned();
  return rig;
};
/** Whose process is asked whether it is ready. */
const asked = web({ ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 60_000 } });
const respawn = { limitCount: 2, limitWindowMs: 10_000, delayMs: 100, maxDelayMs: 250 };

describe('a start', () => {
  it('answers once the process is there, with its pid', () => {
    const rig = new ServiceRig(web());
    const asked = rig.perform('start');
    expect(asked).toEqual({});
    rig.spawned();
    expect(asked.value).toEqual({
      member: 'web',
      result: 'changed',
      stage: 'running',
      pid: 101,
      version: { born: 0, sequence: 2 },
      rows: [],
    });
  });
  it('shares its result with a second one', () => {
    const rig = new ServiceRig(web());
    const asked = [rig.perform('start'), rig.perform('start')];
    rig.spawned();
    expect(asked.map((each) => each.value?.result)).toEqual(['changed', 'changed']);
    expect(rig.forks).toHaveLength(1);
  });
  it('that cannot be spawned fails with the reason: nothing has written to its log', () => {
    const rig = new ServiceRig(web());
    rig.logLines = ['of an earlier start'];
    const asked = rig.perform('start');
    rig.spawnFailed();
    expect(asked.value).toMatchObject({ result: 'failed', reason: 'no such program' });
    expect(asked.value).not.toHaveProperty('output');
    expect(rig.status().failure).toEqual({ reason: 'no such program', at: 0 });
  });
  it('that fails brings more of the log than a status: the cause stands above the trace', () => {
    const rig = new ServiceRig(asked);
    const start = rig.perform('start');
    rig.spawned();
    rig.logLines = Array.from({ length: 40 }, (_, at) => `line ${at}`);
    rig.exit({ code: 1 });
    expect(start.value?.output).toEqual(rig.logLines.slice(-limits.failureLineCount));
  });
  it('that fails has no lines of earlier ones, and says so where there are none of it', () => {
    const rig = new ServiceRig(asked);
    rig.logLines = ['of an earlier start'];
    const failed = (said: readonly string[]) => {
      const start = rig.perform('start');
      rig.spawned();
      rig.logLines = [...rig.logLines, ...said];
      rig.exit({ code: 1 });
      return start.value?.output;
    };
    expect(failed(['EADDRINUSE'])).toEqual(['EADDRINUSE']);
    expect(failed([])).toEqual([]);
  });
  it('that works clears the failure of the one before; so does a stop', () => {
    for (const action of ['start', 'stop']) {
      const rig = new ServiceRig(web());
      rig.perform('start');
      rig.spawnFailed();
      rig.perform(action);
      rig.spawned();
      expect(rig.status().failure).toBeUndefined();
    }
  });
  it('is superseded by a stop, also while the spawn itself is under way', () => {
    const rig = new ServiceRig(web());
    const start = rig.perform('start');
    const stop = rig.perform('stop');
    expect(start.value).toMatchObject({ result: 'superseded', stage: 'stopping' });
    expect(stop).toEqual({});
    rig.spawned();
    expect(rig.signals).toEqual(['SIGTERM e-1']);
    rig.exit({ signal: 'SIGTERM' });
    expect(stop.value).toMatchObject({ result: 'changed', stage: 'stopped' });
  });
  it('that waits for a stop gives way to a later stop', () => {
    const rig = running();
    const first = rig.perform('stop');
    const start = rig.perform('start');
    const second = rig.perform('stop');
    rig.exit({ signal: 'SIGTERM' });
    expect([first, start, second].map((each) => each.value?.result)).toEqual([
      'changed',
      'superseded',
      'changed',
    ]);
    expect(rig.forks).toHaveLength(1);
  });
  it('that waits for a stop starts afterwards, once for all who wait', () => {
    const rig = running();
    rig.perform('stop');
    const asked = [rig.perform('start'), rig.perform('start')];
    rig.exit({ code: 0 });
    rig.spawned();
    expect(asked.map((each) => each.value?.result)).toEqual(['changed', 'changed']);
    expect(rig.forks).toHaveLength(2);
  });
  it('takes no arguments', () => {
    expect(new ServiceRig(web()).perform('start', ['now']).error).toMatchObject({
      code: 'bad-request',
      message: "service 'web': start takes no arguments",
    });
  });
});

describe('a service without a process', () => {
  it('runs from start until stop', () => {
    const rig = new ServiceRig(service({ provision: ['networking'] }));
    expect(rig.perform('start').value).toMatchObject({ result: 'changed', stage: 'running' });
    expect(rig.perform('start').value).toMatchObject({ result: 'ok' });
    expect(rig.perform('stop').value).toMatchObject({ result: 'changed', stage: 'stopped' });
    expect(rig.perform('stop').value).toMatchObject({ result: 'ok' });
    expect(rig.forks).toEqual([]);
  });
  it('that is one-shot is done at once', () => {
    const rig = new ServiceRig(service({ provision: ['once'], isOneShot: true }));
    expect(rig.perform('start').value).toMatchObject({ result: 'changed', stage: 'stopped' });
  });
});

describe('a one-shot', () => {
  const once = web({ isOneShot: true });
  it('has started when its process has ended with 0, and is stopped then', () => {
    const rig = new ServiceRig(once);
    const asked = rig.perform('start');
    rig.spawned();
    expect(asked).toEqual({});
    expect(rig.status()).toMatchObject({ stage: 'starting', pid: 101 });
    rig.exit({ code: 0 });
    expect(asked.value).toMatchObject({ result: 'changed', stage: 'stopped' });
    const history = rig.ask((turn, service) => turn.call(service, 'history')).value;
    expect(history?.map(({ what }) => what)).toEqual(['starting', 'done']);
  });
  it('fails when its process ends with anything else', () => {
    const rig = new ServiceRig(once);
    const asked = rig.perform('start');
    rig.spawned();
    rig.exit({ code: 3 });
    expect(asked.value).toMatchObject({
      result: 'failed',
      reason: 'its process exited with code 3',
    });
  });
  it('runs again when it is started again', () => {
    const rig = new ServiceRig(once);
    for (let round = 0; round < 2; round += 1) {
      rig.perform('start');
      rig.spawned();
      rig.exit({ code: 0 });
    }
    expect(rig.forks).toHaveLength(2);
  });
  it('that outlived the daemon is waited for', () => {
    const rig = new ServiceRig(once);
    const ended = rig.ask((turn, service) => {
      const { vow, resolver } = turn.vow<{ code: number }>();
      turn.call(service, 'adopt', { startId: 'old', pid: 9, ended: vow });
      turn.after(10, () => resolver.kept({ code: 0 }));
    });
    expect(ended.error).toBeUndefined();
    expect(rig.state()).toBe('waking');
    rig.wait(10);
    expect(rig.state()).toBe('stopped');
  });
});

describe('a service whose process ended while there was no daemon', () => {
  it('is stopped, tells how, and can be started', () => {
    const rig = new ServiceRig(web({}));
    const ended = { code: 3 };
    const told = rig.ask((turn, service) =>
      turn.call(service, 'adopt', {
        startId: 'old',
        pid: 9,
        ended: turn.kept(ended),
        ending: ended,
      }),
    );
    expect(told.error).toBeUndefined();
    expect(rig.state()).toBe('stopped');
    expect(rig.status()).toMatchObject({ stage: 'stopped', lastExit: ended });
    rig.perform('start');
    expect(rig.forks).toHaveLength(1);
  });
});

describe('readiness', () => {
  const http = web({ ready: { kind: 'http', url: 'http://localhost/', timeoutMs: 2_500 } });
  const adopt = (rig: ServiceRig, more: { readonly isReady?: true }) =>
    rig.ask((turn, service) =>
      turn.call(service, 'adopt', {
        startId: 'old',
        pid: 9,
        ended: turn.vow<never>().vow,
        ...more,
      }),
    );
  it('is asked for anew of a process that outlived the daemon while it was starting', () => {
    const rig = new ServiceRig(http);
    rig.before = undefined;
    adopt(rig, {});
    expect(rig.state()).toBe('waking');
    rig.answerProbes(true);
    expect(rig.state()).toBe('running');
  });
  it('that a process which outlived the daemon never shows ends it by the deadline', () => {
    const rig = new ServiceRig(http);
    adopt(rig, {});
    rig.wait(2_500);
    expect(rig.state()).toBe('stopping');
  });
  it('of a process that outlived the daemon has no time where no record says since when', () => {
    const rig = new ServiceRig(http);
    adopt(rig, { isReady: true });
    expect(rig.status()).toMatchObject({ stage: 'running' });
    expect(rig.status()).not.toHaveProperty('since');
  });
  it('that was seen before the daemon died is believed', () => {
    const rig = new ServiceRig(http);
    adopt(rig, { isReady: true });
    expect(rig.state()).toBe('running');
  });
  it('is asked for again after 50 ms, then ever more seldom, at most every 500 ms', () => {
    const rig = new ServiceRig(http);
    rig.perform('start');
    rig.spawned();
    const gaps = [49, 1, 99, 1, 199, 1, 399, 1, 499, 1, 499, 1].map((ms) => {
      rig.answerProbes(false);
      const before = rig.probed.length;
      rig.wait(ms);
      return rig.probed.length - before;
    });
    expect(gaps).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    expect(new Set(rig.probed)).toEqual(new Set(['http://localhost/ 2000']));
  });
  it('that does not come by the deadline fails the start, once the process is stopped', () => {
    const rig = new ServiceRig(http);
    const asked = rig.perform('start');
    rig.spawned();
    rig.wait(2_499);
    expect(rig.signals).toEqual([]);
    rig.wait(1);
    expect(rig.signals).toEqual(['SIGTERM e-1']);
    expect(asked).toEqual({});
    rig.exit({ signal: 'SIGTERM' });
    expect(asked.value).toMatchObject({
      result: 'failed',
      reason: 'it was not ready within 2.5 s',
      stage: 'stopped',
    });
    expect(rig.world.pendingCount).toBe(0);
  });
  it('fails at once when the process ends first', () => {
    const rig = new ServiceRig(http);
    const asked = rig.perform('start');
    rig.spawned();
    rig.answerProbes(false);
    rig.exit({ code: 1 });
    expect(asked.value).toMatchObject({
      result: 'failed',
      reason: 'its process exited with code 1',
    });
    expect(rig.world.pendingCount).toBe(0);
  });
  it.each([
    [{ kind: 'notify', descriptor: 3, timeoutMs: 60_000 }, 'e-1: notice 60000'],
    [{ kind: 'log', text: 'Up', timeoutMs: 60_000 }, 'e-1: Up in web 60000'],
    [{ kind: 'exec', command: { argv: ['ask', 'it'] }, timeoutMs: 60_000 }, 'e-1: ask it 10000'],
    [{ kind: 'exec', command: { argv: ['ask', 'it'] }, timeoutMs: 3_000 }, 'e-1: ask it 3000'],
  ] as const)('by %o asks one thing at a time, and none when it is over', (ready, question) => {
    const rig = new ServiceRig(web({ ready }));
    rig.perform('start');
    rig.spawned();
    rig.wait(2_000);
    expect(rig.probed).toEqual([question]);
    expect(rig.forgotten).toEqual([]);
    rig.answerProbes(false);
    rig.wait(50);
    expect(rig.probed).toEqual([question, question]);
    rig.answerProbes(true);
    expect(rig.state()).toBe('running');
    expect(rig.forgotten).toEqual(['e-1']);
  });
  it('by a command ends the command when the service is stopped meanwhile', () => {
    const ready = { kind: 'exec', command: { argv: ['ask'] }, timeoutMs: 60_000 } as const;
    const rig = new ServiceRig(web({ ready }));
    rig.perform('start');
    rig.spawned();
    rig.perform('stop');
    expect(rig.forgotten).toEqual(['e-1']);
  });
  it('that could not even be asked for says why when the time is up', () => {
    const ready = { kind: 'exec', command: { argv: ['ask'] }, timeoutMs: 1_000 } as const;
    const rig = new ServiceRig(web({ ready }));
    const asked = rig.perform('start');
    rig.spawned();
    for (const answer of rig.probes.splice(0)) answer.broken(new Error('no such file'));
    rig.wait(1_000);
    rig.exit({ signal: 'SIGTERM' });
    expect(asked.value?.reason).toBe('it was not ready within 1 s (no such file)');
  });
  it('that comes late is not believed of a process that is being stopped', () => {
    const rig = new ServiceRig(http);
    rig.perform('start');
    rig.spawned();
    rig.perform('stop');
    rig.answerProbes(true);
    expect(rig.state()).toBe('stopping');
  });
  it('of an earlier process says nothing about the next one', () => {
    const rig = new ServiceRig(http);
    rig.perform('start');
    rig.spawned();
    const [old] = rig.probes.splice(0);
    rig.perform('stop');
    rig.exit({ signal: 'SIGTERM' });
    rig.perform('start');
    rig.spawned();
    old?.kept(true);
    rig.settle();
    expect(rig.state()).toBe('waking');
  });
});

describe('a stop', () => {
  it('sends the stop signal, and SIGKILL after the grace', () => {
    const rig = running(web({ stop: { signal: 'SIGINT', graceMs: 700 } }));
    const asked = rig.perform('stop');
    rig.wait(699);
    expect(rig.signals).toEqual(['SIGINT e-1']);
    rig.wait(1);
    expect(rig.signals).toEqual(['SIGINT e-1', 'SIGKILL e-1']);
    expect(asked).toEqual({});
    rig.exit({ signal: 'SIGKILL' });
    expect(asked.value?.result).toBe('changed');
    expect(rig.log.map(({ fields }) => fields['text'])).toContain(
      'Grace period of 0.7 seconds is over; sending -101 SIGKILL.',
    );
  });
  it('that is quick leaves no timer behind', () => {
    const rig = running();
    rig.perform('stop');
    rig.exit({ signal: 'SIGTERM' });
    expect(rig.world.pendingCount).toBe(0);
  });
  it('during the delay of a respawn means that there is none', () => {
    const rig = running(web({ respawn }));
    rig.exit({ code: 1 });
    expect(rig.perform('stop').value).toMatchObject({ result: 'changed', stage: 'stopped' });
    rig.wait(10_000);
    expect(rig.forks).toHaveLength(1);
  });
});

describe('respawn', () => {
  const die = (rig: ServiceRig, afterMs: number) => {
    rig.exit({ code: 1 });
    rig.wait(afterMs);
    rig.spawned();
  };
  it('waits, doubles its delay up to the cap, and gives up beyond the limit', () => {
    const rig = running(web({ respawn: { ...respawn, limitCount: 3 } }));
    for (const delayMs of [100, 200, 250]) {
      rig.exit({ code: 1 });
      rig.wait(delayMs - 1);
      expect(rig.state()).toBe('resting');
      rig.wait(1);
      rig.spawned();
      expect(rig.state()).toBe('running');
    }
    rig.exit({ code: 1 });
    expect(rig.status().exits).toEqual([0, 100, 300, 550].map((at) => ({ code: 1, at })));
    expect(rig.status()).not.toHaveProperty('nextStartMs');
    expect(rig.status()).toMatchObject({
      stage: 'stopped',
      isEnabled: false,
      disabledReason: 'respawned 3 times within 10 s',
      respawnCount: 3,
      lastExit: { code: 1, at: 550 },
      lastRespawn: 550,
    });
    const off = { kind: 'enabled', service: 'web', isEnabled: false };
    expect(rig.records).toContainEqual(expect.objectContaining(off));
    expect(rig.log.map(({ fields }) => fields['text'])).toContain(
      'Service web has been disabled. (Respawning too fast.)',
    );
    rig.perform('enable');
    expect(rig.status()).not.toHaveProperty('disabledReason');
    rig.perform('disable');
    expect(rig.status()).not.toHaveProperty('disabledReason');
  });
  it('of failures alone leaves what has ended well, and nothing else', () => {
    const rig = running(web({ respawn: { ...respawn, on: 'failure' } }));
    die(rig, 100);
    rig.exit({ signal: 'SIGTERM' });
    rig.wait(200);
    rig.spawned();
    expect(rig.status()).toMatchObject({ stage: 'running', respawnCount: 2, isRespawned: true });
    rig.exit({ code: 0 });
    rig.wait(60_000);
    expect(rig.status()).toMatchObject({ stage: 'stopped', isEnabled: true, isRespawned: false });
    rig.perform('start');
    rig.spawned();
    expect(rig.state()).toBe('running');
  });
  it('without a delay waits for no timer', () => {
    const rig = running(web({ respawn: { ...respawn, delayMs: 0 } }));
    const before = rig.world.now;
    rig.exit({ code: 1 });
    expect(rig.forks).toHaveLength(2);
    // The one that waits is for a start that hangs.
    expect([rig.world.now, rig.world.pendingCount]).toEqual([before, 1]);
    rig.spawned();
    expect(rig.world.pendingCount).toBe(0);
    expect(rig.status()).toMatchObject({ stage: 'running', respawnCount: 1 });
  });
  it('says when it is started again, and how its last ten processes ended', () => {
    const rig = running(web({ respawn: { ...respawn, limitCount: 100 } }));
    rig.exit({ code: 1 });
    expect(rig.status()).toMatchObject({ isRespawning: true, nextStartMs: 100 });
    rig.wait(40);
    expect(rig.status()).toMatchObject({ nextStartMs: 60 });
    rig.wait(60);
    rig.spawned();
    for (let death = 1; death < limits.exitCount; death += 1) die(rig, 250);
    expect(rig.status().exits).toHaveLength(limits.exitCount);
    const before = rig.status().exits?.[0];
    die(rig, 250);
    expect(rig.status().exits).toHaveLength(limits.exitCount);
    expect(rig.status().exits).not.toContainEqual(before);
  });
  it('forgets deaths that lie outside of the window, and a stable run resets the delay', () => {
    const rig = running(web({ respawn }));
    for (let round = 0; round < 5; round += 1) {
      rig.wait(10_000);
      die(rig, 100);
      expect(rig.state()).toBe('running');
    }
    expect(rig.status().respawnCount).toBe(5);
  });
  it('counts anew after an explicit stop and start', () => {
    const rig = running(web({ respawn }));
    die(rig, 100);
    die(rig, 200);
    rig.perform('stop');
    rig.exit({ signal: 'SIGTERM' });
    rig.perform('start');
    rig.spawned();
    expect(rig.status().respawnCount).toBe(0);
    die(rig, 100);
    expect(rig.state()).toBe('running');
  });
  it('that fails is one more death', () => {
    const rig = running(web({ respawn }));
    rig.exit({ code: 1 });
    rig.wait(100);
    rig.spawnFailed();
    expect(rig.state()).toBe('resting');
    rig.wait(200);
    rig.spawnFailed();
    expect(rig.status()).toMatchObject({ stage: 'stopped', isEnabled: false });
  });
  it('that somebody waits for by now fails for good', () => {
    const rig = running(web({ respawn }));
    rig.exit({ code: 1 });
    rig.wait(100);
    const asked = rig.perform('start');
    rig.spawnFailed();
    expect(asked.value?.result).toBe('failed');
    expect(rig.state()).toBe('stopped');
  });
  it('is not recorded where the service was disabled meanwhile', () => {
    const rig = running(web({ respawn }));
    rig.perform('disable');
    rig.exit({ code: 1 });
    expect(rig.status()).toMatchObject({ stage: 'stopped', respawnCount: 0 });
  });
  it('also follows an exit with 0, and needs to be asked for', () => {
    const rig = running(web({ respawn }));
    rig.exit({ code: 0 });
    expect(rig.state()).toBe('resting');
    const plain = running();
    plain.exit({ code: 0 });
    expect(plain.status()).toMatchObject({ stage: 'stopped', isEnabled: true });
  });
});

describe('a disabled service', () => {
  it('refuses to start, and starts once it is enabled', () => {
    const rig = new ServiceRig(web(), false);
    expect(rig.perform('start').value).toMatchObject({
      result: 'failed',
      reason: 'it is disabled',
    });
    expect(rig.perform('enable').value?.result).toBe('changed');
    expect(rig.perform('enable').value?.result).toBe('ok');
    rig.perform('start');
    rig.spawned();
    expect(rig.state()).toBe('running');
    expect(rig.records).toContainEqual({ kind: 'enabled', service: 'web', isEnabled: true });
  });
});

describe('a retired service', () => {
  it('starts no more', () => {
    const rig = new ServiceRig(web());
    rig.ask((turn, service) => turn.call(service, 'retire', 'The shepherd is shutting down.'));
    expect(rig.perform('start').value).toMatchObject({ result: 'failed', stage: 'stopped' });
    expect(rig.forks).toEqual([]);
  });
});

describe('custom actions', () => {
  const config = web({
    actions: {
      reload: { documentation: 'Reads its files again.', kind: 'signal', signal: 'SIGHUP' },
      check: {
        documentation: 'Checks.',
        kind: 'command',
        command: { argv: ['check', '-v'] },
        takesArguments: true,
      },
      plain: { documentation: '', kind: 'command', command: { argv: ['plain'] } },
    },
  });
  it('send a signal to a running process, and need one', () => {
    const rig = new ServiceRig(config);
    expect(rig.perform('reload').value).toMatchObject({
      result: 'failed',
      reason: 'Service web is not running.',
    });
    rig.perform('start');
    rig.spawned();
    expect(rig.perform('reload').value?.result).toBe('changed');
    expect(rig.signals).toEqual(['SIGHUP e-1']);
  });
  it('run a command with their arguments, also for a stopped service', () => {
    const rig = new ServiceRig(config);
    rig.commandResult = { code: 0, output: ['fine'] };
    expect(rig.perform('check', ['--all', '007']).value).toMatchObject({
      result: 'changed',
      output: ['fine'],
      stage: 'stopped',
    });
    expect(rig.commands).toEqual([{ argv: ['check', '-v', '--all', '007'], timeoutMs: 60_000 }]);
  });
  it('fail with the output when their command does', () => {
    const rig = new ServiceRig(config);
    rig.commandResult = { code: 2, output: ['line 4: no'] };
    expect(rig.perform('check').value).toMatchObject({
      result: 'failed',
      reason: 'check: its command exited with code 2',
      output: ['line 4: no'],
    });
  });
  it('refuse arguments that they do not take', () => {
    const rig = new ServiceRig(config);
    expect(rig.perform('plain', ['x']).error).toMatchObject({ code: 'bad-request' });
    expect(rig.perform('reload', ['x']).error).toMatchObject({ code: 'bad-request' });
    expect(rig.commands).toEqual([]);
  });
  it.each(['dance', 'toString', '__proto__', 'constructor'])(
    'that are not declared are unknown, also %s',
    (name) => {
      expect(new ServiceRig(config).perform(name).error).toMatchObject({
        code: 'unknown-action',
        message: `service 'web' does not have an action '${name}'`,
      });
    },
  );
});

describe('the status', () => {
  it('says all that there is to say', () => {
    const rig = running(
      web({
        provision: ['web', 'www'],
        requirement: ['networking'],
        documentation: 'Serves.',
        actions: { reload: { documentation: 'Reloads.', kind: 'signal', signal: 'SIGHUP' } },
      }),
    );
    expect(rig.status()).toEqual({
      kind: 'local',
      version: { born: 0, sequence: 2 },
      provision: ['web', 'www'],
      requirement: ['networking'],
      documentation: 'Serves.',
      actions: [{ name: 'reload', documentation: 'Reloads.' }],
      stage: 'running',
      since: 0,
      ageMs: 0,
      pid: 101,
      command: ['run', 'web'],
      isReady: true,
      isEnabled: true,
      isWanted: false,
      isOneShot: false,
      isRespawned: false,
      respawnCount: 0,
      graceMs: 5_000,
      logFile: '/log/web',
    });
  });
  it('has a version that grows with every change of state, as the outcomes have', () => {
    const rig = new ServiceRig(web());
    const seen = [rig.status().version?.sequence];
    const started = rig.perform('start');
    seen.push(rig.status().version?.sequence);
    rig.spawned();
    seen.push(rig.status().version?.sequence, started.value?.version?.sequence);
    rig.perform('stop');
    seen.push(rig.status().version?.sequence);
    rig.exit({ code: 0 });
    seen.push(rig.status().version?.sequence);
    rig.perform('disable');
    seen.push(rig.status().version?.sequence);
    rig.perform('disable');
    seen.push(rig.status().version?.sequence);
    expect(seen).toEqual([0, 1, 2, 2, 3, 5, 6, 6]);
  });
  it('is touched, under all of its names, by everything that it shows, and by nothing else', () => {
    const rig = new ServiceRig(
      program({
        provision: ['web', 'www'],
        ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 9_000 },
      }),
    );
    const shown = (): unknown => {
      // What grows with time alone is nothing new.
      const { version: _version, unservedMs: _unservedMs, ...facts } = rig.status();
      return facts;
    };
    const isTouchedBy = (act: () => void): boolean => {
      const [before, count] = [shown(), rig.touched.length];
      act();
      rig.wait(0);
      expect(rig.touched.length > count).toBe(JSON.stringify(shown()) !== JSON.stringify(before));
      return rig.touched.length > count;
    };
    const acts: readonly [() => unknown, boolean][] = [
      [() => rig.perform('start'), true],
      [() => rig.spawned(), true],
      [() => rig.probes[0]?.kept(false), false],
      [() => rig.wait(100), false],
      [() => rig.probes[1]?.kept(true), true],
      [() => rig.perform('start'), false],
      [() => rig.ask((turn, service) => turn.call(service, 'wish', true)), true],
      [() => rig.ask((turn, service) => turn.call(service, 'wish', true)), false],
      [() => rig.perform('disable'), true],
      [() => rig.perform('disable'), false],
      [() => rig.exit({ code: 1 }), true],
      [() => rig.perform('enable'), true],
      [() => rig.perform('stop'), false],
    ];
    expect(acts.map(([act]) => isTouchedBy(() => void act()))).toEqual(acts.map(([, is]) => is));
    expect(rig.touched.every((names) => names.join() === 'web,www')).toBe(true);
  });
  it('tells for how long it has not served: from a start, and again from the end of a run', () => {
    const rig = new ServiceRig(program({ provision: ['web'], respawn }));
    const now = () => ({ ms: rig.status().unservedMs, comesBack: rig.status().isRespawning });
    rig.wait(50);
    expect(now()).toEqual({ ms: 50, comesBack: undefined });
    rig.perform('start');
    rig.wait(5);
    expect(now()).toEqual({ ms: 5, comesBack: undefined });
    rig.spawned();
    rig.wait(70);
    expect(now()).toEqual({ ms: undefined, comesBack: undefined });
    rig.exit({ code: 1 });
    rig.wait(99);
    expect(now()).toEqual({ ms: 99, comesBack: true });
    rig.wait(1);
    expect(now()).toEqual({ ms: 100, comesBack: true });
    rig.spawned();
    expect(now()).toEqual({ ms: undefined, comesBack: undefined });
    rig.perform('stop');
    rig.exit({ signal: 'SIGTERM' });
    rig.wait(1_000);
    expect(now()).toEqual({ ms: 1_000, comesBack: undefined });
  });
  it('has the last lines of the log when it is probed', () => {
    const rig = running();
    rig.logLines = ['1', '2', '3', '4', '5', '6'];
    const probed = rig.ask((turn, service) => turn.send(service, 'probe', 100));
    expect(probed.value).toHaveProperty('recentLines', ['2', '3', '4', '5', '6']);
  });
  it('keeps the stage that a crash of the process led to', () => {
    const rig = running();
    rig.wait(5);
    rig.exit({ signal: 'SIGSEGV' });
    expect(rig.status()).toMatchObject({
      stage: 'stopped',
      since: 5,
      lastExit: { signal: 'SIGSEGV', at: 5 },
    });
    expect(rig.log.map(({ fields }) => fields['text'])).toContain(
      'Service web (PID 101) terminated with signal SIGSEGV.',
    );
  });
  it(`remembers ${limits.historyCount} changes, and drops the oldest`, () => {
    const rig = new ServiceRig(service({ provision: ['networking'] }));
    for (let round = 0; round < 11; round += 1) {
      rig.perform('start');
      rig.perform('stop');
    }
    const history = rig.ask((turn, service) => turn.call(service, 'history')).value ?? [];
    expect(history).toHaveLength(limits.historyCount);
    expect(history.at(-1)).toEqual({ service: 'networking', what: 'stopped', at: 0, number: 33 });
  });
});
