/** A user who wants that no other user of the machine gets to the shepherd: real users, so it takes root to run this. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { parseUri, Sturdyref } from '@bellwether/ocapn';
import { describe, expect } from 'vitest';
import { greeted } from '../support/cli-stranger.ts';
import { asUser, makePublic, makeUser, noOtherUsers, type User } from '../support/other-users.ts';
import { it } from '../support/placed.ts';
import { bins, eventually, type Place } from '../support/programs.ts';
import { giveWeb, startSystem, type System } from '../support/shared-system.ts';

const reason = noOtherUsers();
const isAlone = reason !== undefined;
const why = isAlone ? ` (${reason})` : '';
describe.skipIf(isAlone)(`case 16: a hostile user${why}`, () => {
  /** Commands of others, each of which gets through: `herd` gives up by itself, with another code. */
  const othersAreServed = async (system: System, guest: User): Promise<void> => {
    for (const words of [
      ['restart', '@web'],
      ['status', '@web'],
    ]) {
      const { code, stderr } = await guest.herd(words);
      expect([words, code, stderr]).toEqual([words, 0, '']);
    }
    expect(await system.daemon.herd('status')).toMatchObject({ code: 0, stderr: '' });
  };
  const setUp = async (place: Place): Promise<readonly [System, User]> => {
    const system = await startSystem(place, makePublic(place));
    const guest = makeUser(place, 54_321);
    await giveWeb(system, guest);
    return [system, guest];
  };
  const connectTo = (at: string): Promise<net.Socket> =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ path: at }, () => resolve(socket)).once('error', reject);
      socket.on('error', () => undefined);
    });
  /** The queue of a listener is short: whoever finds it full comes again. */
  const times = <T>(count: number, make: () => Promise<T>): Promise<readonly T[]> =>
    Promise.all(
      Array.from({ length: count }, async () => {
        for (;;)
          try {
            return await make();
          } catch (error) {
            if (!String(error).includes('EAGAIN')) throw error;
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
      }),
    );

  it('with 200 connections that say nothing shuts nobody out', async ({ place }) => {
    const [system, guest] = await setUp(place);
    const sockets = await times(200, () => connectTo(system.sharedSocket));
    await othersAreServed(system, guest);
    expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([]);
    for (const socket of sockets) socket.destroy();
  });

  it('with 1,000 that say nothing and 1,100 sessions that want nothing shuts nobody out', async ({
    place,
  }) => {
    const [system, guest] = await setUp(place);
    const sockets: net.Socket[] = [];
    for (let each = 0; each < 20; each += 1)
      sockets.push(...(await times(50, () => connectTo(system.sharedSocket))));
    for (let each = 0; each < 22; each += 1)
      sockets.push(...(await times(50, () => greeted(system.sharedSocket))).map(({ raw }) => raw));
    await othersAreServed(system, guest);
    for (const socket of sockets) socket.destroy();
  });

  it('with one grant and 1,100 sessions pushes out itself, and nobody else', async ({ place }) => {
    const [system, guest] = await setUp(place);
    const hostile = makeUser(place, 55_555);
    await giveWeb(system, hostile, 'status');
    const file = path.join(hostile.home, '.local', 'share', 'bellwether', 'refs', 'web');
    const ref = parseUri(fs.readFileSync(file, 'utf8').trim());
    if (!(ref instanceof Sturdyref)) throw new Error(`${file} holds no sturdyref`);
    const watched = guest.begin([process.execPath, bins.herd, 'status', '@web', '--watch']);
    await eventually('it is watched', () => watched.stdout().includes('web-server'));
    const sockets: net.Socket[] = [];
    const enter = async (): Promise<net.Socket> => {
      const { raw } = await greeted(system.sharedSocket);
      raw.write("<10'op:deliver<11'desc:export0+>[5'fetch32:");
      raw.write(ref.reveal());
      raw.write("]0+<18'desc:import-object1+>>");
      return raw;
    };
    for (let each = 0; each < 22; each += 1) sockets.push(...(await times(50, enter)));
    await eventually(
      'some are cut',
      () => sockets.filter(({ destroyed }) => destroyed).length > 70,
    );
    await othersAreServed(system, guest);
    expect(watched.process.exitCode).toBe(null);
    for (const socket of sockets) socket.destroy();
    watched.process.kill('SIGINT');
    expect((await watched.ended).stderr).toBe('');
  });

  it('that connects again and again shuts nobody out', async ({ place }) => {
    const [system, guest] = await setUp(place);
    const flood = `const net = require('net');
      const open = () => net.connect({ path: process.argv[1] }).on('error', () => {})
        .on('connect', function () { setTimeout(() => this.destroy(), 20) })
        .on('close', () => setImmediate(open));
      for (let each = 0; each < 500; each += 1) open();`;
    const args = ['-e', flood, system.sharedSocket];
    const begun = place.begin(process.execPath, args, { through: asUser(55_555) });
    await new Promise((resolve) => setTimeout(resolve, 500));
    // It takes most of this machine as well: who is unlucky tries again, as a person would.
    for (const words of [
      ['restart', '@web'],
      ['status', '@web'],
      ['stop', '@web'],
    ])
      await eventually(
        `${words.join(' ')} gets through`,
        async () => {
          const { code } = await guest.herd(words);
          return code === 0;
        },
        20_000,
      );
    expect(await system.daemon.herd('status')).toMatchObject({ code: 0, stderr: '' });
    begun.process.kill('SIGKILL');
    await begun.ended;
  });
});
