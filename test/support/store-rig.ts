/** What the tests of stores share: one record of each kind, a place whose writes fail when they are told to, a model. */
import {
  MemoryDisk,
  MemoryMark,
  type KindName,
  type Mark,
  type RecordOf,
  type Shelf,
  type ShelfPlace,
  type Store,
  type StoreEntry,
  type StoreRecord,
} from '@bellwether/store';

const prompt = {
  ...{ kind: 'along', atMs: 1, asker: 'root', operation: 'op-1' },
  ...{ action: 'start', service: 'net', reason: 'it was respawned 5 times' },
};
/** A record of each kind, with everything that it may have. */
export const samples: { readonly [K in KindName]: RecordOf<K> } = {
  desired: {
    kind: 'desired',
    service: 'web',
    isWanted: true,
    by: { asker: 'root', operation: 'op-1', atMs: 1 },
  },
  wished: {
    kind: 'wished',
    number: 1,
    wish: 'stop',
    by: { asker: 'root', operation: 'op-1', atMs: 1 },
    names: ['a', 'b'],
  },
  enabled: { kind: 'enabled', service: 'web', isEnabled: false, because: prompt },
  prompted: {
    kind: 'prompted',
    service: 'web',
    started: prompt,
    stopped: prompt,
    stoppedIn: 'boot 1',
  },
  running: {
    kind: 'running',
    running: {
      startId: 's1',
      service: 'web',
      pid: 7,
      startTime: '99',
      bootId: 'b',
      isCommand: true,
      isReady: true,
      madeFrom: 'd',
      since: 1,
    },
  },
  timer: {
    kind: 'timer',
    service: 'backup',
    isArmed: true,
    madeFrom: '0123456789abcdef',
    originMs: 1,
    settledMs: 2,
    runCount: 3,
    leftCount: 4,
    isOwed: true,
    isOwedToOther: true,
  },
  timed: {
    kind: 'timed',
    service: 'backup',
    place: 3,
    number: 3,
    startId: 's1',
    startedMs: 1,
    endedMs: 2,
    code: 1,
    signal: 'SIGTERM',
    reason: 'its program could not be run',
    isOverdue: true,
    isTriggered: true,
    isByOther: true,
    isLost: true,
  },
  transient: {
    kind: 'transient',
    service: 'transient-1',
    text: '{}',
    operation: 'op-1',
    ended: { at: 1, code: 1, signal: 'SIGTERM' },
  },
  minted: { kind: 'minted', hash: 'ab', service: 'web', madeMs: 3, gift: 'cd' },
  node: {
    kind: 'node',
    name: 'web-07',
    labels: { role: 'web' },
    madeMs: 3,
    door: { hash: 'ab', designator: 'd', joinedMs: 4, gift: 'ef' },
    invite: { hash: 'cd', expiresMs: 5, epoch: 1 },
    isDialOut: true,
    leftMs: 6,
    alertCount: 1,
    alertMs: 7,
  },
  given: { kind: 'given', name: 'web-07', services: [['web', 'www'], ['cron']] },
  departed: { kind: 'departed', hash: 'ab', designator: 'd', name: 'web-07', atMs: 3 },
  home: {
    kind: 'home',
    designator: 'd',
    door: 'ab',
    gift: 'cd',
    madeMs: 3,
    epoch: 1,
    isJoined: true,
    services: ['web'],
    isDialOut: true,
    name: 'web-07',
    controller: 'C',
    labels: { role: 'web' },
  },
  port: { kind: 'port', port: 8888 },
  websocketPort: { kind: 'websocketPort', port: 8889 },
  accepted: {
    kind: 'accepted',
    asker: 'root',
    operation: 'op-1',
    atMs: 1,
    action: 'start',
    service: 'web',
    intentCount: 1,
    outcomeCount: 1,
    endedMs: 2,
    result: 'changed',
    isCancelled: true,
    isInVain: true,
  },
  intent: {
    kind: 'intent',
    asker: 'root',
    operation: 'op-1',
    piece: 0,
    bytes: Uint8Array.of(1, 2),
  },
  outcome: {
    kind: 'outcome',
    asker: 'root',
    operation: 'op-1',
    piece: 0,
    bytes: Uint8Array.of(0, 255),
  },
  grant: {
    kind: 'grant',
    grant: {
      id: 'g-1',
      hash: 'cd',
      epoch: 1,
      service: 'web',
      actions: ['status', 'restart'],
      madeMs: 4,
      parent: 'g-0',
      issuer: 'g-0',
      holder: 'h',
      label: 'alice',
      arguments: { restart: ['a*', '**'] },
      members: ['a'],
      expiresMs: 5,
      renewableUntilMs: 6,
      maxUses: 20,
      rate: { count: 5, windowMs: 60_000 },
      isLocal: true,
    },
  },
  revocation: { kind: 'revocation', id: 'g-1', atMs: 6, by: 'root', reason: 'lost' },
  uses: { kind: 'uses', id: 'g-1', count: 3, lastMs: 6, recent: ['op-1'], isLast: true },
  invite: { kind: 'invite', id: 'g-1', hash: 'ef', epoch: 1, expiresMs: 7, holder: 'h' },
  direct: {
    kind: 'direct',
    id: 'd-1',
    service: 'fleet',
    actions: ['status'],
    label: 'alice',
    madeMs: 4,
    expiresMs: 9,
    leaseMs: 60_000,
    revoked: { atMs: 6, by: 'root', reason: 'lost' },
  },
  part: {
    kind: 'part',
    id: 'd-1',
    member: 'web-a',
    petname: 'a-web',
    grant: 'g-1',
    expiresMs: 9,
    endedMs: 7,
  },
  carrier: {
    kind: 'carrier',
    releases: [
      {
        digest: 'rel:sha256-ab',
        app: 'web',
        version: '1',
        byteCount: 9,
        manifestBytes: 5,
        signatures: [{ key: 'k', signature: 's' }],
        asker: 'root',
        keptMs: 1,
      },
    ],
  },
  slot: {
    kind: 'slot',
    slot: 'web',
    generation: 3,
    current: 'rel:sha256-ab',
    previous: 'rel:sha256-cd',
    pinned: ['rel:sha256-cd'],
    releases: [
      {
        digest: 'rel:sha256-ab',
        app: 'web',
        version: '1',
        run: { command: ['node', 'server.js'], env: { PORT: '80' } },
        checks: [{ tcp: 'localhost:80', timeoutMs: 100 }],
        platform: 'linux-x64',
        dataMigration: 'none',
        byteCount: 9,
        signatures: [{ key: 'k', signature: 's' }],
        stagedMs: 1,
        verdict: 'rejected',
        why: 'it died',
      },
    ],
    underway: {
      asker: 'root',
      operation: 'op-2',
      action: 'deploy',
      phase: 'reverting',
      target: 'rel:sha256-ab',
      from: 'rel:sha256-cd',
      sinceMs: 2,
      deadlineMs: 3,
      leftMs: 1,
      confirmMs: 60_000,
      acceptsLoss: true,
      wasRunning: true,
      wasWanted: true,
      why: 'it died',
      backBy: { asker: 'root', operation: 'op-3' },
    },
    ended: [{ asker: 'root', operation: 'op-1', action: 'stage', result: 'changed', reason: 'so' }],
    held: 'the disk was full',
  },
  clock: { kind: 'clock', wallMs: 8 },
  audited: { kind: 'audited', number: 9, text: '{"number":9}', hash: 'ab' },
};
/** The names of all kinds. */
export const kindNames = Object.keys(samples) as readonly KindName[];

/** Commits, and gives the failure that was told. */
export const commit = (
  store: Pick<Store, 'commit'>,
  ...entries: readonly StoreEntry[]
): Promise<Error | undefined> => new Promise((resolve) => store.commit(entries, resolve));

/** Every record that a store has, by kind and in the order of keys. */
export const allOf = async (store: Store): Promise<readonly StoreRecord[]> => {
  const found: StoreRecord[] = [];
  for (const kind of kindNames) for await (const record of store.read(kind)) found.push(record);
  return found;
};

/** A place whose writes are counted, and fail when they are told to. */
export class FaultyPlace implements ShelfPlace {
  readonly name: string;
  writeCount = 0;
  openCount = 0;
  /** Numbers of writes that fail, counted from 1: nothing is written, or all of it is and nobody is told. */
  readonly failures = new Map<number, 'before' | 'after'>();
  /** As long as it is set nothing can be opened. */
  isShut = false;
  readonly #inner: ShelfPlace;
  constructor(inner: ShelfPlace) {
    this.#inner = inner;
    this.name = inner.name;
  }
  async open(): Promise<Shelf> {
    if (this.isShut) throw new Error('shut');
    this.openCount += 1;
    const shelf = await this.#inner.open();
    return {
      get: (keys) => shelf.get(keys),
      read: (prefix) => shelf.read(prefix),
      close: () => shelf.close(),
      write: async (changes) => {
        this.writeCount += 1;
        const point = this.failures.get(this.writeCount);
        if (point === 'before') throw new Error('full');
        await shelf.write(changes);
        if (point === 'after') throw new Error('late');
      },
    };
  }
}

/** A place for one database, and its mark. */
export interface StoreRig {
  readonly place: ShelfPlace;
  readonly mark: Mark;
  clean(): void;
}
/** The twin. */
export const memoryRig = (): StoreRig => ({
  place: new MemoryDisk(),
  mark: new MemoryMark(),
  clean: () => undefined,
});
