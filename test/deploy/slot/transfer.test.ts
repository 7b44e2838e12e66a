/** How a release comes to a slot, from whoever may bring one: what is taken, how much, and what that costs others. */
import { World } from '@bellwether/actors';
import {
  digestOf as digestIn,
  PartialQuota,
  slotLimits,
  type Digest,
  type SlotRecord,
  type SlotRelease,
} from '@bellwether/deploy';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { checkEntries } from '@bellwether/store';
import { localRoot, principalOf, type Asker, type Put } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeRoomForContents } from '../../../packages/deploy/src/slot/transfer.ts';
import { release, SlotMachine, type Made } from '../../support/slot-machine.ts';
import { fileOf } from '../../support/releases.ts';
import type { Asked } from '../../support/shepherd-machine.ts';

const one = release('1');
const alice: Asker = { principal: principalOf('g-alice') };
const mallory: Asker = { principal: principalOf('g-mallory') };
const digestOf = (bytes: Uint8Array): Digest => digestIn(nodeCrypto(), bytes);
const shaOf = (digest: Digest): string => digest.slice('rel:sha256-'.length);

const up = (): { readonly world: World; readonly machine: SlotMachine } => {
  const world = new World(1);
  const machine = new SlotMachine(world, 'A', undefined, true);
  machine.boot();
  world.runFor(500);
  return { world, machine };
};
const put = (
  machine: SlotMachine,
  asker: Asker,
  sha256: string,
  bytes: Uint8Array,
  offset = 0,
): Asked<Put> =>
  machine.ask((turn) =>
    turn.send(machine.slot, 'put', { sha256, offset, bytes }, asker),
  ) as Asked<Put>;
const manifestFirst = (machine: SlotMachine, world: World, made: Made, asker: Asker): void => {
  machine.offer(made, asker);
  world.runFor(50);
  const { manifestBytes, digest } = made;
  for (let at = 0; at < manifestBytes.length; at += slotLimits.pieceBytes)
    put(machine, asker, shaOf(digest), manifestBytes.subarray(at, at + slotLimits.pieceBytes), at);
  world.runFor(50);
};
/** A release with so many different files. */
const large = (count: number): Made => {
  const files = Array.from({ length: count }, (_none, at) => fileOf(`file-${at}`, `content ${at}`));
  return release('large', { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) });
};

describe('an offer', () => {
  it('is answered with the manifest, then with the files that are missing, then with nothing', () => {
    const { world, machine } = up();
    const first = machine.offer(one, alice);
    world.runFor(50);
    expect(first.value?.missing).toEqual([
      { sha256: shaOf(one.digest), size: one.manifestBytes.length, have: 0 },
    ]);
    put(machine, alice, shaOf(one.digest), one.manifestBytes);
    world.runFor(50);
    const second = machine.offer(one, alice);
    world.runFor(50);
    expect(second.value).toMatchObject({ missingCount: 1, missingBytes: 8 });
    const [content] = second.value?.missing ?? [];
    put(
      machine,
      alice,
      content?.sha256 ?? '',
      one.contents.get(content?.sha256 ?? '') ?? new Uint8Array(),
    );
    world.runFor(50);
    const third = machine.offer(one, alice);
    world.runFor(50);
    const platform = 'linux-x64';
    expect(third.value).toEqual({ missing: [], missingCount: 0, missingBytes: 0, platform });
  });
  it('is answered from a manifest that was read before, and says so where that is gone by now', () => {
    const { world, machine } = up();
    manifestFirst(machine, world, one, alice);
    const first = machine.offer(one, alice);
    world.runFor(50);
    const readCount = machine.depots.asked.filter((each) => each.startsWith('read')).length;
    const second = machine.offer(one, alice);
    const other = machine.offer(one, mallory);
    world.runFor(50);
    expect(second.value).toEqual(first.value);
    expect(other.value).toEqual(first.value);
    const reads = machine.depots.asked.filter((each) => each.startsWith('read'));
    expect(reads).toHaveLength(readCount);
    machine.depots.contents.clear();
    const third = machine.offer(one, alice);
    world.runFor(50);
    expect(third.value?.missing.map(({ sha256 }) => sha256)).toContain(shaOf(one.digest));
  });
  it('that is made again before it was answered has its manifest read and its files looked for once', () => {
    const { world, machine } = up();
    manifestFirst(machine, world, one, alice);
    const before = machine.depots.asked.length;
    const all = Array.from({ length: 20 }, () => machine.offer(one, alice));
    world.runFor(50);
    for (const { value } of all) expect(value).toMatchObject({ missingCount: 1 });
    expect(machine.depots.asked.slice(before)).toEqual([
      'missing web',
      'inspect web',
      'missing web',
    ]);
    machine.offer(one, alice);
    world.runFor(50);
    expect(machine.depots.asked.slice(before + 3)).toEqual(['missing web']);
  });
  it('of many files is answered in pages', () => {
    const { world, machine } = up();
    const made = large(slotLimits.pageCount + 5);
    manifestFirst(machine, world, made, alice);
    const first = machine.offer(made, alice);
    world.runFor(50);
    expect(first.value?.missing).toHaveLength(slotLimits.pageCount);
    expect(first.value).toMatchObject({ isMore: true, missingCount: slotLimits.pageCount + 5 });
    const after = first.value?.missing.at(-1)?.sha256;
    const rest = machine.offer(made, alice, after);
    world.runFor(50);
    expect(rest.value?.missing).toHaveLength(5);
    expect(rest.value?.isMore).toBeUndefined();
    const all = [...(first.value?.missing ?? []), ...(rest.value?.missing ?? [])];
    expect(new Set(all.map(({ sha256 }) => sha256)).size).toBe(slotLimits.pageCount + 5);
  });
  it('of what turns out to be no release is refused, and again without another look at it', () => {
    const { world, machine } = up();
    const text = new TextEncoder().encode('{"app":"web"}');
    const made = { ...one, manifestBytes: text, digest: release('1').digest };
    manifestFirst(machine, world, made, mallory);
    expect(machine.depots.contents.size).toBe(0);
    const wrong = JSON.parse(new TextDecoder().decode(one.manifestBytes)) as object;
    const bad = { ...wrong, schema: 2 };
    const badText = new TextEncoder().encode(JSON.stringify(bad));
    const digest = digestOf(badText);
    const noRelease: Made = { ...one, manifestBytes: badText, digest };
    manifestFirst(machine, world, noRelease, mallory);
    expect(machine.depots.contents.size).toBe(1);
    const offered = machine.offer(noRelease, mallory);
    world.runFor(50);
    expect(offered.error).toMatchObject({ code: 'bad-release' });
    const askedCount = machine.depots.asked.length;
    const again = machine.offer(noRelease, mallory);
    world.runFor(50);
    expect(again.error).toMatchObject({ code: 'bad-release' });
    expect(machine.depots.asked).toHaveLength(askedCount);
  });
  it('that names what others have brought costs them nothing, whatever it is refused for', () => {
    const { world, machine } = up();
    machine.bring(world, one);
    const brought = new Map(machine.depots.contents);
    const offered = (digest: string, size: number) => {
      const manifestBytes = new Uint8Array(size);
      const asked = machine.offer({ ...one, digest: digest as Digest, manifestBytes }, mallory);
      world.runFor(50);
      return asked.error;
    };
    for (const [sha256, bytes] of brought) {
      const digest = `rel:sha256-${sha256}`;
      if (digest === one.digest) continue;
      expect(offered(digest, bytes.length + 1)).toMatchObject({ code: 'wrong-content' });
      expect(offered(digest, bytes.length)).toMatchObject({ code: 'bad-release' });
    }
    expect(brought.size).toBe(2);
    const foreign = release('7', { platform: 'plan9-z80' });
    machine.depots.contents.set(shaOf(foreign.digest), foreign.manifestBytes);
    expect(offered(foreign.digest, foreign.manifestBytes.length)).toMatchObject({
      code: 'refused',
    });
    expect(machine.depots.contents).toEqual(
      new Map([...brought, [shaOf(foreign.digest), foreign.manifestBytes]]),
    );
    const deploy = machine.act('deploy', [one.digest, 'no-confirm']);
    world.runFor(3_000);
    expect(deploy.value?.result).toBe('changed');
  });
  it('that is refused for the size of its manifest is forgotten, and takes no piece', () => {
    const { world, machine } = up();
    machine.bring(world, one);
    const text = new TextEncoder().encode('server 1');
    const digest = digestOf(text);
    const refused = machine.offer({ ...one, digest, manifestBytes: new Uint8Array(9) }, mallory);
    world.runFor(50);
    expect(refused.error).toMatchObject({ code: 'wrong-content' });
    expect(refused.error?.message).not.toContain('8 bytes');
    const piece = put(machine, mallory, shaOf(digest), text);
    world.runFor(50);
    expect(piece.error).toMatchObject({ code: 'not-offered' });
  });
  it('that says another size of a file than it has is refused whenever it is made', () => {
    const { world, machine } = up();
    machine.bring(world, one);
    const lie = release('2', { files: [{ ...fileOf('server.js', 'server 1'), size: 9 }] });
    manifestFirst(machine, world, lie, mallory);
    const offered = machine.offer(lie, mallory);
    world.runFor(50);
    expect(offered.error).toMatchObject({ code: 'wrong-content' });
    const again = machine.offer(lie, mallory);
    world.runFor(50);
    expect(again.error).toMatchObject({ code: 'wrong-content' });
  });
  it('of a release whose words are too many for the record is refused, and of one fewer is not', () => {
    const { world, machine } = up();
    const words = (count: number): Made => {
      const full = { exec: Array.from({ length: 256 }, () => 'x'), timeoutMs: 1 };
      const rest = { exec: Array.from({ length: count - 1 - 3 * 256 }, () => 'x'), timeoutMs: 1 };
      return release('1', { run: { command: ['x'] }, checks: [full, full, full, rest] });
    };
    const most = words(slotLimits.specWordCount);
    const over = words(slotLimits.specWordCount + 1);
    for (const each of [most, over]) manifestFirst(machine, world, each, alice);
    const [taken, refused] = [machine.offer(most, alice), machine.offer(over, alice)];
    world.runFor(50);
    expect(taken.value?.missing).toHaveLength(1);
    expect(refused.error).toMatchObject({ code: 'limit' });
  });
  it('of a release whose command is too long for the record is refused', () => {
    const { world, machine } = up();
    const long = release('1', { run: { command: ['run', 'x'.repeat(slotLimits.specBytes)] } });
    manifestFirst(machine, world, long, alice);
    const offered = machine.offer(long, alice);
    world.runFor(50);
    expect(offered.error).toMatchObject({ code: 'limit' });
  });
  it('takes the place of an older one of its own asker, and of nobody else', () => {
    const { world, machine } = up();
    machine.offer(one, alice);
    world.runFor(50);
    for (let version = 10; version < 20; version += 1)
      machine.offer(release(`${version}`), mallory);
    world.runFor(50);
    const late = put(machine, mallory, shaOf(release('10').digest), release('10').manifestBytes);
    const still = put(machine, alice, shaOf(one.digest), one.manifestBytes);
    world.runFor(50);
    expect(late.error).toMatchObject({ code: 'not-offered' });
    expect(still.value).toEqual({ have: one.manifestBytes.length });
  });
  it('is one of so many at once; then one makes room that nobody has asked about for long', () => {
    const { world, machine } = up();
    const askers = Array.from({ length: slotLimits.offerCount }, (_none, at) => ({
      principal: principalOf(`g-${at}`),
    }));
    const taken = askers.map((asker) => machine.offer(one, asker));
    world.runFor(50);
    expect(taken.filter(({ error }) => error !== undefined)).toEqual([]);
    const over = machine.offer(one, alice);
    const owners = machine.offer(one, { principal: localRoot });
    world.runFor(slotLimits.idleOfferMs);
    expect(over.error).toMatchObject({ code: 'limit' });
    expect(owners.error).toBeUndefined();
    const later = machine.offer(one, alice);
    world.runFor(50);
    expect(later.value?.missing).toHaveLength(1);
  });
  it('takes no more than half of the room, with all whose grants come from the same one', () => {
    const { world, machine } = up();
    const numbered = (from: number, count: number, origin?: string) =>
      Array.from({ length: count }, (_none, at) =>
        machine.offer(one, {
          principal: principalOf(`g-${from + at}`),
          ...(origin !== undefined && { origin }),
        }),
      );
    const { originOfferCount, offerCount } = slotLimits;
    const mine = numbered(0, 2 * originOfferCount, 'g-mallory');
    world.runFor(50);
    const others = numbered(100, offerCount - originOfferCount);
    world.runFor(50);
    for (const each of [...mine, ...others]) expect(each.error).toBeUndefined();
    // Of those that have one each nobody makes room for another, and who has sixteen does.
    const over = machine.offer(one, alice);
    world.runFor(50);
    expect(over.error).toBeUndefined();
    for (let at = 100; at < 100 + others.length; at += 1) {
      const still = put(
        machine,
        { principal: principalOf(`g-${at}`) },
        shaOf(one.digest),
        one.manifestBytes,
      );
      world.runFor(50);
      expect(still.error).toBeUndefined();
    }
    const further = numbered(50, 1, 'g-mallory');
    world.runFor(50);
    expect(further[0]?.error).toBeUndefined();
  });
  it('finds room where two origins have taken all of it together', () => {
    const { world, machine } = up();
    for (let at = 0; at < slotLimits.offerCount; at += 1)
      machine.offer(one, { principal: principalOf(`g-${at}`), origin: `g-both-${at % 2}` });
    world.runFor(50);
    const taken = ['10', '11', '12'].map((version, at) =>
      machine.offer(release(version), { principal: principalOf(`g-1${at}0`), origin: 'g-late' }),
    );
    world.runFor(50);
    expect(taken.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
  });
  it('of the owner of the machine goes for nobody else, while he is at it', () => {
    const { world, machine } = up();
    const owner: Asker = { principal: localRoot };
    const two = release('2');
    for (const made of [one, two]) machine.offer(made, owner);
    world.runFor(50);
    for (let at = 2; at < slotLimits.offerCount; at += 1)
      machine.offer(one, { principal: principalOf(`g-${at}`), origin: `g-pair-${at >> 1}` });
    world.runFor(50);
    const late = machine.offer(one, alice);
    world.runFor(50);
    expect(late.error).toBeUndefined();
    for (const { digest, manifestBytes } of [one, two]) {
      const still = put(machine, owner, shaOf(digest), manifestBytes);
      world.runFor(50);
      expect(still.error).toBeUndefined();
    }
  });
  it('makes room by its many files where others have more of them on their way, and not where they have as many', () => {
    const quarter = slotLimits.offeredContentCount / 4;
    /** Offers of so many contents each, the oldest first, as a slot keeps them. */
    const offersOf = (...all: readonly (readonly [origin: string, count: number])[]) =>
      new Map(
        all.map(([origin, count], at) => [
          `${at}`,
          { origin, atMs: at, read: { contents: { count } } },
        ]),
      );
    const left = (
      offers: ReturnType<typeof offersOf>,
      origin: string,
      count: number,
      nowMs = 9,
    ): string => {
      const clock = { now: () => nowMs } as never;
      makeRoomForContents({ name: 'web', clock, offers: offers as never }, origin, count);
      return [...offers.keys()].join();
    };
    const both = [
      ['a', quarter],
      ['b', quarter],
      ['a', quarter],
      ['b', quarter],
    ] as const;
    expect(left(offersOf(...both), 'late', quarter)).toBe('1,2,3');
    expect(left(offersOf(...both), 'late', 1)).toBe('1,2,3');
    expect(left(offersOf(...both.slice(1)), 'late', quarter)).toBe('0,1,2');
    expect(() => left(offersOf(...both), 'late', quarter + 1)).not.toThrow();
    const equal = offersOf(['a', 2 * quarter], ['b', 2 * quarter]);
    expect(() => left(equal, 'late', 2 * quarter)).toThrow(/as many files as it takes/);
    expect(equal.size).toBe(2);
    // But for the owner of the machine there is always room.
    expect(left(equal, localRoot, 3 * quarter)).toBe('');
    const twoThirds = offersOf(['a', 2 * quarter], ['b', 2 * quarter]);
    expect(left(twoThirds, localRoot, 2 * quarter)).toBe('1');
    // The owner makes room only with what he has left alone.
    const owners = () => offersOf([localRoot, 2 * quarter], ['a', quarter]);
    const { idleOfferMs } = slotLimits;
    expect(() => left(owners(), 'late', quarter + 1, idleOfferMs - 1)).toThrow(/as many files/);
    expect(left(owners(), 'late', quarter + 1, idleOfferMs)).toBe('1');
    // Nobody makes room for one who has more, or as many, himself.
    expect(() => left(offersOf(...both), 'a', quarter)).toThrow(/as many files as it takes/);
  });
});

describe('a piece', () => {
  it('of what nobody said is missing is refused', () => {
    const { world, machine } = up();
    machine.offer(one, alice);
    world.runFor(50);
    const stranger = put(machine, mallory, shaOf(one.digest), one.manifestBytes);
    const other = put(machine, alice, 'a'.repeat(64), new Uint8Array(1));
    world.runFor(50);
    expect([stranger.error, other.error]).toMatchObject([
      { code: 'not-offered' },
      { code: 'not-offered' },
    ]);
    expect(machine.depots.asked.filter((each) => each.startsWith('put'))).toEqual([]);
  });
  it('is at most so long, ends within its content, and is not empty', () => {
    const { world, machine } = up();
    const big = release('1', { files: [fileOf('big', new Uint8Array(200_000))] });
    manifestFirst(machine, world, big, alice);
    machine.offer(big, alice);
    world.runFor(50);
    const sha256 = fileOf('big', new Uint8Array(200_000)).sha256;
    const most = put(machine, alice, sha256, new Uint8Array(slotLimits.pieceBytes));
    const over = put(machine, alice, sha256, new Uint8Array(slotLimits.pieceBytes + 1));
    const beyond = put(machine, alice, sha256, new Uint8Array(10), 199_995);
    const empty = put(machine, alice, sha256, new Uint8Array());
    const finishing = put(machine, alice, sha256, new Uint8Array(), 200_000);
    world.runFor(50);
    expect(finishing.value).toEqual({ have: slotLimits.pieceBytes });
    expect(most.value).toEqual({ have: slotLimits.pieceBytes });
    for (const each of [over, beyond, empty])
      expect(each.error).toMatchObject({ code: 'bad-request' });
  });
  it('that makes its content wrong costs whoever sent it, and nobody else', () => {
    const { world, machine } = up();
    for (const asker of [alice, mallory]) machine.offer(one, asker);
    world.runFor(50);
    const sha256 = shaOf(one.digest);
    const half = Math.floor(one.manifestBytes.length / 2);
    put(machine, alice, sha256, one.manifestBytes.subarray(0, half));
    put(machine, mallory, sha256, new Uint8Array(half));
    world.runFor(50);
    const bad = put(machine, mallory, sha256, one.manifestBytes.subarray(half), half);
    const good = put(machine, alice, sha256, one.manifestBytes.subarray(half), half);
    world.runFor(50);
    expect(bad.error).toMatchObject({ code: 'wrong-content' });
    expect(good.value).toEqual({ have: one.manifestBytes.length });
  });
  it('that came twice or too early is answered with where to go on', () => {
    const { world, machine } = up();
    machine.offer(one, alice);
    world.runFor(50);
    const sha256 = shaOf(one.digest);
    const early = put(machine, alice, sha256, one.manifestBytes.subarray(50, 60), 50);
    const first = put(machine, alice, sha256, one.manifestBytes.subarray(0, 20));
    const again = put(machine, alice, sha256, one.manifestBytes.subarray(0, 20));
    world.runFor(50);
    expect([early.value, first.value, again.value]).toEqual([
      { have: 0 },
      { have: 20 },
      { have: 20 },
    ]);
  });
});

describe('the record of a slot', () => {
  it('takes all releases that are kept, each with as much as it may have', () => {
    const word = 'x'.repeat(Math.floor(slotLimits.specBytes / 256) - 3);
    const releases = Array.from({ length: slotLimits.releaseCount }, (_none, at): SlotRelease => ({
      digest: `rel:sha256-${at.toString(16).padStart(64, '0')}`,
      app: 'a'.repeat(64),
      version: 'v'.repeat(64),
      run: { command: Array.from({ length: 250 }, () => word) },
      checks: [
        { exec: Array.from({ length: 256 }, () => ''), timeoutMs: 1 },
        { exec: Array.from({ length: 256 }, () => ''), timeoutMs: 1 },
        { exec: Array.from({ length: 256 }, () => ''), timeoutMs: 1 },
      ],
      dataMigration: 'forward-only',
      byteCount: 1,
      signatures: Array.from({ length: 16 }, () => ({
        key: 'k'.repeat(43),
        signature: 's'.repeat(86),
      })),
      stagedMs: 1,
      stagedBy: 'g'.repeat(128),
      verdict: 'rejected',
      why: '…'.repeat(slotLimits.reasonCharacters),
    }));
    const ended = Array.from({ length: slotLimits.endedCount }, () => ({
      asker: 'a'.repeat(128),
      operation: 'o'.repeat(128),
      action: 'rollback',
      result: 'rollback-failed' as const,
      reason: '…'.repeat(slotLimits.reasonCharacters),
    }));
    const pinned = releases.map(({ digest }) => digest);
    const record: SlotRecord = { slot: 'web', generation: 1, pinned, releases, ended };
    expect(() => checkEntries([{ kind: 'slot', ...record }])).not.toThrow();
  });
});

describe('what one may have half brought', () => {
  const owner = (slot: string, asker: string) => ({ slot, asker });
  const of = (asker: string, slot: string, byteCount: number, sha256: string) => ({
    slot,
    asker,
    sha256,
    byteCount,
  });
  const { askerPartialBytes, slotPartialBytes, partialBytes, askerPartialCount } = slotLimits;
  it('is so many bytes of one asker, of one slot and of a node', () => {
    const quota = new PartialQuota([of('mallory', 'web', askerPartialBytes - 1, 'a')]);
    quota.check(owner('web', 'mallory'), 'b', 1);
    expect(() => quota.check(owner('web', 'mallory'), 'b', 2)).toThrow('one who brings them');
    expect(() => quota.check(owner('api', 'mallory'), 'b', 2)).toThrow('one who brings them');
    quota.check(owner('web', 'alice'), 'b', slotPartialBytes - askerPartialBytes + 1);
    expect(() =>
      quota.check(owner('web', 'alice'), 'b', slotPartialBytes - askerPartialBytes + 2),
    ).toThrow('one slot may have');
    quota.set(owner('api', 'bob'), 'c', askerPartialBytes);
    expect(() =>
      quota.check(owner('db', 'carol'), 'b', partialBytes - 2 * askerPartialBytes + 2),
    ).toThrow('a node has room');
    quota.check(owner('db', 'carol'), 'b', partialBytes - 2 * askerPartialBytes + 1);
  });
  it('is so many contents, of which it may go on with each', () => {
    const quota = new PartialQuota();
    for (let at = 0; at < askerPartialCount; at += 1) {
      quota.check(owner('web', 'mallory'), `${at}`, 1);
      quota.set(owner('web', 'mallory'), `${at}`, 1);
    }
    expect(() => quota.check(owner('web', 'mallory'), 'more', 1)).toThrow('half brought already');
    quota.check(owner('web', 'mallory'), '0', 1);
    quota.set(owner('web', 'mallory'), '0', 0);
    quota.check(owner('web', 'mallory'), 'more', 1);
  });
});
