/** What a carrier keeps: as much as it may, what is of use rather than what is not, and over lives. */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import {
  carrierLimits as limits,
  makeCarrier,
  readSignatures,
  releaseLimits,
  type CarrierEntry,
  type CarrierRecord,
  type OwnCarrier,
} from '@bellwether/deploy';
import { MemoryDepots } from '../../support/memory-depot.ts';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import {
  localRoot,
  principalOf,
  type Asker,
  type Lines,
  type Offer,
  type ServiceElsewhere,
  type Shepherd,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeBench, runIn, settled, type Bench } from '../../support/actors-vat.ts';
import { keyPair, release, signed, type Made } from '../../support/slot-machine.ts';

const owner: Asker = { principal: localRoot };
const alice: Asker = { principal: principalOf('g-alice'), origin: 'g-origin' };
const bob: Asker = { principal: principalOf('g-bob'), origin: 'g-origin' };
const numbered = (count: number, from = 1): readonly Made[] =>
  Array.from({ length: count }, (_none, at) => release(String(from + at)));

type Knows = Pick<Shepherd, 'awaits'>;
const makeKnows = (
  _turn: Turn<Knows>,
  _bcom: Bcom<Knows>,
  needed: ReadonlySet<string>,
): Behavior<Knows> => ({ awaits: (_turn, digest) => needed.has(digest) });

type There = Pick<ServiceElsewhere, 'offer' | 'put' | 'contact'>;
const makeNobody = (_turn: Turn<There>, _bcom: Bcom<There>): Behavior<There> => ({
  offer: (turn) => turn.ask(() => undefined),
  put: (turn) => turn.ask(() => undefined),
  contact: (turn) => turn.ask(() => undefined),
});
/** Who has nothing of a release yet. */
const makeEmpty = (
  _turn: Turn<There>,
  _bcom: Bcom<There>,
  { digest, manifestBytes: { length } }: Made,
): Behavior<There> => ({
  offer: (turn) =>
    turn.kept({
      missing: [{ sha256: digest.slice(-64), size: length, have: 0 }],
      missingCount: 1,
      missingBytes: length,
    }),
  put: (turn) => turn.ask(() => undefined),
  contact: (turn) => turn.ask(() => undefined),
});
const makeMute = (_turn: Turn<Lines>, _bcom: Bcom<Lines>): Behavior<Lines> => ({
  line: () => undefined,
  pass: () => undefined,
});

class Rig {
  readonly entries: CarrierEntry[] = [];
  readonly depots: MemoryDepots;
  /** Releases for which an operation waits. */
  readonly needed = new Set<string>();
  readonly #bench: Bench;
  #carrier: Ref<OwnCarrier> | undefined = undefined;
  constructor(depots = new MemoryDepots(nodeCrypto()), rehearse = true) {
    this.depots = depots;
    this.#bench = makeBench({
      rehearse,
      commit: (entries, done) => {
        this.entries.push(...(entries as readonly CarrierEntry[]));
        done();
      },
    });
  }
  async begin(record?: CarrierRecord): Promise<this> {
    const { world } = this.#bench;
    const shelf = this.depots.shelf((ms, task) => void world.at(ms, task));
    this.#carrier = await runIn(this.#bench, (turn) => {
      const carrier = turn.spawn(makeCarrier, {
        name: 'C',
        shelf,
        clock: world.clock(),
        crypto: nodeCrypto(),
        log: () => undefined,
        ...(record && { record }),
      });
      turn.call(carrier, 'attend', turn.spawn(makeKnows, this.needed));
      return turn.kept([carrier] as const);
    }).then(([carrier]) => carrier);
    return this;
  }
  ask<T>(body: (turn: Turn, carrier: Ref<OwnCarrier>) => T) {
    const carrier = this.#carrier;
    if (carrier === undefined) throw new Error('it has not begun');
    return settled(
      this.#bench.world,
      this.#bench.vat.run((turn) => body(turn, carrier)),
    );
  }
  /** Brings a release whole. */
  async bring(made: Made, asker = owner): Promise<void> {
    const { digest, manifestBytes, contents, signatures } = made;
    for (let round = 0; round < 3; round += 1) {
      const offer = {
        release: digest,
        manifestBytes: manifestBytes.length,
        ...(signatures && { signatures }),
      };
      const { missing } = await this.ask((turn, on) => turn.send(on, 'offer', offer, asker));
      for (const { sha256 } of missing) {
        const bytes = contents.get(sha256) ?? new Uint8Array();
        const piece = { sha256, offset: 0, bytes };
        await this.ask((turn, on) => turn.send(on, 'put', piece, asker));
      }
    }
  }
  async offerOf({ digest }: Made): Promise<Offer | undefined> {
    const found = await this.ask((turn, on) => turn.kept([turn.call(on, 'offerOf', digest)]));
    return found[0];
  }
  async has(made: Made): Promise<boolean> {
    return (await this.offerOf(made)) !== undefined;
  }
  /** Whose signatures it passes on. */
  async signers(made: Made): Promise<readonly string[]> {
    const { signatures = new Uint8Array() } = (await this.offerOf(made)) ?? {};
    return readSignatures(signatures).map(({ key }) => key);
  }
  async held(made: readonly Made[]): Promise<readonly boolean[]> {
    const found: boolean[] = [];
    for (const each of made) found.push(await this.has(each));
    return found;
  }
}

describe('a carrier', () => {
  it('has a release once all of it is there, and the next life has it, too', async () => {
    const rig = await new Rig().begin();
    const [one = release('1')] = numbered(1);
    await rig.ask((turn, on) =>
      turn.send(
        on,
        'offer',
        { release: one.digest, manifestBytes: one.manifestBytes.length },
        owner,
      ),
    );
    expect(await rig.has(one)).toBe(false);
    await rig.bring(one);
    expect(await rig.has(one)).toBe(true);
    const last = rig.entries.at(-1);
    expect(last?.releases).toMatchObject([{ digest: one.digest, app: 'web', asker: 'root' }]);
    const next = await new Rig(rig.depots).begin(last);
    expect(await next.has(one)).toBe(true);
    // Nothing is taken of what is there.
    const before = next.depots.asked.filter((each) => each === 'put shelf').length;
    await next.bring(one);
    expect(next.depots.asked.filter((each) => each === 'put shelf')).toHaveLength(before);
  });
  it('keeps so many for one who brings them, and then the oldest of his goes', async () => {
    const rig = await new Rig().begin();
    const [first, ...others] = numbered(limits.askerKeptCount);
    if (first === undefined) throw new Error('nothing to bring');
    for (const each of [first, ...others]) await rig.bring(each, alice);
    expect(await rig.has(first)).toBe(true);
    // Grants that come from the same one have one share.
    const [more = first] = numbered(1, 100);
    await rig.bring(more, bob);
    expect(await rig.held([first, ...others, more])).toEqual([
      false,
      ...others.map(() => true),
      true,
    ]);
  });
  it('keeps so many in all, and the one that was of use last is the last to go', async () => {
    const rig = await new Rig().begin();
    const mine = numbered(limits.askerKeptCount);
    const theirs = numbered(limits.keptCount - limits.askerKeptCount, 50);
    for (const each of mine) await rig.bring(each);
    for (const each of theirs) await rig.bring(each, alice);
    expect(await rig.held([...mine, ...theirs])).not.toContain(false);
    const [first = release('1'), second = first] = mine;
    await rig.bring(first);
    const third: Asker = { principal: principalOf('g-third'), origin: 'g-third' };
    const [more = first] = numbered(1, 100);
    await rig.bring(more, third);
    expect(await rig.held([first, second, more])).toEqual([true, false, true]);
  });
  it('lets none go for which an operation waits, and takes no more where it needs all', async () => {
    const rig = await new Rig().begin();
    const mine = numbered(limits.askerKeptCount);
    for (const each of mine) {
      await rig.bring(each);
      rig.needed.add(each.digest);
    }
    const [more = release('100')] = numbered(1, 100);
    await expect(rig.bring(more)).rejects.toMatchObject({ code: 'limit' });
    expect(await rig.held(mine)).not.toContain(false);
    const [first, second] = mine;
    if (first === undefined || second === undefined) throw new Error('too few');
    rig.needed.delete(second.digest);
    await rig.bring(more);
    expect(await rig.held([first, second, more])).toEqual([true, false, true]);
  });
  it('lets none go that is on its way somewhere', async () => {
    const rig = await new Rig().begin();
    const [first = release('1'), ...others] = numbered(limits.askerKeptCount);
    await rig.bring(first);
    const courier = await rig.ask((turn, on) => {
      const errand = { to: turn.spawn(makeNobody), name: 'far', writer: turn.spawn(makeMute) };
      return turn.kept([turn.call(on, 'courier', first.digest, errand)] as const);
    });
    for (const each of others) await rig.bring(each);
    const [more = first, last = first] = numbered(2, 100);
    await rig.bring(more);
    expect(await rig.held([first, more])).toEqual([true, true]);
    await rig.ask((turn) => {
      if (courier[0] !== undefined) turn.call(courier[0], 'cancel');
      return turn.kept(undefined);
    });
    for (const each of others.slice(1)) await rig.bring(each);
    await rig.bring(more);
    await rig.bring(last);
    expect(await rig.held([first, last])).toEqual([false, true]);
  });
  it('is done at once where it is called off before it has begun', async () => {
    const rig = await new Rig().begin();
    const one = release('1');
    await rig.bring(one);
    const sent = await rig.ask((turn, on) => {
      const errand = { to: turn.spawn(makeNobody), name: 'far', writer: turn.spawn(makeMute) };
      const courier = turn.call(on, 'courier', one.digest, errand);
      if (courier === undefined) throw new Error('no courier');
      turn.call(courier, 'cancel');
      return turn.within(1_000, turn.send(courier, 'run'));
    });
    expect(sent).toMatchObject({ byteCount: 0 });
  });
  it('asks for what has gone from its disk, also of a release that it had', async () => {
    const rig = await new Rig().begin();
    const one = release('1');
    await rig.bring(one);
    for (const sha256 of one.contents.keys()) rig.depots.contents.delete(sha256);
    const offer = { release: one.digest, manifestBytes: one.manifestBytes.length };
    const { missing } = await rig.ask((turn, on) => turn.send(on, 'offer', offer, owner));
    expect(missing).toHaveLength(2);
    await rig.bring(one);
    expect(rig.depots.contents.size).toBe(2);
  });
  it('throws nothing away of others, whatever is said to be a manifest of it', async () => {
    const rig = await new Rig().begin();
    const one = release('1');
    await rig.bring(one);
    const offered = (release: string, manifestBytes: number) =>
      rig.ask((turn, on) => turn.send(on, 'offer', { release, manifestBytes }, alice));
    for (const [sha256, { length }] of one.contents) {
      const digest = `rel:sha256-${sha256}`;
      if (digest === one.digest) continue;
      await expect(offered(digest, length + 1)).rejects.toMatchObject({ code: 'wrong-content' });
      await expect(offered(digest, length)).rejects.toMatchObject({ code: 'bad-release' });
    }
    expect(rig.depots.contents).toEqual(one.contents);
  });
  it.each([
    ['its manifest', 1],
    ['a piece of it', 2],
  ])(
    'keeps a release where its disk fails once at %s, and none of which some is gone',
    async (_what, at) => {
      const rig = await new Rig().begin();
      const one = release('1');
      await rig.bring(one);
      const carry = () =>
        rig.ask((turn, on) => {
          const errand = {
            to: turn.spawn(makeEmpty, one),
            name: 'far',
            writer: turn.spawn(makeMute),
          };
          const courier = turn.call(on, 'courier', one.digest, errand);
          if (courier === undefined) throw new Error('it is not kept');
          return turn.send(courier, 'run');
        });
      rig.depots.failAt = rig.depots.asked.length + at;
      await expect(carry()).rejects.toMatchObject({ code: 'no-room' });
      expect(await rig.has(one)).toBe(true);
      rig.depots.contents.clear();
      await expect(carry()).rejects.toMatchObject({ code: 'not-here' });
      expect(await rig.has(one)).toBe(false);
    },
  );
  it('takes no signature that is not one of the release, since no slot would take it with that', async () => {
    const rig = await new Rig().begin();
    const { signatures } = signed(release('2'), keyPair());
    const forged = { ...release('1'), ...(signatures && { signatures }) };
    await expect(rig.bring(forged)).rejects.toMatchObject({ code: 'bad-release' });
    expect(await rig.has(forged)).toBe(false);
  });
  it('passes on who has signed it as whoever offers it last says, however many said so before', async () => {
    const rig = await new Rig().begin();
    const one = release('1');
    const strangers = Array.from({ length: releaseLimits.signatureCount }, () => keyPair());
    await rig.bring(signed(one, ...strangers), alice);
    const [first, second] = [keyPair(), keyPair()];
    for (const builder of [first, second]) {
      await rig.bring(signed(one, builder));
      await rig.bring(signed(one, ...strangers.slice(1)), alice);
    }
    const signers = await rig.signers(one);
    expect(signers).toHaveLength(releaseLimits.signatureCount);
    expect(signers).toContain(second.text);
  });
  it('passes on how long its manifest is, whatever somebody says', async () => {
    const rig = await new Rig().begin();
    const one = release('1');
    const { length } = one.manifestBytes;
    const lie = { release: one.digest, manifestBytes: length + 1 };
    await rig.ask((turn, on) => turn.send(on, 'offer', lie, alice));
    await rig.bring(one);
    expect(await rig.offerOf(one)).toMatchObject({ manifestBytes: length });
    const { signatures } = signed(one, keyPair());
    const more = { ...lie, ...(signatures && { signatures }) };
    await rig.ask((turn, on) => turn.send(on, 'offer', more, bob));
    expect(await rig.offerOf(one)).toMatchObject({ manifestBytes: length });
    expect(await rig.signers(one)).toHaveLength(1);
  });
  it.each([
    ['has room for', 0, true],
    ['has room for no byte more than', 1, false],
  ])('%s so many bytes of one who brings them', async (_what, more, hasRoom) => {
    const one = release('1');
    const kept = {
      digest: release('2').digest,
      app: 'web',
      manifestBytes: 1,
      signatures: [],
      asker: owner.principal,
      keptMs: 1,
      byteCount: limits.askerKeptBytes - 'server 1'.length + more,
    };
    const rig = await new Rig().begin({ releases: [kept] });
    rig.needed.add(kept.digest);
    const brought = rig.bring(one);
    if (hasRoom) await brought;
    else await expect(brought).rejects.toMatchObject({ code: 'limit' });
    expect(await rig.has(one)).toBe(hasRoom);
  });
});
