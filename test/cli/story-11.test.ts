/**
 * One machine, several users: root's shepherd lets another user do some things with one service, over a socket that
 * all users share. Real users, so it takes root to run this.
 */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { makePublic, makeUser, noOtherUsers } from '../support/other-users.ts';
import { it, together } from '../support/placed.ts';
import { configOf, type Daemon, eventually } from '../support/programs.ts';
import { giveWeb, startSystem, systemServices } from '../support/shared-system.ts';
import { pidOf } from '../support/shown.ts';

const reason = noOtherUsers();
const isAlone = reason !== undefined;
const why = isAlone ? ` (${reason})` : '';
const modeOf = (file: string): string => (fs.statSync(file).mode & 0o777).toString(8);

describe.skipIf(isAlone)(`one machine, several users${why}`, together, () => {
  it('a user restarts the one service that was given to it, and neither does nor sees anything else', async ({
    place,
  }) => {
    const system = await startSystem(place, makePublic(place));
    const { daemon, sharedSocket } = system;
    const guest = makeUser(place, 54_321);
    await giveWeb(system, guest, 'status,restart');
    await daemon.herd('start', 'web-server');
    const before = await pidOf(daemon, 'web-server');
    const restarted = await guest.herd(['restart', '@web']);
    expect(restarted).toMatchObject({ code: 0, stderr: '' });
    expect(restarted.stdout).toContain('Service web-server has been started.');
    expect(await pidOf(daemon, 'web-server')).not.toBe(before);
    const seen = (await guest.herd(['status', '@web'])).stdout;
    expect(seen).toMatch(/running/);
    expect(seen).not.toMatch(/database|sleep 1101|system\/log/);
    const granted = await pidOf(daemon, 'web-server');
    for (const words of [
      ['stop', '@web'],
      ['log', '@web'],
    ]) {
      const { code, stderr } = await guest.herd(words);
      expect([words, code, stderr]).toEqual([
        words,
        5,
        expect.stringMatching(/^herd: error: .*g-/),
      ]);
    }
    expect(await pidOf(daemon, 'web-server')).toBe(granted);
    expect((await daemon.herd('audit', 'web-server')).stdout).toMatch(/denied/i);
    // It has no shepherd of its own, and needs none for what it holds.
    const { code: plain, stderr: hint } = await guest.herd(['restart', 'web-server']);
    expect([plain, hint]).toEqual([4, expect.stringContaining('needs none: herd ACTION @PETNAME')]);
    // The key to the rest, its folder, and the socket that believes whoever may connect.
    const [key, own] = [path.join(daemon.folder, 'run', 'admin.ref'), daemon.socket];
    expect((await guest.run('cat', [key])).code).not.toBe(0);
    expect((await guest.run('ls', [path.dirname(own)])).code).not.toBe(0);
    const [there, other] = [
      await guest.herd(['-s', sharedSocket, 'status']),
      await guest.herd(['-s', own, 'stop', 'database']),
    ];
    expect([there.code, there.stderr]).toEqual([
      4,
      `herd: error: ${sharedSocket} is for all users of this machine, and gives nothing by itself\n` +
        'If you were granted something there, use a ref that you were given: herd ACTION @PETNAME. ' +
        'Whoever owns that shepherd can grant it.\n',
    ]);
    expect([other.code, other.stderr]).toEqual([
      4,
      `herd: error: cannot use the shepherd at ${own}: you may not look into its folder\n` +
        'It is the shepherd of another user. If you were granted something there, use a ref that you ' +
        'were given: herd ACTION @PETNAME.\n',
    ]);
  });

  it("a user's own shepherd has a service that requires one of the system, also after that has gone and come back", async ({
    place,
  }) => {
    const folder = makePublic(place);
    const system = await startSystem(place, folder);
    const guest = makeUser(place, 54_321);
    await giveWeb(system, guest);
    await guest.shepherd(
      configOf(
        'own',
        `exported({ provision: ['sys-web'], from: ref('sys-web') }),
         service({ provision: ['app'], requirement: ['sys-web'], start: exec(['sleep', '1103']) })`,
      ),
    );
    expect(await guest.herd(['ref', 'rename', 'web', 'sys-web'])).toMatchObject({ code: 0 });
    expect(await guest.herd(['ref', 'push', 'sys-web'])).toMatchObject({ code: 0, stderr: '' });
    const started = await guest.herd(['start', 'app']);
    expect([started.code, started.stderr]).toEqual([0, '']);
    expect(started.stdout).toMatch(
      /Service (sys-web|web-server) has been started[^]*Service app has been started/,
    );
    expect((await system.daemon.herd('status', 'web-server')).stdout).toContain('running');
    await system.daemon.kill('SIGTERM');
    await place.again(system.daemon, { options: ['--shared-socket', system.sharedSocket] });
    await eventually('it is reached again', async () =>
      (await guest.herd(['status', 'sys-web'])).stdout.includes('running'),
    );
    expect(await guest.herd(['restart', 'sys-web'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('a user without rights lets another one in, in the folder that is for that', async ({
    place,
  }) => {
    const [owner, guest] = [makeUser(place, 54_322), makeUser(place, 54_323)];
    place.atEnd(() => fs.rmSync('/tmp/bellwether-shared-54322', { recursive: true, force: true }));
    const begun = await owner.shepherd(configOf('own', systemServices, `{ unix: 'shared' }`));
    expect(begun.stdout()).toContain('other users on /tmp/bellwether-shared-54322/socket');
    const grant = ['grant', 'web-server', '--to', 'guest', '--allow', 'start', '--expires', '1h'];
    const { stdout } = await owner.herd([...grant, '--reveal']);
    const [uri = ''] = /ocapn:\S+/.exec(stdout) ?? [];
    expect(uri).toContain('uid=54322');
    expect(await guest.herd(['accept'], uri)).toMatchObject({ code: 0, stderr: '' });
    expect(await guest.herd(['start', '@web-server'])).toMatchObject({ code: 0, stderr: '' });
    expect((await owner.herd(['status', 'web-server'])).stdout).toContain('running');
  });

  it('what is granted leads to the network where there is one, unless it is for a user of this machine', async ({
    place,
  }) => {
    const folder = makePublic(place);
    const options = ['--shared-socket', path.join(folder, 'shared', 'socket')];
    const listen = `{ unix: 'shared', tcpTls: { host: '127.0.0.1', port: 0 } }`;
    const both = await place.shepherd('both', configOf('both', systemServices, listen), {
      options,
    });
    const alone = await place.shepherd('alone', configOf('alone', systemServices));
    const given = async (daemon: Daemon, ...words: readonly string[]): Promise<string> => {
      const { stdout, stderr } = await daemon.herd(...words, '--reveal');
      return /ocapn:[^?]*\.([a-z-]+)\/s/.exec(stdout)?.[1] ?? stderr;
    };
    const grant = ['grant', 'web-server', '--to', 'guest', '--expires', '8h'];
    for (const words of [['ref', 'mint', 'web-server'], grant]) {
      expect(await given(both, ...words)).toBe('tcp-tls');
      expect(await given(both, ...words, '--local')).toBe('unix-shared');
      expect(await given(alone, ...words)).toBe('unix');
      expect(await given(alone, ...words, '--local')).toContain("listen: { unix: 'shared' }");
    }
    const { stdout } = await alone.herd('--json', 'grant', 'ls');
    const { grants } = JSON.parse(stdout) as { readonly grants: { readonly id: string }[] };
    // What was refused has left nothing.
    expect(grants.map(({ id }) => id.slice(0, 2)).toSorted()).toEqual(['g-', 'm-']);
  });

  it('works where the umask of the system takes all bits of others', async ({ place }) => {
    const through = ['sh', '-c', 'umask 0077; exec "$@"', 'sh'];
    const system = await startSystem(place, makePublic(place), { through });
    const { daemon, sharedSocket } = system;
    const modes = [path.dirname(sharedSocket), sharedSocket, daemon.socket].map(modeOf);
    expect(modes).toEqual(['755', '666', '600']);
    expect(modeOf(path.join(daemon.folder, 'run', 'admin.ref'))).toBe('600');
    const guest = makeUser(place, 54_321);
    await giveWeb(system, guest);
    expect(await guest.herd(['start', '@web'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('case 17: has no door in a folder of another user, or one that is closed, until that is mended', async ({
    place,
  }) => {
    const folder = makePublic(place);
    const shared = path.join(folder, 'shared');
    fs.mkdirSync(shared, { mode: 0o755 });
    // Where it is below /tmp, whoever is faster may do so.
    fs.chownSync(shared, 54_321, 54_321);
    const { daemon, sharedSocket } = await startSystem(place, folder);
    const log = () => fs.readFileSync(path.join(daemon.folder, 'log', 'shepherd.log'), 'utf8');
    expect(log()).toContain(
      `shared-socket: ${shared} belongs to user 54321, and this shepherd runs as 0`,
    );
    expect(fs.readdirSync(shared)).toEqual([]);
    expect(await daemon.herd('start', 'web-server')).toMatchObject({ code: 0, stderr: '' });
    fs.chownSync(shared, 0, 0);
    fs.chmodSync(shared, 0o700);
    await eventually('it is told anew', () => log().includes(`chmod 755 '${shared}'`), 30_000);
    expect(fs.readdirSync(shared)).toEqual([]);
    fs.chmodSync(shared, 0o755);
    await eventually('it opens', () => fs.existsSync(sharedSocket), 30_000);
  });

  it('nothing is said to another user who listens where the shepherd was', async ({ place }) => {
    const folder = makePublic(place);
    const system = await startSystem(place, folder);
    const guest = makeUser(place, 54_321);
    await giveWeb(system, guest);
    await system.daemon.kill('SIGTERM');
    const shared = path.dirname(system.sharedSocket);
    fs.chownSync(shared, 55_555, 55_555);
    const heard: Buffer[] = [];
    const server = net.createServer((socket) => socket.on('data', (chunk) => heard.push(chunk)));
    place.atEnd(() => server.close());
    await new Promise<void>((ready) => server.listen(system.sharedSocket, ready));
    fs.chownSync(system.sharedSocket, 55_555, 55_555);
    fs.chmodSync(system.sharedSocket, 0o666);
    const { code, stderr } = await guest.herd(['status', '@web']);
    expect([code, heard]).toEqual([4, []]);
    expect(stderr).toContain('its folder belongs to user 55555, not to 0; nothing was said to it');
  });
});
