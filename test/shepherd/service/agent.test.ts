/** Actions that an agent carries out: who hears of them, what they may do to their service, and what a crash leaves. */
import { ActorError, World, type Ref, type Turn, type Vow } from '@bellwether/actors';
import {
  itself,
  localRoot,
  principalOf,
  type LocalService,
  type LocalStatus,
  type Outcome,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import {
  agentScript,
  makeScripted,
  outcome,
  own,
  slotConfig,
  type AgentScript,
} from '../../support/agents.ts';
import { Machine, program, requestOf } from '../../support/shepherd-machine.ts';

const up = (script: AgentScript, config = slotConfig(), rehearse = false) => {
  const world = new World(3);
  const machine = new Machine(world, 'A', {
    rehearse,
    services: [program({ provision: ['proxy'], requirement: ['web'] })],
    setUp: (turn, shepherd) =>
      void turn.call(shepherd, 'define', config, turn.spawn(makeScripted, script)),
  });
  machine.boot();
  world.run(world.now + 500);
  const pass = (ms = 2_000): void => void world.run(world.now + ms);
  const status = (name = 'web'): LocalStatus => {
    const asked = machine.ask((turn, shepherd) => turn.call(shepherd, 'status', name));
    pass(1);
    return asked.value as LocalStatus;
  };
  return { world, machine, pass, status };
};
type Performing = NonNullable<AgentScript['perform']>;
/** Ends only when the test says so. */
const held = () => {
  const release: ((outcome: Outcome) => void)[] = [];
  const perform: Performing = (turn) =>
    turn.ask<Outcome>((answer) => release.push((outcome) => answer.kept(outcome)));
  return { release, perform };
};
/** What an agent does that replaces a release: stops its service and starts it again. */
const replacing =
  (between: (turn: Turn, service: Ref<LocalService>) => Vow<boolean>): Performing =>
  (turn, service, request, lines, asker) =>
    turn.when(own(turn, service, 'stop', lines, asker), (turn) =>
      turn.when(between(turn, service), (turn, goesOn): Vow<Outcome> => {
        if (goesOn) return own(turn, service, 'start', lines, asker);
        return turn.kept({ ...outcome(request.member, 'superseded') });
      }),
    );
const isWanted = (turn: Turn, service: Ref<LocalService>): Vow<boolean> =>
  turn.kept(turn.call(service, 'status').isWanted === true);

describe('an action of an agent', () => {
  it('reaches it under its canonical name with asker, operation and arguments, and is told as done', () => {
    const script = agentScript();
    const { machine, pass } = up(script);
    expect(script.attached).toEqual(['web']);
    const asked = machine.ask((turn, shepherd) =>
      turn.send(
        shepherd,
        'perform',
        requestOf({ action: 'deploy', member: 'www', operation: 'op-1', args: ['x'] }),
        machine.printer(turn),
        { principal: principalOf('g-1'), sinceMs: 42 },
      ),
    );
    pass();
    expect(asked.value).toMatchObject({ member: 'web', result: 'changed', stage: 'stopped' });
    // The book of this machine has forgotten what that grant came from.
    const asker = { principal: 'g-1', origin: 'forgotten', sinceMs: 42 };
    expect(script.asked).toEqual([
      { action: 'deploy', operation: 'op-1', asker, isRepeat: false, args: ['x'] },
    ]);
  });
  it('is asked for once, however often the operation is repeated', () => {
    const script = agentScript();
    const { machine, pass } = up(script);
    const first = machine.herd('confirm', 'web', { operation: 'op-1' });
    pass();
    const again = machine.herd('confirm', 'web', { operation: 'op-1' });
    pass();
    expect([first.value?.result, again.value?.result]).toEqual(['changed', 'changed']);
    expect(script.asked).toHaveLength(1);
  });
  it('takes no arguments unless it says so', () => {
    const script = agentScript();
    const { machine, pass } = up(script);
    const asked = machine.herd('confirm', 'web', { args: ['x'] });
    pass();
    expect(asked.error?.message).toContain('takes no arguments');
    expect(script.asked).toEqual([]);
  });
  it('is none where the service has no agent', () => {
    const world = new World(3);
    const machine = new Machine(world, 'A', { services: [slotConfig()] });
    machine.boot();
    world.run(world.now + 500);
    const asked = machine.herd('deploy', 'web');
    world.run(world.now + 500);
    expect(asked.error).toMatchObject({ code: 'unknown-action' });
  });
  it('is refused in the words of the agent, with its code', () => {
    const script = agentScript({
      perform: () => {
        throw new ActorError('rejected', 'this release is not signed');
      },
    });
    const { machine, pass } = up(script);
    const asked = machine.herd('deploy', 'web');
    pass();
    expect(asked.error).toMatchObject({ code: 'rejected' });
  });
  it.each(['rolled-back', 'rollback-failed'] as const)('may end as %s, for good', (result) => {
    const script = agentScript({ perform: (turn) => turn.kept(outcome('web', result)) });
    const { machine, pass } = up(script);
    const asked = machine.herd('deploy', 'web', { operation: 'op-1' });
    pass();
    expect(asked.value).toMatchObject({ member: 'web', result });
    const again = machine.herd('deploy', 'web', { operation: 'op-1' });
    pass();
    expect(again.value).toMatchObject({ result });
    expect(script.asked).toHaveLength(1);
  });
  it('may be one of several that are under way, more than commands may', () => {
    const { release, perform } = held();
    const script = agentScript({ perform });
    const { machine, pass } = up(script);
    const asked = [1, 2, 3, 4, 5, 6].map((each) =>
      machine.herd('stage', 'web', { operation: `op-${each}` }),
    );
    pass();
    expect(release).toHaveLength(6);
    for (const each of release) each(outcome('web'));
    pass();
    expect(asked.map(({ value }) => value?.result)).toEqual(Array(6).fill('changed'));
  });
  it('is not begun once the daemon ends', () => {
    const { perform } = held();
    const script = agentScript({ perform });
    const { machine, pass } = up(script);
    machine.ask((turn, shepherd) => turn.send(shepherd, 'shutDown', machine.printer(turn)));
    const asked = machine.herd('deploy', 'web');
    pass();
    expect(asked.value).toMatchObject({ result: 'failed' });
    expect(asked.value?.reason).toContain('shutting down');
    expect(script.asked).toEqual([]);
  });
});

describe('an agent', () => {
  it('stops and starts its service while its own action goes on, and leaves dependents alone', () => {
    const script = agentScript({ perform: replacing(isWanted) });
    const { machine, pass, status } = up(script);
    machine.herd('start', 'proxy');
    pass();
    const before = [status('web').pid, status('proxy').pid];
    const asked = machine.herd('deploy', 'web');
    pass();
    expect(asked.value).toMatchObject({ result: 'changed', stage: 'running' });
    expect(status('web').pid).not.toBe(before[0]);
    expect(status('proxy')).toMatchObject({ stage: 'running', pid: before[1] });
  });
  it('keeps no stop waiting that somebody asks for meanwhile', () => {
    const { perform, release } = held();
    const script = agentScript({ perform });
    const { machine, pass, status } = up(script);
    machine.herd('start', 'web');
    pass();
    const asked = machine.herd('deploy', 'web');
    pass();
    const stopped = machine.herd('stop', 'web');
    pass();
    expect(stopped.value).toMatchObject({ result: 'changed', stage: 'stopped' });
    expect(status('web').stage).toBe('stopped');
    expect(asked.value).toBeUndefined();
    release[0]?.(outcome('web', 'superseded'));
    pass();
    expect(asked.value).toMatchObject({ result: 'superseded' });
  });
  it('sees that somebody wished for a stop between its own stop and start, and loses', () => {
    let goOn: (() => void) | undefined;
    const script = agentScript({
      perform: replacing((turn, service) =>
        turn.when(
          turn.ask<undefined>((answer) => void (goOn = () => answer.kept(undefined))),
          (turn) => isWanted(turn, service),
        ),
      ),
    });
    const { machine, pass, status } = up(script);
    machine.herd('start', 'web');
    pass();
    const asked = machine.herd('deploy', 'web');
    pass();
    expect(status('web').stage).toBe('stopped');
    machine.herd('stop', 'web');
    pass();
    goOn?.();
    pass();
    expect(asked.value).toMatchObject({ result: 'superseded', stage: 'stopped' });
    expect(status('web')).toMatchObject({ stage: 'stopped', isWanted: false });
  });
  it('loses a start that is under way to a stop that comes meanwhile', () => {
    const script = agentScript({ perform: replacing(isWanted) });
    const config = slotConfig({ ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 60_000 } });
    const { machine, pass, status } = up(script, config);
    machine.herd('start', 'web');
    pass();
    machine.probes.isReady = () => false;
    const asked = machine.herd('deploy', 'web');
    pass();
    expect(status('web').stage).toBe('starting');
    machine.herd('stop', 'web');
    pass();
    expect(asked.value).toMatchObject({ result: 'superseded' });
    expect(status('web')).toMatchObject({ stage: 'stopped', isWanted: false });
  });
  it('makes a start the last wish, which is on the disk then, and loses to the next command', () => {
    const wishes = (wish: 'start' | 'stop') => (turn: Turn, shepherd: Ref<Wishing>) =>
      turn.call(shepherd, 'wish', 'www', wish, { asker: itself, operation: 'op-1' });
    const script = agentScript();
    const { machine, pass, status } = up(script);
    expect(status('web').isWanted).toBe(false);
    machine.ask(wishes('start'));
    pass();
    expect(status('web')).toMatchObject({ isWanted: true, stage: 'stopped' });
    machine.crash();
    machine.boot();
    pass();
    expect(status('web')).toMatchObject({ isWanted: true, stage: 'running' });
    machine.herd('stop', 'web');
    pass();
    expect(status('web')).toMatchObject({ isWanted: false, stage: 'stopped' });
  });
  it('shows what it says of itself in the status, and who watches is told', () => {
    let service: Ref<LocalService> | undefined;
    const script = agentScript({
      perform: (turn, found, request) => {
        turn.effect(() => void (service = found));
        return turn.kept(outcome(request.member));
      },
    });
    const { machine, pass, status } = up(script);
    machine.herd('confirm', 'web');
    pass();
    const before = status('web');
    expect(before.slot).toBeUndefined();
    machine.ask((turn) => service && turn.call(service, 'showSlot', { current: 'rel:sha256-a' }));
    pass();
    const after = status('web');
    expect(after.slot).toEqual({ current: 'rel:sha256-a' });
    expect(after.version?.sequence).toBeGreaterThan(before.version?.sequence ?? 0);
  });
});
type Wishing = Parameters<Parameters<Machine['ask']>[0]>[1] extends Ref<infer S> ? S : never;

describe('the next life', () => {
  const left = (action = 'deploy') => {
    const { perform } = held();
    const script = agentScript({ perform });
    const place = up(script);
    place.machine.herd(action, 'web', { operation: 'op-1' });
    place.pass();
    expect(script.asked).toHaveLength(1);
    place.machine.crash();
    return { ...place, script };
  };
  it('asks an agent again for what was begun, as a repeat, and that is the outcome', () => {
    const { machine, pass, script } = left();
    delete script.perform;
    machine.boot();
    pass();
    expect(script.asked.slice(1)).toMatchObject([
      { action: 'deploy', operation: 'op-1', isRepeat: true, asker: { principal: 'root' } },
    ]);
    const again = machine.herd('deploy', 'web', { operation: 'op-1' });
    pass();
    expect(again.value).toMatchObject({ result: 'changed' });
    expect(script.asked).toHaveLength(2);
  });
  it('does so also where whoever asked may not any more: it goes on, and the agent knows how far', () => {
    const { perform } = held();
    const script = agentScript({ perform });
    const { machine, pass } = up(script);
    const request = requestOf({ action: 'deploy', member: 'web', operation: 'op-1' });
    machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'perform', request, machine.printer(turn), {
        principal: principalOf('g-1'),
      }),
    );
    pass();
    machine.crash();
    delete script.perform;
    machine.standing = () => new ActorError('revoked', 'it was taken back');
    machine.boot();
    pass();
    expect(script.asked).toHaveLength(2);
    expect(script.asked[1]).toMatchObject({ isRepeat: true, asker: { principal: 'g-1' } });
    // What is not switched to yet is not to be.
    expect(script.cancels).toEqual([['op-1', 'g-1', false]]);
  });
  it('has an agent call off what was called off, since the one before may not have got to it', () => {
    const { perform } = held();
    const script = agentScript({ perform });
    const { machine, pass } = up(script);
    machine.herd('deploy', 'web', { operation: 'op-1' });
    pass();
    const who = { principal: localRoot, reach: 'own' } as const;
    machine.ask((turn, shepherd) => turn.send(shepherd, 'cancel', 'op-1', who));
    pass();
    expect(script.cancels).toEqual([['op-1', 'root', true]]);
    machine.crash();
    machine.boot();
    pass();
    expect(script.cancels.slice(1)).toEqual([['op-1', 'root', true]]);
  });
  it('knows nothing of the session that it was asked through', () => {
    const { perform } = held();
    const script = agentScript({ perform });
    const { machine, pass } = up(script);
    machine.ask((turn, shepherd) =>
      turn.send(
        shepherd,
        'perform',
        requestOf({ action: 'confirm', member: 'web', operation: 'op-1' }),
        machine.printer(turn),
        { principal: principalOf('g-1'), sinceMs: 1e15 },
      ),
    );
    pass();
    expect(script.asked[0]?.asker.sinceMs).toBe(1e15);
    machine.crash();
    machine.boot();
    pass();
    // Of whom the grant came is asked of the book, which has forgotten it.
    expect(script.asked[1]?.asker).toEqual({ principal: 'g-1', origin: 'forgotten' });
  });
  it('leaves alone what was not begun', () => {
    const script = agentScript();
    const { world, machine, pass } = up(script);
    // The record of the beginning never gets to the disk.
    machine.herd('deploy', 'web', { operation: 'op-1' });
    world.run(world.now + 0.5);
    machine.crash();
    machine.boot();
    pass();
    expect(script.asked).toEqual([]);
  });
});

describe('every turn of it', () => {
  it('keeps its state in the journal', () => {
    const script = agentScript({ perform: replacing(isWanted) });
    const { machine, pass, status } = up(script, slotConfig(), true);
    machine.herd('start', 'web');
    pass();
    machine.herd('deploy', 'web');
    pass();
    expect(status('web').stage).toBe('running');
  });
});
