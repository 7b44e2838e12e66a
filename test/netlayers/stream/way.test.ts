/** Where a peer has us dial: what leads to this machine alone is not opened, however it is written. */
import net, { type AddressInfo } from 'node:net';
import { leadsHere, nodeCrypto } from '@bellwether/netlayer-stream';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { websocketDesignator, websocketNetlayer } from '@bellwether/netlayer-websocket';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

describe('an address leads here', () => {
  test.each([
    ['127.0.0.1', true],
    ['127.255.255.255', true],
    ['0.0.0.0', true],
    ['0.1.2.3', true],
    ['169.254.169.254', true],
    ['::', true],
    ['::1', true],
    ['::7f00:1', true],
    ['::ffff:127.0.0.1', true],
    ['::ffff:7f00:1', true],
    ['::ffff:0:0', true],
    ['::ffff:a9fe:a9fe', true],
    ['fe80::1', true],
    ['fe80::1%lo', true],
    ['febf::1', true],
    ['1.0.0.0', false],
    ['126.255.255.255', false],
    ['128.0.0.1', false],
    ['10.0.0.1', false],
    ['169.253.255.255', false],
    ['192.168.1.2', false],
    ['::1:0:0:0', false],
    ['::ffff:10.0.0.1', false],
    ['2001:db8::1', false],
    ['fec0::1', false],
  ])('%s: %s', (address, isTrue) => expect(leadsHere(address)).toBe(isTrue));
});

/** All of these connect to a server that listens on every address of this machine. */
const spellings = [
  '127.0.0.1',
  '127.8.9.10',
  '127.1',
  '0x7f000001',
  '2130706433',
  'localhost',
  '0.0.0.0',
  '0',
];
const spellingsOfIpv6 = ['::1', '::', '::ffff:127.0.0.1', '0:0:0:0:0:ffff:7f00:1'];

let server: net.Server;
let port: number;
let comeCount = 0;
beforeAll(async () => {
  server = net.createServer((socket) => {
    comeCount += 1;
    socket.destroy();
  });
  await new Promise<void>((ready) => server.listen(0, ready));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => new Promise<unknown>((done) => server.close(done)));

const identity = openIdentity(makeIdentity());
const key = nodeCrypto().keyPair();
const websocketAt = (host: string, isSecure: boolean): PeerLocation => {
  const url = `${isSecure ? 'wss' : 'ws'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { transport: 'websocket', designator: websocketDesignator(key), hints: { url } };
};
const tlsAt = (host: string): PeerLocation => ({
  transport: 'tcp-tls',
  designator: identity.designator,
  hints: { host, port: String(port) },
});
const roads: readonly (readonly [string, () => Netlayer, (host: string) => PeerLocation])[] = [
  ['tcp-tls', () => tlsNetlayer({ identity }), tlsAt],
  [
    'ws',
    () => websocketNetlayer({ crypto: nodeCrypto(), trust: { dialsInClear: true } }),
    (host) => websocketAt(host, false),
  ],
  ['wss', () => websocketNetlayer({ crypto: nodeCrypto() }), (host) => websocketAt(host, true)],
];

describe.each(roads)('where a peer has led us, over %s', (_name, make, at) => {
  /** Why a dial failed, and how many connections it has made. */
  const dialled = async (host: string, isForOthers?: boolean): Promise<[unknown, number]> => {
    const before = comeCount;
    const netlayer = make();
    const nobody = (): never => {
      throw new Error('nobody is there');
    };
    const reason = await new Promise<Error>((failed) =>
      netlayer.dial(at(host), nobody, failed, isForOthers),
    );
    await new Promise<void>((done) => netlayer.close(done));
    return ['code' in reason && reason.code, comeCount - before];
  };
  test.each([...spellings, ...spellingsOfIpv6])('%s is not opened', async (host) => {
    expect(await dialled(host, true)).toEqual(['bad-place', 0]);
  });
  test.each(spellings)('%s is, where we go by ourselves', async (host) => {
    const [code, count] = await dialled(host);
    expect(code).not.toBe('bad-place');
    expect(count).toBe(1);
  });
});
