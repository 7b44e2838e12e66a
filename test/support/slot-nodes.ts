/** Machines with a slot `web` each, and a controller with a fleet over them: the real programs. */
import fs from 'node:fs';
import path from 'node:path';
import { answerOf, contentsIn, partialBytesIn } from './deploys.ts';
import { configOf, freePort, type Daemon, type Place } from './programs.ts';
import { makeProxy, type Proxy } from './proxy.ts';
import { plant, type Planted } from './release-folder.ts';
import { give, mint, portIn, reroute } from './web-fleet.ts';

/** A machine, and the link that the controller reaches it by. */
export interface SlotNode {
  readonly name: string;
  readonly daemon: Daemon;
  /** Its web server's. */
  readonly port: number;
  /** Where it keeps contents and trees. */
  readonly deploys: string;
  readonly link: Proxy;
}
/** All of them; `web-NAME` is what the controller calls the slot of one, and `web` all together. */
export interface SlotNodes {
  readonly place: Place;
  readonly nodes: readonly SlotNode[];
  readonly c: Daemon;
  /** Where the controller keeps what it brings. */
  readonly shelf: string;
}
/** How they are to be. */
export interface SlotNodesHow {
  /** Of each slot, beside its name and readiness, as written in the configuration. */
  readonly rest?: string;
  /** The controller has a slot in the fleet itself: `web-c`. */
  readonly isMixed?: boolean;
}
const tcp = "{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }";
const shortRest = 'confirmSeconds: 30, healthySeconds: 0.3, stop: { graceSeconds: 1 }';

const slotText = (place: Place, node: string, name: string, port: number, rest: string): string => {
  const folder = path.join(place.folder, node);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(folder, 'port'), String(port));
  const ready = `ready: { http: 'http://127.0.0.1:${port}/', timeoutSeconds: 30 }`;
  return `slot({ provision: ['${name}'], ${ready}, ${rest} })`;
};

/** Starts them all, a few at a time, and hands the controller its refs. */
export const startSlotNodes = async (
  place: Place,
  names: readonly string[],
  { rest = shortRest, isMixed = false }: SlotNodesHow = {},
): Promise<SlotNodes> => {
  const members = [...names, ...(isMixed ? ['c'] : [])].map((name) => `'web-${name}'`);
  const exported = names.map(
    (name) =>
      `exported({ provision: ['web-${name}'], from: ref('${name}-web'), node: '${name.toUpperCase()}' })`,
  );
  const own = isMixed ? [slotText(place, 'c', 'web-c', await freePort(), rest)] : [];
  const all = `fleet({ provision: ['web'], members: [${members.join(', ')}], settleSeconds: 1 })`;
  const c = await place.shepherd('c', configOf('C', [...exported, ...own, all].join(', '), tcp));
  const nodes: SlotNode[] = [];
  for (let at = 0; at < names.length; at += 4)
    nodes.push(
      ...(await Promise.all(
        names.slice(at, at + 4).map((name) => startNode(place, c, name, rest)),
      )),
    );
  return { place, nodes, c, shelf: path.join(c.folder, 'deploy') };
};

const startNode = async (
  place: Place,
  c: Daemon,
  name: string,
  rest: string,
): Promise<SlotNode> => {
  const port = await freePort();
  const config = configOf(name.toUpperCase(), slotText(place, name, 'web', port, rest), tcp);
  const daemon = await place.shepherd(name, config);
  const ref = await mint(place, daemon, 'web');
  const link = await makeProxy(portIn(ref));
  place.atEnd(() => link.close());
  reroute(ref, link);
  await give(c, ref, `${name}-web`);
  return { name, daemon, port, deploys: path.join(daemon.folder, 'deploy'), link };
};

/** A server that answers with its version on the port of its machine, which stands in a file above its folder. */
const serverOf = (version: string, start: string): string => `const fs = require('node:fs');
const path = require('node:path');
let folder = process.cwd();
while (!fs.existsSync(path.join(folder, 'port'))) folder = path.dirname(folder);
const port = Number(fs.readFileSync(path.join(folder, 'port'), 'utf8'));
${start}
require('node:http').createServer((_question, answer) => answer.end('${version}')).listen(port, '127.0.0.1');
`;

/** Builds a release that runs on each of them; its file. `start`: what its server does first. */
export const fleetRelease = async (
  place: Place,
  version: string,
  { files = {}, start = '' }: { files?: Readonly<Record<string, Planted>>; start?: string } = {},
): Promise<string> => {
  const tree = path.join(place.folder, `tree-${version}`);
  plant(tree, { 'server.js': serverOf(version, start), ...files });
  const file = path.join(place.folder, `${version}.rel`);
  const words = ['release', 'build', tree, '--run', 'node server.js', '--app', 'web'];
  const { code, stderr } = await place.herd([...words, '--app-version', version, '-o', file]);
  if (code !== 0) throw new Error(`release build: ${stderr}`);
  return file;
};

/** What each of them serves. */
export const servedBy = (nodes: readonly SlotNode[]): Promise<readonly (string | undefined)[]> =>
  Promise.all(nodes.map((node) => answerOf(node)));
/** Bytes that are half brought to a node. */
export const halfAt = ({ deploys }: Pick<SlotNode, 'deploys'>): number => partialBytesIn(deploys);
/** How many contents a folder has. */
export const contentCountIn = (folder: string): number => contentsIn(folder).size;
