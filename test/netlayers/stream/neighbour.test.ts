/**
 * A dial to a machine whose cable was plugged in a moment ago, over a network of the kernel: what was found out about it
 * before that is no answer. The limit NEIGHBOUR_MS is what Linux takes to find that out.
 */
import { spawn } from 'node:child_process';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { websocketDesignator, websocketNetlayer } from '@bellwether/netlayer-websocket';
import type { Netlayer, PeerLocation } from '@bellwether/ocapn';
import { describe, expect } from 'vitest';
import { makeNamespace, whyNoNamespaces, type Namespace } from '../../support/namespace.ts';
import { it, together } from '../../support/placed.ts';
import type { Place } from '../../support/programs.ts';

const whyNot = whyNoNamespaces();
const port = 7_777;
const identity = openIdentity(makeIdentity());
const key = nodeCrypto().keyPair();
const roads: readonly (readonly [string, () => Netlayer, (host: string) => PeerLocation])[] = [
  [
    'tcp-tls',
    () => tlsNetlayer({ identity }),
    (host) => ({
      transport: 'tcp-tls',
      designator: identity.designator,
      hints: { host, port: String(port) },
    }),
  ],
  [
    'ws',
    () => websocketNetlayer({ crypto: nodeCrypto(), trust: { dialsInClear: true } }),
    (host) => ({
      transport: 'websocket',
      designator: websocketDesignator(key),
      hints: { url: `ws://${host}:${port}` },
    }),
  ],
];

/** Somebody there takes connections and hangs up: to be told so is to have got through. */
const startServer = async (place: Place, { through, host }: Namespace): Promise<void> => {
  const [program = '', ...words] = through;
  const source = `require('net').createServer((s) => s.end()).listen(${port}, '${host}', () => console.log())`;
  const server = spawn(program, [...words, process.execPath, '-e', source]);
  place.atEnd(() => server.kill('SIGKILL'));
  await new Promise((ready) => server.stdout.once('data', ready));
};
/** The code of what stands in the way of a plain connection, once it is known; and how long that took. */
const connected = async (host: string): Promise<[string | undefined, number]> => {
  const begun = performance.now();
  const socket = net.connect({ host, port });
  const code = await new Promise<string | undefined>((told) => {
    socket.once('connect', () => told(undefined));
    socket.once('error', (error) => told('code' in error ? String(error.code) : error.message));
  });
  socket.destroy();
  return [code, performance.now() - begun];
};
const dialled = async (netlayer: Netlayer, to: PeerLocation): Promise<string> => {
  const nobody = (): never => {
    throw new Error('nobody is there');
  };
  const reason = await new Promise<Error>((failed) => netlayer.dial(to, nobody, failed));
  await new Promise<void>((done) => netlayer.close(done));
  return reason.message;
};

describe(`to a network of its own (${whyNot ?? 'root'})`, together, () => {
  it.skipIf(whyNot !== undefined).for(roads)(
    'a dial over %s gets through once the cable is plugged in, whatever was found out before',
    async ([, make, at], { place }) => {
      const network = makeNamespace(place);
      await startServer(place, network);
      network.unplug();
      // Whoever asks first is told after three seconds, and is told so by us as well, not later.
      const begun = performance.now();
      expect(await dialled(make(), at(network.host))).toContain('EHOSTUNREACH');
      expect(performance.now() - begun).toBeLessThan(4_500);
      // In the last of three seconds.
      const before = connected(network.host);
      await pause(2_400);
      network.plug();
      expect(await dialled(make(), at(network.host))).not.toContain('EHOSTUNREACH');
      expect((await before)[0]).toBe('EHOSTUNREACH');
    },
  );
});
