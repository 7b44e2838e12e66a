/** References that were minted are listed, and can be taken back with all that lives off them. */
import type { GrantFacts } from '@bellwether/authority';
import type { Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { answered, type Held } from '../../support/fleet-grants.ts';
import { asking, codeOf, doing, up, waitingConfig } from '../../support/granted-place.ts';
import { Ear } from '../../support/log-ear.ts';

type Place = ReturnType<typeof up>;
const root = <T>(place: Place, body: Parameters<Place['owner']['ask']>[1]): T =>
  answered(place.site, place.owner.ask(place.node, body)) as T;
const mint = (place: Place): Held =>
  place.alice.hold(root<string>(place, (turn, root) => turn.send(root, 'mint', 'web')));
const listed = (place: Place): readonly GrantFacts[] =>
  root<{ readonly grants: readonly GrantFacts[] }>(place, (turn, root) =>
    turn.send(root, 'grants'),
  ).grants.filter(({ isMinted }) => isMinted === true);
const revoke = (place: Place, id: string): readonly GrantFacts[] =>
  root<{ readonly revoked: readonly GrantFacts[] }>(place, (turn, root) =>
    turn.send(root, 'revokeGrant', id, 'lost'),
  ).revoked;
const whoCan = (place: Place): readonly string[] =>
  root<{ readonly minted: readonly string[] }>(place, (turn, root) =>
    turn.send(root, 'whoCan', 'start', 'web'),
  ).minted;
const minted = () => {
  const place = up();
  const ref = mint(place);
  const [facts] = listed(place);
  if (facts === undefined) throw new Error('nothing is listed');
  return { place, ref, id: facts.id, facts };
};

describe('a minted reference', () => {
  it('is listed by an id, with when it was made, and who-can has it', () => {
    const { place, id, facts } = minted();
    expect(facts).toMatchObject({ service: 'web', state: 'live', isMinted: true, issuer: 'root' });
    expect(id).toMatch(/^m-[0-9a-f]{12}$/);
    expect(facts.madeMs).toBeGreaterThan(0);
    expect(whoCan(place)).toEqual([id]);
  });

  it('that is revoked does nothing any more, after a restart neither, and says who did that', () => {
    const { place, ref, id } = minted();
    const other = mint(place);
    expect(doing(ref, place, 'start')).toMatchObject({ result: 'changed' });
    expect(revoke(place, id)).toMatchObject([
      { id, state: 'revoked', revoked: { grant: id, by: 'root', reason: 'lost' } },
    ]);
    expect(revoke(place, id)).toEqual([]);
    for (const said of ['status', 'allows', 'grants'])
      expect(codeOf(() => ref.said(said))).toBe('revoked');
    expect(() => doing(ref, place, 'stop')).toThrow(new RegExp(`grant ${id} was revoked`));
    expect(codeOf(() => ref.grant({ actions: ['status'] }))).toBe('revoked');
    place.node.crash();
    place.node.boot();
    place.pass(2_000);
    expect(codeOf(() => doing(ref, place, 'stop', 'op-2'))).toBe('revoked');
    expect(listed(place)).toMatchObject([{ id, state: 'revoked' }, { state: 'live' }]);
    expect(whoCan(place)).not.toContain(id);
    expect(other.said('status')).toMatchObject({ kind: 'local' });
  });

  it('takes with it what was made out of it, and nothing else', () => {
    const { place, ref, id } = minted();
    const child = ref.grant({ actions: ['restart', 'status'] });
    const bots = place.bot.accept(child.invite);
    const grand = bots.grant({ actions: ['status'] });
    const own = place.held();
    expect(child.facts.issuer).toBe(id);
    expect(revoke(place, id).map((each) => each.id)).toEqual([id, child.facts.id, grand.facts.id]);
    expect(() => doing(bots, place, 'restart')).toThrow(new RegExp(`grant ${id} was revoked`));
    expect(codeOf(() => place.bot.accept(grand.invite))).toBe('refused');
    expect(own.ref.said('status')).toMatchObject({ kind: 'local' });
    place.node.crash();
    place.node.boot();
    place.pass(2_000);
    expect(codeOf(() => doing(bots, place, 'restart', 'op-2'))).toBe('revoked');
  });

  it('ends what is under way through it in the same moment', () => {
    const place = up(waitingConfig);
    place.node.machine.probes.isReady = () => false;
    const ref = mint(place);
    const [{ id } = { id: '' }] = listed(place);
    const bots = place.bot.accept(ref.grant({ actions: ['log'] }).invite);
    const started = asking(ref, place, 'start');
    const [ear, theirs] = [new Ear(), new Ear()];
    const followed = ref.ask((turn, web) => turn.send(web, 'follow', {}, ear.spawn(turn)));
    const follows = bots.ask((turn, web) => turn.send(web, 'follow', {}, theirs.spawn(turn)));
    place.pass(500);
    expect([started, followed, follows]).toEqual([{}, {}, {}]);
    revoke(place, id);
    place.pass(5);
    for (const each of [started, followed, follows])
      expect(each.error).toMatchObject({ code: 'revoked' });
    expect(place.node.machine.logs.readings.size).toBe(0);
    // What waited is called off.
    place.node.machine.probes.isReady = () => true;
    place.pass(5_000);
    expect(place.stageOf('web')).toMatchObject({ stage: 'stopped' } satisfies Partial<Status>);
  });

  it('that nobody minted cannot be revoked', () => {
    const { place } = minted();
    expect(codeOf(() => revoke(place, 'm-000000000000'))).toBe('refused');
  });
});

describe('a minted reference from before a restored backup', () => {
  /** What there was at the backup is there again, in another epoch; what came afterwards is not. */
  const restore = (place: Place, backup: readonly unknown[]): void => {
    place.node.crash();
    place.node.machine.disk.entries.splice(0, Infinity, ...backup);
    const now = place.node.rightsEpoch.now + 1;
    place.node.rightsEpoch = { now, restored: now };
    place.node.boot();
    place.pass(2_000);
  };
  const again = (place: Place): void => {
    place.node.crash();
    place.node.boot();
    place.pass(2_000);
  };
  const confirm = (place: Place, ids: readonly string[], isForced = false) =>
    root<readonly string[]>(place, (turn, root) => turn.send(root, 'confirmGrants', ids, isForced));
  const backedUp = () => {
    const told = minted();
    const child = told.ref.grant({ actions: ['restart', 'status'] });
    const bots = told.place.bot.accept(child.invite);
    return { ...told, bots, child, backup: [...told.place.node.machine.disk.entries] };
  };

  it('is of no use, listed as waiting, and holds again once its owner says so', () => {
    const { place, ref, id, bots, child, backup } = backedUp();
    revoke(place, id);
    restore(place, backup);
    expect(codeOf(() => doing(ref, place, 'stop'))).toBe('unconfirmed');
    for (const said of ['status', 'allows', 'grants'])
      expect(codeOf(() => ref.said(said))).toBe('unconfirmed');
    expect(codeOf(() => ref.grant({ actions: ['status'] }))).toBe('unconfirmed');
    expect(listed(place)).toMatchObject([{ id, state: 'unconfirmed' }]);
    expect(whoCan(place)).toEqual([]);
    // What was made out of it waits for it, whatever is said of that itself.
    expect(confirm(place, [child.facts.id])).toEqual([child.facts.id]);
    expect(() => bots.said('status')).toThrow(new RegExp(`grant ${id} waits`));
    expect(confirm(place, [id])).toEqual([id]);
    expect(confirm(place, [])).toEqual([]);
    expect(bots.said('status')).toMatchObject({ kind: 'local' });
    again(place);
    expect(doing(ref, place, 'start', 'op-9')).toMatchObject({ member: 'web' });
    expect(listed(place)).toMatchObject([{ id, state: 'live' }]);
    expect(whoCan(place)).toEqual([id]);
    restore(place, [...place.node.machine.disk.entries]);
    expect(codeOf(() => ref.said('status'))).toBe('unconfirmed');
  });

  it('is not confirmed where the audit has its revocation, unless that is forced', () => {
    const { place, ref, id, child, backup } = backedUp();
    const other = mint(place);
    const [, otherFacts] = listed(place);
    const withOther = [...place.node.machine.disk.entries];
    revoke(place, id);
    expect(backup.length).toBeLessThan(withOther.length);
    restore(place, withOther);
    place.node.past = { revoked: new Map([[id, 'revoked at noon']]), usedCounts: new Map() };
    expect(() => confirm(place, [id])).toThrow(
      `grant ${id} was ended after that backup, as the audit says: revoked at noon`,
    );
    expect(codeOf(() => confirm(place, ['m-000000000000']))).toBe('refused');
    expect(confirm(place, [])).toEqual([otherFacts?.id]);
    expect(other.said('status')).toMatchObject({ kind: 'local' });
    expect(codeOf(() => ref.said('status'))).toBe('unconfirmed');
    expect(confirm(place, [child.facts.id, id], true)).toEqual([child.facts.id, id]);
    expect(ref.said('status')).toMatchObject({ kind: 'local' });
  });

  it('can be revoked without being confirmed', () => {
    const { place, ref, id, backup } = backedUp();
    restore(place, backup);
    expect(revoke(place, id)).toMatchObject([{ id, state: 'revoked' }, {}]);
    expect(confirm(place, [id])).toEqual([]);
    expect(codeOf(() => ref.said('status'))).toBe('revoked');
  });

  it('is of no use either where its record says nothing of an epoch', () => {
    const { place, ref, backup } = backedUp();
    const old = backup.map((entry) => {
      const { epoch: _epoch, ...rest } = entry as { readonly epoch?: number; kind: string };
      return rest.kind === 'minted' ? rest : entry;
    });
    restore(place, old);
    expect(codeOf(() => ref.said('status'))).toBe('unconfirmed');
  });
});
