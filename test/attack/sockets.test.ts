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
import { socketCases } from './socket-cases.ts';

describe.each(ROADS.slice(0, 1))('over $name', socketCases);

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
