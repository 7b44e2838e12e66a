import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { unixDialler, unixNetlayer } from '@bellwether/netlayer-unix';
import type { Accept, Netlayer } from '@bellwether/ocapn';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Ears } from '../../support/netlayer-ear.ts';
import { scratchFolder } from '../../support/netlayer-real-rigs.ts';
import { untilReal } from '../../support/netlayer-rig.ts';
import { READ_BYTES } from '../../../netlayers/stream/src/limits.ts';

let folder: string;
let client: Netlayer;

beforeEach(() => {
  folder = scratchFolder();
  client = unixNetlayer({ designator: 'client' });
});
afterEach(async () => {
  await new Promise<void>((done) => client.close(done));
  fs.rmSync(folder, { recursive: true });
});

const location = (hints: Readonly<Record<string, string>>) => ({
  transport: 'unix',
  designator: 'me',
  hints,
});
function failureOf(hints: Readonly<Record<string, string>>): Promise<Error> {
  return new Promise((failed) => client.dial(location(hints), new Ears().accept, failed));
}

test('a socket that nobody serves is unreachable, and the reason names it', async () => {
  const at = path.join(folder, 's');
  const server = net.createServer();
  await new Promise<void>((ready) => server.listen(`${at}.bound`, ready));
  fs.renameSync(`${at}.bound`, at);
  await new Promise((done) => server.close(done));
  const failure = await failureOf({ path: at });
  expect(failure).toMatchObject({ code: 'unreachable' });
  expect(failure.message).toBe(`unix: ${at}: nobody listens there (ECONNREFUSED)`);
});

test('a path in a folder that does not exist is unreachable, long or short', async () => {
  for (const name of ['x', 'x'.repeat(150)]) {
    const at = path.join(folder, name, 's');
    const failure = await failureOf({ path: at });
    expect(failure).toMatchObject({ code: 'unreachable' });
    expect(failure.message).toContain(at);
  }
});

test.each([{}, { path: 'relative' }, { path: '' }, { path: '/tmp/a\0b' }])(
  'hints %j are a bad place',
  async (hints) => {
    expect(await failureOf(hints)).toMatchObject({ code: 'bad-place' });
  },
);

test('what only dials refuses to listen, and names this machine in both modes', async () => {
  for (const peer of [unixDialler(), unixDialler('shared'), unixNetlayer({ designator: 'x' })]) {
    expect(peer.facts).toMatchObject({ needsHints: true, namesThisMachine: true });
    const failure = await new Promise((failed) =>
      peer.listen(new Ears().accept, () => failed(undefined), failed),
    );
    expect(failure).toMatchObject({ code: 'bad-place' });
    await new Promise<void>((done) => peer.close(done));
  }
});

test('the connection over the cap is closed, and a place is free again after one ends', async () => {
  const at = path.join(folder, 's');
  const place = { path: at, replaceStale: false };
  const server = unixNetlayer({ designator: 'me', place, connectionCount: 2 });
  const [theirs, mine] = [new Ears(), new Ears()];
  await new Promise<void>((ready, failed) => server.listen(theirs.accept, () => ready(), failed));
  for (let n = 0; n < 3; n += 1) client.dial(location({ path: at }), mine.accept, () => undefined);
  await untilReal('one is shut out', () => mine.all.some((ear) => ear.closedCount > 0));
  expect(theirs.all.length).toBe(2);
  theirs.all[0]?.hangUp();
  await untilReal('it ended', () => mine.all.filter((ear) => ear.closedCount > 0).length === 2);
  client.dial(location({ path: at }), mine.accept, () => undefined);
  await untilReal('another is let in', () => theirs.all.length === 3);
  await new Promise<void>((done) => server.close(done));
});

/** A server in a thread of its own that can be stopped from accepting. */
const sleeper = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:net').createServer(() => {});
  server.listen({ path: workerData.path, backlog: 1 }, () => {
    parentPort.postMessage('ready');
    Atomics.wait(new Int32Array(workerData.gate), 0, 0);
  });
`;

test.runIf(process.platform === 'linux')(
  'a dial to a server whose queue is full tries again until it is let in',
  async () => {
    const at = path.join(folder, 's');
    const gate = new SharedArrayBuffer(4);
    const worker = new Worker(sleeper, { eval: true, workerData: { path: at, gate } });
    await new Promise((ready) => worker.once('message', ready));
    const mine = new Ears();
    const failures: Error[] = [];
    for (let n = 0; n < 6; n += 1) {
      client.dial(location({ path: at }), mine.accept, (reason) => failures.push(reason));
    }
    await untilReal('the queue is full', () => mine.all.length === 2);
    const raw = net.connect({ path: at });
    const code = await new Promise((told) => raw.once('error', (error) => told(error)));
    expect(code).toMatchObject({ code: 'EAGAIN' });
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
    await untilReal('all are in', () => mine.all.length === 6);
    expect(failures).toEqual([]);
    await worker.terminate();
  },
);

test('what dialled connections read lies in one buffer, and each is told its own bytes', async () => {
  const at = path.join(folder, 's');
  const server = net.createServer((socket) => {
    // It says back what it was told, and as much as comes in several reads.
    socket.once('data', (chunk) => socket.end(Buffer.alloc(READ_BYTES * 3, chunk)));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((ready) => server.listen(at, ready));
  const buffers = new Set<ArrayBufferLike>();
  const told = (letter: string): Promise<string> =>
    new Promise((done, failed) => {
      let text = '';
      const accept: Accept = (connection) => {
        connection.send(new TextEncoder().encode(letter));
        return {
          bytes: (chunk) => {
            buffers.add(chunk.buffer);
            text += new TextDecoder().decode(chunk);
          },
          drained: () => undefined,
          closed: () => done(text),
        };
      };
      client.dial(location({ path: at }), accept, failed);
    });
  const letters = ['a', 'b', 'c'];
  const texts = await Promise.all(letters.map(told));
  expect(texts.map((text) => new Set(text))).toEqual(letters.map((letter) => new Set(letter)));
  expect(texts.map(({ length }) => length)).toEqual(letters.map(() => READ_BYTES * 3));
  expect(buffers.size).toBe(1);
  await new Promise((done) => server.close(done));
});
