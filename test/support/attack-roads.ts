/**
 * The transports over which strangers come, each with what an attack on it needs. One entry more, and every case of
 * test/attack is tried on it as well. A private unix socket is none of them: only its owner gets there.
 */
import net from 'node:net';
import path from 'node:path';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { unixNetlayer } from '@bellwether/netlayer-unix';
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
  /** An end that listens; `folder` is fresh. */
  listener(folder: string): End;
  /** An end that only dials. */
  client(): End;
  /** A bare connection, below the netlayer. */
  socket(to: PeerLocation): net.Socket;
}

export const ROADS: readonly Road[] = [
  {
    name: 'tcp-tls',
    dialler: 'proved',
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
    listener: (folder) => {
      const place = { path: path.join(folder, 'shared', 'victim.sock'), replaceStale: true };
      const designator = 'victim';
      return { netlayer: unixNetlayer({ designator, mode: 'shared', place }), designator };
    },
    client: () => {
      const designator = `client-${(Math.random() * 1e9).toFixed()}`;
      return { netlayer: unixNetlayer({ designator, mode: 'shared' }), designator };
    },
    socket: ({ hints }) => net.connect({ path: hints['path'] ?? '' }),
  },
];
