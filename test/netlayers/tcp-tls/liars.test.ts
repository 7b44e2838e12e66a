/** Strangers on the wire: what they claim is checked, and what they break is theirs alone. */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import net from 'node:net';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { type CrowdLimits, nodeCrypto } from '@bellwether/netlayer-stream';
import { pemDesignator } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { selfSigned } from '../../../netlayers/tcp-tls/src/certificate.ts';
import { Ears, type Ear } from '../../support/netlayer-ear.ts';
import { quietReal, untilReal } from '../../support/netlayer-rig.ts';
import {
  announce,
  credentials,
  portOf,
  serveTls,
  strangeClient,
  StrangeServer,
} from '../../support/netlayer-tls-strangers.ts';

const text = makeIdentity();
const identity = openIdentity(text);
const other = makeIdentity();
const designatorOf = (pem: Uint8Array): string => pemDesignator(nodeCrypto(), pem);
let open: Netlayer[];
let servers: StrangeServer[];

beforeEach(() => {
  open = [];
  servers = [];
});
afterEach(async () => {
  await Promise.all(open.map((peer) => new Promise<void>((done) => peer.close(done))));
  await Promise.all(servers.map((server) => server.close()));
});

async function listening(
  limits: Partial<CrowdLimits> = {},
): Promise<{ readonly at: PeerLocation; readonly ears: Ears }> {
  const place = { host: '127.0.0.1', bindHost: '127.0.0.1' };
  const peer = tlsNetlayer({ identity, place, limits });
  open.push(peer);
  const ears = new Ears();
  const at = await new Promise<PeerLocation>((ready, failed) =>
    peer.listen(ears.accept, ready, failed),
  );
  return { at, ears };
}
function dial(to: PeerLocation, limits: Partial<CrowdLimits> = {}): Promise<Ear | Error> {
  const peer = tlsNetlayer({ identity: openIdentity(other), limits });
  open.push(peer);
  return new Promise((answer) => {
    const mine = new Ears();
    peer.dial(
      to,
      (connection) => {
        const ear = mine.accept(connection);
        answer(mine.only);
        return ear;
      },
      answer,
    );
  });
}
function serve(how: (raw: net.Socket) => void): StrangeServer {
  const server = new StrangeServer(how);
  servers.push(server);
  return server;
}
async function accepted(ears: Ears): Promise<Ear> {
  await untilReal('accepted', () => ears.all.length > 0);
  return ears.only;
}

describe('an acceptor', () => {
  test('announces its certificate as a little-endian length and the exact PEM, in clear', async () => {
    const { at } = await listening();
    const { preamble, socket } = await strangeClient(at);
    expect(preamble.equals(announce(text.certPem))).toBe(true);
    expect(socket.getPeerX509Certificate()?.toString()).toBe(Buffer.from(text.certPem).toString());
    expect([socket.getProtocol(), socket.alpnProtocol]).toEqual(['TLSv1.3', false]);
    socket.destroy();
  });

  test('takes a client without certificate, ALPN and server name, as nobody', async () => {
    const { at, ears } = await listening();
    const { socket } = await strangeClient(at);
    expect((await accepted(ears)).connection.proved).toBeUndefined();
    socket.destroy();
  });

  test('proves a client by the PEM of its certificate', async () => {
    const { at, ears } = await listening();
    const { socket } = await strangeClient(at, credentials(other));
    expect((await accepted(ears)).connection.proved).toEqual({
      transport: 'tcp-tls',
      designator: designatorOf(other.certPem),
      hints: {},
    });
    socket.destroy();
  });

  test('hears a client that writes a TLS record for every byte, as Goblins does for every token', async () => {
    const { at, ears } = await listening();
    const { socket } = await strangeClient(at);
    const ear = await accepted(ears);
    for (const byte of Buffer.from('<2\'hi3"abc>')) socket.write(Buffer.from([byte]));
    await untilReal('heard', () => ear.count >= 11);
    expect(Buffer.from(ear.heard()).toString()).toBe('<2\'hi3"abc>');
    socket.destroy();
  });

  test('refuses TLS 1.2', async () => {
    const { at, ears } = await listening();
    await expect(strangeClient(at, { maxVersion: 'TLSv1.2' })).rejects.toThrow();
    await quietReal();
    expect(ears.all.length).toBe(0);
  });

  test('resumes no session, so that a certificate is shown every time', async () => {
    const { at, ears } = await listening();
    const first = await strangeClient(at, credentials(other));
    let session: Buffer | undefined;
    first.socket.on('session', (found) => (session = found));
    (await accepted(ears)).connection.send(new Uint8Array(1));
    await quietReal();
    const again = session === undefined ? {} : { session };
    const second = await strangeClient(at, { ...credentials(other), ...again });
    expect(second.socket.isSessionReused()).toBe(false);
    await untilReal('accepted', () => ears.all.length === 2);
    expect(ears.all[1]?.connection.proved?.designator).toBe(designatorOf(other.certPem));
    first.socket.destroy();
    second.socket.destroy();
  });
});

describe('a bad client costs nobody but itself:', () => {
  /** Who is served behind a bad client would wait for longer than any test. */
  const PATIENT = { handshakeMs: 3_600_000 };
  /** Somebody who behaves is served. */
  async function expectService(at: PeerLocation, ears: Ears): Promise<void> {
    const before = ears.all.length;
    const found = await dial(at);
    expect(found).toHaveProperty('connection');
    await untilReal('served', () => ears.all.length > before);
  }

  test.each([
    ['garbage', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a TLS record that never ends', Buffer.from('16030140000100', 'hex')],
    ['a megabyte of zeros', Buffer.alloc(1_048_576)],
  ])('one that sends %s', async (_, bytes) => {
    const { at, ears } = await listening(PATIENT);
    const raw = net.connect({ port: portOf(at), host: '127.0.0.1' });
    raw.on('error', () => undefined);
    raw.write(bytes);
    await expectService(at, ears);
    expect(ears.all.length).toBe(1);
    raw.destroy();
  });

  test('one that leaves at once, with a reset or without', async () => {
    const { at, ears } = await listening(PATIENT);
    for (let n = 0; n < 20; n += 1) {
      const raw = net.connect({ port: portOf(at), host: '127.0.0.1' });
      raw.on('error', () => undefined);
      raw.once('connect', () => (n % 2 === 0 ? raw.resetAndDestroy() : raw.end()));
    }
    await expectService(at, ears);
    expect(ears.all.length).toBe(1);
  });

  test('one that says nothing is dropped at the deadline', async () => {
    const { at, ears } = await listening({ handshakeMs: 80 });
    const raw = net.connect({ port: portOf(at), host: '127.0.0.1' });
    raw.on('error', () => undefined);
    raw.resume();
    const start = performance.now();
    await new Promise((dropped) => raw.once('close', dropped));
    expect(performance.now() - start).toBeGreaterThan(60);
    expect(ears.all.length).toBe(0);
  });

  test('one that begins TLS and stops is dropped at the deadline', async () => {
    const { at, ears } = await listening({ handshakeMs: 80 });
    const raw = net.connect({ port: portOf(at), host: '127.0.0.1' });
    raw.on('error', () => undefined);
    raw.resume();
    raw.write(Buffer.from('1603010040', 'hex'));
    await new Promise((dropped) => raw.once('close', dropped));
    expect(ears.all.length).toBe(0);
  });

  test('five hundred that say nothing, over every cap, and the oldest of them go first', async () => {
    const { at, ears } = await listening({ halfOpenPerAddress: 50, halfOpenCount: 80 });
    let gone = 0;
    const silent = Array.from({ length: 500 }, () => {
      const raw = net.connect({ port: portOf(at), host: '127.0.0.1' });
      raw.on('error', () => undefined);
      raw.on('close', () => (gone += 1));
      raw.resume();
      return raw;
    });
    await expectService(at, ears);
    await untilReal('the oldest are gone', () => gone >= 449);
    // Fifty are left, or forty-nine where the good one came while all fifty waited.
    expect(gone).toBeLessThanOrEqual(451);
    for (const raw of silent) raw.destroy();
  });

  test('those over the cap of all connections are shut out, and those within stay', async () => {
    const { at, ears } = await listening({ connectionCount: 2 });
    const first = await strangeClient(at);
    const second = await strangeClient(at);
    await expect(strangeClient(at)).rejects.toThrow();
    expect(ears.all.map((ear) => ear.closedCount)).toEqual([0, 0]);
    first.socket.destroy();
    second.socket.destroy();
  });

  test('those over the cap of their address are shut out, until one of them leaves', async () => {
    const { at, ears } = await listening({ connectionsFromHere: 2 });
    const first = await strangeClient(at);
    const second = await strangeClient(at);
    await expect(strangeClient(at)).rejects.toThrow();
    first.socket.destroy();
    await untilReal('one has left', () => ears.all.some((ear) => ear.closedCount === 1));
    await quietReal();
    const third = await strangeClient(at);
    // A client of TLS 1.3 is done before its acceptor has judged it.
    await untilReal('the third is heard', () => ears.all.length === 3);
    second.socket.destroy();
    third.socket.destroy();
  });
});

describe('a dialler', () => {
  test('shows its own certificate and is told whom it reached', async () => {
    const { at, ears } = await listening();
    const ear = await dial(at);
    expect(ear).toMatchObject({ connection: { proved: at } });
    expect((await accepted(ears)).connection.proved?.designator).toBe(designatorOf(other.certPem));
  });

  test('refuses a server that announces another certificate', async () => {
    const server = serve((raw) => raw.write(announce(other.certPem)));
    const found = await dial(await server.at(identity.designator));
    expect(found).toMatchObject({ code: 'untrusted' });
    expect(found).toHaveProperty('message', expect.stringContaining(identity.designator));
    expect(found).toHaveProperty('message', expect.stringContaining(designatorOf(other.certPem)));
  });

  test('refuses a server that announces the right certificate and shows its own', async () => {
    const server = serve((raw) => {
      raw.write(announce(text.certPem));
      serveTls(raw, credentials(makeIdentity()));
    });
    expect(await dial(await server.at(identity.designator))).toMatchObject({ code: 'untrusted' });
  });

  test('refuses a certificate that was signed by the announced one', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const issued = selfSigned(publicKey, createPrivateKey(Buffer.from(text.keyPem)));
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const server = serve((raw) => {
      raw.write(announce(text.certPem));
      serveTls(raw, { cert: new X509Certificate(issued).toString(), key });
    });
    expect(await dial(await server.at(identity.designator))).toMatchObject({ code: 'untrusted' });
  });

  test('refuses a server of TLS 1.2', async () => {
    const server = serve((raw) => {
      raw.write(announce(text.certPem));
      serveTls(raw, { ...credentials(text), maxVersion: 'TLSv1.2' });
    });
    expect(await dial(await server.at(identity.designator))).toMatchObject({ code: 'untrusted' });
  });

  test('reaches a server that asks for no certificate, as Goblins does not', async () => {
    const server = serve((raw) => {
      raw.write(announce(text.certPem));
      serveTls(raw, credentials(text)).write('hello');
    });
    const found = await dial(await server.at(identity.designator));
    expect(found).toHaveProperty('connection');
    await untilReal('heard', () => 'count' in found && found.count === 5);
  });

  test('refuses a server that says more before TLS than its certificate', async () => {
    const bytes = Buffer.concat([announce(text.certPem), new Uint8Array(3)]);
    const server = serve((raw) => raw.write(bytes));
    const found = await dial(await server.at(identity.designator));
    expect(found).toMatchObject({ code: 'untrusted' });
    expect(found).toHaveProperty('message', expect.stringContaining('3 bytes behind'));
  });

  test('reads a preamble that comes byte by byte, and leaves what follows to TLS', async () => {
    const server = serve((raw) => {
      const bytes = announce(text.certPem);
      const next = (at: number): void => {
        if (at < bytes.length) raw.write(bytes.subarray(at, at + 1), () => next(at + 1));
        else serveTls(raw, credentials(text));
      };
      next(0);
    });
    expect(await dial(await server.at(identity.designator))).toHaveProperty('connection');
  });

  test.each([
    ['of no bytes', new Uint8Array(0), 0],
    ['of 2^31 bytes', new Uint8Array(100), 2 ** 31],
    ['of 64 KiB and one', new Uint8Array(100), 65_537],
  ])('refuses a preamble %s, by its length alone', async (_, pem, length) => {
    const server = serve((raw) => raw.write(announce(pem, length)));
    const found = await dial(await server.at(designatorOf(pem)));
    expect(found).toMatchObject({ code: 'untrusted' });
    expect(found).toHaveProperty('message', expect.stringContaining(`found ${length}`));
  });

  test.each([
    ['64 KiB that are no certificate', new Uint8Array(65_536).fill(65)],
    ['two certificates', Buffer.concat([text.certPem, other.certPem])],
    ['half a certificate', text.certPem.subarray(0, 200)],
  ])('refuses %s, though the designator fits', async (_, pem) => {
    const server = serve((raw) => raw.write(announce(pem)));
    const found = await dial(await server.at(designatorOf(pem)));
    expect(found).toMatchObject({ code: 'untrusted' });
    expect(found).toHaveProperty('message', expect.stringContaining('not one certificate'));
  });

  test.each([
    ['at once', 0],
    ['in the length', 2],
    ['in the certificate', 100],
  ])('is told when the server ends %s', async (_, byteCount) => {
    const server = serve((raw) => raw.end(announce(text.certPem).subarray(0, byteCount)));
    const found = await dial(await server.at(identity.designator));
    expect(found).toMatchObject({ code: 'unreachable' });
  });

  test.each([
    ['says nothing', Buffer.alloc(0)],
    ['stops in the preamble', announce(text.certPem).subarray(0, 50)],
    ['stops before TLS', announce(text.certPem)],
  ])('gives up at the deadline on a server that %s', async (_, bytes) => {
    const server = serve((raw) => raw.write(bytes));
    const found = await dial(await server.at(identity.designator), { dialMs: 80 });
    expect(found).toMatchObject({ code: 'unreachable' });
    expect(found).toHaveProperty('message', expect.stringContaining('within 80 ms'));
  });

  test('is told once when its netlayer is closed in the middle of a handshake', async () => {
    const server = serve((raw) => raw.write(announce(text.certPem)));
    const to = await server.at(identity.designator);
    const peer = tlsNetlayer({ identity });
    const failures: Error[] = [];
    peer.dial(to, new Ears().accept, (reason) => failures.push(reason));
    await quietReal();
    await new Promise<void>((done) => peer.close(done));
    await quietReal();
    expect(failures).toMatchObject([{ code: 'netlayer-closed' }]);
  });

  test.each([
    [{}],
    [{ host: '127.0.0.1', port: '0' }],
    [{ host: '127.0.0.1', port: '65536' }],
    [{ host: '127.0.0.1', port: '1e3' }],
    [{ host: '', port: '80' }],
    [{ host: 'a b', port: '80' }],
    [{ host: 'a/b', port: '80' }],
  ])('finds no place in the hints %j', async (hints) => {
    const to = { transport: 'tcp-tls', designator: 'x', hints };
    expect(await dial(to)).toMatchObject({ code: 'bad-place' });
  });

  test('looks for a host of 253 characters, and not for one of 254', async () => {
    const to = (length: number) => ({
      transport: 'tcp-tls',
      designator: 'x',
      hints: { host: 'x'.repeat(length), port: '80' },
    });
    expect(await dial(to(253))).toMatchObject({ code: 'unreachable' });
    expect(await dial(to(254))).toMatchObject({ code: 'bad-place' });
  });
});

test('a port in use is named with its host', async () => {
  const { at } = await listening();
  const place = { host: 'me', bindHost: '127.0.0.1', port: portOf(at) };
  const peer = tlsNetlayer({ identity, place });
  open.push(peer);
  const failure = await new Promise<Error>((failed) =>
    peer.listen(new Ears().accept, () => undefined, failed),
  );
  expect(failure.message).toContain(`127.0.0.1:${portOf(at)}`);
  expect(failure.message).toContain('hint');
});

test('the location shows the host that is advertised, not the one that is bound', async () => {
  const place = { host: 'web1.example', bindHost: '127.0.0.1' };
  const peer = tlsNetlayer({ identity, place });
  open.push(peer);
  const at = await new Promise<PeerLocation>((ready, failed) =>
    peer.listen(new Ears().accept, ready, failed),
  );
  expect(at.hints['host']).toBe('web1.example');
  expect(at.designator).toBe(identity.designator);
});
