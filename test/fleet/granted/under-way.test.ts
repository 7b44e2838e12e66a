/** What becomes of what a grant's holder has asked for, when the grant ends: nothing goes on that had not begun. */
import type { AuditRecord, GrantSpec } from '@bellwether/authority';
import { unknownStatus } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { grantedRequest } from '../../../packages/fleet/src/granted/view.ts';
import {
  asking,
  codeOf,
  up,
  waitingConfig,
  type GrantedPlace,
} from '../../support/granted-place.ts';
import type { Held } from '../../support/fleet-grants.ts';
import { requestOf } from '../../support/shepherd-machine.ts';

const waiting = (spec: Partial<GrantSpec> = {}) => {
  const place = up(waitingConfig);
  place.node.machine.probes.isReady = () => false;
  return { place, ...place.held({ actions: ['start', 'status'], ...spec }) };
};
/** Asks for a start, and waits for its answer so long. */
const start = (ref: Held, place: GrantedPlace, remainingMs = 60_000) =>
  asking(ref, place, 'start', 'op-1', { remainingMs });
const ready = ({ node, pass }: GrantedPlace): void => {
  node.machine.probes.isReady = () => true;
  pass(8_000);
};
const again = ({ node, pass }: GrantedPlace, meanwhile: () => void = () => undefined): void => {
  node.crash();
  meanwhile();
  node.boot();
  pass(2_000);
};
const endsIn = ({ node }: GrantedPlace, asker: string): readonly AuditRecord[] =>
  node.machine.disk.audits.filter(
    (record) => record.asker === asker && record.event === 'ended' && record.action === 'start',
  );
const isWanted = ({ node }: GrantedPlace): boolean | undefined =>
  node.machine.disk.records().desired.get('web');

describe('an operation whose answer came late', () => {
  it('is called off when its grant is revoked', () => {
    const { place, ref, id } = waiting();
    const started = start(ref, place, 50);
    place.pass(500);
    expect(started.value).toMatchObject({ result: 'timed-out' });
    place.revoke(id);
    expect(isWanted(place)).toBe(false);
    ready(place);
    expect(place.stageOf('db')).toMatchObject({ stage: 'running' });
    expect(place.stageOf('web')).toMatchObject({ stage: 'stopped' });
    expect(endsIn(place, id)).toMatchObject([
      {
        operation: 'op-1',
        result: 'cancelled',
        reason: expect.stringMatching(/before it began: grant g-\w+ was revoked at /) as string,
      },
    ]);
  });

  it('is said to go on where it had begun, and has, when its grant is revoked', () => {
    const { place, ref, id } = waiting();
    const started = start(ref, place);
    place.pass(500);
    place.revoke(id);
    place.pass(100);
    expect(started.error).toMatchObject({
      code: 'revoked',
      message: expect.stringMatching(/ was revoked at .*; what had begun goes on$/) as string,
    });
    const denied = asking(ref, place, 'start', 'op-2');
    place.pass(100);
    expect(denied.error).toMatchObject({
      code: 'revoked',
      message: expect.not.stringContaining('goes on') as string,
    });
  });

  it('is called off when its grant expires, though nobody asks for anything', () => {
    const { place, ref, id } = waiting({ lifetimeMs: 3_000 });
    start(ref, place, 50);
    place.pass(4_000);
    ready(place);
    expect(place.stageOf('web')).toMatchObject({ stage: 'stopped' });
    expect(endsIn(place, id)).toMatchObject([{ result: 'cancelled' }]);
  });

  it('is called off with the grant that its own was narrowed from', () => {
    const { place, ref, id } = waiting();
    const child = ref.grant({ actions: ['start'] });
    start(place.bot.accept(child.invite), place, 50);
    place.pass(500);
    place.revoke(id);
    ready(place);
    expect(place.stageOf('web')).toMatchObject({ stage: 'stopped' });
    expect(endsIn(place, child.facts.id)).toMatchObject([
      { result: 'cancelled', chain: [{ grant: id }, { grant: child.facts.id }] },
    ]);
  });

  it('leaves alone what others wish for, be it the same', () => {
    const { place, ref, id } = waiting();
    start(ref, place, 50);
    const other = place.held({ actions: ['start'] });
    const asked = asking(other.ref, place, 'start');
    place.pass(500);
    place.revoke(id);
    ready(place);
    expect(asked.value).toMatchObject({ result: 'changed' });
    expect(place.stageOf('web')).toMatchObject({ stage: 'running' });
  });

  it('is told to the audit with its true end and its chain', () => {
    const { place, ref, id } = waiting();
    const started = start(ref, place, 50);
    place.pass(500);
    expect(started.value).toMatchObject({ result: 'timed-out' });
    expect(endsIn(place, id)).toEqual([]);
    ready(place);
    expect(endsIn(place, id)).toMatchObject([
      { operation: 'op-1', result: 'changed', chain: [{ grant: id }] },
    ]);
  });
});

describe('an operation that was taken up after a crash', () => {
  it('is called off when its grant is revoked', () => {
    const { place, ref, id } = waiting();
    start(ref, place);
    place.pass(500);
    again(place);
    place.revoke(id);
    ready(place);
    expect(place.stageOf('web')).toMatchObject({ stage: 'stopped' });
    expect(endsIn(place, id)).toMatchObject([{ result: 'cancelled' }]);
  });

  it('is not taken up where its grant has ended meanwhile, nor is what it wished for', () => {
    const { place, ref, id } = waiting({ lifetimeMs: 4_000 });
    start(ref, place);
    place.pass(500);
    again(place, () => place.pass(5_000));
    expect(isWanted(place)).toBe(false);
    expect(place.stageOf('db')).toMatchObject({ stage: 'starting' });
    ready(place);
    expect(place.stageOf('web')).toMatchObject({ stage: 'stopped' });
    expect(endsIn(place, id)).toMatchObject([
      {
        result: 'cancelled',
        chain: [{ grant: id }],
        reason: expect.stringMatching(/: grant g-\w+ expired at /) as string,
      },
    ]);
    // For good.
    again(place);
    ready(place);
    expect(place.stageOf('web')).toMatchObject({ stage: 'stopped' });
  });

  it('leaves alone what somebody else wished for, whose own goes on', () => {
    const { place, ref } = waiting({ lifetimeMs: 4_000 });
    const other = place.held({ actions: ['start'] });
    start(ref, place);
    asking(other.ref, place, 'start');
    place.pass(500);
    again(place, () => place.pass(5_000));
    expect(isWanted(place)).toBe(true);
    ready(place);
    expect(place.stageOf('web')).toMatchObject({ stage: 'running' });
    expect(endsIn(place, other.id)).toMatchObject([{ result: 'changed' }]);
  });

  it('ends in the audit as it ended', () => {
    const { place, ref, id } = waiting();
    start(ref, place);
    place.pass(500);
    again(place);
    ready(place);
    expect(place.stageOf('web')).toMatchObject({ stage: 'running' });
    expect(endsIn(place, id)).toMatchObject([
      { operation: 'op-1', result: 'changed', chain: [{ grant: id }] },
    ]);
  });
});

describe('a command that is not accepted', () => {
  it('is in the audit, and costs the asking of it, but no use', () => {
    const place = up();
    const { id, ref } = place.held({
      actions: ['restart', 'start'],
      maxUses: 2,
      rate: { count: 2, windowMs: 60_000 },
    });
    asking(ref, place, 'restart', 'op-1');
    place.pass(200);
    expect(
      codeOf(() =>
        ref.told((turn, web) =>
          turn.send(
            web,
            'perform',
            requestOf({ action: 'start', member: 'web', operation: 'op-1' }),
            place.owner.printer(turn),
          ),
        ),
      ),
    ).toBe('conflict');
    const denied = place.node.machine.disk.audits.filter(({ event }) => event === 'denied');
    expect(denied).toMatchObject([
      { asker: id, chain: [{ grant: id }], action: 'start', operation: 'op-1', code: 'conflict' },
    ]);
    expect(ref.told((turn, web) => turn.send(web, 'allows'))).toMatchObject({
      grant: { usedCount: 1 },
    });
    const third = asking(ref, place, 'restart', 'op-2');
    place.pass(200);
    expect(third.error).toMatchObject({ code: 'too-many' });
    expect(ref.told((turn, web) => turn.send(web, 'allows'))).toMatchObject({
      grant: { usedCount: 1 },
    });
  });

  it('is not done after all where its grant ends while its record is read', () => {
    const place = up();
    const { ref, id } = place.held({ actions: ['restart'] });
    asking(ref, place, 'restart', 'op-1');
    place.pass(1_000);
    again(place);
    const { pid } = place.stageOf('web') as { readonly pid?: number };
    const repeated = asking(ref, place, 'restart', 'op-1');
    place.revoke(id);
    place.pass(1_000);
    expect(repeated.error).toMatchObject({ code: 'revoked' });
    expect(place.stageOf('web')).toMatchObject({ pid });
  });
});

describe('a repeat', () => {
  const uses = (ref: Held): number | undefined => {
    const allowed = ref.told((turn, web) => turn.send(web, 'allows'));
    return allowed.kind === 'grant' ? allowed.grant.usedCount : undefined;
  };

  it('costs nothing that joins, or is answered from the record, in this life and the next', () => {
    const { place, ref } = waiting({ maxUses: 1 });
    start(ref, place, 50);
    place.pass(500);
    const joined = start(ref, place);
    ready(place);
    expect(joined.value).toMatchObject({ result: 'changed' });
    again(place);
    const repeated = asking(ref, place, 'start', 'op-1');
    place.pass(500);
    expect(repeated.value).toMatchObject({ result: 'changed' });
    expect(uses(ref)).toBe(1);
  });

  it('costs a use that tries again what has failed, in this life and the next', () => {
    const place = up();
    const { ref } = place.held({ actions: ['greet'], maxUses: 3 });
    place.node.machine.processes.runCommand = () => ({ code: 1, output: [] });
    const outcome = () => {
      const asked = asking(ref, place, 'greet', 'op-1');
      place.pass(500);
      return asked.value?.result ?? asked.error;
    };
    expect(outcome()).toBe('failed');
    expect(outcome()).toBe('failed');
    expect(uses(ref)).toBe(2);
    again(place);
    expect(outcome()).toBe('failed');
    expect(uses(ref)).toBe(3);
    expect(outcome()).toMatchObject({ code: 'used-up' });
  });
});

describe('a command that means nothing', () => {
  it('is refused before it is written down', () => {
    const place = up();
    const { ref } = place.held({ actions: ['restart', 'start'] });
    const wrong = [
      { action: 'start', onlyMembers: ['web'] },
      { action: 'start', onlyMembers: ['x'.repeat(100)] },
      { action: 'restart', args: ['x'.repeat(10_000)] },
    ];
    const codes = wrong.map((given) =>
      codeOf(() =>
        ref.told((turn, web) =>
          turn.send(
            web,
            'perform',
            requestOf({ member: 'web', ...given }),
            place.owner.printer(turn),
          ),
        ),
      ),
    );
    expect(codes).toEqual(['bad-request', 'bad-request', 'bad-request']);
    expect(place.node.machine.disk.records().operations).toEqual([]);
  });

  it('is none for the members of a grant of which one is no member any more', () => {
    const member = (name: string) => ({ name, stage: 'running' as const });
    const status = {
      ...unknownStatus('fleet', ''),
      kind: 'fleet' as const,
      members: [member('a'), member('c')],
      runningCount: 2,
      neededCount: 2,
    };
    const terms = { actions: ['start'], members: ['a', 'b'] };
    const request = requestOf({ member: 'fleet', action: 'start' });
    expect(grantedRequest(terms, 'fleet', request, status)).toMatchObject({ onlyMembers: ['a'] });
  });
});
