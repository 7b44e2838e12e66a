/** Strangers on the wire: what they claim is checked, what they break is theirs alone, and what they cost is bounded. */
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import {
  websocketDesignator,
  websocketNetlayer,
  type WebSocketLimits,
  type WebSocketPlace,
} from '@bellwether/netlayer-websocket';
import { keyPairOf, nodeCrypto } from '@bellwether/netlayer-stream';
import { makeIdentity, openIdentity } from '@bellwether/netlayer-tcp-tls';
import {
  type ConnectionHandler,
  encode,
  isAnsweredBy,
  makeChallenge,
  type Netlayer,
  type PeerLocation,
  Sym,
  SyrupRecord,
} from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { maskingFramer } from '../../../netlayers/websocket/src/frames.ts';
import { FIRST_BYTES } from '../../../netlayers/websocket/src/limits.ts';
import { Ears, type Ear } from '../../support/netlayer-ear.ts';
import { quietReal, untilReal } from '../../support/netlayer-rig.ts';
import { websocketPlace } from '../../support/netlayer-real-rigs.ts';
import { frame, HEADERS, portOf, Stranger } from '../../support/websocket-strangers.ts';

const crypto = nodeCrypto();
const keys = keyPairOf(new Uint8Array(32).fill(5));
let open: { close(done: () => void): void }[];
let strangers: Stranger[];
beforeEach(() => {
  open = [];
  strangers = [];
});
afterEach(async () => {
  for (const { socket } of strangers) socket.destroy();
  await Promise.all(open.map((peer) => new Promise<void>((done) => peer.close(done))));
});

interface Served {
  readonly at: PeerLocation;
  readonly ears: Ears;
}
const serve = (
  limits: Partial<WebSocketLimits> = {},
  more: Partial<WebSocketPlace> = {},
): Promise<Served> => {
  const place = { identity: keys, host: '127.0.0.1', bindHost: '127.0.0.1', ...more };
  const netlayer = websocketNetlayer({ crypto, place, limits });
  open.push(netlayer);
  const ears = new Ears();
  return new Promise((ready, failed) =>
    netlayer.listen(ears.accept, (at) => ready({ at, ears }), failed),
  );
};
const strange = (at: PeerLocation): Stranger => {
  const stranger = new Stranger(at);
  strangers.push(stranger);
  return stranger;
};
/** A stranger whose challenge was answered, and the connection that it is. */
const known = async ({ at, ears }: Served): Promise<{ stranger: Stranger; ear: Ear }> => {
  const before = ears.all.length;
  const stranger = strange(at).ask();
  stranger.say(frame('binary', makeChallenge(crypto)));
  await untilReal('accepted', () => ears.all.length > before);
  const ear = ears.all[before];
  if (ear === undefined) throw new Error('nobody');
  await untilReal('answered', () => stranger.frames.length > 100);
  return { stranger, ear };
};
const dial = (to: PeerLocation, netlayer?: Netlayer): Promise<Ear | Error> => {
  const dialler = netlayer ?? websocketNetlayer({ crypto, limits: { dialMs: 400 } });
  open.push(dialler);
  const ears = new Ears();
  return new Promise((answer) => {
    dialler.dial(
      to,
      (connection) => {
        const ear = ears.accept(connection);
        answer(ears.only);
        return ear;
      },
      answer,
    );
  });
};
/** Somebody who behaves is served. */
const expectService = async ({ at, ears }: Served): Promise<void> => {
  const before = ears.all.length;
  const ear = await dial(at, websocketNetlayer({ crypto }));
  if (ear instanceof Error) throw ear;
  await untilReal('served', () => ears.all.length > before);
  ear.connection.send(new Uint8Array(3));
  await untilReal('heard', () => ears.all.some(({ count }) => count === 3));
};
const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(0x61);

describe('an acceptor', () => {
  test('signs the challenge as it came, in a frame that is not masked, on the wire of Goblins', async () => {
    const { at } = await serve();
    expect(at.designator).toBe(websocketDesignator(keys));
    const stranger = strange(at).ask();
    const challenge = makeChallenge(crypto);
    expect(Buffer.from(challenge).toString('latin1')).toMatch(/^<14'init:peer-auth32:[^]{32}>$/u);
    stranger.say(frame('binary', challenge));
    await untilReal('answered', () => stranger.frames.length > 100);
    const [first, second, high, low] = stranger.frames;
    const answer = stranger.frames.subarray(4);
    expect([first, second]).toEqual([0x82, 126]);
    expect(((high ?? 0) << 8) | (low ?? 0)).toBe(answer.length);
    expect(answer.toString('latin1').startsWith("<17'desc:sig-envelope<14'init:peer-auth32:")).toBe(
      true,
    );
    expect(isAnsweredBy(crypto, challenge, answer, keys.publicKey)).toBe(true);
    expect(isAnsweredBy(crypto, makeChallenge(crypto), answer, keys.publicKey)).toBe(false);
  });

  const nonce = bytes(32);
  const record = (label: string, ...fields: unknown[]): Uint8Array =>
    encode(new SyrupRecord(new Sym(label), fields));
  const wrong: Readonly<Record<string, Uint8Array>> = {
    'a text': frame('text', record('init:peer-auth', nonce)),
    'another record': frame('binary', record('desc:handoff-give', nonce)),
    'a nonce of 31 bytes': frame('binary', record('init:peer-auth', bytes(31))),
    'a nonce of 33 bytes': frame('binary', record('init:peer-auth', bytes(33))),
    'a field more': frame('binary', record('init:peer-auth', nonce, 1)),
    'bytes behind it': frame(
      'binary',
      Buffer.concat([record('init:peer-auth', nonce), Buffer.from('f')]),
    ),
    'another form of it': frame('binary', Buffer.from(`<14'init:peer-auth032:${'a'.repeat(32)}>`)),
    nothing: frame('binary', bytes(0)),
    'an endless message': frame('binary', bytes(5_000)).subarray(0, 4_900),
  };
  for (const [what, said] of Object.entries(wrong))
    test(`signs nothing but a challenge, and not ${what}`, async () => {
      const served = await serve();
      const stranger = strange(served.at).ask().say(said);
      await untilReal('closed', () => stranger.isClosed);
      expect(stranger.frames.length).toBe(0);
      expect(served.ears.all).toEqual([]);
      await expectService(served);
    });

  test('lets in a page whose origin is named, and no other; what is no browser has none', async () => {
    const told: string[] = [];
    const refused = (origin: string): void => void told.push(origin);
    const { at } = await serve({}, { origins: ['https://app.example'], refused });
    const statusOf = async (...headers: readonly string[]): Promise<string> => {
      const stranger = strange(at).ask(...headers);
      await untilReal('answered', () => stranger.status !== '');
      return stranger.status;
    };
    expect(await statusOf()).toBe('101');
    expect(await statusOf('Origin: https://app.example')).toBe('101');
    const others = ['https://app.example.evil', 'http://app.example', 'null', 'http://127.0.0.1'];
    expect(told).toEqual([]);
    for (const origin of others) expect(await statusOf(`Origin: ${origin}`)).toBe('403');
    expect(told).toEqual(others);
  });

  test('agrees to no compression, and takes no frame that claims it', async () => {
    const { at } = await serve();
    const stranger = strange(at).ask('Sec-WebSocket-Extensions: permessage-deflate');
    await untilReal('answered', () => stranger.status === '101');
    expect(stranger.heard.toString('latin1').toLowerCase()).not.toContain('permessage-deflate');
    stranger.say(frame('binary', makeChallenge(crypto), 0xc0));
    await untilReal('closed', () => stranger.isClosed);
  });

  test('answers what asks for no WebSocket, and is not spoken to by what is no HTTP', async () => {
    const { at } = await serve();
    const status = await new Promise((done, failed) => {
      http
        .get(new URL(at.hints['url']?.replace('ws:', 'http:') ?? ''), (response) => {
          response.resume();
          done(response.statusCode);
        })
        .on('error', failed);
    });
    expect(status).toBe(426);
    const stranger = strange(at);
    stranger.socket.write('\0\0\0');
    await untilReal('closed', () => stranger.isClosed);
  });

  test('ends a client whose frames are not masked, or that says a text', async () => {
    const served = await serve();
    for (const said of [Buffer.from([0x82, 1, 0x61]), frame('text', bytes(1))]) {
      const { stranger, ear } = await known(served);
      stranger.say(said);
      await untilReal('told', () => ear.closedCount === 1);
      expect(ear.reason).toBeInstanceOf(Error);
      await untilReal('closed', () => stranger.isClosed);
    }
  });
});

describe('frames of one tick over TLS', () => {
  /** Records of application data that the acceptor sends for five messages to a client with these headers. */
  const recordsFor = async (headers: Readonly<Record<string, string>>): Promise<number> => {
    const served = await serve({}, websocketPlace(true));
    let sent = Buffer.alloc(0);
    const proxy = net.createServer((near) => {
      const far = net.connect(portOf(served.at), '127.0.0.1');
      near.pipe(far).on('data', (chunk: Buffer) => (sent = Buffer.concat([sent, chunk])));
      far.pipe(near);
      for (const one of [near, far]) one.on('error', () => undefined);
      near.on('close', () => far.destroy());
    });
    open.push({ close: (done) => void proxy.close(() => done()) });
    await new Promise<void>((ready) => proxy.listen(0, '127.0.0.1', ready));
    const { port } = proxy.address() as AddressInfo;
    const ws = new WebSocket(`wss://127.0.0.1:${port}`, { rejectUnauthorized: false, headers });
    await new Promise((ready) => ws.once('open', ready));
    let messageCount = 0;
    ws.on('message', () => (messageCount += 1));
    ws.send(makeChallenge(crypto));
    await untilReal('answered', () => messageCount === 1);
    const recordCount = (): number => {
      let count = 0;
      for (let at = 0; at + 5 <= sent.length; at += 5 + sent.readUInt16BE(at + 3))
        if (sent[at] === 23) count += 1;
      return count;
    };
    const before = recordCount();
    const { connection } = served.ears.only;
    for (let n = 1; n <= 5; n += 1) connection.send(bytes(10), n < 5);
    await untilReal('heard', () => messageCount === 6);
    ws.terminate();
    return recordCount() - before;
  };
  test('are in one record for who says a name, and each in its own for Goblins, which says none', async () => {
    expect(await recordsFor({ 'user-agent': 'a browser' })).toBe(1);
    expect(await recordsFor({})).toBe(5);
  });
});

describe('what a stranger may cost:', () => {
  for (const [what, begin] of [
    ['who says nothing', () => undefined],
    ['who does not end a request', (one: Stranger) => one.socket.write('GET / HTTP/1.1\r\nA: ')],
    ['who says no challenge', (one: Stranger) => void one.ask()],
    [
      'who does not end one',
      (one: Stranger) => void one.ask().say(frame('binary', makeChallenge(crypto)).subarray(0, 20)),
    ],
  ] as const)
    test(`${what} is cut when the time of the handshake is over`, async () => {
      const served = await serve({ handshakeMs: 150 });
      const stranger = strange(served.at);
      begin(stranger);
      await untilReal('cut', () => stranger.isClosed);
      await expectService(served);
    });

  test('a first message that is not all there may have as many bytes as the limit, and not one more', async () => {
    const { at } = await serve();
    const stranger = strange(at).ask();
    await untilReal('asked', () => stranger.status === '101');
    const first = frame('binary', bytes(2 * FIRST_BYTES));
    stranger.say(first.subarray(0, FIRST_BYTES));
    await quietReal();
    expect(stranger.isClosed).toBe(false);
    stranger.say(first.subarray(FIRST_BYTES, FIRST_BYTES + 1));
    await untilReal('closed', () => stranger.isClosed);
  });

  test('of those in their handshake as many as may be stay; one more, and the oldest goes', async () => {
    const { at } = await serve({ halfOpenPerAddress: 2 });
    const [first, second] = [strange(at).ask(), strange(at).ask()];
    await untilReal('both', () => first.status === '101' && second.status === '101');
    await quietReal();
    expect([first.isClosed, second.isClosed]).toEqual([false, false]);
    const third = strange(at).ask();
    await untilReal('the oldest goes', () => first.isClosed);
    await untilReal('the new one is heard', () => third.status === '101');
    expect(second.isClosed).toBe(false);
  });

  test('connections of this machine up to the limit are served, and one more is not', async () => {
    const served = await serve({ connectionsFromHere: 2 });
    await known(served);
    await known(served);
    const third = strange(served.at).ask();
    await untilReal('closed', () => third.isClosed);
    expect(third.status).toBe('');
  });

  test('a request as long as may be is heard, and a longer one is not', async () => {
    const { at } = await serve({ requestBytes: 1_000 });
    // Node counts the path, the names and the values, and refuses at the number.
    const usual = HEADERS.reduce((sum, line) => sum + line.length - ': '.length, '/'.length);
    const asked = (byteCount: number): Stranger =>
      strange(at).ask(`X: ${'a'.repeat(byteCount - usual - 'X'.length)}`);
    const fits = asked(999);
    await untilReal('heard', () => fits.status === '101');
    const over = asked(1_000);
    await untilReal('closed', () => over.isClosed);
    expect(over.status).not.toBe('101');
  });

  test('a message as long as may be is told, and of one that is longer not a byte is kept', async () => {
    const served = await serve({ messageBytes: 5_000 });
    const { stranger, ear } = await known(served);
    stranger.say(frame('binary', bytes(5_000)));
    await untilReal('heard', () => ear.count === 5_000);
    stranger.say(frame('binary', bytes(5_001)).subarray(0, 8)); // its length alone
    await untilReal('told', () => ear.closedCount === 1);
    expect(ear.reason?.message).toContain('Max payload size exceeded');
    await expectService(served);
  });

  test('the same of one that comes in fragments', async () => {
    const served = await serve({ messageBytes: 5_000 });
    const { stranger, ear } = await known(served);
    stranger.say(frame('binary', bytes(3_000), 0), frame('more', bytes(2_000)));
    await untilReal('heard', () => ear.count === 5_000);
    stranger.say(frame('binary', bytes(3_000), 0), frame('more', bytes(2_001)).subarray(0, 8));
    await untilReal('told', () => ear.closedCount === 1);
  });

  test('a message in as many fragments as may be is told, and one more ends it', async () => {
    const served = await serve({ pieceCount: 4 });
    const { stranger, ear } = await known(served);
    const fragments = (count: number): Buffer[] => [
      frame('binary', bytes(1), 0),
      ...Array.from({ length: count - 2 }, () => frame('more', bytes(1), 0)),
      frame('more', bytes(1)),
    ];
    stranger.say(...fragments(4));
    await untilReal('heard', () => ear.count === 4);
    stranger.say(...fragments(5));
    await untilReal('told', () => ear.closedCount === 1);
  });

  test('what is kept of a message that is not all there is told, with what its pieces cost, and pings are none of it', async () => {
    const told: [number, number][] = [];
    const served = await serve();
    const { stranger, ear } = await known(served);
    const handler: ConnectionHandler = ear;
    handler.partial = (length, byteCount) => void told.push([length, byteCount]);
    stranger.say(frame('ping', bytes(3)));
    await quietReal();
    expect(told).toEqual([]);
    const whole = frame('binary', bytes(1_000));
    stranger.say(whole.subarray(0, 400));
    await untilReal('told', () => told.length === 1);
    stranger.say(whole.subarray(400, 900));
    await untilReal('told', () => told.length === 2);
    expect(told).toEqual([
      [400, 656],
      [900, 1_412],
    ]);
    stranger.say(whole.subarray(900));
    await untilReal('heard', () => ear.count === 1_000);
    stranger.say(frame('ping', bytes(3)));
    await quietReal();
    expect(told.length).toBe(2);
  });

  test('who pings and does not read is ended before pongs take memory', async () => {
    const served = await serve({ pongCount: 4 });
    const { stranger, ear } = await known(served);
    ear.connection.send(bytes(6_000_000)); // nothing more fits into the line
    stranger.socket.pause();
    await quietReal();
    stranger.say(...Array.from({ length: 4 }, () => frame('ping', bytes(100))));
    await quietReal();
    expect(ear.closedCount).toBe(0);
    stranger.say(frame('ping', bytes(100)));
    await untilReal('ended', () => ear.closedCount === 1);
    await expectService(served);
  });
});

describe('a peer that is silent', () => {
  for (const isSecure of [false, true])
    test(`is pinged, and stays while it answers, over ${isSecure ? 'wss' : 'ws'}`, async () => {
      const limits = { pingMs: 20, silentCount: 2 };
      const served = await serve(limits, isSecure ? websocketPlace(true) : {});
      const quiet = websocketNetlayer({ crypto, limits: { pingMs: Infinity } });
      const ear = await dial(served.at, quiet);
      if (ear instanceof Error) throw ear;
      for (let n = 0; n < 4; n += 1) await quietReal();
      expect(served.ears.only.closedCount).toBe(0);
    });

  test('and answers no ping is gone', async () => {
    const served = await serve({ pingMs: 20, silentCount: 2 });
    const { stranger, ear } = await known(served);
    await untilReal('gone', () => ear.closedCount === 1);
    expect(ear.reason?.message).toContain('has not said a word for 40 ms');
    expect(stranger.frames.includes(Buffer.from([0x89, 0]))).toBe(true);
  });
});

describe('a dialler', () => {
  /** A server of `ws` that answers the first message as is said here. */
  const strangeServer = async (
    answer: (ws: WebSocket, challenge: Uint8Array) => void,
  ): Promise<PeerLocation> => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (ws) => {
      ws.on('error', () => undefined);
      ws.once('message', (data) => answer(ws, Uint8Array.from(data as Buffer)));
    });
    open.push({
      close: (done) => {
        for (const ws of server.clients) ws.terminate();
        server.close(() => done());
      },
    });
    await new Promise((ready) => server.once('listening', ready));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const url = `ws://127.0.0.1:${address.port}`;
    return { transport: 'websocket', designator: websocketDesignator(keys), hints: { url } };
  };
  const answers: Readonly<Record<string, (ws: WebSocket, challenge: Uint8Array) => void>> = {
    'the signature of another key': (ws, challenge) => {
      const other = keyPairOf(new Uint8Array(32).fill(6));
      ws.send(envelope(challenge, other.sign(challenge)));
    },
    'the signature of another challenge': (ws, challenge) =>
      ws.send(envelope(challenge, keys.sign(makeChallenge(crypto)))),
    'no envelope': (ws, challenge) => ws.send(challenge),
    'no Syrup': (ws) => ws.send(bytes(10)),
    'too much': (ws) => ws.send(bytes(5_000)),
  };
  const envelope = (challenge: Uint8Array, signature: Uint8Array): Uint8Array =>
    encode(
      new SyrupRecord(new Sym('desc:sig-envelope'), [
        challenge,
        [
          new Sym('sig-val'),
          [
            new Sym('eddsa'),
            [new Sym('r'), signature.subarray(0, 32)],
            [new Sym('s'), signature.subarray(32)],
          ],
        ],
      ]),
    );
  for (const [what, answer] of Object.entries(answers))
    test(`does not believe ${what}`, async () => {
      expect(await dial(await strangeServer(answer))).toMatchObject({ code: 'untrusted' });
    });

  test('gives up who answers nothing, or a text, or goes, or is no WebSocket', async () => {
    for (const answer of [
      () => undefined,
      (ws: WebSocket) => ws.send('text'),
      (ws: WebSocket) => ws.terminate(),
    ])
      expect(await dial(await strangeServer(answer))).toMatchObject({ code: 'unreachable' });
    const server = http.createServer((_request, response) => response.end('hello'));
    open.push({ close: (done) => void server.close(() => done()) });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const { at } = await serve();
    const elsewhere = { ...at, hints: { url: `ws://127.0.0.1:${address.port}` } };
    expect(await dial(elsewhere)).toMatchObject({ code: 'untrusted' });
  });

  const to = (hints: Readonly<Record<string, string>>): PeerLocation => ({
    transport: 'websocket',
    designator: websocketDesignator(keys),
    hints,
  });
  for (const [what, place] of Object.entries({
    'in clear to another machine': to({ url: 'ws://10.0.0.1:1/' }),
    'in clear to a name': to({ url: 'ws://example.com/' }),
    'with a query': to({ url: 'wss://example.com/?token=x' }),
    'with a fragment': to({ url: 'wss://example.com/#x' }),
    'with a password': to({ url: 'wss://u:p@example.com/' }),
    'of another scheme': to({ url: 'https://example.com/' }),
    'without a URL': to({}),
    'that is too long': to({ url: `ws://127.0.0.1/${'a'.repeat(1_010)}` }),
    'with half a pin': to({ url: 'wss://127.0.0.1:1/', pin: 'AAAA' }),
    'with a pin in clear': to({ url: 'ws://127.0.0.1:1/', pin: 'A'.repeat(43) }),
    'whose designator is no key': { ...to({ url: 'ws://127.0.0.1:1/' }), designator: 'abc' },
  }))
    test(`refuses a place ${what}, before it opens anything`, async () => {
      expect(await dial(place)).toMatchObject({ code: 'bad-place' });
    });
  test('takes a URL as long as may be', async () => {
    const url = `ws://127.0.0.1:1/${'a'.repeat(1_024 - 17)}`;
    expect(await dial(to({ url }))).toMatchObject({ code: 'unreachable' });
  });

  test('over TLS takes the certificate of the pin, and one that an authority vouches for, and no other', async () => {
    const secure = await serve({}, websocketPlace(true));
    const { url, pin } = secure.at.hints;
    expect(url).toMatch(/^wss:/u);
    expect(await dial(secure.at)).not.toBeInstanceOf(Error);
    const other = openIdentity(makeIdentity()).pin;
    expect(await dial({ ...secure.at, hints: { url: url ?? '', pin: other } })).toMatchObject({
      code: 'untrusted',
    });
    expect(pin).not.toBe(other);
    expect(await dial({ ...secure.at, hints: { url: url ?? '' } })).toMatchObject({
      code: 'untrusted',
    });
  });

  test('masks each frame with bytes of its own', () => {
    const framer = maskingFramer();
    const masks = Array.from({ length: 2_000 }, () =>
      Buffer.from(framer.frame([bytes(1)]).subarray(2, 6)).toString('hex'),
    );
    expect(new Set(masks).size).toBeGreaterThan(1_990);
  });
});

describe('a listener', () => {
  const refusal = (place: Partial<WebSocketPlace>): Promise<unknown> =>
    serve({}, place).then(
      () => 'it listens',
      (reason: unknown) => reason,
    );
  test('in clear stays on this machine', async () => {
    expect(await refusal({ bindHost: '0.0.0.0' })).toMatchObject({ code: 'bad-place' });
    expect(await refusal({ bindHost: 'example.com' })).toMatchObject({ code: 'bad-place' });
  });
  test('refuses odd origins, more of them than may be, and a URL with more than a place in it', async () => {
    const origins = (count: number): string[] =>
      Array.from({ length: count }, (_, n) => `https://${n}.example`);
    expect(await refusal({ origins: origins(64) })).toBe('it listens');
    expect(await refusal({ origins: origins(65) })).toMatchObject({ code: 'bad-place' });
    expect(await refusal({ origins: ['https://a.example/'] })).toMatchObject({ code: 'bad-place' });
    expect(await refusal({ url: 'wss://a.example/?key=1' })).toMatchObject({ code: 'bad-place' });
  });
  test('says the URL of the proxy in front of it', async () => {
    const { at } = await serve({}, { url: 'wss://a.example/ocapn' });
    expect(at.hints).toEqual({ url: 'wss://a.example/ocapn' });
  });
  test('whose TLS context throws closes the socket that it was asked for, and serves the next', async () => {
    const identity = openIdentity(makeIdentity());
    const faults = [undefined, new Error('the file is gone'), undefined];
    const context = () => {
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      return identity.context();
    };
    const { at, ears } = await serve({}, { tls: { context, pin: identity.pin } });
    expect(await dial(at)).toMatchObject({ code: 'unreachable' });
    expect(ears.all).toEqual([]);
    expect(await dial(at)).toHaveProperty('connection');
  });
});
