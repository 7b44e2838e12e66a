/** What every netlayer promises, in one suite that is run over each of them. */
import type { Netlayer } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ears } from '../support/netlayer-ear.ts';
import {
  connected,
  dialled,
  listening,
  pattern,
  refusedToDial,
  refusedToListen,
  sameBytes,
  type Rig,
} from '../support/netlayer-rig.ts';

const KiB = 1_024;
const MiB = 1_024 * KiB;

/** Runs the suite; `makeRig` is called once for each test. */
export function conformance(name: string, makeRig: () => Promise<Rig>): void {
  let rig: Rig;
  describe(`${name} carries bytes`, () => {
    beforeEach(async () => void (rig = await makeRig()));
    afterEach(() => rig.end());
    bytesTests(() => rig);
  });
  describe(`${name} pushes back`, () => {
    beforeEach(async () => void (rig = await makeRig()));
    afterEach(() => rig.end());
    pressureTests(() => rig);
  });
  describe(`${name} ends connections`, () => {
    beforeEach(async () => void (rig = await makeRig()));
    afterEach(() => rig.end());
    endTests(() => rig);
  });
  describe(`${name} dials and listens`, () => {
    beforeEach(async () => void (rig = await makeRig()));
    afterEach(() => rig.end());
    dialTests(() => rig);
    closeTests(() => rig);
  });
}

function bytesTests(the: () => Rig): void {
  test('bytes arrive in the order sent, whatever the size of the sends', async () => {
    const { near, far } = await connected(the());
    const sizes = [1, 7, 1_000, 65_536, 3, 20_000, 1, 1, 131_072];
    const all = pattern(sizes.reduce((sum, size) => sum + size));
    let at = 0;
    for (const size of sizes) {
      near.connection.send(all.subarray(at, at + size));
      at += size;
    }
    await the().until('all heard', () => far.count >= all.length);
    expect(sameBytes(far.heard(), all)).toBe(true);
  });

  test('two thousand sends of one byte arrive as those bytes', async () => {
    const { near, far } = await connected(the());
    const all = pattern(2_000);
    for (let at = 0; at < all.length; at += 1) near.connection.send(all.slice(at, at + 1));
    await the().until('all heard', () => far.count >= all.length);
    expect(sameBytes(far.heard(), all)).toBe(true);
  });

  test('what is handed over is a plain Uint8Array, and says whether it is a stream', async () => {
    const { near, far } = await connected(the());
    near.connection.send(pattern(100));
    await the().until('all heard', () => far.count >= 100);
    expect(far.late).toEqual([]);
    const records = the().records === true;
    expect([near.connection.records, far.connection.records]).toEqual([records, records]);
  });

  test('sends that are announced as more, and the last of them, arrive in order and all', async () => {
    const { near, far } = await connected(the());
    const sizes = [1, 125, 126, 5_000, 65_535, 65_536, 70_000, 3];
    const all = pattern(sizes.reduce((sum, size) => sum + size));
    let at = 0;
    sizes.forEach((size, n) => {
      near.connection.send(all.subarray(at, at + size), n < sizes.length - 1);
      at += size;
    });
    await the().until('all heard', () => far.count >= all.length);
    expect(sameBytes(far.heard(), all)).toBe(true);
    if (the().records === true) expect(far.chunks.map(({ length }) => length)).toEqual(sizes);
  });

  test('eight mebibytes in one send arrive whole', async () => {
    const { near, far } = await connected(the());
    const all = pattern(8 * MiB);
    expect(near.connection.send(all)).toBe(false);
    await the().until('all heard', () => far.count >= all.length);
    await the().until('drained', () => near.drainedCount > 0);
    expect(sameBytes(far.heard(), all)).toBe(true);
  });

  test('both directions run at once', async () => {
    const { near, far } = await connected(the());
    const [there, back] = [pattern(2 * MiB, 1), pattern(2 * MiB, 2)];
    for (let at = 0; at < there.length; at += 64 * KiB) {
      near.connection.send(there.subarray(at, at + 64 * KiB));
      far.connection.send(back.subarray(at, at + 64 * KiB));
    }
    await the().until('heard there', () => far.count >= there.length);
    await the().until('heard back', () => near.count >= back.length);
    expect(sameBytes(far.heard(), there) && sameBytes(near.heard(), back)).toBe(true);
  });

  test('forty connections between two peers do not mix', async () => {
    const { ears, at } = await listening(the(), the().peer());
    const dialler = the().peer();
    const mine = new Ears();
    for (let n = 0; n < 40; n += 1) dialler.dial(at, mine.accept, () => undefined);
    await the().until('all open', () => mine.all.length === 40 && ears.all.length === 40);
    mine.all.forEach((ear, n) => ear.connection.send(pattern(1_000, n)));
    await the().until('all heard', () => ears.all.every((ear) => ear.count >= 1_000));
    const found = ears.all.map((ear) => Buffer.from(ear.heard()).toString('hex')).sort();
    const wanted = mine.all.map((_, n) => Buffer.from(pattern(1_000, n)).toString('hex')).sort();
    expect(found).toEqual(wanted);
  });

  test('what is sent from inside accept arrives', async () => {
    const [acceptor, dialler] = [the().peer(), the().peer()];
    const { at } = await listening(the(), acceptor, (connection) => {
      connection.send(pattern(10));
      return new Ears().accept(connection);
    });
    const near = await dialled(the(), dialler, at);
    await the().until('greeted', () => near.count >= 10);
    expect(sameBytes(near.heard(), pattern(10))).toBe(true);
  });
}

function pressureTests(the: () => Rig): void {
  test('a paused connection hears nothing until it is resumed', async () => {
    const { near, far } = await connected(the());
    far.connection.pause();
    near.connection.send(pattern(64 * KiB));
    await the().quiet();
    expect(far.count).toBe(0);
    far.connection.resume();
    await the().until('all heard', () => far.count >= 64 * KiB);
    expect(sameBytes(far.heard(), pattern(64 * KiB))).toBe(true);
  });

  test('a pause from inside a callback holds at once', async () => {
    const { near, far } = await connected(the());
    const heard: number[] = [];
    const bytes = far.bytes.bind(far);
    far.bytes = (chunk) => {
      bytes(chunk);
      heard.push(far.count);
      far.connection.pause();
    };
    near.connection.send(pattern(1 * MiB));
    await the().until('a first chunk', () => heard.length > 0);
    await the().quiet();
    expect(heard.length).toBe(1);
  });

  test('a sender that waits for drained never has more than 8 MiB under way to a slow reader', async () => {
    const { near, far } = await connected(the());
    far.connection.pause();
    const piece = pattern(64 * KiB);
    let sent = 0;
    const drained = near.drained.bind(near);
    near.drained = () => {
      drained();
      fill();
    };
    const fill = (): void => {
      while (sent < 32 * MiB) {
        sent += piece.length;
        if (!near.connection.send(piece)) return;
      }
    };
    fill();
    await the().quiet();
    expect(sent).toBeLessThan(8 * MiB);
    const stopped = sent;
    await the().quiet();
    expect(sent).toBe(stopped);
    far.connection.resume();
    await the().until('all heard', () => far.count >= 32 * MiB);
    expect(far.count).toBe(32 * MiB);
  });
}

function endTests(the: () => Rig): void {
  test('close flushes: everything arrives, then closed, once', async () => {
    const { near, far } = await connected(the());
    const all = pattern(1 * MiB);
    near.connection.send(all);
    near.hangUp();
    await the().until('closed', () => far.closedCount > 0);
    await the().quiet();
    expect(sameBytes(far.heard(), all)).toBe(true);
    expect([far.closedCount, far.reason, far.late]).toEqual([1, undefined, []]);
  });

  test('after close nothing is told, though the peer goes on sending', async () => {
    const { near, far } = await connected(the());
    near.hangUp();
    for (let n = 0; n < 50; n += 1) far.connection.send(pattern(32 * KiB));
    await the().quiet();
    await the().quiet();
    expect([near.late, near.closedCount, near.count]).toEqual([[], 0, 0]);
  });

  test('a peer that ends its half closes the conversation for both', async () => {
    const { near, far } = await connected(the());
    far.connection.send(pattern(10));
    far.hangUp();
    await the().until('closed', () => near.closedCount > 0);
    expect(sameBytes(near.heard(), pattern(10))).toBe(true);
    expect(near.connection.send(pattern(1))).toBe(false);
    await the().quiet();
    expect([near.late, far.late, near.closedCount]).toEqual([[], [], 1]);
  });

  test('closing twice, and after closed, does nothing', async () => {
    const { near, far } = await connected(the());
    near.hangUp();
    near.hangUp();
    await the().until('closed', () => far.closedCount > 0);
    far.connection.close();
    far.connection.pause();
    far.connection.resume();
    await the().quiet();
    expect([near.late, far.late, far.closedCount]).toEqual([[], [], 1]);
  });

  test('a paused connection that is closed ends all the same', async () => {
    const { near, far } = await connected(the());
    far.connection.pause();
    near.connection.send(pattern(256 * KiB));
    await the().quiet();
    far.hangUp();
    await the().until('the peer sees it', () => near.closedCount > 0);
    expect(far.late).toEqual([]);
  });

  test('a connection that is closed inside accept is never heard of again', async () => {
    const [acceptor, dialler] = [the().peer(), the().peer()];
    const { at, ears } = await listening(the(), acceptor);
    const shut = new Ears();
    dialler.dial(
      at,
      (connection) => {
        const ear = shut.accept(connection);
        connection.close();
        return ear;
      },
      () => undefined,
    );
    await the().until('the acceptor sees it', () => (ears.all[0]?.closedCount ?? 0) > 0);
    await the().quiet();
    expect([shut.only.count, shut.only.closedCount]).toEqual([0, 0]);
  });
}

function dialTests(the: () => Rig): void {
  test('a dial to nobody fails once, later, and names the place', async () => {
    const { location, name } = the().nowhere();
    const failures: Error[] = [];
    the()
      .peer()
      .dial(location, new Ears().accept, (reason) => failures.push(reason));
    expect(failures).toEqual([]);
    await the().until('failed', () => failures.length > 0);
    await the().quiet();
    expect(failures.length).toBe(1);
    expect(failures[0]?.message).toContain(name);
    expect(failures[0]).toMatchObject({ code: 'unreachable' });
  });

  test('a dial to a location of another transport fails as a bad place', async () => {
    const location = { transport: 'carrier-pigeon', designator: 'x', hints: {} };
    const failure = await refusedToDial(the(), the().peer(), location);
    expect(failure).toMatchObject({ code: 'bad-place' });
  });

  test('a dial that is cancelled at once tells nobody', async () => {
    const { at, ears } = await listening(the(), the().peer());
    const calls: string[] = [];
    const cancel = the()
      .peer()
      .dial(
        at,
        (connection) => {
          calls.push('accept');
          return new Ears().accept(connection);
        },
        () => calls.push('failed'),
      );
    cancel();
    cancel();
    await the().quiet();
    expect(calls).toEqual([]);
    expect(ears.all.every((ear) => ear.count === 0)).toBe(true);
  });

  test('a dial to nobody that is cancelled tells nobody', async () => {
    const calls: string[] = [];
    const { location } = the().nowhere();
    const cancel = the()
      .peer()
      .dial(location, new Ears().accept, () => calls.push('failed'));
    cancel();
    await the().quiet();
    expect(calls).toEqual([]);
  });

  test('a cancel after the connection is open leaves it open', async () => {
    const { at, ears } = await listening(the(), the().peer());
    const mine = new Ears();
    const cancel = the()
      .peer()
      .dial(at, mine.accept, () => undefined);
    await the().until('open', () => mine.all.length > 0 && ears.all.length > 0);
    cancel();
    mine.only.connection.send(pattern(5));
    await the().until('heard', () => ears.only.count >= 5);
    expect(mine.only.closedCount).toBe(0);
  });

  test('a place in use is refused to the second, with what to do', async () => {
    const [first, second] = the().rivals();
    const { at, ears } = await listening(the(), first);
    const failure = await refusedToListen(the(), second);
    expect(failure).toMatchObject({ code: 'place-taken' });
    expect(failure.message).toMatch(/in use|listens on/u);
    await dialled(the(), the().peer(), at);
    await the().until('the first still serves', () => ears.all.length > 0);
  });

  test('a netlayer that listens refuses to listen twice', async () => {
    const peer = the().peer();
    await listening(the(), peer);
    expect(await refusedToListen(the(), peer)).toMatchObject({ code: 'bad-place' });
  });

  test('a place can be listened at again after its netlayer was closed', async () => {
    const [first, second] = the().rivals();
    await listening(the(), first);
    await closed(the(), first);
    const { at, ears } = await listening(the(), second);
    await dialled(the(), the().peer(), at);
    await the().until('served', () => ears.all.length > 0);
  });
}

function closeTests(the: () => Rig): void {
  test('close ends the connections of both directions, each told once with a reason', async () => {
    const middle = the().peer();
    const { at, ears } = await listening(the(), middle);
    const { at: other, ears: others } = await listening(the(), the().peer());
    const inbound = await dialled(the(), the().peer(), at);
    const outbound = await dialled(the(), middle, other);
    await the().until('all open', () => ears.all.length > 0 && others.all.length > 0);
    await closed(the(), middle);
    expect([ears.only.closedCount, outbound.closedCount]).toEqual([1, 1]);
    expect(ears.only.reason).toMatchObject({ code: 'netlayer-closed' });
    await the().until('the peers see it', () => inbound.closedCount + others.only.closedCount > 1);
    expect([ears.only.late, outbound.late]).toEqual([[], []]);
  });

  test('close fails the dials under way, and whatever is asked afterwards', async () => {
    const { at } = await listening(the(), the().peer());
    const peer = the().peer();
    const failures: Error[] = [];
    peer.dial(at, new Ears().accept, (reason) => failures.push(reason));
    await closed(the(), peer);
    expect(failures).toMatchObject([{ code: 'netlayer-closed' }]);
    expect(await refusedToDial(the(), peer, at)).toMatchObject({ code: 'netlayer-closed' });
    expect(await refusedToListen(the(), peer)).toMatchObject({ code: 'netlayer-closed' });
  });

  test('closing twice calls both back', async () => {
    const peer = the().peer();
    await listening(the(), peer);
    let count = 0;
    peer.close(() => (count += 1));
    peer.close(() => (count += 1));
    await the().until('both', () => count === 2);
  });
}

async function closed(rig: Rig, netlayer: Netlayer): Promise<void> {
  let isDone = false;
  netlayer.close(() => (isDone = true));
  await rig.until('closed', () => isDone);
}
