/** What the audit hears of operations: each once, before anything is done, and how it ended. */
import type { AuditEntry } from '@bellwether/authority';
import type { ActionConfig, AuditedEvent } from '@bellwether/shepherd';
import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { makeGroup } from '../../support/shepherd-graph.ts';
import { Machine, ownOf, program, requestOf, service } from '../../support/shepherd-machine.ts';
import { principalOf } from '../../../packages/shepherd/src/words/principal.ts';

/** What a shepherd records is what an audit takes: a type that is not is found by the compiler. */
const entryOf = (event: AuditedEvent): AuditEntry => event;

const command = (areHarmless: boolean): ActionConfig => ({
  kind: 'command',
  documentation: 'Says it.',
  command: { argv: ['echo'], env: {} },
  takesArguments: true,
  ...(areHarmless && { areArgumentsHarmless: true }),
});
const booted = (): { readonly world: World; readonly machine: Machine } => {
  const world = new World(1);
  const machine = new Machine(world, 'A', {
    services: [
      service({ provision: ['net'] }),
      program({
        provision: ['web'],
        requirement: ['net'],
        actions: { greet: command(true), login: command(false) },
        isAutoStarted: false,
      }),
    ],
    setUp: (turn, shepherd) => {
      turn.call(shepherd, 'registerAggregate', turn.spawn(makeGroup, 'all', ['net']));
    },
  });
  machine.boot();
  world.run();
  return { world, machine };
};
const heard = ({ disk }: Machine): readonly string[] =>
  disk.audits.map(({ event, asker, action, service, args = [], result, code, whose }) =>
    [event, asker, action, service, ...args, result, code, whose && `of ${whose}`]
      .filter((word) => word)
      .join(' '),
  );

describe('the audit of operations', () => {
  it('hears of what was asked for, and how it ended, and of nothing that follows from it', () => {
    const { world, machine } = booted();
    machine.herd('start', 'web');
    world.run();
    machine.herd('stop', 'net');
    world.run();
    expect(heard(machine)).toEqual([
      'asked root start web',
      'ended root start web changed',
      'asked root stop net',
      'ended root stop net changed',
    ]);
    expect(machine.disk.audits.map((each) => entryOf(each as AuditedEvent).kind)).toEqual(
      Array.from({ length: 4 }, () => 'audit'),
    );
  });
  it('hears why something did not work, and no excuse for what did', () => {
    const { world, machine } = booted();
    machine.processes.programs.set('web', { refusal: 'no such program' });
    machine.herd('start', 'web');
    world.run();
    machine.herd('start', 'all', { withMembers: false });
    world.run();
    const ended = machine.disk.audits.filter(({ event }) => event === 'ended');
    expect(ended.map(({ result, reason }) => [result, reason])).toEqual([
      ['failed', expect.stringContaining('no such program')],
      ['ok', undefined],
    ]);
  });
  it('hears of it before anything is done: a process that was started has its line', () => {
    const { world, machine } = booted();
    machine.disk.failAt = machine.disk.commitCount + 1;
    machine.herd('start', 'web');
    world.run();
    expect(machine.processes.started).toEqual([]);
    expect(heard(machine)).toEqual([]);
  });
  it('is told nothing of what the shepherd does of itself', () => {
    const { world, machine } = booted();
    machine.herd('start', 'web');
    world.run();
    const before = heard(machine);
    machine.crash();
    machine.boot();
    world.run();
    expect(heard(machine)).toEqual(before);
  });
  it('sees arguments only of an action that calls them harmless', () => {
    const { world, machine } = booted();
    machine.herd('greet', 'web', { args: ['hello'] });
    machine.herd('login', 'web', { args: ['me', 'secret'] });
    world.run();
    const asked = heard(machine).filter((line) => line.startsWith('asked'));
    expect(asked.sort()).toEqual([
      'asked root greet web hello',
      'asked root login web <redacted> <redacted>',
    ]);
    expect(JSON.stringify(machine.disk.audits)).not.toContain('secret');
  });
  it('hears once of what is repeated while it is under way, and again of what is tried again', () => {
    const { world, machine } = booted();
    machine.processes.programs.set('web', { refusal: 'no such program' });
    machine.herd('start', 'web', { operation: 'op' });
    machine.herd('start', 'web', { operation: 'op' });
    world.run();
    const once = ['asked root start web', 'ended root start web failed'];
    expect(heard(machine)).toEqual(once);
    machine.herd('start', 'web', { operation: 'op', isRepeat: true });
    world.run();
    expect(heard(machine)).toEqual(once);
    machine.processes.programs.delete('web');
    machine.herd('start', 'web', { operation: 'op' });
    world.run();
    expect(heard(machine)).toEqual([
      ...once,
      'asked root start web',
      'ended root start web changed',
    ]);
  });
  it('names who has something tried again, and whose it was, also where a later life ends it', () => {
    const { world, machine } = booted();
    const holder = principalOf('g-7f3k');
    const request = requestOf({ operation: 'op', action: 'start', member: 'web' });
    machine.processes.programs.set('web', { refusal: 'no such program' });
    machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'perform', request, machine.printer(turn), { principal: holder }),
    );
    world.run();
    machine.retry('op');
    world.run();
    machine.retry('op', ownOf(holder));
    world.run();
    const failed = [
      'asked g-7f3k start web',
      'ended g-7f3k start web failed',
      'asked root start web of g-7f3k',
      'ended root start web failed of g-7f3k',
      'asked g-7f3k start web',
      'ended g-7f3k start web failed',
    ];
    expect(heard(machine)).toEqual(failed);
    machine.processes.programs.set('web', { spawnMs: 60_000 });
    machine.retry('op');
    world.runFor(1_000);
    machine.crash();
    machine.boot();
    world.run();
    expect(heard(machine)).toEqual([
      ...failed,
      'asked root start web of g-7f3k',
      'ended root start web changed of g-7f3k',
    ]);
  });
  it('knows those who ask by a reference, and those who ask through a grant', () => {
    const { world, machine } = booted();
    const asker = 'ab'.repeat(32);
    const ask = (principal: string, operation: string, member = 'net'): unknown =>
      machine.ask((turn, shepherd) =>
        turn.send(
          shepherd,
          'perform',
          requestOf({ operation, action: 'start', member }),
          machine.printer(turn),
          { principal: principalOf(principal) },
        ),
      );
    ask(asker, 'op-1');
    world.run();
    ask('g-7f3k', 'op-2');
    world.run();
    expect(heard(machine)).toEqual([
      `asked ${asker} start net`,
      `ended ${asker} start net changed`,
      'asked g-7f3k start net',
      'ended g-7f3k start net ok',
    ]);
    machine.processes.programs.set('web', { spawnMs: 60_000 });
    ask(asker, 'op-3', 'web');
    world.runFor(1_000);
    machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'cancel', 'op-3', ownOf(principalOf(asker))),
    );
    world.runFor(1_000);
    expect(heard(machine).at(-1)).toBe(`asked ${asker} cancel`);
  });
});
