/**
 * Strangers who send as much as they can to a real daemon. What they get is their own affair; what is checked is that
 * an operator is served within his ordinary deadline, and that the daemon does not grow.
 */
import fs from 'node:fs';
import type net from 'node:net';
import path from 'node:path';
import { parseUri, Sturdyref } from '@bellwether/ocapn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { greeted, rssOf } from '../support/cli-stranger.ts';
import { configOf, makePlace, type Daemon, type Place } from '../support/programs.ts';

const MiB = 1024 * 1024;
const STRANGERS = 6;
/** Far below the 10 s after which `herd` gives up, far above what it takes alone. */
const PROMPT_MS = 4_000;

const fetchOneWay = "<10'op:deliver<11'desc:export0+>[5'fetch3:abc]ff>";
const fetchAt = (at: number): string =>
  `<10'op:deliver<11'desc:export0+>[5'fetch3:abc]${at}+<18'desc:import-object${at + 1}+>>`;

describe('strangers who flood a daemon', () => {
  let place: Place;
  let daemon: Daemon;
  let sockets: net.Socket[];
  beforeEach(async () => {
    place = makePlace();
    sockets = [];
    const listening = `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`;
    daemon = await place.shepherd('a', configOf('A', `service({ provision: ['web'] })`, listening));
    await served(); // warm
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await place.clean();
  });
  const served = async (): Promise<number> => {
    const { code, stderr, elapsedMs } = await daemon.herd('status');
    expect([code, stderr]).toEqual([0, '']);
    return elapsedMs;
  };
  const strangers = async (count: number): Promise<readonly net.Socket[]> => {
    const made = await Promise.all(Array.from({ length: count }, () => greeted(daemon.socket)));
    sockets.push(...made.map(({ raw }) => raw));
    return made.map(({ raw }) => raw);
  };
  const sentBy = (raw: net.Socket, bytes: string | Uint8Array): Promise<void> =>
    new Promise((done) => {
      raw.write(bytes, () => done());
      raw.once('close', () => done());
    });
  const logBytes = (): number =>
    fs
      .readdirSync(daemon.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
      .reduce(
        (sum, { parentPath, name }) => sum + fs.statSync(path.join(parentPath, name)).size,
        0,
      );

  it('with 900,000 fetches that want no answer delay nobody, and fill neither memory nor log', async () => {
    const before = rssOf(daemon);
    const logBefore = logBytes();
    const flood = fetchOneWay.repeat(150_000);
    for (const raw of await strangers(STRANGERS)) raw.write(flood);
    for (let round = 0; round < 4; round += 1) {
      expect(await served()).toBeLessThan(PROMPT_MS);
      expect(rssOf(daemon) - before).toBeLessThan(200 * MiB);
    }
    expect(logBytes() - logBefore).toBeLessThan(64 * 1024);
  });

  it('and hold a reference, too, delay nobody with 600,000 calls that want no answer', async () => {
    const text = fs.readFileSync(path.join(path.dirname(daemon.socket), 'admin.ref'), 'utf8');
    const ref = parseUri(text.trim());
    if (!(ref instanceof Sturdyref)) throw new Error('admin.ref holds no sturdyref');
    const before = rssOf(daemon);
    const fetch = Buffer.concat([
      Buffer.from("<10'op:deliver<11'desc:export0+>[5'fetch32:"),
      ref.reveal(),
      Buffer.from("]0+<18'desc:import-object1+>>"),
    ]);
    const call = "<10'op:deliver<11'desc:answer0+>[5'about]ff>".repeat(100_000);
    for (const raw of await strangers(STRANGERS))
      raw.write(Buffer.concat([fetch, Buffer.from(call)]));
    for (let round = 0; round < 4; round += 1) {
      expect(await served()).toBeLessThan(PROMPT_MS);
      expect(rssOf(daemon) - before).toBeLessThan(200 * MiB);
    }
  });

  it('with 40 records that stop before their end cost a bounded part of memory', async () => {
    const before = rssOf(daemon);
    const begun = Buffer.concat([
      Buffer.from("<10'op:deliver<11'desc:export0+>[8300000:"),
      Buffer.alloc(7_900_000, 1),
    ]);
    await Promise.all((await strangers(40)).map((raw) => sentBy(raw, begun)));
    expect(await served()).toBeLessThan(PROMPT_MS);
    expect(rssOf(daemon) - before).toBeLessThan(120 * MiB);
  });

  it('with answers that they never collect lose their sessions before those weigh much', async () => {
    const before = rssOf(daemon);
    let flood = '';
    for (let at = 0; at < 65_000; at += 1) flood += fetchAt(at);
    const all = await strangers(STRANGERS);
    for (const raw of all) raw.resume();
    await Promise.all(all.map((raw) => sentBy(raw, flood)));
    expect(await served()).toBeLessThan(PROMPT_MS);
    expect(rssOf(daemon) - before).toBeLessThan(100 * MiB);
    expect(all.map((raw) => raw.destroyed || raw.readableEnded)).not.toContain(false);
  });
});
