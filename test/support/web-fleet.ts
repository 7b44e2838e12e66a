/** Machines A and B with a web server each, and a controller C with a fleet over both: the real programs. */
import fs from 'node:fs';
import path from 'node:path';
import { configOf, freePort, type Daemon, type Place } from './programs.ts';

/** The three shepherds, with refs handed over. */
export interface WebFleet {
  readonly a: Daemon;
  readonly b: Daemon;
  readonly c: Daemon;
  readonly ports: { readonly a: number; readonly b: number };
}

const server = `const [port, name] = process.argv.slice(2);
require('node:http').createServer((_request, response) => response.end(name)).listen(Number(port), '127.0.0.1');
console.log('serving ' + name);
`;

/** A machine's configuration; the program of its web server is \`web.cjs\` in its folder, so a test can break it. */
export const machineConfig = (name: string, port: number): string =>
  configOf(
    name,
    `service({ provision: ['networking'] }),
     service({ provision: ['web-server'], requirement: ['networking'],
               start: exec(['node', 'web.cjs', '${port}', '${name}']),
               ready: { http: 'http://127.0.0.1:${port}/', timeoutSeconds: 20 }, respawn: true,
               actions: { greet: { documentation: 'Says hello.', run: exec(['echo', 'hello from ${name}']) } } })`,
    `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`,
  );

/** Writes (or mends) the web server of a machine. */
export const writeServer = (place: Place, machine: string, program = server): void => {
  fs.mkdirSync(path.join(place.folder, machine), { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(place.folder, machine, 'web.cjs'), program, { mode: 0o600 });
};

/** Hands a service of one daemon to another, as a user would: mint, add, push. */
export const handOver = async (
  place: Place,
  from: Daemon,
  service: string,
  to: Daemon,
  petname: string,
): Promise<void> => {
  const file = path.join(place.folder, `${petname}.ref`);
  for (const [daemon, words] of [
    [from, ['ref', 'mint', service, '--out', file]],
    [to, ['ref', 'add', petname, '--from', file]],
    [to, ['ref', 'push', petname]],
  ] as const) {
    const { code, stderr } = await daemon.herd(...words);
    if (code !== 0) throw new Error(`herd ${words.join(' ')}: ${stderr}`);
  }
};

/** Starts all three and hands C its two refs. */
export const startWebFleet = async (place: Place, minReady = "'100%'"): Promise<WebFleet> => {
  const ports = { a: await freePort(), b: await freePort() };
  writeServer(place, 'a');
  writeServer(place, 'b');
  const controller = configOf(
    'C',
    `exported({ provision: ['web-server-a'], from: ref('a-web-server'), node: 'A' }),
     exported({ provision: ['web-server-b'], from: ref('b-web-server'), node: 'B' }),
     fleet({ provision: ['web-server-fleet'], members: ['web-server-a', 'web-server-b'], minReady: ${minReady} })`,
  );
  const [a, b, c] = await Promise.all([
    place.shepherd('a', machineConfig('A', ports.a)),
    place.shepherd('b', machineConfig('B', ports.b)),
    place.shepherd('c', controller),
  ]);
  await handOver(place, a, 'web-server', c, 'a-web-server');
  await handOver(place, b, 'web-server', c, 'b-web-server');
  return { a, b, c, ports };
};
