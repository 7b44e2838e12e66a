/** What the audit of a machine has of those who hold grants there. */
import { Refused, type Bcom, type Behavior, type Turn } from '@bellwether/actors';
import type { AuditRecord } from '@bellwether/authority';
import { FLEET_LIMITS } from '@bellwether/fleet';
import type { Observer } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { asking, codeOf, doing, up, type GrantedPlace } from '../../support/granted-place.ts';
import type { Asked } from '../../support/shepherd-machine.ts';

const auditOf = ({ node }: GrantedPlace, asker: string): readonly AuditRecord[] =>
  node.machine.disk.audits.filter((record) => record.asker === asker);

describe('the audit', () => {
  it('has one record of what was refused, and two of what was done, with the chain', () => {
    const place = up();
    const parent = place.held({ actions: ['restart', 'greet', 'status'] });
    const child = parent.ref.grant({ actions: ['restart', 'status'] });
    const bots = place.bot.accept(child.invite);
    expect(codeOf(() => doing(bots, place, 'stop'))).toBe('denied');
    doing(bots, place, 'restart', 'op-1');
    const chain = [{ grant: parent.id }, { grant: child.facts.id }];
    const about = { service: 'web', chain };
    expect(
      auditOf(place, child.facts.id).filter(({ event }) => event !== 'redeemed'),
    ).toMatchObject([
      { event: 'denied', ...about, action: 'stop', operation: 'op-stop', code: 'denied' },
      { event: 'asked', ...about, action: 'restart', operation: 'op-1' },
      { event: 'ended', ...about, action: 'restart', operation: 'op-1', result: 'changed' },
    ]);
  });

  it('has one record of what was refused on a terminal, which asks for the plan before', () => {
    const place = up();
    const { id, ref } = place.held({ actions: ['restart'] });
    const request = {
      operation: 'op-1',
      action: 'stop',
      member: 'x',
      args: [],
      remainingMs: 5_000,
    };
    expect(codeOf(() => ref.said('plan', { ...request, hops: [] }))).toBe('denied');
    expect(codeOf(() => doing(ref, place, 'stop'))).toBe('denied');
    expect(auditOf(place, id).filter(({ event }) => event === 'denied')).toMatchObject([
      { action: 'stop' },
    ]);
  });

  it('has a refusal on the disk before it is told, and lets no look wait for that', () => {
    const place = up();
    const { id, ref } = place.held({ actions: ['status'] });
    const { disk } = place.node.machine;
    const eventsWhen = (asked: Asked<unknown>): readonly string[] => {
      for (let ms = 0; ms < 20_000 && !('error' in asked || 'value' in asked); ms += 1)
        place.pass(1);
      expect(asked).not.toEqual({});
      return auditOf(place, id).map(({ event }) => event);
    };
    disk.commitMs = 10_000;
    const refused = asking(ref, place, 'stop');
    expect(eventsWhen(refused)).toContain('denied');
    const looked = ref.ask((turn, web) => turn.send(web, 'status'));
    expect(eventsWhen(looked)).not.toContain('asked');
    place.pass(disk.commitMs);
    expect(auditOf(place, id).at(-1)).toMatchObject({ event: 'asked', action: 'status' });
  });

  it('has none of the arguments of what was refused or done', () => {
    const place = up();
    const { id, ref } = place.held({ actions: ['greet'], arguments: { greet: ['hello', '**'] } });
    const asked = { action: 'greet', member: 'x', operation: 'op-1' };
    const request = { ...asked, args: ['secret'], remainingMs: 5_000, hops: [] };
    const send = (args: readonly string[]) =>
      ref.told((turn, web) =>
        turn.send(web, 'perform', { ...request, args }, place.owner.printer(turn)),
      );
    expect(codeOf(() => send(['secret']))).toBe('denied');
    expect(auditOf(place, id).map(({ event }) => event)).toContain('denied');
    send(['hello', 'secret']);
    expect(auditOf(place, id)).toContainEqual(
      expect.objectContaining({ event: 'asked', args: ['<redacted>', '<redacted>'] }),
    );
    expect(JSON.stringify(auditOf(place, id))).not.toContain('secret');
  });

  it('has as many looks and refusals of a minute as its limit, and of the rest the number', () => {
    const place = up();
    const { id, ref } = place.held({ actions: ['status'] });
    const seen = (): readonly AuditRecord[] =>
      auditOf(place, id).filter(({ event }) => event !== 'redeemed');
    for (let at = 0; at < FLEET_LIMITS.witnessCount - 1; at += 1) ref.said('status');
    expect(codeOf(() => ref.said('log', { lineCount: 1 }))).toBe('denied');
    expect(seen()).toHaveLength(FLEET_LIMITS.witnessCount);
    for (let at = 0; at < 3; at += 1) ref.said('status');
    place.pass(FLEET_LIMITS.witnessMs);
    expect(seen().slice(FLEET_LIMITS.witnessCount)).toMatchObject([
      {
        event: 'alert',
        code: 'not-recorded',
        reason: expect.stringMatching(/^3 more /) as unknown,
      },
    ]);
    ref.said('status');
    place.pass(100);
    expect(seen().at(-1)).toMatchObject({ event: 'asked', action: 'status' });
  });

  it('has no more of them where one grant was passed on to many', () => {
    const place = up();
    const { id, ref } = place.held({ actions: ['status'] });
    const child = ref.grant({ actions: ['status'] });
    const bots = place.bot.accept(child.invite);
    for (let at = 0; at < FLEET_LIMITS.witnessCount; at += 1) ref.said('status');
    for (let at = 0; at < 3; at += 1) bots.said('status');
    const looks = (asker: string) =>
      auditOf(place, asker).filter(({ event, action }) => event === 'asked' && action === 'status')
        .length;
    expect(looks(id) + looks(child.facts.id)).toBe(FLEET_LIMITS.witnessCount);
    const other = place.held();
    other.ref.said('status');
    place.pass(100);
    expect(looks(other.id)).toBe(1);
  });

  it('tells when a following began and ended', () => {
    const place = up();
    const { id, ref } = place.held({ actions: ['log'] });
    ref.ask((turn, web) =>
      turn.forward(web, 'follow', [{ lineCount: 1, isOnce: true }, turn.self]),
    );
    place.pass(1_000);
    expect(auditOf(place, id).filter(({ action }) => action === 'follow')).toMatchObject([
      { event: 'asked' },
      { event: 'ended' },
    ]);
  });

  it('tells when a watching began, and ended with whoever watched or with the grant', () => {
    const place = up();
    const watchings = (asker: string): readonly string[] =>
      auditOf(place, asker).flatMap(({ action, event }) => (action === 'watch' ? [event] : []));
    const watching = (pushCount: number) => {
      const { id, ref } = place.held({ actions: ['status'] });
      ref.told((turn, web) =>
        turn.send(web, 'watch', turn.spawn(makePatientObserver, pushCount), 1_000),
      );
      place.pass(100);
      expect(watchings(id)).toEqual(['asked']);
      return id;
    };
    const left = watching(2);
    place.pass(10_000);
    expect(watchings(left)).toEqual(['asked', 'ended']);
    const revoked = watching(Infinity);
    place.pass(10_000);
    expect(watchings(revoked)).toEqual(['asked']);
    place.revoke(revoked);
    place.pass(100);
    expect(watchings(revoked)).toEqual(['asked', 'ended']);
  });
});

/** Wants no more after so many pushes. */
const makePatientObserver = (
  turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  pushCount: number,
): Behavior<Observer> => {
  const count = turn.cell(0);
  return {
    observed: () => {
      if (count.get() >= pushCount) throw new Refused('enough');
      count.set(count.get() + 1);
    },
  };
};
