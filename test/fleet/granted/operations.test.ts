/** Who holds a grant comes back to what he has asked for through it, and to nothing that others have. */
import { limits, type Outcome } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { answered, grantAt, Holder, type Held } from '../../support/fleet-grants.ts';
import type { Asked } from '../../support/shepherd-machine.ts';
import { tellStory } from '../../support/fleet-story.ts';
import {
  asking,
  codeOf,
  doing,
  up,
  waitingConfig,
  type GrantedPlace,
} from '../../support/granted-place.ts';

const idsOf = (ref: Held): readonly string[] =>
  ref.told((turn, web) => turn.send(web, 'operations', {})).map(({ operation }) => operation);
const shown = (ref: Held, operation: string) =>
  ref.told((turn, web) => turn.send(web, 'operation', operation));
const retrying = (
  ref: Held,
  { owner }: Pick<GrantedPlace, 'owner'>,
  operation: string,
): Asked<Outcome> =>
  ref.ask((turn, web) => turn.send(web, 'retry', operation, owner.printer(turn)));
const joining = (
  ref: Held,
  { owner }: Pick<GrantedPlace, 'owner'>,
  operation: string,
): Asked<Outcome> => ref.ask((turn, web) => turn.send(web, 'join', operation, owner.printer(turn)));
const auditsOf = ({ node }: GrantedPlace, id: string) =>
  node.machine.disk.audits.flatMap(({ event, asker, action, operation, code }) =>
    asker === id && operation !== undefined ? [`${event} ${action}${code ? `: ${code}` : ''}`] : [],
  );
/** Starts of `web` fail until this is undone. */
const failing = (place: GrantedPlace): (() => void) => {
  const { programs } = place.node.machine.processes;
  programs.set('web', { refusal: 'no such program' });
  return () => void programs.delete('web');
};

describe('the operations of a grant', () => {
  it('are those that were asked for through it: none of others, above or below', () => {
    const place = up();
    const { id, ref } = place.held();
    const { ref: sibling } = place.held();
    const bots = place.bot.accept(ref.grant({ actions: ['restart'] }).invite);
    doing(ref, place, 'restart', 'op-1');
    doing(ref, place, 'restart', 'op-2');
    doing(sibling, place, 'restart', 'op-3');
    doing(bots, place, 'restart', 'op-4');
    answered(place.site, place.owner.herd(place.node, 'restart', 'web', { operation: 'op-5' }));
    expect([ref, sibling, bots].map(idsOf)).toEqual([['op-1', 'op-2'], ['op-3'], ['op-4']]);
    expect(shown(ref, 'op-1')).toMatchObject({
      operation: 'op-1',
      asker: id,
      action: 'restart',
      service: 'web',
      result: 'changed',
    });
    const refusals = ['op-3', 'op-4', 'op-5', 'op-6'].flatMap((operation) =>
      [
        () => shown(ref, operation),
        () => answered(place.site, retrying(ref, place, operation)),
        () => answered(place.site, joining(ref, place, operation)),
        () => ref.said('cancel', operation),
      ].map((act) => messageOf(act).replace(operation, 'OP')),
    );
    // Word for word the same of what others have and of what nobody has.
    expect(new Set(refusals)).toEqual(new Set(["operation 'OP' is not known"]));
  });

  it('are told after a restart of the shepherd, from its disk', () => {
    const place = up();
    const { ref } = place.held();
    const other = place.held().ref;
    doing(ref, place, 'restart', 'op-1');
    place.node.crash();
    place.node.boot();
    place.pass(2_000);
    expect([idsOf(ref), idsOf(other)]).toEqual([['op-1'], []]);
    expect(shown(ref, 'op-1')).toMatchObject({ result: 'changed' });
    expect(codeOf(() => shown(other, 'op-1'))).toBe('unknown-operation');
  });

  it('show nothing of other services but that they were needed, and no lines without a log', () => {
    const place = up();
    const mend = failing(place);
    const { ref } = place.held({ actions: ['start'] });
    const { ref: reader } = place.held({ actions: ['start', 'log'] });
    for (const each of [ref, reader]) doing(each, place, 'start', 'op-1');
    mend();
    const report = shown(ref, 'op-1');
    expect(report.steps.map(({ service, phase }) => [service, phase])).toEqual([
      ['another service', 'settled'],
      ['web', 'settled'],
    ]);
    expect(report.steps[0]?.row).toEqual({ member: 'another service', result: 'changed' });
    expect(JSON.stringify(report)).not.toMatch(/networking|\/log\//);
    expect(report.steps[1]?.row).not.toHaveProperty('output');
  });

  it('are gone with the grant, and so is who watches one', () => {
    const place = up(waitingConfig);
    place.node.machine.probes.isReady = () => false;
    const { id, ref } = place.held({ actions: ['start'] });
    asking(ref, place, 'start', 'op-1');
    place.pass(500);
    const watching = joining(ref, place, 'op-1');
    place.pass(100);
    expect(watching).toEqual({});
    const lineCount = place.owner.lines.length;
    place.revoke(id);
    place.pass(5);
    expect(watching.error).toMatchObject({ code: 'revoked' });
    place.node.machine.probes.isReady = () => true;
    place.pass(5_000);
    expect(place.owner.lines.length).toBe(lineCount);
    for (const act of [
      () => idsOf(ref),
      () => shown(ref, 'op-1'),
      () => answered(place.site, retrying(ref, place, 'op-1')),
      () => answered(place.site, joining(ref, place, 'op-1')),
      () => ref.said('cancel', 'op-1'),
    ])
      expect(codeOf(act)).toBe('revoked');
  });

  it('are the doing of the owner once he has them tried again, whose name the audit has then', () => {
    const place = up(waitingConfig);
    const { owner, node, pass } = place;
    const { id, ref } = place.held({ actions: ['start'] });
    answered(place.site, owner.herd(node, 'stop', 'db', { operation: 'op-0' }));
    node.machine.processes.programs.set('db', { refusal: 'no such program' });
    expect(doing(ref, place, 'start', 'op-1').result).toBe('failed');
    node.machine.processes.programs.delete('db');
    node.machine.probes.isReady = () => false;
    const audited = node.machine.disk.audits.length;
    const retried = owner.ask(node, (turn, root) =>
      turn.send(root, 'retry', 'op-1', owner.printer(turn)),
    );
    pass(500);
    // Nothing of it had begun, and it goes on: it is not the holder's any more.
    place.revoke(id);
    pass(500);
    node.machine.probes.isReady = () => true;
    pass(8_000);
    expect(retried.value).toMatchObject({ result: 'changed' });
    const records = node.machine.disk.audits
      .slice(audited)
      .filter(({ event }) => event !== 'revoked');
    expect(
      records.map(({ event, asker, whose, chain }) => ({ event, asker, whose, chain })),
    ).toEqual(['asked', 'ended'].map((event) => ({ event, asker: 'root', whose: id })));
    expect(codeOf(() => answered(place.site, retrying(ref, place, 'op-1')))).toBe('revoked');
  });

  it('are called off by the owner, who is named with whose they are', () => {
    const place = up(waitingConfig);
    const { owner, node, pass } = place;
    const { id, ref } = place.held({ actions: ['start'] });
    node.machine.probes.isReady = () => false;
    const asked = asking(ref, place, 'start', 'op-1');
    pass(500);
    const cancel = owner.ask(node, (turn, root) => turn.send(root, 'cancel', 'op-1'));
    pass(500);
    expect(cancel.error).toBeUndefined();
    expect(asked.value).toMatchObject({ result: 'cancelled' });
    const said = node.machine.disk.audits.filter(({ action }) => action === 'cancel');
    expect(said).toEqual([
      {
        kind: 'audit',
        event: 'asked',
        asker: 'root',
        action: 'cancel',
        operation: 'op-1',
        whose: id,
      },
    ]);
  });

  it('are watched to their end', () => {
    const place = up(waitingConfig);
    place.node.machine.probes.isReady = () => false;
    const { ref } = place.held({ actions: ['start'] });
    asking(ref, place, 'start', 'op-1');
    place.pass(500);
    const watching = joining(ref, place, 'op-1');
    place.pass(500);
    place.node.machine.probes.isReady = () => true;
    place.pass(5_000);
    expect(watching.value).toMatchObject({ result: 'changed', stage: 'running' });
    expect(answered(place.site, joining(ref, place, 'op-1'))).toEqual(watching.value);
  });

  it(`are listed ${limits.operationListCount} at a time at most`, () => {
    const { held } = up();
    const { ref } = held();
    const list = (count: number) => ref.said('operations', { count });
    expect(list(limits.operationListCount)).toEqual([]);
    expect(codeOf(() => list(limits.operationListCount + 1))).toBe('bad-request');
  });
});

describe('how long is waited for one', () => {
  it('is a day at most, and a millisecond at least', () => {
    const place = up();
    const { ref } = place.held();
    doing(ref, place, 'restart', 'op-1');
    for (const method of ['join', 'retry'] as const) {
      const asked = (remainingMs: number): string =>
        codeOf(() =>
          ref.told((turn, web) =>
            turn.send(web, method, 'op-1', place.owner.printer(turn), remainingMs),
          ),
        );
      for (const ms of [1, limits.remainingMs]) expect(asked(ms)).toBe('nothing was refused');
      for (const ms of [0, limits.remainingMs + 1, NaN]) expect(asked(ms)).toBe('bad-request');
    }
  });

  it('ends with how far it is', () => {
    const place = up(waitingConfig);
    place.node.machine.probes.isReady = () => false;
    const { ref } = place.held({ actions: ['start'] });
    asking(ref, place, 'start', 'op-1');
    place.pass(500);
    const watching = ref.ask((turn, web) =>
      turn.send(web, 'join', 'op-1', place.owner.printer(turn), 700),
    );
    place.pass(690);
    expect(watching).toEqual({});
    place.pass(100);
    expect(watching.value).toMatchObject({ result: 'timed-out', isLate: true });
  });
});

describe('a retry through a grant', () => {
  it('asks anew, costs a use where anything is done, and leaves a line in the audit', () => {
    const place = up();
    const mend = failing(place);
    const { id, ref } = place.held({ actions: ['start'], maxUses: 2 });
    expect(doing(ref, place, 'start', 'op-1')).toMatchObject({ result: 'failed' });
    mend();
    const retried = retrying(ref, place, 'op-1');
    expect(answered(place.site, retried)).toMatchObject({ result: 'changed', stage: 'running' });
    const usedCount = (): number => {
      const allowed = ref.told((turn, web) => turn.send(web, 'allows'));
      return allowed.kind === 'grant' ? allowed.grant.usedCount : NaN;
    };
    expect(usedCount()).toBe(2);
    // Nothing is left to be done: that is told, and costs nothing.
    expect(answered(place.site, retrying(ref, place, 'op-1'))).toMatchObject({ result: 'changed' });
    expect(usedCount()).toBe(2);
    expect(auditsOf(place, id)).toEqual([
      'asked start',
      'ended start',
      'asked start',
      'ended start',
      'asked start',
    ]);
  });

  it('is refused where no use is left, and nothing is done', () => {
    const place = up();
    const mend = failing(place);
    const { id, ref } = place.held({ actions: ['start'], maxUses: 1 });
    doing(ref, place, 'start', 'op-1');
    mend();
    expect(codeOf(() => answered(place.site, retrying(ref, place, 'op-1')))).toBe('used-up');
    expect(place.stageOf('web')).toMatchObject({ stage: 'stopped' });
    expect(auditsOf(place, id)).toContain('denied start: used-up');
  });

  it('is judged by the rate and the time of the grant as they are by then', () => {
    const place = up();
    const mend = failing(place);
    const { ref: rated } = place.held({
      actions: ['start'],
      rate: { count: 1, windowMs: 30_000 },
    });
    const { ref: brief } = place.held({ actions: ['start'], lifetimeMs: 60_000 });
    for (const each of [rated, brief]) doing(each, place, 'start', 'op-1');
    mend();
    expect(codeOf(() => answered(place.site, retrying(rated, place, 'op-1')))).toBe('too-many');
    place.pass(61_000);
    expect(codeOf(() => answered(place.site, retrying(brief, place, 'op-1')))).toBe('expired');
    expect(place.stageOf('web')).toMatchObject({ stage: 'stopped' });
    expect(answered(place.site, retrying(rated, place, 'op-1'))).toMatchObject({
      result: 'changed',
    });
  });

  it('goes on after a restart of the shepherd, by the same rules', () => {
    const place = up();
    const mend = failing(place);
    const { ref } = place.held({ actions: ['start'], maxUses: 2 });
    doing(ref, place, 'start', 'op-1');
    place.node.crash();
    place.node.boot();
    place.pass(2_000);
    mend();
    expect(answered(place.site, retrying(ref, place, 'op-1'))).toMatchObject({ result: 'changed' });
    expect(codeOf(() => doing(ref, place, 'start', 'op-2'))).toBe('used-up');
  });

  it('reaches no member that has left the fleet', () => {
    const story = tellStory(3);
    const pass = (ms: number): void => void story.world.run(story.world.now + ms);
    const [, b] = story.hosts;
    b?.crash();
    pass(10_000);
    const alice = new Holder(story, 'alice');
    const { invite } = grantAt(story, story.operator, story.c, {
      service: 'web-server-fleet',
      actions: ['start'],
    });
    const ref = alice.accept(invite);
    const place = { owner: story.operator };
    const asked = asking(ref, place, 'start', 'op-1');
    pass(30_000);
    expect(asked.value?.rows).toMatchObject([{ result: 'changed' }, { result: 'unreachable' }]);
    b?.boot();
    const { fleets = [] } = story.c.config;
    story.c.config = {
      ...story.c.config,
      fleets: fleets.map((each) => ({ ...each, members: ['web-server-a'] })),
    };
    const reloaded = story.operator.ask(story.c, (turn, root) =>
      turn.send(root, 'reload', false, story.operator.printer(turn)),
    );
    pass(20_000);
    expect(reloaded.value).toMatchObject({ kind: 'read' });
    for (const again of [retrying(ref, place, 'op-1'), asking(ref, place, 'start', 'op-1')]) {
      pass(10_000);
      expect(again.error?.message).toMatch(/'web-server-b', too, which is no member/);
    }
    const [row] = answered(
      story,
      story.operator.ask(story.c, (turn, root) => turn.send(root, 'status', ['web-server-b'], 900)),
    );
    expect(row).toMatchObject({ stage: 'stopped' });
  });
});

describe('a grant that only looks', () => {
  it('may neither call off nor try again, whatever it is told an id is', () => {
    const place = up();
    const { id, ref } = place.held({ actions: ['status', 'log'] });
    const { ref: other } = place.held();
    doing(other, place, 'restart', 'op-1');
    for (const operation of ['op-1', 'op-2']) {
      expect(codeOf(() => ref.said('cancel', operation))).toBe('denied');
      expect(codeOf(() => answered(place.site, retrying(ref, place, operation)))).toBe('denied');
    }
    expect(idsOf(ref)).toEqual([]);
    const denied = place.node.machine.disk.audits.filter(
      ({ asker, event }) => asker === id && event === 'denied',
    );
    expect(denied.map(({ action }) => action)).toEqual(['cancel', 'retry', 'cancel', 'retry']);
  });
});

describe('a ref that was minted', () => {
  it('has operations of its own, and loses them with itself', () => {
    const place = up();
    const mint = (): string =>
      answered(
        place.site,
        place.owner.ask(place.node, (turn, root) => turn.send(root, 'mint', 'www')),
      );
    const [ref, other] = [place.alice.hold(mint()), place.bot.hold(mint())];
    const mend = failing(place);
    expect(doing(ref, place, 'start', 'op-1')).toMatchObject({ result: 'failed' });
    mend();
    expect([idsOf(ref), idsOf(other)]).toEqual([['op-1'], []]);
    expect(codeOf(() => shown(other, 'op-1'))).toBe('unknown-operation');
    expect(answered(place.site, retrying(ref, place, 'op-1'))).toMatchObject({ result: 'changed' });
    expect(answered(place.site, joining(ref, place, 'op-1'))).toMatchObject({ result: 'changed' });
    const [minted] = answered(
      place.site,
      place.owner.ask(place.node, (turn, root) => turn.send(root, 'grants')),
    ).grants;
    place.revoke(minted?.id ?? '');
    const codes = [
      codeOf(() => idsOf(ref)),
      codeOf(() => answered(place.site, retrying(ref, place, 'op-1'))),
    ];
    expect(codes).toEqual(['revoked', 'revoked']);
  });
});

const messageOf = (act: () => unknown): string => {
  try {
    act();
    return 'nothing was refused';
  } catch (error) {
    return (error as Error).message;
  }
};
