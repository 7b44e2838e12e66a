/**
 * A controller that dies at each durable step of what its carrier keeps, right before that is on the disk and right
 * after: the next life has of each release that it says it has all contents, whoever was at it does the same once more,
 * and it comes to what it would have come to. The disk here throws away at once what no release needs any more.
 */
import type { Behavior, Ref, Turn } from '@bellwether/actors';
import {
  carrierLimits,
  contentsOf,
  makeCarrier,
  readManifest,
  type CarrierEntry,
  type Digest,
  type OwnCarrier,
} from '@bellwether/deploy';
import { MemoryDepots } from '../../support/memory-depot.ts';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import {
  localRoot,
  principalOf,
  type Asker,
  type Lines,
  type ServiceElsewhere,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeBench, settled, type Bench } from '../../support/actors-vat.ts';
import { keyPair, release, signed, type Made } from '../../support/slot-machine.ts';

const owner: Asker = { principal: localRoot };
const alice: Asker = { principal: principalOf('g-alice'), origin: 'g-alice' };
const builder = keyPair();

type There = Pick<ServiceElsewhere, 'offer' | 'put' | 'contact'>;
/** A slot that has nothing of a release until its manifest has come. */
const makeEmpty = (
  turn: Turn<There>,
  _bcom: unknown,
  { digest, manifestBytes: { length } }: Made,
): Behavior<There> => {
  const has = turn.cell(false);
  const missing = { sha256: digest.slice(-64), size: length, have: 0 };
  return {
    offer: (turn) =>
      turn.kept(
        has.get()
          ? { missing: [], missingCount: 0, missingBytes: 0 }
          : { missing: [missing], missingCount: 1, missingBytes: length },
      ),
    put: (turn, { offset, bytes }) => {
      has.set(true);
      return turn.kept({ have: offset + bytes.length });
    },
    contact: (turn) => turn.kept(undefined),
  };
};
const makeMute = (): Behavior<Lines> => ({ line: () => undefined, pass: () => undefined });

/** When it dies: at the n-th batch of this life that the disk is given, which gets there or not. */
interface Death {
  readonly at: number;
  readonly isWritten: boolean;
}
/** A controller, of which the disk outlives the lives. */
class Controller {
  readonly depots = new MemoryDepots(nodeCrypto());
  readonly entries: CarrierEntry[] = [];
  batchCount = 0;
  isDead = false;
  #bench: Bench = makeBench();
  #carrier: Ref<OwnCarrier> | undefined = undefined;

  async boot(death?: Death): Promise<void> {
    this.batchCount = 0;
    this.isDead = false;
    const life = { isOver: false };
    this.#bench = makeBench({
      commit: (entries, done) => {
        if (life.isOver) return;
        this.batchCount += 1;
        const dies = this.batchCount === death?.at;
        if (!dies || death.isWritten) this.entries.push(...(entries as readonly CarrierEntry[]));
        if (dies) life.isOver = this.isDead = true;
        else done();
      },
    });
    const { world, vat } = this.#bench;
    // What does not wait for the disk leaves before the end: only what waits for that batch never does.
    const say = (ms: number, task: () => void): void => void world.at(ms, task);
    const shelf = this.depots.shelf(say);
    const record = this.entries.at(-1);
    const [carrier] = await settled(
      world,
      vat.run((turn) =>
        turn.kept([
          turn.spawn(makeCarrier, {
            name: 'C',
            shelf: {
              ...shelf,
              keep: (releases, answer) =>
                shelf.keep(releases, {
                  ...answer,
                  kept: (value) => (this.#collect(releases), answer.kept(value)),
                }),
            },
            clock: world.clock(),
            crypto: nodeCrypto(),
            log: () => undefined,
            ...(record && { record }),
          }),
        ] as const),
      ),
    );
    this.#carrier = carrier;
    await this.ask((turn) => turn.kept(undefined));
    world.run(world.now + 100);
  }
  #collect(releases: readonly Digest[]): void {
    const needed = new Set(releases.flatMap((digest) => [...this.contentsOf(digest)]));
    for (const sha256 of this.depots.contents.keys())
      if (!needed.has(sha256)) this.depots.contents.delete(sha256);
  }
  contentsOf(digest: Digest): readonly string[] {
    const manifest = this.depots.contents.get(digest.slice(-64));
    if (manifest === undefined) return [];
    return [digest.slice(-64), ...contentsOf(readManifest(manifest)).map(({ sha256 }) => sha256)];
  }
  ask<T>(body: (turn: Turn, carrier: Ref<OwnCarrier>) => T) {
    const carrier = this.#carrier;
    if (carrier === undefined) throw new Error('it has not begun');
    const { world, vat } = this.#bench;
    return settled(
      world,
      vat.run((turn) => body(turn, carrier)),
    );
  }
  async bring({ digest, manifestBytes, contents, signatures }: Made, asker = owner): Promise<void> {
    const offer = {
      release: digest,
      manifestBytes: manifestBytes.length,
      ...(signatures && { signatures }),
    };
    for (let round = 0; round < 3; round += 1) {
      const { missing } = await this.ask((turn, on) => turn.send(on, 'offer', offer, asker));
      for (const { sha256 } of missing) {
        const piece = { sha256, offset: 0, bytes: contents.get(sha256) ?? new Uint8Array() };
        await this.ask((turn, on) => turn.send(on, 'put', piece, asker));
      }
    }
  }
  /** Lets the disk do what it was asked for. */
  linger(): void {
    const { world } = this.#bench;
    world.run(world.now + 100);
  }
  /** Has one brought somewhere, where it is kept. */
  async carry(made: Made): Promise<void> {
    await this.ask((turn, on) => {
      const errand = { to: turn.spawn(makeEmpty, made), name: 'far', writer: turn.spawn(makeMute) };
      const courier = turn.call(on, 'courier', made.digest, errand as never);
      return courier === undefined ? turn.kept(undefined) : turn.send(courier, 'run');
    });
  }
  get kept(): readonly Digest[] {
    return (this.entries.at(-1)?.releases ?? []).map(({ digest }) => digest);
  }
  /** Nothing is said to be here that is not, but what a disk has lost, and nothing is here that nobody needs. */
  judge(gone?: Digest): void {
    const needed = new Set<string>();
    for (const digest of this.kept.filter((each) => each !== gone)) {
      const contents = this.contentsOf(digest);
      expect(contents.length).toBeGreaterThan(1);
      for (const each of contents) needed.add(each);
    }
    for (const sha256 of needed) expect(this.depots.contents.has(sha256)).toBe(true);
    expect(this.depots.contents.size).toBe(needed.size);
  }
}

const first = Array.from({ length: carrierLimits.askerKeptCount }, (_none, at) => release(`${at}`));
const [one, two, three] = [release('more'), release('1'), release('2')];
const lost = release('3');
const losing = async (it: Controller): Promise<void> => {
  for (const sha256 of lost.contents.keys()) it.depots.contents.delete(sha256);
  await it.carry(lost).catch(() => undefined);
};
/** What is done, one after the other; each may be done again by whoever was told nothing. */
const steps: readonly ((controller: Controller) => Promise<unknown>)[] = [
  // The oldest of its asker goes for it.
  (it) => it.bring(one),
  (it) => it.carry(two),
  (it) => it.bring(signed(three, builder)),
  losing,
  (it) => it.bring(release('hers'), alice),
  (it) => it.bring(lost),
];
/** All of it, with a death in one of the steps, and the end of that. */
const run = async (dying: number | undefined, death?: Death): Promise<Controller> => {
  const controller = new Controller();
  await controller.boot();
  for (const each of first) await controller.bring(each);
  for (const [at, step] of steps.entries()) {
    if (at === dying) {
      await controller.boot(death);
      await step(controller).catch(() => undefined);
      controller.linger();
      if (!controller.isDead) throw new Error(`step ${at} has no batch ${death?.at}`);
      await controller.boot();
      controller.judge(step === losing ? lost.digest : undefined);
    }
    await step(controller);
  }
  return controller;
};

describe('what a carrier keeps', () => {
  it('is the same over a death at each durable step', async () => {
    const whole = await run(undefined);
    whole.judge();
    expect(whole.kept).toHaveLength(carrierLimits.askerKeptCount + 1);
    let deathCount = 0;
    for (const dying of steps.keys())
      for (let at = 1; ; at += 1) {
        const one = await run(dying, { at, isWritten: true }).catch((error: Error) => error);
        if (one instanceof Error) {
          // There are no more batches in this step, and at least one was in it.
          expect(one.message).toBe(`step ${dying} has no batch ${at}`);
          expect(at).toBeGreaterThan(1);
          break;
        }
        const other = await run(dying, { at, isWritten: false });
        for (const each of [one, other]) {
          each.judge();
          expect([...each.kept].sort()).toEqual([...whole.kept].sort());
          const signers = each.entries
            .at(-1)
            ?.releases.find(({ digest }) => digest === three.digest);
          expect(signers?.signatures.map(({ key }) => key)).toEqual([builder.text]);
        }
        deathCount += 2;
      }
    expect(deathCount).toBeGreaterThanOrEqual(2 * steps.length);
  });
});
