/** A shepherd with one slot, and releases of a web server for it: the real programs. */
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { expect } from 'vitest';
import { plant, type Planted } from './release-folder.ts';
import { configOf, freePort, type Daemon, type Place } from './programs.ts';

/** What is deployed to: the slot `web` of the shepherd A. */
export interface Slotted {
  readonly place: Place;
  readonly daemon: Daemon;
  readonly port: number;
  /** Where the daemon keeps contents and trees. */
  readonly folder: string;
}
/** What a slot of a test is described as, beside its name. */
const shortSlot = 'confirmSeconds: 30, healthySeconds: 0.3, stop: { graceSeconds: 1 }';

/** Starts it, with a slot to which nothing was brought yet. */
export const startSlot = async (
  place: Place,
  rest = shortSlot,
  listen = '{ unix: true }',
  name = 'a',
): Promise<Slotted> => {
  const daemon = await place.shepherd(
    name,
    configOf(name.toUpperCase(), `slot({ provision: ['web'], ${rest} })`, listen),
  );
  const folder = path.join(daemon.folder, 'deploy');
  return { place, daemon, port: await freePort(), folder };
};

/** A server that answers with its version; `broken` ends at once. */
const serverOf = (port: number, version: string, isBroken: boolean): string =>
  isBroken
    ? 'process.exit(3);\n'
    : `require('node:http').createServer((_question, answer) => answer.end('${version}')).listen(${port}, '127.0.0.1');\n`;

/** Builds a release; its file. */
export const releaseOf = async (
  { place, port }: Pick<Slotted, 'place' | 'port'>,
  version: string,
  how: {
    readonly isBroken?: boolean;
    readonly files?: Readonly<Record<string, Planted>>;
    readonly options?: readonly string[];
    readonly run?: string;
  } = {},
): Promise<string> => {
  const tree = path.join(place.folder, `tree-${version}`);
  const { isBroken = false, files = {}, options = [], run = 'node server.js' } = how;
  plant(tree, { 'server.js': serverOf(port, version, isBroken), ...files });
  const file = path.join(place.folder, `${version}.rel`);
  const check = `http://127.0.0.1:${port}/`;
  const words = ['release', 'build', tree, '--run', run, '--check', check];
  const about = ['--app', 'web', '--app-version', version, '-o', file];
  const { code, stderr } = await place.herd([...words, ...about, ...options]);
  if (code !== 0) throw new Error(`release build: ${stderr}`);
  return file;
};
/** A release that is well once `go` was called, so that nobody has to catch the slot while it finds out; its file. */
export const heldBack = async (
  slotted: Slotted,
  version: string,
): Promise<{ readonly file: string; go(): void }> => {
  const goFile = path.join(slotted.place.folder, `go-${version}`);
  const server = `require('node:http').createServer((_question, answer) => {
  answer.statusCode = require('node:fs').existsSync('${goFile}') ? 200 : 503;
  answer.end('${version}');
}).listen(${slotted.port}, '127.0.0.1');`;
  const file = await releaseOf(slotted, version, { files: { 'server.js': server } });
  return { file, go: () => fs.writeFileSync(goFile, '') };
};
/** The name of a release in a file. */
export const digestOf = async (place: Place, file: string): Promise<string> => {
  const { stdout } = await place.herd(['release', 'show', file, '--json']);
  return (JSON.parse(stdout) as { readonly digest: string }).digest;
};

/** What the web server says; undefined where nobody answers. */
export const answerOf = ({ port }: Pick<Slotted, 'port'>): Promise<string | undefined> =>
  new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, agent: false, timeout: 30_000 };
    const request = http.get(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });

/** Where the deploy of the slot is. */
export const phaseOf = async (daemon: Daemon): Promise<string | undefined> => {
  const { stdout } = await daemon.herd('status', 'web', '--json');
  const { services } = JSON.parse(stdout) as {
    readonly services: readonly { readonly slot?: { readonly phase?: string } }[];
  };
  return services[0]?.slot?.phase;
};
/** Waits until it is there. Looks without a pause: a phase may be over in the time of one. */
export const untilPhase = async (daemon: Daemon, phase: string): Promise<void> => {
  const limitMs = 120_000;
  const end = performance.now() + limitMs;
  while ((await phaseOf(daemon)) !== phase)
    if (performance.now() > end)
      throw new Error(`still not so after ${limitMs} ms: the slot is in ${phase}`);
};

/** The contents that are whole on the disk of a node. */
export const contentsIn = (folder: string): ReadonlySet<string> => {
  const blobs = path.join(folder, 'blobs');
  const names = fs
    .readdirSync(blobs)
    .flatMap((one) => fs.readdirSync(path.join(blobs, one)).map((two) => one + two));
  return new Set(names);
};
/** Bytes of contents that are not whole. */
export const partialBytesIn = (folder: string): number => {
  const partial = path.join(folder, 'partial');
  if (!fs.existsSync(partial)) return 0;
  return fs
    .readdirSync(partial)
    .reduce(
      (sum, name) =>
        sum + (fs.statSync(path.join(partial, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
};
/** Deploys a release of that version, which serves from then on; its file. */
export const deployed = async (slotted: Slotted, version: string): Promise<string> => {
  const file = await releaseOf(slotted, version);
  const { code, stderr } = await slotted.daemon.herd('deploy', 'web', file);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(await answerOf(slotted)).toBe(version);
  return file;
};
/** What `herd release ls` says of the slot. */
export const listed = async ({ daemon }: Slotted): Promise<string> =>
  (await daemon.herd('release', 'ls', 'web')).stdout;
/** How many pieces `herd -v` says that it has sent. */
export const sentIn = (stderr: string): number =>
  Number(/(\d+) pieces?, /.exec(stderr)?.[1] ?? Number.NaN);
