/**
 * Peers for tests: a vat and a router on a World and a Network, and the check that they leave
 * nothing behind.
 */
import { deepEqual, equal } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  type Answer,
  createVat,
  type Frontier,
  type Ref,
  type Turn,
  type Value,
  type Vat,
  type VatPowers,
  type Vow,
  type World,
} from '@bellwether/actors';
import {
  createRouter,
  type Crypto,
  type Reaper,
  type Router,
  type RouterPowers,
  Sturdyref,
  threeWays,
} from '@bellwether/ocapn';
import type { Network } from './ocapn-network.ts';

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/**
 * Keys from the seed, and signatures that anybody could make: quick, and the same for the same
 * seed.
 */
export const simulatedCrypto = (world: World): Crypto => {
  const entropy = world.entropy();
  const random = (byteCount: number): Uint8Array => {
    const bytes = new Uint8Array(byteCount);
    entropy.fill(bytes);
    return bytes;
  };
  const signed = (key: Uint8Array, message: Uint8Array): Uint8Array => {
    const half = sha256(key, message);
    return new Uint8Array([...half, ...half]);
  };
  return {
    sha256,
    random,
    keyPair: () => {
      const publicKey = random(32);
      return { publicKey, sign: (message) => signed(publicKey, message) };
    },
    verify: (key, message, signature) => sameBytes(signed(key, message), signature),
  };
};

/** Nothing is collected until the test says that everything is. */
export class TestReaper implements Reaper {
  #watched: (readonly [object: object, gone: () => void])[] = [];
  watch(object: object, gone: () => void): void {
    this.#watched.push([object, gone]);
  }
  collectAll(): void {
    this.collect(() => true);
  }
  /** Collects what nobody holds, as the test has it. */
  collect(isDead: (object: object) => boolean): void {
    const watched = this.#watched;
    this.#watched = watched.filter(([object]) => !isDead(object));
    for (const [object, gone] of watched) if (isDead(object)) gone();
  }
}

/** Sessions that nobody looks after, so that a world can come to rest while they are open. */
export const UNWATCHED = {
  idleMs: Infinity,
  pingMs: Infinity,
  writeMs: Infinity,
  doubtMs: Infinity,
} as const;

export interface LogLine {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}
export interface PeerOptions {
  readonly vat?: Partial<VatPowers>;
  readonly router?: Partial<RouterPowers>;
  /** False: it takes no part in handoffs. */
  readonly introduces?: false;
  /** Whether its dials prove who it is. */
  readonly dials?: 'proved' | 'anonymous';
  /** False: a client, like `herd`. */
  readonly listens?: boolean;
}

/** One process of a simulated network. */
export class Peer {
  readonly name: string;
  readonly world: World;
  readonly vat: Vat & Frontier;
  readonly router: Router;
  readonly reaper = new TestReaper();
  readonly logs: LogLine[] = [];
  readonly #offers = new Map<string, Ref | Vow>();

  constructor(network: Network, name: string, options: PeerOptions = {}) {
    const { world } = network;
    const clock = world.clock();
    const log = (event: string, fields: LogLine['fields']): void =>
      void this.logs.push({ event, fields });
    this.name = name;
    this.world = world;
    this.vat = createVat({ name, clock, scheduler: world.scheduler(), log, ...options.vat });
    this.router = createRouter({
      vat: this.vat,
      netlayers: [network.netlayer(name, options.dials)],
      crypto: simulatedCrypto(world),
      clock,
      // The check phase: after everything that is due now.
      scheduler: { enqueue: (task) => void world.at(0.001, task) },
      reaper: this.reaper,
      log,
      fetch: (swissnum) => this.#offers.get(Buffer.from(swissnum).toString()),
      ...(options.introduces !== false && { handoffs: threeWays() }),
      ...options.router,
      limits: { ...UNWATCHED, ...options.router?.limits },
    });
    if (options.listens !== false)
      this.router.listen(
        () => undefined,
        (reason) => {
          throw reason;
        },
      );
  }
  /** Lets whoever has the name have the thing. */
  offer(name: string, thing: Ref | Vow): Sturdyref {
    this.#offers.set(name, thing);
    return this.sturdyref(name);
  }
  sturdyref(name: string): Sturdyref {
    const peer = { transport: 'sim', designator: this.name, hints: {} };
    return new Sturdyref(peer, new Uint8Array(Buffer.from(name)));
  }
  /** Runs a turn and the world until it has ended. */
  async run<T>(body: (turn: Turn) => T): Promise<Value<T>> {
    let isOver = false;
    const result = this.vat.run(body).finally(() => (isOver = true));
    result.catch(() => undefined); // awaited below
    for (let idle = 0; !isOver;) {
      idle = this.world.step() ? 0 : idle + 1;
      if (idle > 3) throw new Error(`${this.name}: the world rests and the turn has not ended`);
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    }
    return result;
  }
  get counts(): readonly unknown[] {
    return this.router.sessions().map(({ tables }) => tables);
  }
}

/** An answer that remembers. */
export const recorded = (): Answer & { readonly said: string[]; value: unknown } => {
  const answer = {
    said: [] as string[],
    value: undefined as unknown,
    kept: (value: unknown) => {
      answer.said.push('kept');
      answer.value = value;
    },
    broken: (reason: unknown) => {
      answer.said.push('broken');
      answer.value = reason;
    },
  };
  return answer;
};

const EMPTY = { exports: 0, imports: 0, questions: 0, answers: 0 };

/**
 * Everything is collected: the tables of every session must be empty, and then no session, no timer
 * must be left.
 */
export const leavesNothing = (peers: readonly Peer[]): void => {
  const [first] = peers;
  if (first === undefined) return;
  first.world.run();
  for (let round = 0; round < 3; round += 1) {
    for (const { reaper } of peers) reaper.collectAll();
    first.world.run();
  }
  for (const peer of peers)
    for (const tables of peer.counts)
      deepEqual(tables, EMPTY, `tables of ${peer.name}: ${JSON.stringify(tables)}`);
  for (const { router } of peers) router.close();
  first.world.run();
  for (const { router, name } of peers) equal(router.sessions().length, 0, `sessions of ${name}`);
  equal(first.world.pendingCount, 0, 'tasks that wait');
};
