/**
 * Attacks below the session: connections that say nothing, TLS and preambles that lie, and who somebody is taken for. See
 * wire.test.ts for all cases.
 */
import type net from 'node:net';
import { makeIdentity, openIdentity } from '@bellwether/netlayer-tcp-tls';
import { describe, expect, it } from 'vitest';
import { ROADS } from '../support/attack-roads.ts';
import { sceneOn } from '../support/attack-scene.ts';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { encode } from '@bellwether/ocapn';
import { makeHello } from '../../packages/ocapn/src/identity/hello.ts';
import { Stranger } from '../support/attack-stranger.ts';
import { ZOO } from '../support/attack-victim.ts';
import {
  announce,
  credentials,
  serveTls,
  strangeClient,
  StrangeServer,
} from '../support/netlayer-tls-strangers.ts';
import { deliver, object, sym, toExport } from '../support/ocapn-raw.ts';
import { untilReal } from '../support/netlayer-rig.ts';

const MiB = 1024 * 1024;

/** Half-open connections of one address, on every road, and what a victim has open beside them. */
const MOST_FILES = 1_024 + 76;

describe.each(ROADS)('over $name', (road) => {
  const scene = sceneOn(road);
  it('case 5: 5,000 that connect and say nothing push out each other, and nobody who says something', async () => {
    const sockets: net.Socket[] = [];
    let openCount = 0;
    /** Comes, however often the kernel's queue was full. */
    const silent = async (): Promise<void> => {
      while (!(await connected(road.socket(scene.at))))
        await new Promise((go) => setTimeout(go, 5));
    };
    const connected = (socket: net.Socket): Promise<boolean> =>
      new Promise((done) => {
        let isOpen = false;
        socket.once('connect', () => {
          sockets.push(socket);
          isOpen = true;
          openCount += 1;
          done(true);
        });
        socket.once('close', () => {
          if (isOpen) openCount -= 1;
          done(false);
        });
        socket.on('error', () => undefined); // told by 'close', too
        socket.resume();
      });
    try {
      await scene.suffer(
        async () => {
          for (let come = 0; come < 5_000; come += 200)
            await Promise.all(Array.from({ length: 200 }, silent));
          await scene.newcomerIsServed();
          // Beside them, and not because they had gone.
          expect(openCount).toBeGreaterThan(500);
          // As many as may be half-open stay, long before those have had their time.
          for (let looks = 0; (await scene.victim.stats()).fileCount > MOST_FILES; looks += 1) {
            expect(looks, 'looks at how many stay').toBeLessThan(200);
            await new Promise((go) => setTimeout(go, 10));
          }
          for (const socket of sockets) socket.destroy();
        },
        { peakBytes: 160 * MiB, cpuMs: 15_000 },
      );
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
  it('whoever names somebody else is not taken for that one, and not called in that name', () =>
    scene.suffer(async () => {
      const mallory = await Stranger.connect(scene.end(), scene.at);
      mallory.send(mallory.hello(scene.client.designator));
      if (road.dialler === 'proved') {
        expect(await scene.endOf(mallory)).toContain('names another peer');
        return;
      }
      mallory.send(deliver(toExport(0), [sym('fetch'), ZOO], 0, object(1)));
      await mallory.told(1);
      const { sessions } = await scene.victim.stats();
      expect(sessions.map(({ peer }) => peer)).toEqual([undefined, undefined]);
      const hints = { path: '/nowhere/at/all' };
      const { transport } = scene.at;
      const place = { transport, designator: scene.client.designator, hints };
      expect(await scene.victim.call(place)).not.toMatch(/^said/);
      expect(mallory.heardOf('op:deliver')).toHaveLength(1);
      mallory.hangUp();
    }));
});

const [tlsRoad] = ROADS.filter(({ name }) => name === 'tcp-tls');
if (tlsRoad !== undefined)
  describe('case 6: over tcp-tls', () => {
    const road = tlsRoad;
    const scene = sceneOn(road);
    /** What a TLS client has done, and how often. */
    const fifty = async (each: () => Promise<void>): Promise<void> => {
      for (let times = 0; times < 5; times += 1)
        await Promise.all(Array.from({ length: 10 }, each));
    };

    it('clients of TLS 1.2, clients that stop half way and clients that talk rubbish get nothing', () =>
      scene.suffer(async () => {
        await fifty(async () => {
          const old = strangeClient(scene.at, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
          await expect(old).rejects.toThrow();
        });
        await fifty(async () => {
          const raw = road.socket(scene.at).on('error', () => undefined);
          await new Promise((go) => raw.once('readable', go));
          raw.write(Buffer.from([22, 3, 1, 0, 200])); // the head of a first record
          setTimeout(() => raw.destroy(), 20);
          await new Promise((go) => raw.once('close', go));
        });
        await fifty(async () => {
          const raw = road.socket(scene.at).on('error', () => undefined);
          raw.end('GET / HTTP/1.1\r\nHost: shepherd\r\n\r\n');
          raw.resume();
          await new Promise((go) => raw.once('close', go));
        });
      }));
    it('clients without a certificate, ALPN and server name are nobody, whoever they claim to be', () =>
      scene.suffer(async () => {
        const { designator } = scene.client;
        const claimed = { transport: 'tcp-tls', designator, hints: {} };
        const hello = makeHello(nodeCrypto(), nodeCrypto().keyPair(), claimed).bytes;
        await fifty(async () => {
          const { socket } = await strangeClient(scene.at);
          const heard: Buffer[] = [];
          socket.on('data', (chunk) => heard.push(chunk));
          socket.write(hello);
          socket.write(encode(deliver(toExport(0), [sym('fetch'), ZOO], 0, object(1))));
          await untilReal('an answer', () => Buffer.concat(heard).includes("7'fulfill"));
          const { sessions } = await scene.victim.stats();
          const [known, ...nobodies] = sessions.map(({ peer }) => peer);
          expect(known).toBe(scene.client.designator);
          expect(new Set(nobodies)).toEqual(new Set([undefined]));
          socket.destroy();
        });
      }));
    it('a client that comes back has to show its certificate again: nothing is resumed', () =>
      scene.suffer(async () => {
        const { certPem, keyPem } = makeIdentity();
        let ticket: Buffer | undefined;
        for (let times = 0; times < 10; times += 1) {
          const how = { ...credentials({ certPem, keyPem }), ...(ticket && { session: ticket }) };
          const { socket } = await strangeClient(scene.at, how);
          socket.on('session', (given) => (ticket = given));
          expect(socket.isSessionReused()).toBe(false);
          await new Promise((go) => setTimeout(go, 5));
          socket.destroy();
        }
      }));
    it('case 7: a server whose preamble or certificate lies is not called, and costs a bounded time', () =>
      scene.suffer(async () => {
        const [announced, other] = [makeIdentity(), makeIdentity()];
        const { designator } = openIdentity(announced);
        const pem = Buffer.from(announced.certPem);
        const two = Buffer.concat([pem, Buffer.from(other.certPem)]);
        const servers: Readonly<Record<string, (raw: net.Socket) => void>> = {
          'length 0': (raw) => void raw.write(announce(pem, 0)),
          'length 2^31': (raw) => void raw.write(announce(pem, 2 ** 31)),
          'length 64 KiB and 1': (raw) => void raw.write(announce(new Uint8Array(65_537))),
          'no certificate': (raw) => void raw.write(announce(Buffer.alloc(pem.length, 'x'))),
          'two certificates': (raw) => void raw.write(announce(two)),
          'another certificate': (raw) => void raw.write(announce(Buffer.from(other.certPem))),
          'another key than announced': (raw) => {
            raw.write(announce(pem));
            serveTls(raw, credentials(other));
          },
        };
        for (const [what, serve] of Object.entries(servers)) {
          const server = new StrangeServer(serve);
          const said = await scene.victim.call(await server.at(designator));
          expect(said, what).not.toMatch(/^said/);
          await server.close();
        }
      }));
  });
