/** Real machines that join a real controller. */
import path from 'node:path';
import { configOf, freePort, bins, type Daemon, type Ended, type Place } from './programs.ts';

/** What `herd node ls --json` tells of one. */
export interface NodeSeen {
  readonly name: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceCount: number;
  readonly designator?: string;
  readonly isConnected?: boolean;
  readonly isDialOut?: boolean;
  readonly alertCount?: number;
  readonly leftOut?: readonly { readonly service: string; readonly why: string }[];
}

/** Where a daemon listens, as a configuration says it. */
export const listenAt = (port: number): string =>
  `{ unix: true, tcpTls: { host: '127.0.0.1', port: ${port} } }`;
/** Two services, one of which has a process. */
export const webServices = `service({ provision: ['networking'] }),
  service({ provision: ['web-server', 'www'], requirement: ['networking'], start: exec(['sleep', '600']) })`;

/** A controller; its port is chosen here, so that it is the same in its next lives. */
export const startController = async (place: Place, services = ''): Promise<Daemon> =>
  place.shepherd('control', configOf('Control', services, listenAt(await freePort())));
/** A machine that listens on no network. */
export const startMachine = (
  place: Place,
  name: string,
  services = webServices,
  listen = '{ unix: true }',
): Promise<Daemon> => place.shepherd(name, configOf(name.toUpperCase(), services, listen));

/** The fingerprint of a machine, as it tells it. */
export const keyOf = async (machine: Daemon): Promise<string> =>
  (await machine.herd('node', 'key')).stdout.trim();

/** Has an invite made, into a file. */
export const inviteTo = async (
  place: Place,
  controller: Daemon,
  name: string,
  ...more: readonly string[]
): Promise<string> => {
  const file = path.join(place.folder, `${name}.join`);
  const made = await controller.herd('node', 'invite', '--name', name, '--out', file, ...more);
  if (made.code !== 0) throw new Error(`no invite: ${made.stdout}${made.stderr}`);
  return file;
};
/** `shepherd join` at a machine, with the invite of a file. */
export const joinBy = (
  place: Place,
  machine: Daemon,
  file: string,
  ...more: readonly string[]
): Promise<Ended> =>
  place.run(process.execPath, [
    bins.shepherd,
    'join',
    '-s',
    machine.socket,
    '--from',
    file,
    ...more,
  ]);

/** The machines that a controller knows, by name. */
export const nodesOf = async (controller: Daemon): Promise<Readonly<Record<string, NodeSeen>>> => {
  const { stdout } = await controller.herd('--json', 'node', 'ls');
  const { nodes } = JSON.parse(stdout) as { readonly nodes: readonly NodeSeen[] };
  return Object.fromEntries(nodes.map((node) => [node.name, node]));
};
/** The names of all services of a shepherd. */
export const servicesOf = async (daemon: Daemon): Promise<readonly string[]> => {
  const { stdout } = await daemon.herd('--json', 'status');
  const { services } = JSON.parse(stdout) as {
    readonly services: readonly { readonly provision: readonly string[] }[];
  };
  return services.map(({ provision: [name = ''] }) => name);
};
/** What the audit of a shepherd says, a line each. */
export const auditOf = async (daemon: Daemon): Promise<string> =>
  (await daemon.herd('audit', '-n', '200')).stdout;
