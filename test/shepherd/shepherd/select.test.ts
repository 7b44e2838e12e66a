/** Whom a selector picks out at one machine, and what is commanded of them all at once. */
import { describe, expect, it } from 'vitest';
import type { Selecting, SelectView } from '@bellwether/shepherd';
import { complaints, herd, makeGroup, stages, up } from '../../support/shepherd-graph.ts';
import { program, requestOf, service } from '../../support/shepherd-machine.ts';
import { localRoot } from '../../../packages/shepherd/src/words/principal.ts';

type Herd = ReturnType<typeof up>;
const labelled = (name: string, labels: Record<string, string>, ...requirement: string[]) =>
  program({ provision: [name], labels, requirement });
const rack = (): Herd =>
  up(
    [
      service({ provision: ['net'] }),
      labelled('web@a', { role: 'web', zone: 'a' }, 'net'),
      labelled('web@b', { role: 'web', zone: 'b', canary: '' }, 'net'),
      labelled('db', { role: 'db', zone: 'a' }),
      program({ provision: ['bare', 'web-like'] }),
    ],
    {
      setUp: (turn, shepherd) => {
        const fleet = turn.spawn(makeGroup, 'fleet', ['db', 'web@b']);
        turn.call(shepherd, 'registerAggregate', fleet);
      },
    },
  );
const select = ({ world, machine }: Herd, wanted: Selecting, view?: SelectView) => {
  const asked = machine.ask((turn, shepherd) => turn.call(shepherd, 'select', wanted, view));
  world.run(world.now);
  if (asked.error !== undefined) throw asked.error;
  return asked.value;
};
const names = (it: Herd, selector: string, service?: string) =>
  select(it, { selector, ...(service !== undefined && { service }) })?.names;

describe('a selector', () => {
  it('picks out of all services, in their order', () => {
    const it = rack();
    expect(names(it, 'role')).toEqual(['web@a', 'web@b', 'db']);
    expect(names(it, 'role=web')).toEqual(['web@a', 'web@b']);
    expect(names(it, 'role!=web')).toEqual(['net', 'db', 'bare', 'fleet']);
    expect(names(it, 'zone=a,!canary')).toEqual(['web@a', 'db']);
  });
  it('picks out of those that are called so, or of the members of an aggregate', () => {
    const it = rack();
    expect(names(it, 'zone=b', 'web')).toEqual(['web@b']);
    expect(names(it, '!role', 'web-like')).toEqual(['bare']);
    expect(names(it, 'zone', 'fleet')).toEqual(['db', 'web@b']);
    expect(() => names(it, 'zone', 'wbe')).toThrow("service 'wbe' could not be found");
  });
  it('says why it picks out nobody, and what it may have meant', () => {
    const it = rack();
    expect(() => names(it, 'role=wbe')).toThrow(
      "no service is as role=wbe says: none has role=wbe: was 'role=web' meant?",
    );
    expect(() => names(it, 'zone=a', 'web-like')).toThrow(
      "nothing called 'web-like' is as zone=a says: none of them has a label",
    );
    expect(select(it, { selector: '!canray,role=web' })).toEqual({
      names: ['web@a', 'web@b'],
      unknownKeys: ['canray'],
    });
  });
  it('sees nobody out of view, nor their labels', () => {
    const it = rack();
    const view = { aggregate: 'fleet', members: ['db'] };
    expect(select(it, { selector: 'zone' }, view)?.names).toEqual(['db']);
    expect(() => select(it, { selector: 'canary' }, view)).toThrow(
      "none has a label 'canary': there are role, zone",
    );
    expect(select(it, { selector: '!canary' }, view)?.unknownKeys).toEqual(['canary']);
    expect(() => select(it, { selector: 'zone' }, { aggregate: 'db' })).toThrow(
      "service 'db' is no fleet",
    );
  });
  it('is refused where it is none', () => {
    const it = rack();
    expect(() => names(it, 'a,,b')).toThrow('the selector has an empty term');
    expect(() => names(it, 7 as never)).toThrow('the selector is no text');
    expect(() => names(it, 'a', 'b c')).toThrow('the service is no name of one');
  });
});

const some = { onlyMembers: ['web@a', 'web@b'] };
describe('what was picked out', () => {
  it('is commanded as an aggregate, whose rows and verdict are told', () => {
    const it = rack();
    it.machine.processes.programs.set('web@b', { refusal: 'no such program' });
    expect(herd(it, 'start', '{role=web}', { ...some, minReady: 1 }).value).toMatchObject({
      member: '{role=web}',
      result: 'changed',
      reason: 'degraded 1/2',
      rows: [
        { member: 'web@a', result: 'changed' },
        { member: 'web@b', result: 'failed', also: ['net'] },
      ],
    });
    expect(stages(it)).toContain('db stopped');
    const facts = () => {
      const who = { principal: localRoot, reach: 'all' } as const;
      const asked = it.machine.ask((turn, shepherd) => turn.call(shepherd, 'operations', {}, who));
      it.world.run();
      return asked.value ?? [];
    };
    const [degraded] = facts();
    expect([degraded?.result, degraded?.worst]).toEqual(['changed', 'failed']);
    // It is no service that anything could have happened to.
    expect(it.machine.lines.filter((line) => line.includes('{'))).toEqual([]);
    expect(herd(it, 'start', '{role=web}', { ...some, operation: 'op-2' }).value).toMatchObject({
      result: 'failed',
      reason: '1 of 2 members',
    });
    // What has failed needs no word beside it.
    const failed = facts().at(-1);
    expect([failed?.result, failed?.worst]).toEqual(['failed', undefined]);
    expect(complaints(it.machine)).toEqual([]);
  });
  it('is stopped, and what it requires is not', () => {
    const it = rack();
    herd(it, 'start', '{role}', { onlyMembers: ['web@a', 'web@b', 'db'] });
    expect(herd(it, 'stop', '{role=web}', { ...some, operation: 'op-2' }).value?.reason).toBe(
      '2/2',
    );
    expect(stages(it)?.slice(0, 4)).toEqual([
      'net running',
      'web@a stopped',
      'web@b stopped',
      'db running',
    ]);
  });
  it('is the list that was asked for, also where that is asked again', () => {
    const it = rack();
    const one = { ...some, operation: 'op-1' };
    const first = herd(it, 'start', '{role=web}', one);
    expect(herd(it, 'start', '{role=web}', one).value).toEqual(first.value);
    const other = herd(it, 'start', '{role=web}', { ...one, onlyMembers: ['db'] });
    expect(other.error).toMatchObject({ code: 'conflict' });
    expect(stages(it)).toContain('db stopped');
  });
  it('is tried again as it was', () => {
    const it = rack();
    it.machine.processes.programs.set('web@b', { refusal: 'no such program' });
    herd(it, 'start', '{role=web}', { ...some, operation: 'op-7' });
    it.machine.processes.programs.delete('web@b');
    const again = it.machine.retry('op-7');
    it.world.run();
    expect(again.value).toMatchObject({ result: 'changed', reason: '2/2' });
  });
  it('is remembered by the next life, which goes on with it and knows whom it was for', () => {
    const it = rack();
    it.machine.processes.programs.set('web@b', { refusal: 'no such program' });
    it.machine.processes.programs.set('web@a', { spawnMs: 5_000 });
    const first = it.machine.herd('start', '{role=web}', { ...some, operation: 'op-8' });
    it.world.run(it.world.now + 1_000);
    it.machine.crash();
    expect(first.value).toBeUndefined();
    it.machine.processes.programs.clear();
    it.machine.boot();
    it.world.run();
    const again = it.machine.retry('op-8');
    it.world.run();
    expect(again.value).toMatchObject({
      member: '{role=web}',
      reason: '2/2',
      rows: [{ member: 'web@a' }, { member: 'web@b' }],
    });
    expect(stages(it)).toContain('db stopped');
    const report = it.machine.report('op-8');
    it.world.run();
    expect(report.value).toMatchObject({ service: '{role=web}', action: 'start' });
  });
  it('is restarted batch by batch', () => {
    const it = rack();
    herd(it, 'start', '{role=web}', some);
    const rolled = { ...some, operation: 'op-2', rolling: { batch: 1 } };
    expect(herd(it, 'restart', '{role=web}', rolled).value).toMatchObject({ reason: '2/2' });
    expect(it.machine.lines).toContain('A: Service {role=web}: batch 2 of 2.');
  });
  it('is foreseen', () => {
    const it = rack();
    const asked = it.machine.ask((turn, shepherd) =>
      turn.call(shepherd, 'foresee', requestOf({ action: 'start', member: '{role=web}', ...some })),
    );
    it.world.run(it.world.now);
    expect(asked.value).toMatchObject([
      { service: 'net', why: 'requirement' },
      { service: 'web@a', why: 'member', of: '{role=web}', effect: 'change' },
      { service: 'web@b', why: 'member' },
      { service: '{role=web}', why: 'asked', note: '2 members' },
    ]);
  });
  it.each(['start', 'stop'])('is wished nothing, since nobody keeps that of it: %s', (action) => {
    const it = rack();
    herd(it, action, '{role=web}', some);
    const wished = [...it.machine.disk.records().desired.keys()];
    expect(wished.filter((name) => name !== 'net')).toEqual(['web@a', 'web@b']);
  });
  it('is nobody that is not there, nor anybody without a name', () => {
    const it = rack();
    const refused = (given: object) => herd(it, 'start', '{role=web}', given).error;
    expect(refused({ onlyMembers: ['web@a', 'web@c'] })).toMatchObject({
      code: 'unknown-service',
      message: "service 'web@c' could not be found",
    });
    expect(refused({})).toMatchObject({ code: 'bad-request' });
    expect(refused({ ...some, withMembers: false })).toMatchObject({ code: 'bad-request' });
    expect(stages(it)).toContain('web@a stopped');
  });
  it('has a name that no service can have', () => {
    const it = rack();
    const asked = it.machine.ask((turn, shepherd) => {
      turn.call(shepherd, 'define', service({ provision: ['{role=web}'] }));
    });
    it.world.run(it.world.now);
    expect(asked.error).toMatchObject({
      code: 'refused',
      message: "service '{role=web}': '{role=web}' is no name of a service",
    });
  });
});
