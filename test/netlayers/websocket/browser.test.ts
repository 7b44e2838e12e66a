/** The netlayer of a page, on a socket of `ws` that has a browser's face, and on one that does what a test says. */
import {
  DialFailed,
  PAGE_LIMITS,
  type PageChannel,
  type PageLimits,
  pageNetlayer,
  pageSchedulers,
  type PageSocket,
} from '@bellwether/netlayer-websocket/browser';
import { websocketDesignator, websocketNetlayer } from '@bellwether/netlayer-websocket';
import { keyPairOf, nodeClock, nodeCrypto } from '@bellwether/netlayer-stream';
import { answerTo, type Netlayer, type PeerLocation } from '@bellwether/ocapn';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { MESSAGE_COST_BYTES } from '../../../netlayers/websocket/src/browser/limits.ts';
import { Ears } from '../../support/netlayer-ear.ts';
import { websocketPlace, websocketRig } from '../../support/netlayer-real-rigs.ts';
import type { Rig } from '../../support/netlayer-rig.ts';
import { conformance } from '../conformance.ts';

const crypto = nodeCrypto();
const { after } = nodeClock();

/** Listens as Node does and dials as a page does, in one. */
const both = (node: Netlayer, page: Netlayer): Netlayer => ({
  facts: page.facts,
  listen: (accept, ready, failed) => node.listen(accept, ready, failed),
  dial: (to, accept, failed) => page.dial(to, accept, failed),
  close: (done) => page.close(() => node.close(done)),
});
const open = (url: string): PageSocket => {
  const socket = new WebSocket(url);
  socket.on('error', () => undefined); // what closes it all the same, and a browser would only log
  return socket as unknown as PageSocket;
};
const pageRig = async (): Promise<Rig> => {
  const { rivals, peer: _peer, end, ...rig } = await websocketRig(false);
  const peers: Netlayer[] = [];
  const peer = (): Netlayer => {
    const node = websocketNetlayer({ crypto, place: websocketPlace(false) });
    peers.push(both(node, pageNetlayer({ crypto, open, after })));
    return peers.at(-1) ?? node;
  };
  return {
    ...rig,
    peer,
    rivals,
    end: async () => {
      await Promise.all(peers.map((one) => new Promise<void>((done) => one.close(done))));
      await end();
    },
  };
};
conformance('a page that dials', pageRig);

const keys = keyPairOf(new Uint8Array(32).fill(5));
const at: PeerLocation = {
  transport: 'websocket',
  designator: websocketDesignator(keys),
  hints: { url: 'ws://127.0.0.1:1/' },
};
class FakeSocket implements PageSocket {
  binaryType = 'blob';
  bufferedAmount = 0;
  onopen: PageSocket['onopen'] = null;
  onmessage: PageSocket['onmessage'] = null;
  onerror: PageSocket['onerror'] = null;
  onclose: PageSocket['onclose'] = null;
  readonly sent: Uint8Array[] = [];
  isClosed = false;
  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }
  close(): void {
    this.isClosed = true;
  }
  say(bytes: Uint8Array): void {
    this.onmessage?.({ data: Uint8Array.from(bytes).buffer });
  }
}
/** Timers that a test lets run. */
class Timers {
  nowMs = 0;
  readonly #tasks = new Set<{ readonly atMs: number; readonly task: () => void }>();
  readonly after = (ms: number, task: () => void): (() => void) => {
    const entry = { atMs: this.nowMs + ms, task };
    this.#tasks.add(entry);
    return () => void this.#tasks.delete(entry);
  };
  run(ms: number): void {
    this.nowMs += ms;
    for (const entry of [...this.#tasks])
      if (entry.atMs <= this.nowMs && this.#tasks.delete(entry)) entry.task();
  }
  get count(): number {
    return this.#tasks.size;
  }
}
const dialled = (limits: Partial<PageLimits> = {}) => {
  const timers = new Timers();
  const sockets: FakeSocket[] = [];
  const ears = new Ears();
  const failures: Error[] = [];
  const netlayer = pageNetlayer({
    crypto,
    after: timers.after,
    limits,
    open: () => {
      sockets.push(new FakeSocket());
      return sockets.at(-1) ?? new FakeSocket();
    },
  });
  const cancel = netlayer.dial(at, ears.accept, (reason) => failures.push(reason));
  timers.run(0);
  const [socket = new FakeSocket()] = sockets;
  socket.onopen?.({});
  const answer = (): void => socket.say(answerTo(socket.sent[0] ?? new Uint8Array(0), keys));
  return { timers, netlayer, socket, ears, failures, cancel, answer };
};
const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(1);

describe('the schedulers of a page', () => {
  test('run what turns wrote behind the turns, in order, and lose nothing to a task that throws', () => {
    const posted: (() => void)[] = [];
    const channel: PageChannel = {
      port1: { onmessage: null },
      port2: { postMessage: () => void posted.push(() => channel.port1.onmessage?.({})) },
    };
    const { vat, flush } = pageSchedulers(channel);
    const ran: string[] = [];
    const task = (name: string) => (): void => void ran.push(name);
    flush.enqueue(task('write'));
    vat.enqueue(() => {
      ran.push('turn');
      vat.enqueue(task('its own'));
    });
    vat.enqueue(task('another'));
    expect(posted.length).toBe(1);
    posted.shift()?.();
    expect(ran).toEqual(['turn', 'another', 'write']);
    posted.shift()?.();
    expect(ran).toEqual(['turn', 'another', 'write', 'its own']);
    vat.enqueue(() => {
      throw new Error('on purpose');
    });
    vat.enqueue(task('after it'));
    expect(posted.shift()).toThrow('on purpose');
    posted.shift()?.();
    expect(ran.at(-1)).toBe('after it');
    expect(posted).toEqual([]);
  });
});

describe('a page', () => {
  test('is not dialled: it refuses to listen', () => {
    const { netlayer, timers } = dialled();
    const failures: Error[] = [];
    netlayer.listen(
      new Ears().accept,
      () => undefined,
      (reason) => failures.push(reason),
    );
    timers.run(0);
    expect(failures).toMatchObject([{ code: 'bad-place' }]);
    expect(failures[0]).toBeInstanceOf(DialFailed);
  });
  test('believes the answer of the key that it dialled, and no other', () => {
    const good = dialled();
    good.answer();
    expect(good.ears.only.connection.proved).toEqual(at);
    expect(good.socket.binaryType).toBe('arraybuffer');
    const bad = dialled();
    const other = keyPairOf(new Uint8Array(32).fill(6));
    bad.socket.say(answerTo(bad.socket.sent[0] ?? bytes(0), other));
    expect(bad.failures).toMatchObject([{ code: 'untrusted' }]);
    expect(bad.socket.isClosed).toBe(true);
    const odd = dialled();
    odd.socket.onmessage?.({ data: 'a text' });
    expect(odd.failures).toMatchObject([{ code: 'untrusted' }]);
  });
  test('says so where its browser opens no such place, and leaves no timer', () => {
    const timers = new Timers();
    const failures: Error[] = [];
    const open = (): never => {
      throw new Error('SecurityError: an insecure WebSocket of a secure page');
    };
    const netlayer = pageNetlayer({ crypto, after: timers.after, open });
    netlayer.dial(at, new Ears().accept, (reason) => failures.push(reason));
    timers.run(0);
    expect(failures).toMatchObject([{ code: 'bad-place', summary: undefined }]);
    expect(failures[0]?.message).toContain('SecurityError: an insecure');
    expect(timers.count).toBe(0);
  });
  test.each([
    ['ws://127.0.0.1:1/', true],
    ['wss://localhost/', true],
    ['wss://[::ffff:7f00:1]/', true],
    ['wss://169.254.169.254/', true],
    ['wss://web1.example/', false],
  ])('asks for %s where it goes by itself; is that refused to a peer: %s', (url, isRefused) => {
    const opened: string[] = [];
    const failures: Error[] = [];
    const timers = new Timers();
    const open = (url: string): PageSocket => (opened.push(url), new FakeSocket());
    const netlayer = pageNetlayer({ crypto, after: timers.after, open });
    const dial = (isForOthers: boolean): void => {
      const to = { ...at, hints: { url } };
      netlayer.dial(to, new Ears().accept, (reason) => failures.push(reason), isForOthers);
      timers.run(0);
    };
    dial(false);
    expect([opened.length, failures]).toEqual([1, []]);
    dial(true);
    expect(opened.length).toBe(isRefused ? 1 : 2);
    expect(failures).toMatchObject(isRefused ? [{ code: 'bad-place' }] : []);
  });
  test('waits for its time and not a moment longer, and leaves no timer', () => {
    const { timers, failures, socket } = dialled({ dialMs: 100 });
    timers.run(99);
    expect(failures).toEqual([]);
    timers.run(1);
    expect(failures).toMatchObject([{ code: 'unreachable' }]);
    expect([socket.isClosed, timers.count]).toEqual([true, 0]);
    const reached = dialled();
    reached.answer();
    expect(reached.timers.count).toBe(0);
    const cancelled = dialled();
    cancelled.cancel();
    expect([cancelled.socket.isClosed, cancelled.failures, cancelled.timers.count]).toEqual([
      true,
      [],
      0,
    ]);
  });
  test('takes a message as long as may be, and ends the connection at one that is longer, or a text', () => {
    const { answer, socket, ears } = dialled({ messageBytes: 100 });
    answer();
    socket.say(bytes(100));
    expect(ears.only.count).toBe(100);
    socket.say(bytes(101));
    expect([ears.only.count, ears.only.closedCount]).toEqual([100, 1]);
    expect(ears.only.reason?.message).toContain('at most 100 bytes');
    const texted = dialled();
    texted.answer();
    texted.socket.onmessage?.({ data: 'a text' });
    expect(texted.ears.only.closedCount).toBe(1);
  });
  test('keeps what comes while nobody reads up to its limit, and ends the connection beyond it', () => {
    const heldBytes = 3 * (100 + MESSAGE_COST_BYTES);
    const { answer, socket, ears, timers } = dialled({ heldBytes });
    answer();
    const { connection } = ears.only;
    connection.pause();
    for (let n = 0; n < 3; n += 1) socket.say(bytes(100));
    expect([ears.only.count, ears.only.closedCount]).toEqual([0, 0]);
    connection.resume();
    timers.run(0);
    expect(ears.only.count).toBe(300);
    connection.pause();
    for (let n = 0; n < 4; n += 1) socket.say(bytes(100));
    expect(ears.only.closedCount).toBe(1);
    expect(ears.only.reason?.message).toContain(`more than ${heldBytes} bytes`);
  });
  test('keeps empty messages up to that limit, too: each costs more than its bytes', () => {
    const { answer, socket, ears } = dialled({ heldBytes: 3 * MESSAGE_COST_BYTES });
    answer();
    ears.only.connection.pause();
    for (let n = 0; n < 3; n += 1) socket.say(bytes(0));
    expect(ears.only.closedCount).toBe(0);
    socket.say(bytes(0));
    expect(ears.only.closedCount).toBe(1);
  });
  test('tells what came before the end, and then the end', () => {
    const { answer, socket, ears, timers } = dialled();
    answer();
    ears.only.connection.pause();
    socket.say(bytes(10));
    socket.onclose?.({});
    expect([ears.only.count, ears.only.closedCount]).toEqual([0, 0]);
    ears.only.connection.resume();
    timers.run(0);
    expect([ears.only.count, ears.only.closedCount, ears.only.reason]).toEqual([10, 1, undefined]);
  });
  test('says that it is full from its limit on, and looks until it is not', () => {
    const { answer, socket, ears, timers } = dialled({ unsentBytes: 1_000, lookMs: 20 });
    answer();
    const { connection } = ears.only;
    socket.bufferedAmount = 999;
    expect(connection.send(bytes(1))).toBe(true);
    socket.bufferedAmount = 1_000;
    expect(connection.send(bytes(1))).toBe(false);
    timers.run(20);
    expect(ears.only.drainedCount).toBe(0);
    socket.bufferedAmount = 250;
    timers.run(19);
    expect(ears.only.drainedCount).toBe(0);
    timers.run(1);
    expect([ears.only.drainedCount, timers.count]).toEqual([1, 0]);
    expect(PAGE_LIMITS.heldBytes).toBeGreaterThan(PAGE_LIMITS.messageBytes);
  });
});
