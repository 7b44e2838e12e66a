/** Grants that members' own hosts have made: used without the controller, taken back where a host is away. */
import type { GrantFacts, GrantSpec } from '@bellwether/authority';
import { FLEET_LIMITS, type DirectEntry, type MadeDirect, type PartEntry } from '@bellwether/fleet';
import { describe, expect, it } from 'vitest';
import { sturdyrefOf } from '../../../packages/herd/src/refs/ref-store.ts';
import { answered, Holder, type Held } from '../../support/fleet-grants.ts';
import type { FleetNode } from '../../support/fleet-node.ts';
import { tellStory } from '../../support/fleet-story.ts';
import { asking, codeOf } from '../../support/granted-place.ts';
import { requestOf, type Asked } from '../../support/shepherd-machine.ts';

const hour = 3_600_000;
const told = (seed = 5) => {
  const story = tellStory(seed);
  const { world, operator, c, hosts } = story;
  const [a, b] = hosts;
  if (a === undefined || b === undefined) throw new Error('no A, no B');
  const pass = (ms: number): void => void world.run(world.now + ms);
  const alice = new Holder(story, 'alice');
  const ended = <T>(asked: Asked<T>): T => {
    pass(15_000);
    return answered(story, asked);
  };
  const make = (spec: Partial<GrantSpec> = {}, leaseMs?: number): MadeDirect =>
    ended(
      operator.ask(c, (turn, root) =>
        turn.send(
          root,
          'grantDirect',
          { service: 'web-server-fleet', actions: ['status', 'start', 'stop', 'restart'], ...spec },
          ...(leaseMs === undefined ? [] : [leaseMs]),
        ),
      ),
    );
  const given = (spec?: Partial<GrantSpec>, leaseMs?: number) => {
    const made = make(spec, leaseMs);
    if (made.kind !== 'made') throw new Error(JSON.stringify(made));
    const [atA, atB] = made.invites.map(({ invite }) => alice.accept(sturdyrefOf(invite, 'it')));
    if (atA === undefined || atB === undefined) throw new Error('no invites');
    return { id: made.grant.id, facts: made.grant, atA, atB };
  };
  const revoke = (id: string): GrantFacts => {
    const { revoked } = ended(
      operator.ask(c, (turn, root) => turn.send(root, 'revokeGrant', id, 'off duty')),
    );
    const [facts] = revoked;
    if (facts === undefined) throw new Error('nothing revoked');
    return facts;
  };
  const list = (node: FleetNode = c): readonly GrantFacts[] =>
    answered(
      story,
      operator.ask(node, (turn, root) => turn.send(root, 'grants')),
    ).grants.filter(({ isMinted }) => isMinted !== true);
  const ofC = (): GrantFacts | undefined => list().find(({ id }) => id.startsWith('d-'));
  const restart = (node: FleetNode): void => {
    node.crash();
    node.boot();
    pass(3_000);
  };
  return { ...story, owner: operator, a, b, pass, alice, make, given, revoke, list, ofC, restart };
};
type Place = ReturnType<typeof told>;
const doing = (place: Place, ref: Held, action: string, operation?: string) => {
  const asked = asking(ref, place, action, operation);
  place.pass(5_000);
  // Our own session, to a machine that is back.
  if (codeIn(asked) === 'severed') return again(place, ref, action);
  if (asked.error !== undefined) throw asked.error;
  return asked.value;
};
const codeIn = ({ error }: Asked<unknown>): unknown =>
  error !== undefined && 'code' in error ? error.code : undefined;
const again = (place: Place, ref: Held, action: string) => {
  const asked = asking(ref, place, action, 'op-again');
  place.pass(5_000);
  if (asked.error !== undefined) throw asked.error;
  return asked.value;
};

describe('a direct grant', () => {
  it('is used at the hosts while the controller is dead', () => {
    const place = told();
    const { facts, atA, atB } = place.given({ label: 'alice', lifetimeMs: 8 * hour });
    expect(facts).toMatchObject({
      id: expect.stringMatching(/^d-[0-9a-z]{6}$/) as unknown,
      state: 'live',
      label: 'alice',
      parts: [
        { member: 'web-server-a', state: 'live', untilMs: expect.any(Number) as unknown },
        { member: 'web-server-b', state: 'live' },
      ],
    });
    place.c.crash();
    expect(doing(place, atA, 'start')).toMatchObject({ result: 'changed' });
    expect(doing(place, atB, 'start')).toMatchObject({ result: 'changed' });
    expect(codeOf(() => doing(place, atA, 'disable'))).toBe('denied');
    // It is a child of what the controller has there.
    expect(place.list(place.a)).toMatchObject([
      { id: facts.parts?.[0]?.grant, label: 'alice', service: 'web-server' },
    ]);
  });

  it('is made for the chosen members alone, and known after a restart', () => {
    const place = told();
    const made = place.make({ members: ['web-server-b'] });
    expect(made).toMatchObject({ kind: 'made', invites: [{ member: 'web-server-b' }] });
    expect(place.list(place.a)).toEqual([]);
    place.restart(place.c);
    expect(place.ofC()).toMatchObject({ state: 'live', parts: [{ member: 'web-server-b' }] });
    expect(JSON.stringify(place.c.machine.disk.entries)).not.toContain('ocapn://');
  });

  it('is made at no host where one cannot be reached, with a row for each', () => {
    const place = told();
    place.b.losePower();
    place.pass(2_000);
    const made = place.make();
    expect(made).toMatchObject({
      kind: 'not-made',
      rows: [
        { member: 'web-server-a', result: 'undone' },
        { member: 'web-server-b', result: 'unreachable', reason: expect.any(String) as unknown },
      ],
    });
    expect(place.list(place.a)).toMatchObject([{ state: 'revoked' }]);
    expect(place.list()).toEqual([]);
  });

  it('is made at no host where one refuses', () => {
    const place = told();
    const made = place.make({ actions: ['dance'], members: ['web-server-a'] });
    expect(made).toMatchObject({ kind: 'not-made', rows: [{ result: 'failed' }] });
  });

  it('is refused for what there is not, for strangers, and for the socket of this machine', () => {
    const place = told();
    expect(codeOf(() => place.make({ service: 'nobody' }))).toBe('unknown-service');
    expect(codeOf(() => place.make({ members: ['nobody'] }))).toBe('bad-request');
    expect(codeOf(() => place.make({ isLocal: true }))).toBe('bad-request');
    expect(place.make({ service: 'web-server-a' })).toMatchObject({ kind: 'made' });
  });

  it('is one of so many that are kept, and there is room again when one is forgotten', () => {
    const place = told();
    const { directCount, directEndedMs } = FLEET_LIMITS;
    const madeMs = place.c.machine.time.clock().wall();
    const kept = (id: string, endedMs?: number): readonly [DirectEntry, PartEntry] => {
      const service = 'web-server-b';
      const part = { member: service, petname: 'b-ref', grant: `g-${id}` };
      return [
        { kind: 'direct', id, service, actions: ['status'], madeMs },
        { kind: 'part', id, ...part, ...(endedMs !== undefined && { endedMs }) },
      ];
    };
    for (let at = 2; at < directCount; at += 1)
      place.c.machine.disk.entries.push(...kept(`d-${at}`));
    const endedMs = madeMs + hour - directEndedMs;
    place.c.machine.disk.entries.push(...kept('d-1', endedMs));
    place.restart(place.c);
    expect(place.list()).toHaveLength(directCount - 1);
    place.given();
    expect(codeOf(() => place.make())).toBe('limit');
    expect(place.list(place.a)).toHaveLength(1);
    place.pass(hour);
    // Two at once, and room for one: the other is taken back where it was made.
    const spec = { service: 'web-server-fleet', actions: ['status'] };
    const asked = [0, 1].map(() =>
      place.operator.ask(place.c, (turn, root) => turn.send(root, 'grantDirect', spec)),
    );
    place.pass(15_000);
    expect(asked).toMatchObject([{ value: { kind: 'made' } }, { error: { code: 'limit' } }]);
    expect(place.list()).toHaveLength(directCount);
    for (const node of [place.a, place.b])
      expect(place.list(node).map(({ state }) => state)).toEqual(['live', 'invited', 'revoked']);
  });
});

describe('the revocation of a direct grant', () => {
  it('ends it at every host, for good', () => {
    const place = told();
    const { id, atA, atB } = place.given();
    expect(place.revoke(id)).toMatchObject({
      state: 'revoked',
      parts: [{ state: 'revoked' }, { state: 'revoked' }],
    });
    for (const ref of [atA, atB]) expect(codeOf(() => doing(place, ref, 'start'))).toBe('revoked');
    expect(place.revoke(id)).toMatchObject({ state: 'revoked' });
  });

  it('says where it has not landed and until when, and goes on when the host is back', () => {
    const place = told();
    const { id, atA, atB } = place.given({ lifetimeMs: 8 * hour });
    place.b.losePower();
    place.pass(2_000);
    const revoked = place.revoke(id);
    expect(revoked).toMatchObject({
      state: 'revoking',
      parts: [
        { member: 'web-server-a', state: 'revoked' },
        { member: 'web-server-b', state: 'revoking', reason: expect.any(String) as unknown },
      ],
    });
    expect(revoked.parts?.[1]?.untilMs).toBeGreaterThan(7 * hour);
    expect(codeOf(() => doing(place, atA, 'start'))).toBe('revoked');
    place.b.boot();
    place.pass(10_000);
    expect(place.ofC()).toMatchObject({ state: 'revoked' });
    expect(codeOf(() => doing(place, atB, 'start'))).toBe('revoked');
  });

  it.each([1, 2, 3, 4, 5])('is owed over kill -9 and before anything else is sent (%i)', (seed) => {
    const place = told(seed);
    const { id, atB } = place.given();
    place.b.losePower();
    place.pass(2_000);
    expect(place.revoke(id).state).toBe('revoking');
    place.c.crash();
    place.c.boot();
    place.pass(3_000);
    expect(place.ofC()).toMatchObject({ state: 'revoking' });
    // A command waits at the controller for the same host.
    const fleet = place.operator.ask(place.c, (turn, root) =>
      turn.send(
        root,
        'perform',
        requestOf({
          action: 'start',
          member: 'web-server-b',
          operation: 'op-c',
          remainingMs: 60_000,
        }),
        place.operator.printer(turn),
      ),
    );
    place.b.boot();
    place.pass(10_000);
    expect(fleet.value ?? fleet.error).toBeDefined();
    expect(codeOf(() => doing(place, atB, 'stop'))).toBe('revoked');
    expect(place.ofC()).toMatchObject({ state: 'revoked' });
    const events = place.b.machine.disk
      .auditLines()
      .map((line) => JSON.parse(line) as { readonly event: string; readonly action?: string });
    const revokedAt = events.findIndex(({ event }) => event === 'revoked');
    expect(revokedAt).toBeGreaterThan(-1);
    const startedAt = events.findIndex(({ action }) => action === 'start');
    if (startedAt >= 0) expect(revokedAt).toBeLessThan(startedAt);
  });

  it('lands at a host whose service is no longer in the configuration of the controller', () => {
    const place = told();
    const { id, atB } = place.given();
    place.b.losePower();
    place.pass(2_000);
    place.revoke(id);
    place.c.crash();
    place.c.config = { exported: { 'web-server-a': 'A' } };
    place.c.boot();
    place.pass(3_000);
    place.b.boot();
    place.pass(10_000);
    expect(place.ofC()).toMatchObject({ state: 'revoked' });
    expect(codeOf(() => doing(place, atB, 'start'))).toBe('revoked');
  });

  describe('where the ref that leads to a host', () => {
    const mintB = (place: Place): string =>
      answered(
        place,
        place.operator.ask(place.b, (turn, root) => turn.send(root, 'mint', 'web-server')),
      );
    const put = (place: Place, uri: string): void => {
      answered(
        place,
        place.operator.ask(place.c, (turn, root) => turn.send(root, 'adoptRef', 'b-ref', uri)),
      );
    };
    const force = (place: Place, id: string) => {
      const asked = place.operator.ask(place.c, (turn, root) =>
        turn.send(root, 'revokeGrant', id, '', true),
      );
      place.pass(15_000);
      return answered(place, asked).revoked[0];
    };
    const replaced = () => {
      const place = told();
      const made = place.given();
      const before = place.c.refs.get('b-ref') ?? '';
      put(place, mintB(place));
      place.restart(place.c);
      return { place, ...made, before };
    };

    it('is another one is not believed on its word, and says that only the host can end it', () => {
      const { place, id, facts, atB } = replaced();
      const there = facts.parts?.[1]?.grant ?? '';
      const reason =
        '@b-ref is no longer the ref it was made through; ' +
        `its host's owner can end it: herd grant revoke ${there}`;
      const lost = { state: 'lost', parts: [{ state: 'revoked' }, { state: 'lost', reason }] };
      expect(place.revoke(id)).toMatchObject(lost);
      expect(place.ofC()).toMatchObject(lost);
      expect(doing(place, atB, 'start')).toMatchObject({ result: 'changed' });
      place.restart(place.c);
      expect(place.ofC()).toMatchObject(lost);
      answered(
        place,
        place.operator.ask(place.b, (turn, root) => turn.send(root, 'revokeGrant', there)),
      );
      expect(codeOf(() => doing(place, atB, 'stop'))).toBe('revoked');
      // What it was told there, the controller cannot see: its owner says so.
      expect(place.revoke(id).state).toBe('lost');
      expect(force(place, id)).toMatchObject({ state: 'revoked' });
      place.restart(place.c);
      expect(place.ofC()).toMatchObject({ state: 'revoked' });
      const ends = place.c.machine.disk.audits.filter(
        ({ event, grant }) => event === 'ended' && grant === id,
      );
      expect(ends.map(({ result }) => result)).toEqual(['changed', 'unknown']);
    });
    it('was put back is told after all', () => {
      const { place, id, atB, before } = replaced();
      expect(place.revoke(id).state).toBe('lost');
      put(place, before);
      place.restart(place.c);
      place.pass(10_000);
      expect(place.ofC()).toMatchObject({ state: 'revoked' });
      expect(codeOf(() => doing(place, atB, 'start'))).toBe('revoked');
    });
    it('was removed leaves the part lost, and force ends nothing that is only away', () => {
      const place = told();
      const { id } = place.given();
      place.c.refs.delete('b-ref');
      place.a.losePower();
      place.restart(place.c);
      expect(place.revoke(id)).toMatchObject({
        state: 'revoking',
        parts: [{ state: 'revoking' }, { state: 'lost' }],
      });
      expect(force(place, id)).toMatchObject({
        state: 'revoking',
        parts: [{ state: 'revoking' }, { state: 'revoked' }],
      });
    });
    it('was revoked there says that the part has ended with it', () => {
      const place = told();
      const { id, atB } = place.given();
      const grants = answered(
        place,
        place.operator.ask(place.b, (turn, root) => turn.send(root, 'grants')),
      ).grants;
      const minted = grants.find(({ isMinted }) => isMinted === true)?.id ?? '';
      answered(
        place,
        place.operator.ask(place.b, (turn, root) => turn.send(root, 'revokeGrant', minted)),
      );
      expect(codeOf(() => doing(place, atB, 'start'))).toBe('revoked');
      expect(place.revoke(id)).toMatchObject({ state: 'revoked' });
    });
    it('is the same, and the host has forgotten the grant, says that it has ended', () => {
      const place = told();
      const { id, atB } = place.given();
      place.b.crash();
      const { entries } = place.b.machine.disk;
      const kept = entries.filter(
        (entry) => !['grant', 'invite'].includes((entry as PartEntry).kind),
      );
      entries.splice(0, Infinity, ...kept);
      place.b.boot();
      place.pass(10_000);
      expect(place.revoke(id)).toMatchObject({ state: 'revoked' });
      expect(codeOf(() => doing(place, atB, 'start'))).toBe('refused');
    });
    it('was never noted is asked on, and nothing is concluded from it', () => {
      const place = told();
      const { id } = place.given();
      put(place, mintB(place));
      place.c.crash();
      const { entries } = place.c.machine.disk;
      const old = entries.map((entry) => {
        const { through: _through, ...rest } = entry as PartEntry;
        return rest;
      });
      entries.splice(0, Infinity, ...old);
      place.c.boot();
      place.pass(3_000);
      expect(place.revoke(id)).toMatchObject({
        state: 'revoking',
        parts: [{ state: 'revoked' }, { state: 'revoking', reason: 'no such grant' }],
      });
    });
  });

  it('is forgotten a week after the last host was told, and no sooner', () => {
    const place = told();
    const { id } = place.given();
    place.revoke(id);
    const sleep = (ms: number): void => {
      for (const node of [place.a, place.b, place.c]) node.crash();
      place.pass(ms);
      place.c.boot();
      place.pass(3_000);
    };
    sleep(FLEET_LIMITS.directEndedMs - hour);
    expect(place.ofC()).toMatchObject({ id });
    sleep(2 * hour);
    expect(place.ofC()).toBeUndefined();
    place.restart(place.c);
    expect(place.ofC()).toBeUndefined();
  });
});

describe('a lease', () => {
  const lease = 60_000;

  it('goes on as long as the controller does, and no longer than the grant', () => {
    const place = told();
    const { atA } = place.given({ lifetimeMs: 10 * lease }, lease);
    place.pass(5 * lease);
    expect(doing(place, atA, 'start')).toMatchObject({ result: 'changed' });
    place.pass(6 * lease);
    expect(codeOf(() => doing(place, atA, 'stop'))).toBe('expired');
  });

  it('ends by itself, and for good, where the controller is dead for longer', () => {
    const place = told();
    const { atA, atB } = place.given({}, lease);
    place.c.crash();
    place.pass(lease / 2);
    expect(doing(place, atA, 'start')).toMatchObject({ result: 'changed' });
    place.pass(lease);
    for (const ref of [atA, atB]) expect(codeOf(() => doing(place, ref, 'stop'))).toBe('expired');
    place.c.boot();
    place.pass(2 * lease);
    expect(codeOf(() => doing(place, atA, 'stop'))).toBe('expired');
  });

  it('outlasts a restart of the controller that is shorter than it is', () => {
    const place = told();
    const { atA } = place.given({}, lease);
    place.c.crash();
    place.pass(lease / 2);
    place.c.boot();
    place.pass(2 * lease);
    expect(doing(place, atA, 'start')).toMatchObject({ result: 'changed' });
  });

  it('bounds what a host that is away can still allow after a revocation', () => {
    const place = told();
    const { id } = place.given({}, lease);
    place.pass(5 * lease);
    place.b.losePower();
    place.pass(2_000);
    const nowMs = place.c.machine.time.clock().wall();
    const { parts = [] } = place.revoke(id);
    expect(parts[1]).toMatchObject({ state: 'revoking' });
    expect(parts[1]?.untilMs).toBeGreaterThan(nowMs - lease);
    expect(parts[1]?.untilMs).toBeLessThanOrEqual(nowMs + lease);
    place.restart(place.c);
    expect(place.ofC()?.parts?.[1]?.untilMs).toBeLessThanOrEqual(nowMs + lease + 15_000);
  });

  it('is taken at its limits and refused beyond them', () => {
    const place = told();
    const { leaseLeastMs, leaseMostMs } = FLEET_LIMITS;
    for (const good of [leaseLeastMs, leaseMostMs])
      expect(place.make({}, good)).toMatchObject({ kind: 'made' });
    expect(codeOf(() => place.make({}, leaseLeastMs - 1))).toBe('bad-request');
    expect(codeOf(() => place.make({}, leaseMostMs + 1))).toBe('malformed');
    expect(place.list(place.a)).toHaveLength(2);
  });
});

describe('a direct grant from before a restored backup', () => {
  const lease = 60_000;
  const confirm = (place: Place, ids: readonly string[], isForced = false): readonly string[] =>
    answered(
      place,
      place.operator.ask(place.c, (turn, root) => turn.send(root, 'confirmGrants', ids, isForced)),
    );
  const restored = (leaseMs?: number) => {
    const place = told();
    const made = place.given({}, leaseMs);
    const backup = [...place.c.machine.disk.entries];
    const restore = (): void => {
      place.c.crash();
      place.c.machine.disk.entries.splice(0, Infinity, ...backup);
      place.c.rightsEpoch = { now: 2, restored: 2 };
      place.c.boot();
      place.pass(3_000);
    };
    return { place, restore, ...made };
  };

  it('is not renewed before its owner says so, and is then', () => {
    const { place, restore, id, atA } = restored(lease);
    restore();
    expect(place.ofC()).toMatchObject({ id, state: 'unconfirmed' });
    expect(confirm(place, [])).toContain(id);
    expect(place.ofC()).toMatchObject({ state: 'live' });
    place.restart(place.c);
    place.pass(5 * lease);
    expect(doing(place, atA, 'start')).toMatchObject({ result: 'changed' });
    const other = restored(lease);
    other.restore();
    other.place.pass(2 * lease);
    expect(codeOf(() => doing(other.place, other.atA, 'start'))).toBe('expired');
  });
  it('is renewed no more often than another one once it was confirmed', () => {
    const renewals = (isConfirmed: boolean): number => {
      const { place, restore } = restored(lease);
      if (isConfirmed) {
        restore();
        confirm(place, []);
      } else place.restart(place.c);
      place.pass(1_000);
      const { entries } = place.a.machine.disk;
      const before = entries.length;
      place.pass(5 * lease);
      return entries
        .slice(before)
        .filter((entry) => (entry as { readonly kind: string }).kind === 'grant').length;
    };
    expect([renewals(true), renewals(false)]).toEqual([15, 15]);
  });
  it('that was revoked since is not kept up at a host that was never told', () => {
    const { place, restore, id, atB } = restored(lease);
    place.b.losePower();
    place.pass(2_000);
    expect(place.revoke(id).state).toBe('revoking');
    restore();
    place.c.past = { revoked: new Map([[id, 'revoked at noon']]), usedCounts: new Map() };
    place.b.boot();
    place.pass(2 * lease);
    expect(codeOf(() => doing(place, atB, 'start'))).toBe('expired');
    expect(() => confirm(place, [id])).toThrow(`grant ${id} was ended after that backup`);
    expect(confirm(place, [])).not.toContain(id);
    expect(codeOf(() => confirm(place, ['d-000000']))).toBe('refused');
    expect(confirm(place, [id], true)).toEqual([id]);
  });
  it('can be revoked without being confirmed, and is told to its hosts', () => {
    const { place, restore, id, atB } = restored();
    restore();
    expect(place.ofC()).toMatchObject({ state: 'unconfirmed' });
    expect(doing(place, atB, 'start')).toMatchObject({ result: 'changed' });
    expect(place.revoke(id)).toMatchObject({ state: 'revoked' });
    expect(codeOf(() => doing(place, atB, 'stop'))).toBe('revoked');
  });
});

describe('clocks that are set', () => {
  const lease = 60_000;

  it('forward at a host end a lease there for good, and back give nobody more time', () => {
    const place = told();
    const { atA, atB } = place.given({}, lease);
    place.a.machine.time.wallShiftMs = hour;
    place.pass(lease / 6);
    expect(codeOf(() => doing(place, atA, 'start'))).toBe('expired');
    place.a.machine.time.wallShiftMs = -hour;
    place.pass(2 * lease);
    expect(codeOf(() => doing(place, atA, 'start'))).toBe('expired');
    expect(doing(place, atB, 'start')).toMatchObject({ result: 'changed' });
  });

  it('back at the controller renew nothing beyond the end of the grant', () => {
    const place = told();
    const { atA } = place.given({ lifetimeMs: 5 * lease }, lease);
    place.c.machine.time.wallShiftMs = -hour;
    place.pass(4 * lease);
    expect(doing(place, atA, 'start')).toMatchObject({ result: 'changed' });
    place.pass(2 * lease);
    expect(codeOf(() => doing(place, atA, 'stop'))).toBe('expired');
  });
});
