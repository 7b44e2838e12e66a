/** Machines A and B with a web server each, and a controller C with a fleet over both: the real programs. */
import fs from 'node:fs';
import path from 'node:path';
import { configOf, freePort, type Daemon, type Place } from './programs.ts';
import type { Namespace } from './namespace.ts';
import { makeProxy, type Proxy } from './proxy.ts';

/** The three shepherds, with refs handed over. */
export interface WebFleet {
  readonly a: Daemon;
  readonly b: Daemon;
  readonly c: Daemon;
  readonly ports: { readonly a: number; readonly b: number };
}
/** How a fleet is to be. */
export interface FleetHow {
  /** As written in the configuration; default `'100%'`. */
  readonly minReady?: string;
  /** Where B lives; absent: on this machine's network. */
  readonly networkOfB?: Namespace;
}
/** The same, and C reaches A and B over links that can fail. */
export interface LinkedFleet extends WebFleet {
  readonly links: { readonly a: Proxy; readonly b: Proxy };
}

const server = `const [port, name] = process.argv.slice(2);
require('node:http').createServer((_request, response) => response.end(name)).listen(Number(port), '127.0.0.1');
console.log('serving ' + name);
`;

/** A machine's configuration; the program of its web server is \`web.cjs\` in its folder, so a test can break it. */
export const machineConfig = (name: string, port: number, host = '127.0.0.1'): string =>
  configOf(
    name,
    `service({ provision: ['networking'] }),
     service({ provision: ['web-server'], requirement: ['networking'],
               start: exec(['node', 'web.cjs', '${port}', '${name}']),
               ready: { http: 'http://127.0.0.1:${port}/', timeoutSeconds: 20 }, respawn: true,
               actions: { greet: { documentation: 'Says hello.', run: exec(['echo', 'hello from ${name}']) } } })`,
    `{ unix: true, tcpTls: { host: '${host}', port: 0 } }`,
  );

/** Writes (or mends) the web server of a machine. */
export const writeServer = (place: Place, machine: string, program = server): void => {
  fs.mkdirSync(path.join(place.folder, machine), { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(place.folder, machine, 'web.cjs'), program, { mode: 0o600 });
};

/** A web server that listens at once, and says that it is ready once there is a file `ready` beside it. */
export const slowServer = `const [port, name] = process.argv.slice(2);
const isReady = () => require('node:fs').existsSync('ready');
require('node:http').createServer((_request, response) => {
  response.statusCode = isReady() ? 200 : 503;
  response.end(name);
}).listen(Number(port), '127.0.0.1');
console.log('serving ' + name);
`;

/** Mints a ref of a service into a file, whose path is the answer. */
export const mint = async (place: Place, from: Daemon, service: string): Promise<string> => {
  const file = path.join(place.folder, `${from.name}-${service}.ref`);
  await succeed(from, ['ref', 'mint', service, '--out', file, '--yes']);
  return file;
};

/** Puts a ref from a file into the store of a daemon, in place of what has that name there. */
export const give = async (to: Daemon, file: string, petname: string): Promise<void> => {
  await succeed(to, ['ref', 'add', petname, '--from', file, '--yes']);
  await succeed(to, ['ref', 'push', petname, '--yes']);
};

/** Hands a service of one daemon to another, as a user would: mint, add, push. */
export const handOver = async (
  place: Place,
  from: Daemon,
  service: string,
  to: Daemon,
  petname: string,
): Promise<void> => give(to, await mint(place, from, service), petname);

/** The port that a ref leads to. */
export const portIn = (file: string): number =>
  Number(/[?&]port=(\d+)/.exec(fs.readFileSync(file, 'utf8'))?.[1]);

/** Writes another address into the ref of a file: hints are routes, and who is meant stays the same. */
export const reroute = (
  file: string,
  to: { readonly host: string; readonly port: number },
): void => {
  const uri = new URL(fs.readFileSync(file, 'utf8').trim());
  uri.searchParams.set('host', to.host);
  uri.searchParams.set('port', String(to.port));
  fs.writeFileSync(file, `${uri.href}\n`, { mode: 0o600 });
};

const succeed = async (daemon: Daemon, words: readonly string[]): Promise<void> => {
  const { code, stderr } = await daemon.herd(...words);
  if (code !== 0) throw new Error(`herd ${words.join(' ')}: ${stderr}`);
};

/**
 * Starts A and B, and C with the two refs in its folder, as `herd ref push` leaves them there: how a user hands them over
 * is the affair of other tests.
 */
export const startWebFleet = async (place: Place, how: FleetHow = {}): Promise<WebFleet> => {
  const { a, b, ports } = await startMachines(place, how);
  const refs = await Promise.all([a, b].map((machine) => mint(place, machine, 'web-server')));
  return { a, b, c: await startController(place, how, refs), ports };
};

/** The same with a link to each of A and B; the place closes them. */
export const startLinkedFleet = async (place: Place, how: FleetHow = {}): Promise<LinkedFleet> => {
  const { a, b, ports } = await startMachines(place, how);
  const linked = async (machine: Daemon) => {
    const ref = await mint(place, machine, 'web-server');
    const proxy = await makeProxy(portIn(ref));
    place.atEnd(() => proxy.close());
    reroute(ref, proxy);
    return { ref, proxy };
  };
  const [toA, toB] = await Promise.all([linked(a), linked(b)]);
  const c = await startController(place, how, [toA.ref, toB.ref]);
  return { a, b, c, ports, links: { a: toA.proxy, b: toB.proxy } };
};

const startMachines = async (
  place: Place,
  { networkOfB }: FleetHow,
): Promise<Omit<WebFleet, 'c'>> => {
  const ports = { a: await freePort(), b: await freePort() };
  writeServer(place, 'a');
  writeServer(place, 'b');
  const [a, b] = await Promise.all([
    place.shepherd('a', machineConfig('A', ports.a)),
    place.shepherd('b', machineConfig('B', ports.b, networkOfB?.host), {
      ...(networkOfB === undefined ? {} : { through: networkOfB.through }),
    }),
  ]);
  return { a, b, ports };
};

/** `refs`: the files of those to A and to B. */
const startController = (
  place: Place,
  { minReady = "'100%'" }: FleetHow,
  refs: readonly string[],
): Promise<Daemon> => {
  const store = path.join(place.folder, 'c', 'refs');
  fs.mkdirSync(store, { recursive: true, mode: 0o700 });
  for (const ref of refs) {
    const petname = `${path.basename(ref).charAt(0)}-web-server`;
    fs.copyFileSync(ref, path.join(store, petname));
  }
  const controller = configOf(
    'C',
    `exported({ provision: ['web-server-a'], from: ref('a-web-server'), node: 'A' }),
     exported({ provision: ['web-server-b'], from: ref('b-web-server'), node: 'B' }),
     fleet({ provision: ['web-server-fleet'], members: ['web-server-a', 'web-server-b'], minReady: ${minReady} })`,
  );
  return place.shepherd('c', controller);
};
