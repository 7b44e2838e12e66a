/**
 * The transports over which strangers come, each with what an attack on it needs. One entry more, and every case of
 * test/attack is tried on it as well. A private unix socket is none of them: only its owner gets there.
 */
import net from 'node:net';
import path from 'node:path';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { unixNetlayer } from '@bellwether/netlayer-unix';
import { websocketDesignator, websocketNetlayer } from '@bellwether/netlayer-websocket';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';

/** Somebody's end of a transport. */
export interface End {
  readonly netlayer: Netlayer;
  /** What its hellos have to say there, unless it lies. */
  readonly designator: string;
}
export interface Road {
  readonly name: string;
  /** What an acceptor knows of a dialler: its identity by proof, or nothing. */
  readonly dialler: 'proved' | 'anonymous';
  /** False: each record comes as one message, which is whole or not there. */
  readonly isStream: boolean;
  /** An end that listens; `folder` is fresh. */
  listener(folder: string): End;
  /** An end that only dials. */
  client(): End;
  /** A bare connection, below the netlayer. */
  socket(to: PeerLocation): net.Socket;
}

const anyName = (): string => `client-${(Math.random() * 1e9).toFixed()}`;

export const ROADS: readonly Road[] = [
  {
    name: 'tcp-tls',
    dialler: 'proved',
    isStream: true,
    listener: () => {
      const identity = openIdentity(makeIdentity());
      const place = { host: '127.0.0.1', bindHost: '127.0.0.1' };
      return { netlayer: tlsNetlayer({ identity, place }), designator: identity.designator };
    },
    client: () => {
      const identity = openIdentity(makeIdentity());
      return { netlayer: tlsNetlayer({ identity }), designator: identity.designator };
    },
    socket: ({ hints }) => net.connect({ host: '127.0.0.1', port: Number(hints['port']) }),
  },
  {
    name: 'unix-shared',
    dialler: 'anonymous',
    isStream: true,
    listener: (folder) => {
      const place = { path: path.join(folder, 'shared', 'victim.sock'), replaceStale: true };
      const designator = anyName();
      return { netlayer: unixNetlayer({ designator, mode: 'shared', place }), designator };
    },
    client: () => {
      const designator = anyName();
      return { netlayer: unixNetlayer({ designator, mode: 'shared' }), designator };
    },
    socket: ({ hints }) => net.connect({ path: hints['path'] ?? '' }),
  },
  {
    name: 'websocket',
    dialler: 'anonymous',
    isStream: false,
    listener: () => {
      const identity = nodeCrypto().keyPair();
      const place = { identity, host: '127.0.0.1', bindHost: '127.0.0.1' };
      const netlayer = websocketNetlayer({ crypto: nodeCrypto(), place });
      return { netlayer, designator: websocketDesignator(identity) };
    },
    client: () => ({
      netlayer: websocketNetlayer({ crypto: nodeCrypto() }),
      designator: anyName(),
    }),
    socket: ({ hints }) =>
      net.connect({ host: '127.0.0.1', port: Number(new URL(hints['url'] ?? '').port) }),
  },
];
