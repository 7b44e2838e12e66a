/** What a stranger can do to a real daemon: open a session, and lose it. Everybody else is served meanwhile. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createVat, type Ref, type Vow } from '@bellwether/actors';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { unixNetlayer } from '@bellwether/netlayer-unix';
import { createRouter, parseUri, Sturdyref, type Netlayer, type Router } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { greeted, rssOf } from '../support/cli-stranger.ts';
import { configOf, makePlace, type Daemon, type Place } from '../support/programs.ts';

const listening = `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`;
const oneService = `service({ provision: ['web'] })`;

/** A router of our own inside the test, which dials only. */
const strangerOn = (netlayer: Netlayer, designator?: string) => {
  const clock = nodeClock({ unref: true });
  const { vat: scheduler, flush } = nodeSchedulers();
  const vat = createVat({ name: 'stranger', clock, scheduler });
  const router: Router = createRouter({
    vat,
    netlayers: [netlayer],
    crypto: nodeCrypto(),
    clock,
    scheduler: flush,
    reaper: nodeReaper(),
    log: () => undefined,
    fetch: () => undefined,
    ...(designator === undefined ? {} : { designator }),
  });
  return { vat, router };
};
/** What a call on whatever a sturdyref names comes to. */
const call = async (
  netlayer: Netlayer,
  ref: Sturdyref,
  method: string,
  designator?: string,
): Promise<unknown> => {
  const { vat, router } = strangerOn(netlayer, designator);
  const target = router.enliven(ref) as Vow<Ref>;
  try {
    return await vat.run((turn) => turn.forward(target, method, []));
  } finally {
    router.close();
  }
};
const adminRef = (daemon: Daemon): Sturdyref => {
  const ref = parseUri(
    fs.readFileSync(path.join(path.dirname(daemon.socket), 'admin.ref'), 'utf8').trim(),
  );
  if (!(ref instanceof Sturdyref)) throw new Error('admin.ref holds no sturdyref');
  return ref;
};

describe('a stranger', () => {
  let place: Place;
  let daemon: Daemon;
  beforeEach(async () => {
    place = makePlace();
    daemon = await place.shepherd('a', configOf('A', oneService, listening));
  });
  afterEach(() => place.clean());
  const isServed = async (): Promise<void> => {
    expect((await daemon.herd('status')).code).toBe(0);
  };

  it('gets nothing from the socket without admin.ref', async () => {
    const { peer } = adminRef(daemon);
    const guess = new Sturdyref(peer, nodeCrypto().random(32));
    await expect(call(unixNetlayer({ designator: 'x' }), guess, 'about')).rejects.toThrow(
      'no such',
    );
  });

  it('gets the same answer for a swissnum of any length or kind', async () => {
    const { peer } = adminRef(daemon);
    const answers = await Promise.all(
      [1, 31, 32, 33, 200].map((length) =>
        call(
          unixNetlayer({ designator: 'x' }),
          new Sturdyref(peer, nodeCrypto().random(length)),
          'about',
        ).catch((error: Error) => error.message),
      ),
    );
    expect(new Set(answers).size).toBe(1);
  });

  it('is refused over tcp-tls when it claims to be somebody whose certificate it does not have', async () => {
    const { code, stderr } = await daemon.herd('ref', 'mint', 'web', '--out', 'web.ref');
    expect([code, stderr]).toEqual([0, '']);
    const ref = parseUri(fs.readFileSync(path.join(place.folder, 'web.ref'), 'utf8').trim());
    if (!(ref instanceof Sturdyref)) throw new Error('no sturdyref');
    const honest = openIdentity(makeIdentity());
    const victim = openIdentity(makeIdentity());
    const liar = call(tlsNetlayer({ identity: honest }), ref, 'status', victim.designator);
    await expect(liar).rejects.toThrow(/names another peer/);
    const status = await call(tlsNetlayer({ identity: honest }), ref, 'status', honest.designator);
    expect(status).toMatchObject({ stage: 'stopped' });
  });

  it('loses its session for 100,000 nested lists, and no other', async () => {
    const { raw, rest } = await greeted(daemon.socket);
    raw.write(
      Buffer.concat([Buffer.from("<10'op:deliver<11'desc:export0+>["), Buffer.alloc(100_000, '[')]),
    );
    expect((await rest).toString('latin1')).toContain('op:abort');
    await isServed();
  });

  it('loses its session for a length of 9,999,999,999, and the memory does not move', async () => {
    await isServed();
    const before = rssOf(daemon);
    const { raw, rest } = await greeted(daemon.socket);
    raw.write("<10'op:deliver<11'desc:export0+>[9999999999:");
    expect((await rest).toString('latin1')).toContain('op:abort');
    expect(rssOf(daemon) - before).toBeLessThan(16 * 1024 * 1024);
    await isServed();
  });

  it('may send one byte at a time; others are served meanwhile, and its frame is read', async () => {
    const { raw, rest } = await greeted(daemon.socket);
    const frame = Buffer.from(
      "<10'op:deliver<11'desc:export0+>[5'fetch3:abc]0+<18'desc:import-object1+>>",
    );
    for (const byte of frame) {
      raw.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await isServed();
    await new Promise((resolve) => setTimeout(resolve, 50));
    raw.end();
    expect((await rest).toString('latin1')).toContain("5'break");
  });

  it.each([
    ['delta 0', "<13'op:gc-exports[1+][0+]>"],
    ['a negative delta', "<13'op:gc-exports[1+][5-]>"],
    ['more than it holds', "<13'op:gc-exports[1+][5+]>"],
    ['an export that was never given', "<13'op:gc-exports[999+][1+]>"],
  ])('loses its session for a gc with %s', async (_what, frame) => {
    const { raw, rest } = await greeted(daemon.socket);
    // The root, as export 1: so that each frame is wrong in what it says, not in what it names.
    const held = new Promise<void>((resolve) =>
      raw.on('data', (chunk: Buffer) => chunk.includes("7'fulfill") && resolve()),
    );
    raw.write("<10'op:deliver<11'desc:export0+>[5'fetch32:");
    raw.write(adminRef(daemon).reveal());
    raw.write("]0+<18'desc:import-object1+>>");
    await held;
    raw.write(frame);
    const said = (await rest).toString('latin1');
    expect(said).toContain("<18'desc:import-object1+>");
    expect(said).toContain('op:abort');
    await isServed();
  });

  it('may connect 300 times and say nothing; a good client is served at once', async () => {
    const sockets = await Promise.all(
      Array.from(
        { length: 300 },
        () =>
          new Promise<net.Socket>((resolve, reject) => {
            const socket = net
              .connect({ path: daemon.socket }, () => resolve(socket))
              .once('error', reject);
          }),
      ),
    );
    await isServed();
    for (const socket of sockets) socket.destroy();
  });
});
