/** The client of the keeper against one of paper, which says what no real one says. */
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeLogFiles, openKeeper, Starts } from '../../../packages/shepherd/src/node/index.ts';
import type { KeeperBackend } from '../../../packages/shepherd/src/node/index.ts';
import {
  answerBytes,
  forgetCount,
  giveUpMs,
  owedSignalCount,
  startKeeperMs,
  startTryCount,
} from '../../../packages/shepherd/src/node/keeper/limits.ts';
import {
  FrameWriter,
  protocolVersion,
  tags,
  types,
} from '../../../packages/shepherd/src/node/keeper/protocol.ts';
import { answerOf, makeFolder, startOf, until } from './support.ts';

/** Frames that a client sent: their types, and the text of the first field. */
interface Heard {
  readonly type: number;
  readonly id: string;
}
class PaperKeeper {
  readonly heard: Heard[] = [];
  version: number = protocolVersion;
  isSilent = false;
  /** What it has, and tells at each greeting. */
  has: readonly Buffer[] = [];
  readonly #server: net.Server;
  #socket: net.Socket | undefined;

  constructor(folder: string) {
    this.#server = net.createServer((socket) => {
      this.#socket = socket;
      socket.on('error', () => undefined);
      let rest = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        rest = Buffer.concat([rest, chunk]);
        while (rest.length >= 8 && rest.length >= rest.readUInt32LE(0)) {
          this.#take(rest.subarray(0, rest.readUInt32LE(0)));
          rest = rest.subarray(rest.readUInt32LE(0));
        }
      });
    });
    this.#server.listen(path.join(folder, 'socket'));
  }
  say(...frames: readonly Buffer[]): void {
    this.#socket?.write(Buffer.concat(frames));
  }
  cut(): void {
    this.#socket?.destroy();
  }
  count(type: number): number {
    return this.heard.filter((one) => one.type === type).length;
  }
  end(): void {
    this.cut();
    this.#server.close();
  }
  #take(frame: Buffer): void {
    const type = frame.readUInt32LE(4);
    this.heard.push({ type, id: frame.toString('utf8', 16, 15 + frame.readUInt32LE(8)) });
    if (type !== types.hello || this.isSilent) return;
    const hello = new FrameWriter(types.saysHello).numbers(tags.version, [this.version]);
    this.say(hello.text(tags.boot, 'boot').frame(), ...this.has, told);
  }
}
const told = new FrameWriter(types.saysTold).frame();
const state = (id: string, number: number): FrameWriter =>
  new FrameWriter(types.saysState)
    .text(tags.id, id)
    .numbers(tags.state, [number])
    .numbers(tags.pid, [999_999_999])
    .numbers(tags.time, [1]);
const [prepared, running, failed, over] = [1, 2, 3, 4];
const ended = (id: string, code: number): Buffer =>
  state(id, over)
    .numbers(tags.status, [code << 8])
    .numbers(tags.source, [1])
    .frame();
const refused = (id: string, step: string, error: number): Buffer =>
  new FrameWriter(types.saysRefused)
    .text(tags.id, id)
    .text(tags.step, step)
    .numbers(tags.error, [error])
    .frame();

let folder: string;
let keeper: PaperKeeper;
let backend: KeeperBackend;
let events: string[];
const open = () =>
  openKeeper({
    env: {},
    cwd: folder,
    logFiles: makeLogFiles({ folder: path.join(folder, 'logs'), wall: Date.now }),
    starts: new Starts(path.join(folder, 'starts')),
    keeper: { program: '/no/such/keeper', folder },
    umask: 0o022,
    uid: process.getuid?.() ?? 0,
    log: (event) => events.push(event),
  });
const command = { argv: ['/bin/true'] } as const;

beforeEach(async () => {
  folder = makeFolder();
  events = [];
  keeper = new PaperKeeper(folder);
  backend = await open();
});
afterEach(() => {
  backend.close();
  keeper.end();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('a connection to the keeper', () => {
  it('that is lost is made again, and what was under way is asked for once more', async () => {
    const { started, ended: end } = startOf(backend, 'w-1', command);
    await until('the start', () => keeper.count(types.start) === 1);
    keeper.cut();
    await until('it once more', () => keeper.count(types.start) === 2);
    keeper.say(state('w-1', running).frame(), ended('w-1', 3));
    expect(await started).toMatchObject({ pid: 999_999_999, bootId: 'boot' });
    expect(await end).toEqual({ code: 3 });
  });
  it('tells at its beginning what happened while it was lost', async () => {
    const { started, ended: end } = startOf(backend, 'w-1', command);
    await until('the start', () => keeper.count(types.start) === 1);
    keeper.has = [ended('w-1', 4)];
    keeper.cut();
    await started;
    expect(await end).toEqual({ code: 4 });
    expect(keeper.count(types.start)).toBe(1);
  });
  it.each([
    ['at the limit', owedSignalCount, 1, owedSignalCount - 1],
    ['one over it', owedSignalCount + 1, 1, owedSignalCount],
    ['one over it, but for one answered', owedSignalCount + 1, owedSignalCount, 1],
    ['twice as many, none answered', 2 * owedSignalCount, 0, owedSignalCount],
  ])('repeats the last signals that were not answered: %s', async (_what, all, heard, again) => {
    startOf(backend, 'w-1', command);
    await until('the start', () => keeper.count(types.start) === 1);
    keeper.say(state('w-1', running).frame());
    for (let n = 0; n < all; n += 1) backend.signal('w-1', 'SIGHUP');
    await until('all', () => keeper.count(types.signal) === all);
    const other = startOf(backend, 'w-2', command);
    await until('another start', () => keeper.count(types.start) === 2);
    const sent = new FrameWriter(types.saysSignalled).text(tags.id, 'w-1').frame();
    keeper.say(...Array<Buffer>(heard).fill(sent), state('w-2', running).frame());
    await other.started; // so it has heard of both
    keeper.has = ['w-1', 'w-2'].map((id) => state(id, running).frame());
    keeper.heard.length = 0;
    keeper.cut();
    backend.signal('w-2', 'SIGHUP');
    await until('the last signal', () =>
      keeper.heard.some(({ type, id }) => type === types.signal && id === 'w-2'),
    );
    keeper.heard.pop();
    expect(keeper.count(types.signal)).toBe(again);
  });
  it('is ended by a frame that is longer than any, and made again', async () => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(answerBytes + 1, 0);
    keeper.say(head);
    await until('it is back', () => events.includes('keeper.back'));
  });
  it('is given up where nobody answers to it', async () => {
    keeper.isSilent = true;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    let why = 'it waits';
    void open().catch((error: Error) => (why = error.message));
    for (let n = 0; n < 100 && why === 'it waits'; n += 1) {
      await vi.advanceTimersByTimeAsync(startKeeperMs / 10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(why).toBe(`${folder}: somebody listens there, and says nothing`);
  });
  it('is of no use where the versions differ, which is said', async () => {
    keeper.version = 0;
    await expect(open()).rejects.toThrow('speaks another version');
  });
});

describe('a start', () => {
  it(`that is ended before it begins is tried ${startTryCount} times`, async () => {
    const { started } = startOf(backend, 'w-1', command);
    const failure = state('w-1', failed).text(tags.step, 'begin').numbers(tags.error, [4]).frame();
    for (let tries = 1; tries <= startTryCount; tries += 1) {
      await until(`try ${tries}`, () => keeper.count(types.start) === tries);
      keeper.say(failure);
    }
    await expect(started).rejects.toThrow('it was ended before it could begin');
    expect(keeper.count(types.start)).toBe(startTryCount);
  });
  it('that the keeper has no room for is refused in words', async () => {
    const { started } = startOf(backend, 'w-1', command);
    await until('the start', () => keeper.count(types.start) === 1);
    keeper.say(refused('w-1', 'room', 11));
    await expect(started).rejects.toThrow('exec: true: the keeper has no room for one more');
  });
  it('that the keeper does not have any more is looked for by its pid', async () => {
    const { ended: end } = startOf(backend, 'w-1', command);
    await until('the start', () => keeper.count(types.start) === 1);
    keeper.say(state('w-1', running).frame());
    keeper.cut();
    expect(await end).toEqual({});
    expect(events).toContain('process.not-kept');
  });
  it(`waits ${giveUpMs} ms for a keeper that is lost, and is ended where that had it all the same`, async () => {
    keeper.end();
    fs.rmSync(path.join(folder, 'socket'), { force: true });
    const begun = performance.now();
    await expect(startOf(backend, 'w-1', command).started).rejects.toThrow(
      /^exec: the keeper cannot be reached: \/no\/such\/keeper: no such file \(ENOENT\)/,
    );
    expect(performance.now() - begun).toBeGreaterThan(giveUpMs / 2);
    const { answer, value } = answerOf<readonly unknown[]>();
    backend.adopt([], answer);
    await value;
    keeper = new PaperKeeper(folder);
    keeper.has = [state('w-1', running).frame()];
    await until('its end is asked for', () =>
      keeper.heard.some(({ type, id }) => type === types.signal && id === 'w-1'),
    );
  });
  it('that has not come to its program when the next daemon adopts it is told of once it has', async () => {
    backend.close();
    keeper.has = [state('w-1', prepared).frame()];
    backend = await open();
    const { answer, value } = answerOf<readonly unknown[]>();
    backend.adopt([{ startId: 'w-1', service: 'web' }], answer);
    // It has no time of birth yet, and may hang: nobody waits for it here.
    const hang = { pid: 999_999_999, at: '' };
    expect(await value).toEqual([{ startId: 'w-1', service: 'web', pid: 999_999_999, hang }]);
    const settled = answerOf<unknown>();
    backend.settled('w-1', settled.answer);
    keeper.say(state('w-1', running).frame());
    expect(await settled.value).toMatchObject({ startId: 'w-1', pid: 999_999_999 });
    const end = answerOf<unknown>();
    backend.watch('w-1', end.answer);
    keeper.say(ended('w-1', 5));
    expect(await end.value).toEqual({ code: 5 });
  });
  it('that never comes to its program is told to be none once the next daemon has adopted it', async () => {
    // It is looked for on the whole machine, where other tests have a w-1.
    const id = `w-${crypto.randomUUID()}`;
    backend.close();
    keeper.has = [state(id, prepared).frame()];
    backend = await open();
    const { answer, value } = answerOf<readonly unknown[]>();
    backend.adopt([{ startId: id, service: 'web' }], answer);
    expect(await value).toMatchObject([{ startId: id, hang: { at: '' } }]);
    const settled = answerOf<unknown>();
    backend.settled(id, settled.answer);
    keeper.say(state(id, failed).text(tags.step, 'begin').numbers(tags.error, [4]).frame());
    await expect(settled.value).rejects.toThrow('exec: it was ended before it could begin: EINTR');
    const late = answerOf<unknown>();
    backend.settled(id, late.answer);
    await expect(late.value).rejects.toThrow('its program was not run');
  });
  it('whose process was killed with a main has the signals that came meanwhile when it is tried again', async () => {
    startOf(backend, 'w-1', command).ended.catch(() => undefined);
    await until('the start', () => keeper.count(types.start) === 1);
    backend.signal('w-1', 'SIGTERM');
    await until('the signal', () => keeper.count(types.signal) === 1);
    keeper.say(refused('w-1', 'signal', 3));
    keeper.say(state('w-1', failed).text(tags.step, 'begin').numbers(tags.error, [4]).frame());
    await until('both again', () => keeper.count(types.signal) === 2);
    const last = keeper.heard.slice(-3).map(({ type }) => type);
    expect(last).toEqual([types.forget, types.start, types.signal]);
  });
  it('that no record knows is ended by the next daemon', async () => {
    backend.close();
    keeper.has = [state('old', running).frame(), ended('older', 0)];
    backend = await open();
    const { answer, value } = answerOf<readonly unknown[]>();
    backend.adopt([], answer);
    expect(await value).toEqual([]);
    await until('its end is asked for', () =>
      keeper.heard.some(({ type, id }) => type === types.signal && id === 'old'),
    );
    await until('the other one is forgotten', () =>
      keeper.heard.some(({ type, id }) => type === types.forget && id === 'older'),
    );
  });
  it(`is forgotten a while after its end was told, and at once when there are ${forgetCount}`, async () => {
    const ids = Array.from({ length: forgetCount }, (_, at) => `w-${at}`);
    const ends = ids.map((id) => startOf(backend, id, command).ended);
    await until('the starts', () => keeper.count(types.start) === forgetCount);
    keeper.say(...ids.map((id) => ended(id, 0)));
    await Promise.all(ends);
    await until('all', () => keeper.count(types.forget) === forgetCount);
  });
});
