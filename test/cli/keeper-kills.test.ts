/**
 * The kill series of whole shepherds: daemon and keeper are killed together, again and again, and begun again, with a
 * writer at full speed and services that must neither end nor run twice. It prints what it has counted.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi, afterAll } from 'vitest';
import { isWithoutKeeper, keeperPids, whyNoKeeper } from '../support/keepers.ts';
import {
  configOf,
  eventually,
  freePort,
  makePlace,
  type Daemon,
  type Place,
} from '../support/programs.ts';

// Real processes are as fast as the machine lets them be.
vi.setConfig({ testTimeout: 300_000 });
afterAll(() => vi.resetConfig());

const killCount = 8;
const serviceCount = 20;
const names = Array.from({ length: serviceCount }, (_none, at) => `s-${at}`);
const codeOf = (at: number): number => 40 + at;
const writer = `process.on('SIGTERM', () => process.exit(9)); let n = 0; const go = () => { let text = '';
  if (n >= 5_000_000) return setInterval(() => {}, 1000); for (let i = 0; i < 500; i++) text += ++n + '\\\\n';
  process.stdout.write(text, () => setImmediate(go)); }; go();`;
const service = (name: string, at: number): string =>
  `service({ provision: ['${name}'], autoStart: true, start: exec(['sh', '-c',
    'trap "exit ${codeOf(at)}" TERM; echo ran; while :; do sleep 0.2; done']) })`;
const config = configOf(
  'a',
  [
    ...names.map(service),
    `service({ provision: ['writer'], autoStart: true, log: { maxMiB: 1_024 },
      start: exec([${JSON.stringify(process.execPath)}, '-e', \`${writer}\`]) })`,
  ].join(', '),
);

interface Row {
  readonly provision: readonly string[];
  readonly pid?: number;
  readonly lastExit?: { readonly code?: number };
}
const rowsOf = async (daemon: Daemon): Promise<ReadonlyMap<string, Row>> => {
  const { stdout } = await daemon.herd('status', '--json');
  const document = JSON.parse(stdout) as { readonly services: readonly Row[] };
  return new Map(document.services.map((row) => [row.provision[0] ?? '', row]));
};

describe.skipIf(isWithoutKeeper)(`a series of kills of a shepherd${whyNoKeeper}`, () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.clean());

  const killAll = (pids: readonly number[]): number =>
    pids.filter((pid) => {
      try {
        return process.kill(pid, 'SIGKILL');
      } catch {
        return false; // it has ended since
      }
    }).length;

  it.each([[[]], [['main']], [['main', 'anchor']]] as const)(
    'with its keeper (%j) costs no line, no start and no exit',
    async (roles) => {
      let daemon = await place.shepherd('a', config);
      await eventually('all run', async () =>
        [...(await rowsOf(daemon)).values()].every(({ pid }) => pid !== undefined),
      );
      const before = await rowsOf(daemon);
      let killed = 0;
      for (let round = 0; round < killCount; round += 1) {
        const pids = keeperPids(path.join(daemon.folder, 'keeper'));
        killed += killAll([daemon.process.pid ?? 0, ...roles.flatMap((role) => pids[role])]);
        await daemon.ended;
        daemon = await place.again(daemon);
      }
      const after = await rowsOf(daemon);
      const movedCount = names.filter(
        (name) => after.get(name)?.pid !== before.get(name)?.pid,
      ).length;
      for (const name of [...names, 'writer']) await daemon.herd('stop', name);
      const ends = await rowsOf(daemon);
      const logOf = (name: string) =>
        fs.readFileSync(path.join(daemon.folder, `log/${name}.log`), 'utf8');
      const lines = logOf('writer').trimEnd().split('\n');
      const gapCount = lines.filter((line, at) => line !== String(at + 1)).length;
      const ranTwice =
        names.filter((name) => logOf(name).split('ran\n').length !== 2).length + movedCount;
      const unknownCount = names.filter(
        (name, at) => ends.get(name)?.lastExit?.code !== codeOf(at),
      ).length;
      process.stdout.write(
        `${JSON.stringify({ killed: ['daemon', ...roles], count: killed, lines: lines.length, gapCount, ranTwice, unknownCount })}\n`,
      );
      expect(killed).toBeGreaterThanOrEqual(killCount * (1 + roles.length));
      expect([gapCount, ranTwice, unknownCount]).toEqual([0, 0, 0]);
    },
  );

  /** What somebody who comes there is told; rejects where he is refused, or cut off. */
  const ask = (port: number): Promise<string> =>
    new Promise((kept, broken) => {
      let text = '';
      const socket = net.connect({ port, host: '127.0.0.1' });
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('end', () => kept(text));
      socket.on('error', broken);
    });
  const server = `require('net').createServer((socket) => socket.end('served')).listen({ fd: 3 })`;
  it.each([[[]], [['daemon']]] as const)(
    'of the main of its keeper (with the %j) turns nobody away who comes to a socket of a service',
    async (others) => {
      const ports = [await freePort(), await freePort()];
      const at = ports.map((port) => `sockets: [socket({ listen: '127.0.0.1:${port}' })]`);
      const how = 'autoStart: true, ';
      let daemon = await place.shepherd(
        'a',
        configOf(
          'a',
          `service({ provision: ['web'], ${how}${at[0]}, start: exec([${JSON.stringify(process.execPath)}, '-e', ${JSON.stringify(server)}]) }),
           service({ provision: ['echo'], ${how}${at[1]}, activation: 'inetd', start: exec(['printf', 'served']) })`,
        ),
      );
      for (const port of ports)
        await eventually('it is served', () =>
          ask(port).then(
            (said) => said === 'served',
            () => false,
          ),
        );
      let isOver = false;
      const said: string[] = [];
      const comeAgain = async (port: number): Promise<void> => {
        while (!isOver) said.push(await ask(port).catch((error: unknown) => String(error)));
      };
      const clients = [...ports, ...ports, ...ports].map(comeAgain);
      let killed = 0;
      for (let round = 0; round < killCount; round += 1) {
        const before = said.length;
        // Its heir, which is younger, looks like it for a moment; it is not meant.
        const mainOf = () => keeperPids(path.join(daemon.folder, 'keeper')).main.slice(0, 1);
        await eventually('a main', () => mainOf().length > 0);
        killed += killAll([...others.map(() => daemon.process.pid ?? 0), ...mainOf()]);
        if (others.length > 0) {
          await daemon.ended;
          daemon = await place.again(daemon);
        }
        await eventually('they are served', () => said.length > before + 2 * clients.length);
      }
      isOver = true;
      await Promise.all(clients);
      const lost = said.filter((each) => each !== 'served');
      process.stdout.write(
        `${JSON.stringify({ killed: ['main', ...others], count: killed, clients: said.length, lost: lost.length })}\n`,
      );
      expect(killed).toBe(killCount * (1 + others.length));
      expect(lost).toEqual([]);
    },
  );
});
