/** A connection over sockets that do what peers of our own never do. */
import net from 'node:net';
import { Duplex } from 'node:stream';
import { CLOSE_MS, StreamConnection } from '@bellwether/netlayer-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ears } from '../../support/netlayer-ear.ts';
import { quietReal, sameBytes, pattern, untilReal } from '../../support/netlayer-rig.ts';

let server: net.Server;
let theirs: net.Socket[];

beforeEach(async () => {
  theirs = [];
  // A peer that keeps its half open whatever we do, and reads only when told.
  server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', () => undefined);
    theirs.push(socket);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
});
afterEach(async () => {
  for (const socket of theirs) socket.destroy();
  await new Promise((done) => server.close(done));
});

async function attached(): Promise<{ readonly socket: net.Socket; readonly ears: Ears }> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = net.connect({ port: address.port, host: '127.0.0.1' });
  const ears = new Ears();
  await new Promise((open) => socket.once('connect', open));
  StreamConnection.attach(socket, undefined, ears.accept);
  await untilReal('accepted', () => theirs.length > 0);
  return { socket, ears };
}

describe('closing', () => {
  test('destroys after a second when the peer keeps its half open', async () => {
    const { socket, ears } = await attached();
    theirs[0]?.resume();
    const start = performance.now();
    ears.only.hangUp();
    await untilReal('destroyed', () => socket.destroyed);
    expect(performance.now() - start).toBeGreaterThan(CLOSE_MS * 0.9);
    expect(ears.only.late).toEqual([]);
  });

  test('destroys after a second when the peer does not read what is to be flushed', async () => {
    const { socket, ears } = await attached();
    ears.only.connection.send(pattern(16 * 1_048_576));
    ears.only.hangUp();
    await untilReal('destroyed', () => socket.destroyed);
    expect(ears.only.late).toEqual([]);
  });

  test('destroys after a second when the peer has ended its half and does not read either', async () => {
    const { socket, ears } = await attached();
    ears.only.connection.send(pattern(16 * 1_048_576));
    theirs[0]?.end();
    // It reads nothing, so our end does not reach it; the end that it has sent is behind nothing.
    await untilReal('destroyed', () => socket.destroyed);
    expect(ears.only.closedCount).toBe(1);
  });

  test('is at once when both halves have ended', async () => {
    const { socket, ears } = await attached();
    theirs[0]?.resume();
    theirs[0]?.once('end', () => theirs[0]?.end());
    const start = performance.now();
    ears.only.hangUp();
    await untilReal('closed', () => socket.destroyed);
    expect(performance.now() - start).toBeLessThan(CLOSE_MS / 2);
  });

  test('by the peer with bytes of ours still unread flushes them', async () => {
    const { ears } = await attached();
    const all = pattern(4 * 1_048_576);
    ears.only.connection.send(all);
    theirs[0]?.end();
    await untilReal('told', () => ears.only.closedCount === 1);
    const heard: Uint8Array[] = [];
    theirs[0]?.on('data', (chunk: Uint8Array) => heard.push(chunk));
    theirs[0]?.resume();
    await untilReal(
      'flushed',
      () => heard.reduce((sum, { length }) => sum + length, 0) === all.length,
    );
    expect(sameBytes(Buffer.concat(heard), all)).toBe(true);
  });
});

describe('a socket that fails', () => {
  test('is told once, with the reason', async () => {
    const { ears } = await attached();
    theirs[0]?.resetAndDestroy();
    await untilReal('told', () => ears.only.closedCount > 0);
    await quietReal();
    expect(ears.only.reason).toMatchObject({ code: 'ECONNRESET' });
    expect([ears.only.closedCount, ears.only.late]).toEqual([1, []]);
  });

  test('after it was closed is told to nobody and hurts nobody', async () => {
    const { socket, ears } = await attached();
    ears.only.hangUp();
    theirs[0]?.resetAndDestroy();
    await untilReal('gone', () => socket.destroyed);
    await quietReal();
    expect(ears.only.late).toEqual([]);
  });
});

test('end tells the handler its reason, once, and leaves a closed connection alone', async () => {
  const { socket, ears } = await attached();
  const reason = new Error('enough');
  StreamConnection.of(socket)?.end(reason);
  StreamConnection.of(socket)?.end(new Error('more'));
  expect([ears.only.closedCount, ears.only.reason]).toEqual([1, reason]);
});

test('a socket has its connection from the attach on, and none before', async () => {
  const bare = new Duplex({ read: () => undefined, write: (_chunk, _how, done) => done() });
  expect(StreamConnection.of(bare)).toBeUndefined();
  const ears = new Ears();
  const connection = StreamConnection.attach(bare, undefined, ears.accept);
  expect(StreamConnection.of(bare)).toBe(connection);
  expect(ears.only.connection).toBe(connection);
  bare.destroy();
});

test('chunks of any duplex arrive as plain views of exactly their bytes', async () => {
  const bare = new Duplex({ read: () => undefined, write: (_chunk, _how, done) => done() });
  const ears = new Ears();
  StreamConnection.attach(bare, undefined, ears.accept);
  bare.push(Buffer.from('xhellox').subarray(1, 6));
  await untilReal('heard', () => ears.only.count === 5);
  expect(Buffer.from(ears.only.heard()).toString()).toBe('hello');
  expect(ears.only.late).toEqual([]);
  bare.destroy();
});

test('what is sent with more to follow goes in one write with it, and alone it does not wait', () => {
  const writes: number[] = [];
  const bare = new Duplex({
    read: () => undefined,
    write: (chunk: Uint8Array, _how, done) => {
      writes.push(chunk.length);
      done();
    },
    writev: (chunks, done) => {
      writes.push(chunks.reduce((sum, { chunk }) => sum + (chunk as Uint8Array).length, 0));
      done();
    },
  });
  const connection = StreamConnection.attach(bare, undefined, new Ears().accept);
  connection.send(pattern(1));
  connection.send(pattern(10), true);
  connection.send(pattern(100), true);
  expect(writes).toEqual([1]);
  connection.send(pattern(1_000));
  connection.send(pattern(2));
  expect(writes).toEqual([1, 1_110, 2]);
  bare.destroy();
});
