import {
  ActorError,
  type Answer,
  type Bcom,
  type Behavior,
  type Ref,
  type Turn,
} from '@bellwether/actors';
import { makeNoSlots } from '../../support/no-slots.ts';
import {
  FLEET_LIMITS,
  makeDirectGrants,
  makeLocalRoot,
  makePeers,
  type ShepherdFacts,
  type Composition,
  type Homes,
  type LocalRoot,
  type LocalRootOptions,
  type Net,
  type Nodes,
  type NonceRegistry,
  type Reloaded,
  type RootShepherd,
} from '@bellwether/fleet';
import {
  checkedQuery,
  UnknownOperation,
  UnknownService,
  type OperationReport,
  type Grounds,
  type MachineUsage,
  type Outcome,
  type Returner,
  type Sink,
  type Status,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeBench, runIn, settled, type Bench } from '../../support/actors-vat.ts';
import { bookFor } from '../../support/book-records.ts';
import { pass, requestOf, runningStatus, watched } from '../../support/fleet-bench.ts';

const about: ShepherdFacts = {
  name: 'C',
  version: '0.1.0',
  pid: 1,
  locations: ['ocapn://x.tcp-tls'],
};
const done: Outcome = { member: 'web', result: 'changed', rows: [] };
const facts: OperationReport = {
  operation: 'op',
  asker: 'root',
  action: 'start',
  service: 'web',
  atMs: 1,
  args: [],
  steps: [],
};

const textOf = ({ principal, reach }: Returner): string => `${principal}:${reach}`;

/** A shepherd with services `web` and `slow`, of which the latter never answers a probe. */
const makeTestShepherd = (
  _turn: Turn<RootShepherd>,
  _bcom: Bcom<RootShepherd>,
  asked: (what: string) => void,
): Behavior<RootShepherd> => {
  const statusOf = (name: string): Status => {
    if (name !== 'web' && name !== 'slow') throw new UnknownService(name);
    return { ...runningStatus, provision: [name] };
  };
  const note = (turn: Turn, what: string): void => turn.effect(() => asked(what));
  return {
    offer: (turn) => turn.kept({ missing: [], missingCount: 0, missingBytes: 0 }),
    put: (turn) => turn.kept({ have: 0 }),
    perform: (turn, request) => {
      note(turn, `perform ${request.action} ${request.member}`);
      return turn.kept(done);
    },
    status: (_turn, name) => statusOf(name),
    select: (turn, wanted) => {
      note(turn, `select ${wanted.selector} of ${wanted.service ?? 'all'}`);
      return { names: ['web'], unknownKeys: [] };
    },
    grounds: (turn, name) => {
      note(turn, `grounds ${name}`);
      return grounds;
    },
    probe: (turn, name, timeoutMs) => {
      note(turn, `probe ${name} ${timeoutMs}`);
      return name === 'slow' ? turn.inlet<Status>().vow : turn.kept(statusOf(name));
    },
    glance: (turn, name) => turn.kept({ ...statusOf(name), documentation: 'at a glance' }),
    watch: (turn, names, _observer, heartbeatMs) =>
      note(turn, `watch ${names.join(',')} ${heartbeatMs}`),
    foresee: (_turn, request) => [
      { service: request.member, action: request.action, why: 'asked', effect: 'change' },
    ],
    cancel: (turn, operation, who) => {
      if (operation !== 'op-1') throw new UnknownOperation(operation);
      note(turn, `cancel ${operation} ${textOf(who)}`);
      return turn.kept(undefined);
    },
    operations: (turn, query, who) => {
      note(turn, `operations ${textOf(who)} ${JSON.stringify(query)}`);
      return [];
    },
    operation: (turn, operation, who) => {
      note(turn, `operation ${operation} ${textOf(who)}`);
      return turn.kept({ ...facts, operation });
    },
    retry: (turn, operation, _sink, who, remainingMs) => {
      note(turn, `retry ${operation} ${textOf(who)} ${String(remainingMs)}`);
      return turn.kept(done);
    },
    join: (turn, operation, _sink, who) => {
      note(turn, `join ${operation} ${textOf(who)}`);
      return turn.kept(done);
    },
    names: () => ['web', 'slow'],
    log: (turn, name, query) => {
      const { lineCount } = checkedQuery(query);
      return turn.kept([`${lineCount} lines of ${name}`]);
    },
    follow: (turn, name, query) => {
      note(turn, `follow ${name} ${JSON.stringify(query)}`);
      return turn.kept(undefined);
    },
    followHistory: (turn) => turn.kept(undefined),
    history: () => [{ service: 'web', what: 'running', at: 1 }],
    shutDown: (turn) => {
      note(turn, 'shut down');
      return turn.kept(done);
    },
  };
};
const makeTestMint = (
  _turn: Turn<NonceRegistry>,
  _bcom: Bcom<NonceRegistry>,
  told: () => void,
): Behavior<NonceRegistry> => ({
  mint: (turn) => {
    told();
    return turn.kept(new Uint8Array([1, 2]));
  },
  admit: (turn) => turn.kept(new Uint8Array()),
  fetch: (turn) => turn.self,
  attend: () => undefined,
  give: (turn) => turn.self,
  takeBack: () => undefined,
  originOf: () => undefined,
  mintedFor: () => ['0a1b2c3d'],
  list: () => [],
  revoke: () => [],
  confirm: (_turn, ids = ['m-all'], mostCount) => ids.map((id) => `${id} ${mostCount}`),
});
const makeTestComposition = (
  _turn: Turn<Composition>,
  _bcom: Bcom<Composition>,
): Behavior<Composition> => ({
  reload: (turn, isDryRun) =>
    turn.kept<Reloaded>({
      kind: 'read',
      pending: [],
      difference: {
        added: [],
        changed: [],
        removed: [String(isDryRun)],
        unchangedCount: 0,
        atRestart: [],
      },
    }),
  directMembers: () => [],
  attend: () => undefined,
  configured: () => [],
  joined: () => undefined,
  leftOut: () => [],
});
const makeNoHomes = (_turn: Turn<Homes>, _bcom: Bcom<Homes>): Behavior<Homes> =>
  ({ confirm: () => undefined }) as unknown as Behavior<Homes>;
/** No machine joins, and none is joined. */
const makeNoMachines = <I>(_turn: Turn<I>, _bcom: Bcom<I>): Behavior<I> => ({}) as Behavior<I>;
const makeTestNet = (
  _turn: Turn<Net>,
  _bcom: Bcom<Net>,
  told: (what: string) => void,
): Behavior<Net> => ({
  links: (turn, after) => {
    turn.effect(() => told(`links ${after}`));
    return turn.kept({ links: [], dials: [] });
  },
  events: (_turn, count) => [
    { kind: 'turn', turn: count, what: 'x', outcome: 'done', cause: {}, woken: {} },
  ],
  trace: (turn, session, query) => {
    turn.effect(() => told(`trace ${session} ${query.forMs} ${query.detail}`));
    return turn.kept({ why: 'time', messageCount: 0, droppedCount: 0 });
  },
});
const makeNobody = (_turn: Turn<Sink>, _bcom: Bcom<Sink>): Behavior<Sink> => ({
  rows: () => undefined,
});
interface RootBench extends Bench {
  readonly asked: string[];
  readonly root: Ref<LocalRoot>;
  readonly sink: Ref<Sink>;
}
/** Nobody is there to be reached. */
const elsewhere = (turn: Turn, { world }: Bench) => {
  const powers = { clock: world.clock(), entropy: world.entropy() };
  const peers = turn.spawn(makePeers, { ...powers, destinations: new Map() });
  const records = { directs: [], parts: [] };
  const dial = () => () => undefined;
  return {
    peers,
    direct: turn.spawn(makeDirectGrants, {
      ...powers,
      peers,
      records,
      rightsEpoch: { now: 1, restored: 0 },
      dial,
    }),
  };
};
const grounds: Grounds = { wish: 'stop', underWay: [] };
const usage: MachineUsage = {
  ...{ atMs: 1, cpuCount: 2, memoryBytes: 3, availableBytes: 2, services: [] },
};
const rootBench = async (
  hasWays = true,
  checkRoom: LocalRootOptions['checkRoom'] = undefined,
): Promise<RootBench> => {
  const bench = makeBench();
  const asked: string[] = [];
  const refs = {
    put: (petname: string, uri: string, answer: Answer) => {
      asked.push(`put ${petname} ${uri}`);
      answer.kept({ peer: 'x' });
    },
    list: (answer: Answer) => answer.kept([{ petname: 'a', peer: 'x' }]),
  };
  const { made } = await runIn(bench, (turn) => ({
    made: [
      turn.spawn(makeLocalRoot, {
        shepherd: turn.spawn(makeTestShepherd, (what: string) => void asked.push(what)),
        mint: turn.spawn(makeTestMint, () => void asked.push('mint')),
        composition: turn.spawn(makeTestComposition),
        slots: turn.spawn(makeNoSlots),
        nodes: turn.spawn(makeNoMachines<Nodes>),
        homes: turn.spawn(makeNoHomes),
        net: turn.spawn(makeTestNet, (what: string) => void asked.push(what)),
        ...elsewhere(turn, bench),
        refs,
        about: () => about,
        usage: (runs, answer) => {
          asked.push(`usage ${JSON.stringify(runs)}`);
          answer.kept(usage);
        },
        backup: (file, mayReplace, answer) => {
          asked.push(`backup ${file} ${mayReplace}`);
          answer.kept({ recordCount: 3, epoch: 2 });
        },
        pastOf: (_maxUses, answer) => {
          asked.push('past');
          answer.kept({ revoked: new Map(), usedCounts: new Map() });
        },
        lastOfAudit: (query, answer) => {
          asked.push(`audit ${JSON.stringify(query)}`);
          answer.kept({ lines: [], isCut: false });
        },
        ...bookFor(turn, bench.world),
        uriOf: (swissnum, isLocal) =>
          `ocapn://x.${isLocal ? 'unix-shared' : 'tcp-tls'}/s/${swissnum.join('')}`,
        mintedUriOf: (swissnum, way) => `ocapn://x.${way}/s/${swissnum.join('')}`,
        hasWay: () => hasWays,
        checkRoom,
        end: () => void asked.push('end'),
        leave: () => void asked.push('leave'),
      }),
      turn.spawn(makeNobody),
    ] as const,
  }));
  return { ...bench, asked, root: made[0], sink: made[1] };
};
const ask = <T>(bench: RootBench, method: string, ...args: unknown[]): Promise<T> =>
  settled(
    bench.world,
    bench.vat.run((turn) => turn.forward(bench.root, method, args)) as Promise<T>,
  );

describe('the network at the local root', () => {
  it('is told in pages, and events up to as many as there are', async () => {
    const bench = await rootBench();
    expect(await ask(bench, 'net-links')).toEqual({ links: [], dials: [] });
    await ask(bench, 'net-links', 17);
    expect(bench.asked).toEqual(['links 0', 'links 17']);
    for (const wrong of [-1, 0.5, 'x'])
      await expect(ask(bench, 'net-links', wrong)).rejects.toMatchObject({ code: 'malformed' });
    const most = FLEET_LIMITS.netEventCount;
    expect(await ask(bench, 'net-events', most)).toMatchObject([{ turn: most }]);
    await expect(ask(bench, 'net-events', most + 1)).rejects.toMatchObject({ code: 'malformed' });
  });
  it('is traced for ten minutes at most, by somebody who can be told, and that is audited', async () => {
    const bench = await rootBench();
    const query = { forMs: FLEET_LIMITS.traceMs, detail: 'plain' };
    expect(await ask(bench, 'net-trace', 's-aaaaaaaa', query, bench.sink)).toMatchObject({
      why: 'time',
    });
    expect(bench.asked).toEqual([`trace s-aaaaaaaa ${FLEET_LIMITS.traceMs} plain`]);
    for (const [session, wrong, tracer] of [
      ['s-a', { ...query, forMs: FLEET_LIMITS.traceMs + 1 }, bench.sink],
      ['s-a', { ...query, detail: 'all' }, bench.sink],
      ['s-a', query, 'nobody'],
      [7, query, bench.sink],
    ] as const)
      await expect(ask(bench, 'net-trace', session, wrong, tracer)).rejects.toMatchObject({
        code: 'malformed',
      });
    expect(bench.asked).toHaveLength(1);
  });
});

describe('a local root whose disk is full', () => {
  const looked: unknown[] = [];
  const full = (...asked: readonly unknown[]): never => {
    looked.push(asked);
    throw new ActorError('no-room', 'full');
  };
  const writing: Readonly<Record<string, readonly unknown[]>> = {
    ...{ mint: ['web'], grant: [{ service: 'web' }], 'grant-direct': [{ service: 'web' }] },
    ...{ 'confirm-grants': [[]], 'adopt-ref': ['x', 'ocapn://x'], backup: ['/x', false] },
    ...{ 'free-slot': ['web'], 'invite-node': [{}], 'rekey-node': ['n'], 'label-node': ['n', {}] },
    ...{ 'approve-node': ['n'], 'join-home': ['ocapn://x', {}], 'give-home': [{}] },
    ...{ reload: [false], 'grant-clock': [true] },
    'net-trace': ['s-a', { forMs: 1_000, detail: 'plain' }],
  };
  it.each(Object.entries(writing))(
    'begins nothing that it would write down: %s',
    async (method, args) => {
      const bench = await rootBench(true, full);
      looked.length = 0;
      const asked = ask(bench, method, ...args, bench.sink);
      await expect(asked).rejects.toMatchObject({ code: 'no-room' });
      expect([looked.length, bench.asked]).toEqual([1, []]);
      expect(looked).toEqual([expect.arrayContaining(['root'])]);
      expect(looked).not.toEqual([expect.arrayContaining(['revoke'])]);
    },
  );
  it.each([['revoke-grant', 'g-1'], ['remove-node', 'n'], ['leave-home']])(
    'says that it would take rights back: %s',
    async (method, ...args) => {
      const bench = await rootBench(true, full);
      looked.length = 0;
      await expect(ask(bench, method, ...args)).rejects.toMatchObject({ code: 'no-room' });
      expect(looked).toEqual([['root', 'revoke']]);
    },
  );
  it('reads, and looks what a reload would change', async () => {
    const bench = await rootBench(true, full);
    expect(await ask(bench, 'refs')).toHaveLength(1);
    expect(await ask(bench, 'grants')).toMatchObject({ grants: [] });
    await ask(bench, 'grant-clock', false);
    await ask(bench, 'reload', true, bench.sink);
  });
});

describe('the local root', () => {
  it('confirms as many grants in one question as a host keeps, and no more', async () => {
    const bench = await rootBench();
    const ids = Array.from({ length: FLEET_LIMITS.grantListCount }, (_none, at) => `g-${at}`);
    const more = ask(bench, 'confirm-grants', [...ids, 'g-x']);
    await expect(more).rejects.toMatchObject({ code: 'malformed' });
    expect(bench.asked).toEqual([]);
    await expect(ask(bench, 'confirm-grants', ids)).rejects.toThrow('no such grant');
    expect(bench.asked).toEqual(['past']);
  });
  it('passes commands to the shepherd', async () => {
    const bench = await rootBench();
    const request = requestOf('start', { member: 'web' });
    expect(await ask(bench, 'perform', request, bench.sink)).toEqual(done);
    expect(bench.asked).toEqual(['perform start web']);
  });
  it('passes questions about operations on, for all who ask', async () => {
    const bench = await rootBench();
    expect(await ask(bench, 'operations', { count: 3 })).toEqual([]);
    expect(await ask(bench, 'operation', 'op-1')).toEqual({ ...facts, operation: 'op-1' });
    expect(await ask(bench, 'retry', 'op-1', bench.sink, 500)).toEqual(done);
    expect(await ask(bench, 'join', 'op-1', bench.sink)).toEqual(done);
    expect(bench.asked).toEqual([
      'operations root:all {"count":3}',
      'operation op-1 root:all',
      'retry op-1 root:all 500',
      'join op-1 root:all',
    ]);
    for (const method of ['operation', 'retry', 'join'])
      await expect(ask(bench, method, 7, bench.sink)).rejects.toThrow('operation');
  });
  it('tells the status of all services in their order, and who does not answer is unknown', async () => {
    const bench = await rootBench();
    const all = watched(bench.vat.run((turn: Turn) => turn.send(bench.root, 'status', [], 1_000)));
    await pass(bench, 999);
    expect(all.value).toBeUndefined();
    await pass(bench, 1);
    expect(bench.asked).toEqual(['probe web 900', 'probe slow 900']);
    expect(all.value?.map(({ provision, stage }) => [provision[0], stage])).toEqual([
      ['web', 'running'],
      ['slow', 'unknown'],
    ]);
    // What it was stays known, but for what is only true of a moment.
    expect(all.value?.[1]).toMatchObject({
      actions: runningStatus.actions,
      unknownReason: expect.stringMatching(/\S/) as unknown,
    });
    for (const key of ['pid', 'since', 'isReady']) expect(all.value?.[1]).not.toHaveProperty(key);
  });
  it('asks nobody where one of the names is unknown', async () => {
    const bench = await rootBench();
    await expect(ask(bench, 'status', ['web', 'nothing'], 1_000)).rejects.toMatchObject({
      code: 'unknown-service',
    });
    expect(bench.asked).toEqual([]);
  });
  it('asks the composition for a reload, dry or not', async () => {
    const bench = await rootBench();
    for (const isDryRun of [true, false])
      expect(await ask(bench, 'reload', isDryRun, bench.sink)).toMatchObject({
        difference: { removed: [String(isDryRun)] },
      });
  });
  it('leaves its services to the next daemon once it has answered', async () => {
    const bench = await rootBench();
    await ask(bench, 'detach');
    await pass(bench, 0);
    expect(bench.asked).toEqual(['leave']);
  });
  it('passes on what it is to plan or to call off', async () => {
    const bench = await rootBench();
    const request = requestOf('stop', { member: 'web' });
    expect(await ask(bench, 'plan', request)).toMatchObject([{ service: 'web', action: 'stop' }]);
    await ask(bench, 'cancel', 'op-1');
    await expect(ask(bench, 'cancel', 'op-2')).rejects.toMatchObject({ code: 'unknown-operation' });
    await expect(ask(bench, 'cancel', 7)).rejects.toMatchObject({ code: 'malformed' });
    expect(bench.asked).toEqual(['cancel op-1 root:all']);
  });
  it('mints a URI', async () => {
    const bench = await rootBench();
    expect(await ask(bench, 'mint', 'web')).toBe('ocapn://x.any/s/12');
    expect(await ask(bench, 'mint', 'web', false)).toBe('ocapn://x.any/s/12');
    expect(await ask(bench, 'mint', 'web', 'any')).toBe('ocapn://x.any/s/12');
  });
  it('mints nothing for a way that it does not know', async () => {
    const bench = await rootBench();
    for (const way of ['true', 'Local', 'locals', '', 1, null, {}, []])
      await expect(ask(bench, 'mint', 'web', way)).rejects.toMatchObject({ code: 'malformed' });
    expect(bench.asked).not.toContain('mint');
  });
  it('mints a URI for the users of this machine where it has a socket for them, else nothing', async () => {
    for (const way of ['local', true])
      expect(await ask(await rootBench(), 'mint', 'web', way)).toBe('ocapn://x.local/s/12');
    const alone = await rootBench(false);
    await expect(ask(alone, 'mint', 'web', 'local')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining("listen: { unix: 'shared' }"),
    });
    expect(alone.asked).toEqual([]);
  });
  it('mints a URI over WebSockets where it is reached so, else nothing', async () => {
    const bench = await rootBench();
    expect(await ask(bench, 'mint', 'web', 'websocket')).toBe('ocapn://x.websocket/s/12');
    const alone = await rootBench(false);
    await expect(ask(alone, 'mint', 'web', 'websocket')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('listen: { websocket:'),
    });
    expect(alone.asked).not.toContain('mint');
  });

  it('has its records written where it is told, and replaces a file only on the word', async () => {
    const bench = await rootBench();
    const longest = '/'.padEnd(FLEET_LIMITS.pathLength, 'x');
    expect(await ask(bench, 'backup', '/b', true)).toEqual({ recordCount: 3, epoch: 2 });
    await ask(bench, 'backup', longest, 1);
    expect(bench.asked).toEqual(['backup /b true', `backup ${longest} false`]);
  });
  it('tells logs, history, refs and itself', async () => {
    const bench = await rootBench();
    expect(await ask(bench, 'log', 'web', 3)).toEqual(['3 lines of web']);
    expect(await ask(bench, 'history')).toEqual([{ service: 'web', what: 'running', at: 1 }]);
    expect(await ask(bench, 'refs')).toEqual([{ petname: 'a', peer: 'x' }]);
    expect(await ask(bench, 'about')).toEqual(about);
  });
  it('tells how a service came to be as it is', async () => {
    const bench = await rootBench();
    expect(await ask(bench, 'grounds', 'web')).toEqual(grounds);
    expect(bench.asked).toEqual(['grounds web']);
    await expect(ask(bench, 'grounds', '')).rejects.toMatchObject({ code: 'malformed' });
  });
  it('has those looked at that have a process, once somebody asks', async () => {
    const bench = await rootBench();
    expect(await ask(bench, 'usage')).toEqual(usage);
    const [, runs = ''] = /^usage (.*)$/.exec(bench.asked[0] ?? '') ?? [];
    expect(JSON.parse(runs)).toMatchObject([{ service: 'web' }, { service: 'slow' }]);
  });
  it('ends the daemon only after everything has stopped and the outcome is told', async () => {
    const bench = await rootBench();
    const outcome = watched(ask(bench, 'shut-down', bench.sink));
    while (bench.world.step()) if (bench.asked.includes('end')) break;
    await pass(bench, 0);
    expect([outcome.value, bench.asked]).toEqual([done, ['shut down', 'end']]);
  });
});

describe('the local root refuses', () => {
  it.each([
    ['status', [['web'], -1]],
    ['status', [['web'], FLEET_LIMITS.probeMs + 1]],
    ['status', [['web'], 1.5]],
    ['status', ['web', 1_000]],
    ['status', [[7], 1_000]],
    ['status', [Array.from({ length: FLEET_LIMITS.statusNameCount + 1 }, () => 'web'), 1_000]],
    ['log', ['x'.repeat(FLEET_LIMITS.nameLength + 1), 1]],
    ['mint', ['']],
    ['backup', ['relative', false]],
    ['backup', ['/a\0b', false]],
    ['backup', [7, false]],
    ['backup', ['/'.padEnd(FLEET_LIMITS.pathLength + 1, 'x'), false]],
    ['adopt-ref', ['../etc/passwd', 'ocapn://x']],
    ['adopt-ref', ['.hidden', 'ocapn://x']],
    ['adopt-ref', ['a', 'https://x']],
    ['adopt-ref', ['a', `ocapn://${'x'.repeat(FLEET_LIMITS.uriLength)}`]],
  ])('%s with %j', async (method, args) => {
    const bench = await rootBench();
    await expect(ask(bench, method, ...args)).rejects.toMatchObject({ code: 'malformed' });
    expect(bench.asked).toEqual([]);
  });
  it('more lines of a log than one answer has', async () => {
    const bench = await rootBench();
    const asked = ask(bench, 'log', 'web', FLEET_LIMITS.logLineCount + 1);
    await expect(asked).rejects.toMatchObject({ code: 'bad-request' });
    expect(bench.asked).toEqual([]);
  });
  it('a mistyped secret without repeating it', async () => {
    const bench = await rootBench();
    await expect(ask(bench, 'adopt-ref', 'a', 'ocpan://x/s/SECRET')).rejects.not.toThrow('SECRET');
  });
  it('nothing at the limit', async () => {
    const bench = await rootBench();
    const uri = 'ocapn://'.padEnd(FLEET_LIMITS.uriLength, 'x');
    await ask(bench, 'adopt-ref', 'a'.repeat(FLEET_LIMITS.nameLength), uri);
    await ask(bench, 'log', 'web', FLEET_LIMITS.logLineCount);
    await ask(bench, 'status', ['web'], FLEET_LIMITS.probeMs);
    expect(bench.asked.at(-1)).toMatch(/^probe web/);
    const seen = await ask(bench, 'status', ['web'], 1_000, true);
    expect(seen).toMatchObject([{ documentation: 'at a glance' }]);
  });
});
