/** What passes a grant between simulated machines, byte for byte, and what does not. */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import type { Sturdyref } from '@bellwether/ocapn';
import { limits, type Observer, type Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { answered, type Held } from '../../support/fleet-grants.ts';
import { asking, codeOf, doing, up, waitingConfig } from '../../support/granted-place.ts';
import { Ear } from '../../support/log-ear.ts';
import { makeNotingObserver } from '../../support/noting-observer.ts';
import { program, requestOf } from '../../support/shepherd-machine.ts';

describe('a grant', () => {
  it('does what it allows, and refuses the rest without a trace at the service', () => {
    const place = up();
    const { ref } = place.held();
    expect(doing(ref, place, 'restart')).toMatchObject({ result: 'changed', stage: 'running' });
    const { pid } = place.stageOf('web') as { readonly pid?: number };
    expect(pid).toBeGreaterThan(0);
    for (const action of ['stop', 'start', 'disable', 'greet', 'log', 'nothing'])
      expect(codeOf(() => doing(ref, place, action))).toBe('denied');
    expect(codeOf(() => ref.said('log', { lineCount: 1 }))).toBe('denied');
    expect(place.stageOf('web')).toMatchObject({ stage: 'running', pid });
  });

  it('shows its own service, and of that only what it allows', () => {
    const place = up();
    const { ref } = place.held();
    doing(ref, place, 'restart');
    const status = ref.told((turn, web) => turn.send(web, 'status'));
    expect(status).toMatchObject({ provision: ['web', 'www'], requirement: [], actions: [] });
    expect(status).not.toHaveProperty('recentLines');
    expect(JSON.stringify(status)).not.toMatch(/networking|greet|\/log\//);
    const loud = place.held({ actions: ['status', 'log', 'greet'] }).ref;
    const told = loud.told((turn, web) => turn.send(web, 'probe', 900));
    expect(told.actions.map(({ name }) => name)).toEqual(['greet']);
    expect(told).toHaveProperty('recentLines');
  });

  it('has its own ids of operations, which nobody else can call off', () => {
    const place = up();
    const one = place.held({ actions: ['start', 'stop'] }).ref;
    const other = place.held({ actions: ['start', 'stop'] }).ref;
    doing(one, place, 'start', 'op-1');
    expect(codeOf(() => other.said('cancel', 'op-1'))).toBe('unknown-operation');
    expect(doing(other, place, 'stop', 'op-1')).toMatchObject({ result: 'changed' });
    expect(codeOf(() => doing(one, place, 'stop', 'op-1'))).toBe('conflict');
  });

  it('counts a use once for each operation, whatever it takes', () => {
    const place = up();
    const { ref } = place.held({ maxUses: 2 });
    for (const times of [1, 2, 3]) {
      expect(doing(ref, place, 'restart', 'op-1'), `${times}`).toMatchObject({ member: 'web' });
    }
    doing(ref, place, 'restart', 'op-2');
    expect(codeOf(() => doing(ref, place, 'restart', 'op-3'))).toBe('used-up');
    // What was counted may still be asked for, and what only looks goes on.
    expect(doing(ref, place, 'restart', 'op-2')).toMatchObject({ member: 'web' });
    expect(ref.told((turn, web) => turn.send(web, 'status'))).toMatchObject({ kind: 'local' });
  });

  it('does not count what was not accepted', () => {
    const place = up();
    const { ref } = place.held({ maxUses: 1 });
    const bad = { ...requestOf({ action: 'restart', member: 'web' }), hops: ['x'.repeat(10_000)] };
    expect(
      codeOf(() =>
        ref.told((turn, web) => turn.send(web, 'perform', bad, place.owner.printer(turn))),
      ),
    ).toBe('bad-request');
    const fleetOnly = { ...requestOf({ action: 'restart', member: 'web' }), minReady: 1 };
    expect(
      codeOf(() =>
        ref.told((turn, web) => turn.send(web, 'perform', fleetOnly, place.owner.printer(turn))),
      ),
    ).toBe('bad-request');
    expect(doing(ref, place, 'restart')).toMatchObject({ result: 'changed' });
  });

  it('is refused for what its service does not have', () => {
    const place = up();
    expect(codeOf(() => place.give({ actions: ['dance'] }))).toBe('unknown-action');
    expect(codeOf(() => place.give({ service: 'nobody' }))).toBe('unknown-service');
    expect(codeOf(() => place.give({ members: ['networking'] }))).toBe('bad-request');
  });

  it('is held by the ref that its holder was given last, and by no earlier one', () => {
    const place = up();
    const { invite, ref } = place.held();
    expect(ref.said('status')).toMatchObject({ kind: 'local' });
    const again = place.alice.accept(invite);
    expect(codeOf(() => ref.said('status'))).toBe('refused');
    expect(again.said('status')).toMatchObject({ kind: 'local' });
    // Also for who comes anew, and after a restart.
    place.node.crash();
    place.node.boot();
    place.pass(2_000);
    expect(codeOf(() => ref.said('status'))).toBe('refused');
    expect(again.said('status')).toMatchObject({ kind: 'local' });
  });

  it('is none for whoever comes with anything else than its swissnum', () => {
    const place = up();
    const { ref, invite } = place.held();
    const stranger = place.bot.operator;
    const call = (to: Sturdyref) =>
      codeOf(() =>
        answered(
          place.site,
          stranger.askAt<Ref, unknown>(to, (turn, found) => turn.forward(found, 'allows', [])),
        ),
      );
    expect(call(invite)).toBe('refused');
    expect(codeOf(() => place.bot.accept(invite))).toBe('refused');
    expect(ref.told((turn, web) => turn.send(web, 'allows'))).toMatchObject({ kind: 'grant' });
  });
});

describe('the end of a grant', () => {
  it('breaks what is under way, what is pipelined and what comes, and says who ended it', () => {
    const place = up({
      services: [
        program({
          provision: ['web'],
          ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 60_000 },
        }),
      ],
    });
    const { id, ref } = place.held({ actions: ['start', 'status'] });
    place.node.machine.probes.isReady = () => undefined;
    const started = asking(ref, place, 'start', 'op-1');
    place.pass(100);
    expect(started).toEqual({});
    const probed = ref.ask((turn, web) => turn.send(web, 'probe', 900));
    expect(place.revoke(id, 'off duty')).toMatchObject({
      revoked: [{ id, state: 'revoked', revoked: { by: 'root', reason: 'off duty' } }],
    });
    place.pass(50);
    expect(started.error).toMatchObject({ code: 'revoked' });
    expect(started.error?.message).toMatch(new RegExp(`grant ${id} was revoked at .* by root`));
    expect(probed.error ?? probed.value).toBeDefined();
    expect(codeOf(() => ref.said('status'))).toBe('revoked');
    expect(codeOf(() => ref.said('perform', requestOf({ action: 'start', member: 'web' })))).toBe(
      'bad-request',
    );
    expect(codeOf(() => doing(ref, place, 'start', 'op-2'))).toBe('revoked');
  });

  it('ends a log that is followed, and a watching, in the same moment', () => {
    const place = up();
    const { id, ref } = place.held({ actions: ['log', 'status'] });
    const ear = new Ear();
    const pushes: Status[] = [];
    const followed = ref.ask((turn, web) => turn.send(web, 'follow', {}, ear.spawn(turn)));
    ref.told((turn, web) =>
      turn.send(
        web,
        'watch',
        turn.spawn(makeTestObserver, (all) => pushes.push(...all)),
        1_000,
      ),
    );
    place.pass(100);
    place.node.machine.logs.write('web', 'before');
    place.pass(100);
    expect(ear.tagged).toContain('A -: before');
    place.revoke(id);
    place.pass(5);
    expect(followed.error).toMatchObject({ code: 'revoked' });
    expect(pushes.at(-1)).toMatchObject({
      stage: 'unknown',
      unknownReason: expect.stringMatching(/was revoked/) as unknown,
    });
    expect(pushes[0]).toMatchObject({ provision: ['web', 'www'], actions: [], requirement: [] });
    // Nobody reads on for nobody, also where nothing is written any more.
    expect(place.node.machine.logs.readings.size).toBe(0);
    const [lineCount, pushCount] = [ear.tagged.length, pushes.length];
    place.node.machine.logs.write('web', 'after');
    place.pass(10_000);
    expect([ear.tagged.length, pushes.length]).toEqual([lineCount, pushCount]);
    expect(place.node.machine.logs.readings.size).toBe(0);
  });

  it('passes on which heartbeats want no answer, and answers the others', () => {
    const place = up();
    const { ref } = place.held({ actions: ['status'] });
    const kinds: unknown[] = [];
    ref.told((turn, web) =>
      turn.send(
        web,
        'watch',
        turn.spawn(makeNotingObserver, (isOneWay) => void kinds.push(isOneWay)),
        2_000,
      ),
    );
    place.pass(2_000 * 2 * (limits.toldBeatCount + 1));
    const words = Array.from({ length: limits.toldBeatCount }, () => true);
    expect(kinds).toEqual([undefined, ...words, undefined, ...words, undefined]);
  });

  it('takes those with it that were made out of it, streams and all', () => {
    const place = up();
    const { id, ref } = place.held({ actions: ['log', 'restart', 'status'] });
    const child = ref.grant({ actions: ['log', 'restart'], label: 'bot' });
    const bots = place.bot.accept(child.invite);
    expect(doing(bots, place, 'restart')).toMatchObject({ result: 'changed' });
    expect(codeOf(() => bots.said('status'))).toBe('denied');
    const ear = new Ear();
    const followed = bots.ask((turn, web) => turn.send(web, 'follow', {}, ear.spawn(turn)));
    place.pass(100);
    place.revoke(id);
    place.pass(5);
    expect(followed.error?.message).toMatch(new RegExp(`grant ${id} was revoked`));
    expect(codeOf(() => doing(bots, place, 'restart', 'op-2'))).toBe('revoked');
  });

  it('is final over kill -9, for refs that were fetched before and after', () => {
    const place = up();
    const { id, ref } = place.held();
    const child = ref.grant({ actions: ['restart'] });
    const bots = place.bot.accept(child.invite);
    const kept = place.held();
    place.revoke(id);
    place.node.crash();
    place.node.boot();
    place.pass(2_000);
    expect(codeOf(() => ref.said('status'))).toBe('revoked');
    expect(codeOf(() => doing(bots, place, 'restart'))).toBe('revoked');
    expect(kept.ref.told((turn, web) => turn.send(web, 'status'))).toMatchObject({ kind: 'local' });
  });

  it('comes by itself when its time is over, in the middle of a stream', () => {
    const place = up();
    const { ref } = place.held({ actions: ['log'], lifetimeMs: 60_000 });
    const ear = new Ear();
    const followed = ref.ask((turn, web) => turn.send(web, 'follow', {}, ear.spawn(turn)));
    place.pass(50_000);
    expect(followed).toEqual({});
    place.pass(15_000);
    expect(followed.error).toMatchObject({ code: 'expired' });
    expect(codeOf(() => ref.said('log', { lineCount: 1 }))).toBe('expired');
  });

  it('tells how much longer it may take, and not which requirement says so', () => {
    const place = up(waitingConfig);
    place.node.machine.probes.isReady = () => false;
    const { ref } = place.held({ actions: ['start'] });
    const longer = () => place.owner.rows.filter(({ kind }) => kind === 'deadline');
    asking(ref, place, 'start', 'op-1', { isPatient: true });
    place.pass(500);
    expect(longer()).toEqual([{ kind: 'deadline', remainingMs: 120_000 }]);
    place.owner.herd(place.node, 'start', 'web', { operation: 'op-2', isPatient: true });
    place.pass(500);
    expect(longer().at(-1)).toMatchObject({ slowest: 'db', slowestMs: 60_000 });
  });
  it('calls off what waits of its operations', () => {
    const place = up(waitingConfig);
    place.node.machine.probes.isReady = () => false;
    const { id, ref } = place.held({ actions: ['start'] });
    const started = asking(ref, place, 'start');
    place.pass(500);
    place.revoke(id);
    place.node.machine.probes.isReady = () => true;
    place.pass(5_000);
    expect(started.error).toMatchObject({ code: 'revoked' });
    expect(place.stageOf('db')).toMatchObject({ stage: 'running' });
    expect(place.stageOf('web')).toMatchObject({ stage: 'stopped' });
  });
});

describe('a grant passed on', () => {
  it('is never wider, shows its maker what is below, and nobody else', () => {
    const place = up();
    const { id, ref } = place.held();
    expect(codeOf(() => ref.grant({ actions: ['stop'] }))).toBe('too-wide');
    const { facts, invite } = ref.grant({ actions: ['restart'], label: 'bot' });
    expect(facts).toMatchObject({ parent: id, service: 'web', actions: ['restart'] });
    const bots = place.bot.accept(invite);
    const listOf = (held: Held) => held.told((turn, web) => turn.send(web, 'grants')).grants;
    expect(listOf(ref).map((each) => each.id)).toEqual([facts.id]);
    expect(listOf(bots)).toEqual([]);
    const sibling = place.held().ref;
    for (const stranger of [sibling, bots])
      expect(codeOf(() => stranger.said('revoke-grant', id))).toBe('refused');
    expect(codeOf(() => sibling.said('revoke-grant', facts.id))).toBe('refused');
    expect(codeOf(() => sibling.said('revoke-grant', 'g-nothing'))).toBe('refused');
    expect(ref.told((turn, web) => turn.send(web, 'revokeGrant', facts.id)).revoked).toMatchObject([
      { id: facts.id },
    ]);
    expect(codeOf(() => doing(bots, place, 'restart'))).toBe('revoked');
  });

  it('names the service of the grant, whatever is asked for', () => {
    const place = up();
    const { ref } = place.held();
    const made = ref.said('grant', { service: 'networking', actions: ['status'] });
    expect(made).toMatchObject({ grant: { service: 'web' } });
  });

  it('comes out of a minted ref, too, which sees its own alone', () => {
    const place = up();
    const uri = answered(
      place.site,
      place.owner.ask(place.node, (turn, root) => turn.send(root, 'mint', 'www')),
    );
    const minted = place.alice.hold(uri);
    expect(minted.said('allows')).toEqual({ kind: 'everything', service: 'web' });
    place.held();
    const { facts, invite } = minted.grant({ actions: ['restart'] });
    expect(minted.told((turn, web) => turn.send(web, 'grants')).grants.map(({ id }) => id)).toEqual(
      [facts.id],
    );
    const bots = place.bot.accept(invite);
    expect(doing(bots, place, 'restart')).toMatchObject({ result: 'changed' });
    minted.told((turn, web) => turn.send(web, 'revokeGrant', facts.id));
    expect(codeOf(() => doing(bots, place, 'restart', 'op-2'))).toBe('revoked');
  });

  it('of what is gone by now is refused, and names no action that its maker may not do', () => {
    const action = { documentation: '', kind: 'signal', signal: 'SIGHUP' } as const;
    const config = (...actions: readonly string[]) => ({
      services: [
        program({
          provision: ['web'],
          actions: Object.fromEntries(actions.map((each) => [each, action])),
        }),
      ],
    });
    const place = up(config('greet', 'dump', 'wave'));
    const { ref } = place.held({ actions: ['greet', 'wave'] });
    place.node.config = config('dump', 'wave');
    answered(
      place.site,
      place.owner.ask(place.node, (turn, root) =>
        turn.send(root, 'reload', false, place.owner.printer(turn)),
      ),
    );
    expect(() => ref.grant({ actions: ['greet'] })).toThrow(
      "an action 'greet'; there are wave, start",
    );
  });
});

const makeTestObserver = (
  _turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  told: (statuses: readonly Status[]) => void,
): Behavior<Observer> => ({
  observed: (turn, _sequence, statuses) => turn.effect(() => told(statuses)),
});
