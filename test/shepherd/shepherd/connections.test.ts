/** Services with a process for each connection: who is given one, who is turned away, and what outlives the daemon. */
import { World } from '@bellwether/actors';
import { limits, type LocalStatus, type ServiceConfig } from '@bellwether/shepherd';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Machine, program, service } from '../../support/shepherd-machine.ts';

const second = 1_000;
const [here, there] = ['192.0.2.1', '192.0.2.2'];
const echo = (given: Partial<ServiceConfig> = {}): ServiceConfig =>
  program({
    provision: ['echo'],
    start: { argv: ['cat', '-u'], env: { A: '1' } },
    sockets: [
      {
        ...{ name: 'echo', place: { family: 4, host: '192.0.2.80', port: 80 }, style: 'stream' },
        ...{ backlog: 8, bindAttempts: 1, mode: 0o666, folderMode: 0o755, accepts: true },
      },
    ],
    inetd: { maxCount: 3, maxPerSource: 2, stem: 'echo' },
    isAutoStarted: true,
    ...given,
  });
let world: World;
let machine: Machine;
/** What the next boot finds. */
let configured: ServiceConfig[];
const commands: (Readonly<Record<string, string>> | undefined)[] = [];
const up = (...services: readonly ServiceConfig[]): void => {
  world = new World(5);
  configured = [...services];
  machine = new Machine(world, 'A', { services: configured, rehearse: true });
  commands.length = 0;
  machine.processes.behaves = ({ command }) => {
    commands.push(command.env);
    return undefined;
  };
  machine.boot();
  world.runFor(second);
};
beforeEach(() => up(echo(), program({ provision: ['web'] })));
afterEach(() => {
  expect(machine.log.filter(({ event }) => /^(turn|vat\.(?!halted)|vow)\./.test(event))).toEqual(
    [],
  );
  expect(machine.processes.doubled).toEqual([]);
});

const come = (...hosts: readonly (string | undefined)[]): readonly number[] => {
  const numbers = hosts.map((host) => machine.processes.arrivals.come('echo', host));
  world.runFor(second);
  return numbers;
};
const names = (): readonly string[] => {
  const asked = machine.ask((turn, shepherd) => turn.call(shepherd, 'names'));
  world.runFor(100);
  return asked.value ?? [];
};
const status = (name: string): LocalStatus | undefined => {
  const asked = machine.ask((turn, shepherd) => turn.call(shepherd, 'status', name));
  world.runFor(100);
  return asked.value?.kind === 'local' ? asked.value : undefined;
};
const herd = (action: string, member: string) => {
  const asked = machine.herd(action, member);
  world.runFor(6 * second);
  return asked;
};
const reboot = (): void => {
  machine.crash();
  machine.boot();
  world.runFor(second);
};
const living = (): readonly string[] => machine.processes.living().map(({ service }) => service);
const texts = (event: string): readonly unknown[] =>
  machine.logged(event).map(({ text, reason }) => text ?? reason);
const kinds = (name: string): readonly string[] =>
  (machine.disk.entries as readonly { readonly kind: string; readonly service?: string }[]).flatMap(
    ({ kind, service: of }) => (of === name ? [kind] : []),
  );

describe('a service that accepts', () => {
  it('is up without a process, and gives each who comes one of his own, with the words of GNU Shepherd', () => {
    expect(status('echo')).toMatchObject({
      stage: 'running',
      accepting: { openCount: 0, limitCount: 3, sourceLimitCount: 2, refusedCount: 0 },
    });
    expect(living()).toEqual([]);
    const [first] = come(here, there);
    expect(names()).toEqual(['echo', 'web', 'echo-1', 'echo-2']);
    expect(living()).toEqual(['echo-1', 'echo-2']);
    expect(machine.processes.arrivals.given[0]).toEqual({ service: 'echo-1', number: first });
    expect(commands[0]).toEqual({
      ...{ A: '1', TCPLOCALIP: '192.0.2.80', TCPLOCALPORT: '80', TCPREMOTEIP: here },
      ...{ TCPREMOTEPORT: '40001', REMOTE_ADDR: here, REMOTE_PORT: '40001' },
    });
    expect(status('echo-1')).toMatchObject({
      ...{ stage: 'running', transient: 'lives', requirement: [], command: ['cat', '-u'] },
      connection: { of: 'echo', peer: `${here}:40001`, local: '192.0.2.80:80' },
      logFile: '/log/echo.log',
    });
    expect(status('echo')?.pid).toBeUndefined();
    expect(texts('connection.accepted')).toEqual([
      `Accepted connection on 192.0.2.80:80 from ${here}:40001.`,
      `Accepted connection on 192.0.2.80:80 from ${there}:40002.`,
    ]);
  });

  it('gives a process of this machine one without addresses', () => {
    come(undefined);
    expect(commands).toEqual([{ A: '1' }]);
    expect(status('echo-1')?.connection).toEqual({ of: 'echo', peer: 'local process' });
  });

  it('forgets one that has ended, and never gives its number to another', () => {
    come(here, there);
    machine.processes.kill('echo-1', { code: 1 });
    world.runFor(second);
    expect(names()).toEqual(['echo', 'web', 'echo-2']);
    expect(status('echo')?.accepting?.openCount).toBe(1);
    expect(texts('connection.ended')).toEqual([
      '1 connection still in use after echo-1 termination.',
    ]);
    expect(kinds('echo-1').at(-1)).toBe('untransient');
    come(here);
    expect(names()).toEqual(['echo', 'web', 'echo-2', 'echo-3']);
  });

  it('turns away who comes when there are as many as there may be, and takes one again when one has ended', () => {
    come(here, there, undefined);
    const [late] = come(undefined);
    expect(machine.processes.arrivals.dropped).toEqual([late]);
    expect(living()).toEqual(['echo-1', 'echo-2', 'echo-3']);
    expect(status('echo')?.accepting).toMatchObject({ openCount: 3, refusedCount: 1 });
    expect(texts('connection.refused')).toEqual([
      'Maximum number of its socket clients reached; rejecting connection from local process.',
    ]);
    expect(herd('stop', 'echo-2').value).toMatchObject({ result: 'changed', stage: 'stopped' });
    come(there);
    expect(living()).toEqual(['echo-1', 'echo-3', 'echo-4']);
  });

  it('turns away who comes from one address too often, and no others', () => {
    const [, , third] = come(here, here, here);
    expect(machine.processes.arrivals.dropped).toEqual([third]);
    expect(texts('connection.refused')).toEqual([
      `Maximum number of 192.0.2.80:80 clients from one address reached; rejecting connection from ${here}:40003.`,
    ]);
    come(there);
    expect(living()).toEqual(['echo-1', 'echo-2', 'echo-3']);
  });

  it.each([
    ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', '2001:db8:1:3::6'],
    ['::1', '::ffff:2', '0:0:0:1::1'],
    ['fe80::1%lo', 'fe80::2', 'fe80:0:0:1::'],
    ['1::4:5:6:7:8', '1:0:0:4::', '1:0:0:5::'],
  ])('counts %s and %s as one source, and %s as another', (first, second, other) => {
    const [, , third] = come(first, second, first);
    expect(machine.processes.arrivals.dropped).toEqual([third]);
    come(other);
    expect(living()).toEqual(['echo-1', 'echo-2', 'echo-3']);
  });

  it('tells of a crowd that is turned away once in refusedToldMs, with how many there were', () => {
    come(here, there, undefined);
    for (let each = 0; each < 50; each += 1) machine.processes.arrivals.come('echo', there);
    world.runFor(limits.refusedToldMs - 1);
    expect(texts('connection.refused')).toHaveLength(1);
    world.runFor(limits.refusedToldMs);
    come(there);
    expect(machine.processes.arrivals.dropped).toHaveLength(51);
    expect(texts('connection.refused')).toEqual([
      `Maximum number of 192.0.2.80:80 clients reached; rejecting connection from ${there}:40004.`,
      expect.stringMatching(/ from 192\.0\.2\.2:40054 \(49 more since the last time\)\.$/),
    ]);
  });

  it('that is stopped has nobody accepted any more, and those who were are served to their end', () => {
    come(here, there);
    expect(herd('stop', 'echo').value).toMatchObject({ result: 'changed', stage: 'stopped' });
    expect(living()).toEqual(['echo-1', 'echo-2']);
    const [late] = come(here);
    expect(machine.processes.arrivals.dropped).toEqual([late]);
    expect(herd('start', 'echo').value?.result).toBe('changed');
    // They count nevertheless: two from here, and three in all.
    expect(status('echo')?.accepting?.openCount).toBe(2);
    come(here);
    expect(living()).toEqual(['echo-1', 'echo-2', 'echo-3']);
  });

  it('turns away whom no process can be given, says why, and goes on', () => {
    machine.processes.programs.set('echo-1', { refusal: 'no such program' });
    machine.processes.behaves = () => undefined;
    const [first] = come(here);
    expect(machine.processes.arrivals.dropped).toEqual([]);
    expect(first).toBe(1);
    const failure = { reason: expect.stringContaining('no such program') as string };
    expect(status('echo')).toMatchObject({ stage: 'running', failure });
    // The next one is served, so there is nothing to say of it any more.
    come(there);
    expect(status('echo')?.failure).toBeUndefined();
    expect(living()).toEqual(['echo-2']);
    expect(names()).toEqual(['echo', 'web', 'echo-2']);
    expect(texts('connection.failed')).toEqual([expect.stringContaining('no such program')]);
    expect(status('echo')?.accepting?.openCount).toBe(1);
  });

  it.each([
    ['of many characters', ['x'.repeat(limits.transientCharacters)], false],
    ['of as many words', Array.from({ length: limits.argumentCount - 1 }, () => 'x'), true],
    ['of one word more', Array.from({ length: limits.argumentCount }, () => 'x'), false],
  ])(
    'writes down no more of a command than is read again, and runs all of it: %s',
    (_, args, isWhole) => {
      up(echo({ start: { argv: ['cat', ...args] } }));
      come(here);
      expect(status('echo-1')?.command).toEqual(['cat', ...args]);
      reboot();
      const command = isWhole ? ['cat', ...args] : ['cat'];
      expect(status('echo-1')).toMatchObject({ stage: 'running', command });
    },
  );

  it('turns away whom it would run a program for whose name has no room on the disk', () => {
    up(echo({ start: { argv: ['x'.repeat(limits.transientCharacters)] } }));
    const [first] = come(here);
    expect(machine.processes.arrivals.dropped).toEqual([first]);
    expect(texts('connection.failed')).toEqual([
      `the description of its process has over ${limits.transientCharacters} characters`,
    ]);
    expect(names()).toEqual(['echo']);
    expect(status('echo')?.accepting?.openCount).toBe(0);
  });

  it('leaves out a number whose name is taken', () => {
    up(echo(), program({ provision: ['echo-1'] }), service({ provision: ['echo-2'] }));
    come(here);
    expect(names()).toEqual(['echo', 'echo-1', 'echo-2', 'echo-3']);
    expect(living()).toEqual(['echo-3']);
  });

  it('is stopped with all that it has accepted at the end of the shepherd', () => {
    come(here, there);
    const asked = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'shutDown', machine.printer(turn)),
    );
    world.runFor(10 * second);
    expect(asked.value?.result).toBe('changed');
    expect(living()).toEqual([]);
    reboot();
    expect(names()).toEqual(['echo', 'web']);
    expect(kinds('echo-1').at(-1)).toBe('untransient');
  });
});

describe('a connection', () => {
  it('is neither started anew nor restarted, and needs no word of anybody to be stopped', () => {
    come(here);
    expect(herd('restart', 'echo-1').value?.result).toBe('failed');
    expect(living()).toEqual([]);
    expect(names()).toEqual(['echo', 'web']);
    expect(herd('start', 'echo-1').error?.message).toContain('echo-1');
  });

  it('that was disabled leaves nothing for the next one of its name', () => {
    come(here);
    herd('disable', 'echo-1');
    herd('stop', 'echo-1');
    const last = kinds('echo-1').filter((kind) => /^(enabled|un)/.test(kind));
    expect(last).toEqual(['enabled', 'untransient', 'enabled', 'unwished']);
    reboot();
    expect(names()).toEqual(['echo', 'web']);
  });

  it('outlives its daemon, counts, and the next one has another number', () => {
    come(here, here, there);
    machine.processes.kill('echo-2', { code: 0 });
    world.runFor(second);
    reboot();
    expect(names()).toEqual(['echo', 'web', 'echo-1', 'echo-3']);
    expect(living()).toEqual(['echo-1', 'echo-3']);
    expect(status('echo')?.accepting?.openCount).toBe(2);
    expect(status('echo-3')).toMatchObject({
      ...{ stage: 'running', transient: 'lives', command: ['cat', '-u'] },
      connection: { of: 'echo', peer: `${there}:40003` },
    });
    expect(status('echo-3')?.hasReplacement).toBeUndefined();
    come(here);
    expect(living()).toEqual(['echo-1', 'echo-3', 'echo-4']);
    expect(herd('stop', 'echo-1').value?.result).toBe('changed');
    expect(living()).toEqual(['echo-3', 'echo-4']);
  });

  it('that ends while there is no daemon is forgotten by the next one', () => {
    come(here, there);
    machine.crash();
    machine.processes.kill('echo-1', { code: 0 });
    machine.boot();
    world.runFor(second);
    expect(names()).toEqual(['echo', 'web', 'echo-2']);
    expect(status('echo')?.accepting?.openCount).toBe(1);
  });

  it('that comes while there is no daemon waits for the next one', () => {
    machine.crash();
    machine.processes.arrivals.come('echo', here);
    machine.processes.arrivals.come('echo', there);
    machine.boot();
    world.runFor(second);
    expect(living()).toEqual(['echo-1', 'echo-2']);
  });

  const swap = (own: readonly ServiceConfig[], removed: readonly string[]) => {
    const asked = machine.ask((turn, shepherd) =>
      turn.send(
        shepherd,
        'swap',
        { own, removed, elsewhere: [], aggregates: [] },
        machine.printer(turn),
      ),
    );
    world.runFor(6 * second);
    return asked;
  };
  it('goes on where its service goes out of the configuration, and counts when that is back', () => {
    come(here, there);
    expect(swap([], ['echo']).error).toBeUndefined();
    expect(living()).toEqual(['echo-1', 'echo-2']);
    expect(names()).toEqual(['web', 'echo-1', 'echo-2']);
    machine.processes.kill('echo-1', { code: 0 });
    world.runFor(second);
    expect(swap([echo()], []).error).toBeUndefined();
    expect(status('echo')?.accepting?.openCount).toBe(1);
    come(here);
    expect(names()).toEqual(['web', 'echo-2', 'echo', 'echo-3']);
  });

  it('goes on where its service changes, and who comes next is served by what is described then', () => {
    come(here, there);
    const changed = { argv: ['rev'] } as const;
    const inetd = { maxCount: 3, stem: 'called' };
    expect(swap([echo({ start: changed, inetd })], ['echo']).error).toBeUndefined();
    expect(living()).toEqual(['echo-1', 'echo-2']);
    expect(status('echo')?.accepting).toMatchObject({ openCount: 2, limitCount: 3 });
    come(here);
    expect(living()).toEqual(['echo-1', 'echo-2', 'called-1']);
    expect(status('echo-1')?.command).toEqual(['cat', '-u']);
    expect(status('called-1')?.command).toEqual(['rev']);
    const [late] = come(there);
    expect(machine.processes.arrivals.dropped).toEqual([late]);
  });

  const namesake = program({ provision: ['echo-1'] });
  it('keeps its name: a service of that name is not taken in before it has ended', () => {
    come(here, there);
    const { error } = swap([namesake], ['echo']);
    expect(error?.message).toContain(
      "the name 'echo-1' is in use by a connection; stop that, or wait for its end, and try again",
    );
    const check = (...names: readonly string[]) => {
      const asked = machine.ask((turn, shepherd) => turn.send(shepherd, 'checkNames', names));
      world.runFor(second);
      return asked.error?.message;
    };
    expect(check('web', 'echo-1')).toBe(error?.message);
    expect(check('web', 'echo', 'echo-3')).toBeUndefined();
    expect(names()).toEqual(['echo', 'web', 'echo-1', 'echo-2']);
    expect(status('echo-1')).toMatchObject({ transient: 'lives', command: ['cat', '-u'] });
    herd('stop', 'echo-1');
    expect(check('echo-1')).toBeUndefined();
    expect(swap([namesake], ['echo']).error).toBeUndefined();
    expect(living()).toEqual(['echo-2']);
    expect(status('echo-1')).toMatchObject({ stage: 'stopped', command: ['run', 'echo-1'] });
  });

  it('is ended, and gives its process to nobody, where a service has its name at the next boot', () => {
    come(here, there);
    machine.crash();
    const before = machine.processes.living().find(({ service }) => service === 'echo-1');
    configured.splice(0, 1, namesake);
    machine.boot();
    world.runFor(10 * second);
    expect(machine.logged('service.orphaned')).toMatchObject([{ service: 'echo-1' }]);
    expect(living()).toEqual(['echo-2']);
    expect(status('echo-1')?.stage).toBe('stopped');
    herd('start', 'echo-1');
    const own = status('echo-1');
    expect(own).toMatchObject({ stage: 'running' });
    expect(own?.connection).toBeUndefined();
    expect(own?.pid).not.toBe(before?.pid);
    reboot();
    expect(living()).toEqual(['echo-2', 'echo-1']);
    expect(status('echo-1')?.pid).toBe(own?.pid);
  });

  it('is given a process once at most, wherever the daemon dies', () => {
    for (let afterMs = 0; afterMs < 40; afterMs += 1) {
      up(echo());
      machine.processes.arrivals.come('echo', here);
      world.runFor(afterMs);
      reboot();
      const { given } = machine.processes.arrivals;
      expect(given.map(({ number }) => number)).toEqual([1]);
      const [{ service: name = '' } = {}] = given;
      // What a daemon has started and never heard of is found by its start id.
      expect(living()).toEqual([name]);
      expect(names()).toEqual(['echo', name]);
      expect(status('echo')?.accepting?.openCount).toBe(1);
    }
  });

  it('is no transient service that somebody has asked for', () => {
    come(here, there);
    const asked = machine.ask((turn, shepherd) => turn.call(shepherd, 'spawnedBy', 'connection'));
    world.runFor(second);
    expect(asked).toEqual({ value: undefined });
    machine.herd('spawn', 'transient', { args: ['make'] });
    world.runFor(second);
    expect(herd('stop', 'transient').value?.result).toBe('changed');
    expect(living()).toEqual(['echo-1', 'echo-2']);
  });
});
