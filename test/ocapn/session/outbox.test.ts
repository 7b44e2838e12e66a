import { World } from '@bellwether/actors';
import { beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Meter } from '../../../packages/ocapn/src/session/meter.ts';
import { Outbox, type Sender, Unsent } from '../../../packages/ocapn/src/session/outbox.ts';
import { collector } from '../../support/collector.ts';
import { untilReal } from '../../support/netlayer-rig.ts';

class Line implements Sender {
  readonly unsent = new Unsent();
  readonly meter = new Meter(false);
  readonly sent: number[] = [];
  readonly calls: string[] = [];
  isFull = false;
  isStranger = false;
  isLittered = false;
  readonly connection: Sender['connection'];
  constructor(records = false) {
    this.connection = {
      proved: undefined,
      records,
      send: (bytes) => {
        this.sent.push(bytes.length);
        return !this.isFull;
      },
      pause: () => void this.calls.push('pause'),
      resume: () => void this.calls.push('resume'),
      close: () => void this.calls.push('close'),
    };
  }
  beforeFlush(): void {
    this.calls.push(this.unsent.isSwept ? 'swept' : 'flush');
  }
  choked(): void {
    this.calls.push('choked');
  }
  stuck(afterMs: number): void {
    this.calls.push(`stuck for ${afterMs}`);
  }
}

let world: World;
let outbox: Outbox;
const write = (line: Line, byteCount: number): void => {
  const out = outbox.begin(line);
  out.raw(new Uint8Array(byteCount));
  out.end();
  outbox.end(line);
};
beforeEach(() => {
  world = new World(1);
  const limits = { ...LIMITS, unsentPauseBytes: 1_000, unsentCutBytes: 5_000 };
  outbox = new Outbox(world.scheduler(), world.clock(), limits);
});

describe('one wake-up', () => {
  it('is one write per connection, whoever wrote between', () => {
    const [a, b] = [new Line(), new Line()];
    for (let at = 0; at < 5; at += 1) {
      write(a, 10);
      write(b, 1);
    }
    expect([a.sent, b.sent]).toEqual([[], []]);
    world.run();
    expect([a.sent, b.sent]).toEqual([[50], [5]]);
  });
  it('of one session alone is one array', () => {
    const a = new Line();
    for (let at = 0; at < 5; at += 1) write(a, 10);
    world.run();
    expect(a.sent).toEqual([50]);
  });
  it('keeps records apart where the transport wants them apart', () => {
    const a = new Line(true);
    for (let at = 1; at < 4; at += 1) write(a, at);
    world.run();
    expect(a.sent).toEqual([1, 2, 3]);
  });
  it('keeps a record whole that has a long byte string in it, where the transport wants it whole', () => {
    const a = new Line(true);
    const out = outbox.begin(a);
    out.raw(new Uint8Array(3));
    out.value(new Uint8Array(300_000), undefined);
    out.end();
    outbox.end(a);
    world.run();
    expect(a.sent).toEqual([3 + '300000:'.length + 300_000]);
  });
  it('gives a transport that is full no more than a run of records at once', () => {
    const a = new Line(true);
    a.isFull = true;
    write(a, 10);
    world.run();
    for (let at = 0; at < 1_000; at += 1) write(a, 1_000);
    a.calls.length = 0;
    outbox.drained(a);
    const sentBytes = a.sent.slice(1).reduce((sum, each) => sum + each, 0);
    expect(sentBytes).toBe(263_000);
    expect(a.unsent.byteCount).toBe(1_000_000 - sentBytes);
  });
  it('is not stuck while a long record gets on, though the transport is full', () => {
    const a = new Line(true);
    a.unsent.stuckSinceMs = 1;
    outbox.moved(a);
    expect(a.unsent.stuckSinceMs).toBeUndefined();
  });
  it('ends whose transport was full and took nothing for too long, and nobody who took something, or has ended', () => {
    const [stuck, moved, taken, ended] = [new Line(), new Line(), new Line(), new Line()];
    for (const each of [stuck, moved, taken, ended]) {
      each.isFull = true;
      write(each, 10);
      world.run();
      each.calls.length = 0;
    }
    outbox.cutStuck(1_000);
    outbox.moved(moved);
    outbox.drained(taken);
    outbox.forget(ended);
    outbox.cutStuck(1_000 + LIMITS.writeMs - 1);
    expect(stuck.calls).toEqual([]);
    outbox.cutStuck(1_000 + LIMITS.writeMs);
    expect(stuck.calls).toEqual([`stuck for ${LIMITS.writeMs}`]);
    for (const each of [moved, taken, ended]) expect(each.calls).toEqual([]);
    outbox.forgiveStuck();
    outbox.cutStuck(2_000 + LIMITS.writeMs);
    expect(stuck.calls).toHaveLength(1);
  });
  it('loses a frame that was taken back, and none else', () => {
    const a = new Line();
    write(a, 10);
    outbox.begin(a).raw(new Uint8Array(99));
    outbox.cancel();
    write(a, 1);
    world.run();
    expect(a.sent).toEqual([11]);
  });
  it('loses what a session that has ended had written, and nobody else gets it', () => {
    const [a, b] = [new Line(), new Line()];
    write(a, 10);
    outbox.forget(a);
    write(b, 1);
    world.run();
    expect([a.sent, b.sent]).toEqual([[], [1]]);
  });
  it('hands a long run over before its end, in steps of at most 256 KiB', () => {
    const a = new Line();
    write(a, 300_000);
    expect(a.sent).toEqual([262_144, 300_000 - 262_144]);
  });
});

describe('a long byte string', () => {
  it('goes as it is, in one write with what stands around it', () => {
    const a = new Line();
    const blob = new Uint8Array(2 * 262_144);
    const sent: Uint8Array[] = [];
    const more: boolean[] = [];
    a.connection.send = (bytes, isMore = false) => {
      sent.push(bytes);
      more.push(isMore);
      return false; // full at once: what belongs together goes all the same
    };
    const out = outbox.begin(a);
    out.value([blob], undefined);
    out.end();
    outbox.end(a);
    expect(sent.map(({ length }) => length)).toEqual(['[524288:'.length, 262_144]);
    outbox.drained(a);
    expect(sent.map(({ length }) => length)).toEqual([8, 262_144, 262_144, 1]);
    expect(more).toEqual([true, false, true, false]);
    expect(sent[1]?.buffer).toBe(blob.buffer);
  });
});

describe('a transport that is full', () => {
  it('gets nothing until it is drained, then all of it in order', () => {
    const a = new Line();
    a.isFull = true;
    write(a, 1);
    world.run();
    write(a, 2);
    world.run();
    write(a, 3);
    world.run();
    expect(a.sent).toEqual([1]);
    a.isFull = false;
    outbox.drained(a);
    expect(a.sent).toEqual([1, 5]);
  });
  it('makes us stop reading above the limit, not at it, and read again when it is drained', () => {
    const a = new Line();
    a.isFull = true;
    write(a, 1);
    world.run();
    write(a, 1_000);
    world.run();
    expect(a.calls).not.toContain('pause');
    write(a, 1);
    world.run();
    expect(a.calls.filter((call) => call === 'pause')).toHaveLength(1);
    a.isFull = false;
    outbox.drained(a);
    expect(a.calls.at(-1)).toBe('resume');
  });
  it('gets one step at a time, so that each is seen to be taken', () => {
    const a = new Line();
    a.isFull = true;
    write(a, 600_000);
    expect(a.sent).toEqual([262_144]);
    outbox.drained(a);
    expect(a.sent).toEqual([262_144, 262_144]);
    expect(a.unsent.byteCount).toBe(600_000 - 2 * 262_144);
    a.isFull = false;
    outbox.drained(a);
    expect([a.sent.length, a.unsent.byteCount]).toEqual([3, 0]);
  });
  it('makes us read on after a while all the same, for as many bytes more, and ever later', () => {
    const a = new Line();
    const reads = (): string => a.calls.filter((call) => call !== 'flush').join(' ');
    a.isFull = true;
    write(a, 1);
    world.run();
    write(a, 1_001);
    world.run(world.now + 249);
    expect(reads()).toBe('pause');
    world.run(world.now + 2);
    expect(reads()).toBe('pause resume');
    write(a, 1_000);
    world.run();
    expect(reads()).toBe('pause resume');
    write(a, 1);
    world.run(world.now + 499);
    expect(reads()).toBe('pause resume pause');
    world.run();
    expect(reads()).toBe('pause resume pause resume');
    expect(world.pendingCount).toBe(0);
  });
  it('of a stranger has a part of the room', () => {
    const a = new Line();
    a.isStranger = true;
    a.isFull = true;
    write(a, 1);
    world.run();
    write(a, 16); // 1,000 / 64 is less
    world.run();
    expect(a.calls).toContain('pause');
    write(a, 62);
    world.run();
    expect(a.calls).not.toContain('choked');
    write(a, 1); // 5,000 / 64 is less
    world.run();
    expect(a.calls.at(-1)).toBe('choked');
  });
  it('is cut off above its limit, not at it', () => {
    const a = new Line();
    a.isFull = true;
    write(a, 1);
    world.run();
    write(a, 5_000);
    world.run();
    expect(a.calls).not.toContain('choked');
    write(a, 1);
    world.run();
    expect(a.calls.at(-1)).toBe('choked');
  });
});

describe('garbage', () => {
  it('is swept a little later, in one go', () => {
    const a = new Line();
    a.isLittered = true;
    outbox.sweepSoon(a);
    outbox.sweepSoon(a);
    world.run(world.now + 999);
    expect(a.calls).toEqual([]);
    world.run();
    expect(a.calls).toEqual(['swept']);
    expect([world.now, world.pendingCount]).toEqual([1_000, 0]);
  });
  it('that is little waits for something to go along with, and not for ever', () => {
    const [a, b] = [new Line(), new Line()];
    outbox.sweepSoon(a);
    outbox.sweepSoon(b);
    world.run(world.now + 2_000);
    write(a, 10);
    world.run(world.now + 1);
    expect([a.calls, b.calls]).toEqual([['swept'], []]);
    world.run();
    expect([a.calls, b.calls]).toEqual([['swept'], ['swept']]);
    expect([world.now, world.pendingCount]).toEqual([LIMITS.garbageMs + LIMITS.lingerMs, 0]);
  });
  it('of a session that has ended is forgotten', () => {
    const a = new Line();
    outbox.sweepSoon(a);
    outbox.forget(a);
    world.run();
    expect(a.calls).toEqual([]);
  });
  it.each([
    ['to be swept', 10],
    ['to have a write of its own', 2_000],
  ])('that waits %s holds no session that has ended', async (_what, ms) => {
    const collect = collector();
    const gone = (() => {
      const a = new Line();
      outbox.sweepSoon(a);
      world.run(world.now + ms);
      outbox.forget(a);
      return new WeakRef(a);
    })();
    await untilReal('collected', () => {
      collect();
      return gone.deref() === undefined;
    });
    expect(world.pendingCount).toBe(1); // its time is not over
  });
  it('leaves no timer when the router closes', () => {
    outbox.sweepSoon(new Line());
    outbox.close();
    expect(world.pendingCount).toBe(0);
  });
});
