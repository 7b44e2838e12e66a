/** Rigs over real sockets: unix in a private folder, TLS and bare TCP on the loopback. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Netlayer } from '@bellwether/ocapn';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { testingNetlayer } from '@bellwether/netlayer-tcp-testing-only';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { unixNetlayer, type Mode } from '@bellwether/netlayer-unix';
import {
  websocketDesignator,
  websocketNetlayer,
  type WebSocketPlace,
} from '@bellwether/netlayer-websocket';
import net from 'node:net';
import { quietReal, untilReal, type Rig } from './netlayer-rig.ts';

/** A folder that is removed at the end of its rig. */
export function scratchFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'bw-net-'));
}

async function closeAll(peers: readonly Netlayer[]): Promise<void> {
  await Promise.all(peers.map((peer) => new Promise<void>((done) => peer.close(done))));
}

export async function unixRig(mode: Mode): Promise<Rig> {
  const folder = scratchFolder();
  const transport = mode === 'private' ? 'unix' : 'unix-shared';
  const peers: Netlayer[] = [];
  const at = (name: string): Netlayer => {
    const place = {
      path: path.join(folder, 'run', `${name}.sock`),
      replaceStale: true,
    };
    const peer = unixNetlayer({ designator: name, mode, place });
    peers.push(peer);
    return peer;
  };
  const lost = path.join(folder, 'nobody.sock');
  return {
    peer: () => at(`peer${peers.length}`),
    rivals: () => [at('rival'), at('rival')],
    nowhere: () => ({
      location: { transport, designator: 'nobody', hints: { path: lost } },
      name: lost,
    }),
    until: untilReal,
    quiet: quietReal,
    end: async () => {
      await closeAll(peers);
      fs.rmSync(folder, { recursive: true });
    },
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export const tlsRig = (): Promise<Rig> =>
  tcpRig('tcp-tls', (port) => {
    const place = { host: '127.0.0.1', bindHost: '127.0.0.1', port };
    return tlsNetlayer({ identity: openIdentity(makeIdentity()), place });
  });
export const testingRig = (): Promise<Rig> =>
  tcpRig('tcp-testing-only', (port, count) =>
    testingNetlayer({ designator: `peer${count}`, port }),
  );

/** In clear, or over TLS with a certificate of one's own, which its ref pins. `program`: how all call themselves. */
export const websocketRig = async (isSecure: boolean, program?: string): Promise<Rig> => {
  const { rivals, nowhere, ...rig } = await tcpRig('websocket', (port) =>
    websocketNetlayer({
      crypto: nodeCrypto(),
      place: websocketPlace(isSecure, port),
      ...(program !== undefined && { program }),
    }),
  );
  const { location, name } = nowhere();
  const url = `${isSecure ? 'wss' : 'ws'}://${name}`;
  const { designator } = openWebSocket();
  return {
    ...rig,
    rivals,
    records: true,
    nowhere: () => ({ location: { ...location, designator, hints: { url } }, name }),
  };
};
const openWebSocket = () => {
  const identity = nodeCrypto().keyPair();
  return { identity, designator: websocketDesignator(identity) };
};
/** A place of this machine, under a key made for it. */
export const websocketPlace = (isSecure: boolean, port = 0): WebSocketPlace => {
  const { identity } = openWebSocket();
  const place = { identity, host: '127.0.0.1', bindHost: '127.0.0.1', port };
  if (!isSecure) return place;
  const certificate = openIdentity(makeIdentity());
  return { ...place, tls: { context: () => certificate.context(), pin: certificate.pin } };
};

/** Peers at ports of this machine; `make` is told how many there were before. */
const tcpRig = async (
  transport: string,
  make: (port: number, count: number) => Netlayer,
): Promise<Rig> => {
  const peers: Netlayer[] = [];
  const at = (port: number): Netlayer => {
    const peer = make(port, peers.length);
    peers.push(peer);
    return peer;
  };
  const [busy, lost] = [await freePort(), await freePort()];
  return {
    peer: () => at(0),
    rivals: () => [at(busy), at(busy)],
    nowhere: () => ({
      location: {
        transport,
        designator: 'nobody',
        hints: { host: '127.0.0.1', port: String(lost) },
      },
      name: `127.0.0.1:${lost}`,
    }),
    until: untilReal,
    quiet: quietReal,
    end: () => closeAll(peers),
  };
};
