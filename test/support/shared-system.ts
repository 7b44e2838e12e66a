/** Root's shepherd for the users of one machine, and what it lets them do with its web server: the real programs. */
import path from 'node:path';
import { expect } from 'vitest';
import type { User } from './other-users.ts';
import { configOf, type Daemon, type How, type Place } from './programs.ts';

/** What it runs. */
export const systemServices = `
  service({ provision: ['web-server'], start: exec(['sleep', '1101']) }),
  service({ provision: ['database'], start: exec(['sleep', '1102']) })`;

/** Root's shepherd, with a socket for all. */
export interface System {
  readonly daemon: Daemon;
  readonly sharedSocket: string;
}
/** Starts it. */
export const startSystem = async (place: Place, folder: string, how: How = {}): Promise<System> => {
  const sharedSocket = path.join(folder, 'shared', 'socket');
  const options = ['--shared-socket', sharedSocket];
  const config = configOf('system', systemServices, `{ unix: 'shared' }`);
  return { daemon: await place.shepherd('system', config, { ...how, options }), sharedSocket };
};
/** Lets a user do some things with the web server, which it calls @web. */
export const giveWeb = async (
  { daemon }: System,
  user: User,
  allow = 'status,start,restart,stop',
): Promise<void> => {
  const spec = ['--to', 'guest', '--allow', allow, '--expires', '8h'];
  const { stdout, stderr } = await daemon.herd('grant', 'web-server', ...spec, '--reveal');
  const [uri = ''] = /ocapn:\S+/.exec(stdout) ?? [];
  expect([stderr, uri]).toEqual(['', expect.stringContaining('.unix-shared/s/')]);
  expect(await user.herd(['accept', 'web'], uri)).toMatchObject({ code: 0, stderr: '' });
};
