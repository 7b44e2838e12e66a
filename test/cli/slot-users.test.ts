/** Services and slots of a shepherd of root that run as other users: the real programs, and real users. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { answerOf, releaseOf } from '../support/deploys.ts';
import { isWithoutKeeper } from '../support/keepers.ts';
import { asUser, makePublic, noOtherUsers } from '../support/other-users.ts';
import { it } from '../support/placed.ts';
import { bins, configOf, eventually, freePort, type Place } from '../support/programs.ts';

const python = '/usr/bin/python3';
const isWithoutNotify = isWithoutKeeper || !fs.existsSync(python);
const uid = 54_321;
const gid = 54_322;

/** What a program finds out about itself, and about what it must not have. */
const spying = `
  const fs = require('node:fs');
  const tried = (work) => { try { work(); return 'done'; } catch (error) { return error.code; } };
  const self = (name) =>
    new RegExp('^' + name + ':[ \\\\t]*(.*)$', 'm').exec(fs.readFileSync('/proc/self/status', 'utf8'))[1].trim();
  const who = () =>
    [self('Uid'), self('Gid'), self('Groups'), self('CapEff'), process.env.HOME, process.env.USER];
`;
const nobody = `${Array(4).fill(uid).join('\t')}|${Array(4).fill(gid).join('\t')}||0000000000000000|/|${uid}`;

/** Says who it runs as, what it reads, and what keeps it from writing there. */
const server = (port: number, folder: string): string => `${spying}
  const text = [
    ...who(),
    fs.readFileSync('lib/words', 'utf8'),
    tried(() => fs.writeFileSync('lib/words', 'mine')),
    tried(() => fs.writeFileSync('lib/new', 'mine')),
    tried(() => fs.chmodSync('lib', 0o777)),
    tried(() => fs.readFileSync('../manifest.json')),
    tried(() => fs.readdirSync('../..')),
    tried(() => fs.readFileSync('${folder}/run/admin.ref')),
    tried(() => fs.readFileSync('${folder}/state/log/web.log')),
    tried(() => fs.writeFileSync('${folder}/state/deploy/slots/other/current/lib/words', 'mine')),
    tried(() => process.setuid(0)),
  ].join('|');
  fs.writeSync(1, 'logged by ' + process.getuid() + '\\n');
  require('node:http').createServer((question, answer) => {
    if (question.url === '/die') process.exit(1);
    answer.end(text);
  }).listen(${port}, '127.0.0.1');
`;
const check = `test $(id -u) = ${uid}`;
const denied = 'words|EACCES|EACCES|EPERM|EACCES|EACCES|EACCES|EACCES|EACCES|EPERM';

/** A shepherd in a folder that everybody may enter. */
const start = async (place: Place, services: string) => {
  const folder = makePublic(place);
  const [state, config] = [path.join(folder, 'state'), path.join(folder, 'shepherd.config.ts')];
  const describeAs = (text: string): void => fs.writeFileSync(config, configOf('A', text));
  describeAs(services);
  const socket = path.join(folder, 'run', 'socket');
  const words = ['--config', config, '--state', state, '--socket', socket];
  const begin = async () => {
    const own = ['sh', process.execPath, bins.shepherd, ...words];
    const daemon = place.begin('sh', ['-c', 'umask 077; exec "$@"', ...own]);
    await eventually(`the shepherd is ready: ${daemon.stderr()}`, () =>
      daemon.stdout().includes('is ready'),
    );
    return daemon;
  };
  const herd = (...all: readonly string[]) => place.herd(['-s', socket, ...all]);
  place.atEnd(() => herd('stop', 'root'));
  const statusOf = async (name: string) => {
    const { stdout } = await herd('status', name, '--json');
    return (JSON.parse(stdout) as { services: readonly Record<string, unknown>[] }).services[0];
  };
  return { folder, state, config, describeAs, herd, begin, statusOf, daemon: await begin() };
};
/** As the kernel has it. */
const usersOf = (pid: unknown): string =>
  /^Uid:\t(.*)$/m.exec(fs.readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? '';
const users = Array(4).fill(uid).join('\t');
const asOther = `user: ${uid}, group: ${gid}`;

const whyNot = noOtherUsers();
const why = whyNot === undefined ? '' : ` (not here: ${whyNot})`;

describe.skipIf(whyNot !== undefined)(`a slot whose service is another user${why}`, () => {
  it('is that user whatever its release says, in a tree that is not its own, before and after a crash', async ({
    place,
  }) => {
    const slots = (rest: string): string =>
      `slot({ provision: ['web'], healthySeconds: 0.2, respawn: true, ${rest} }),
       slot({ provision: ['other'], healthySeconds: 0.2, ${asOther} })`;
    const shepherd = await start(place, slots(asOther));
    const { folder, state, herd, statusOf } = shepherd;
    const [port, otherPort] = [await freePort(), await freePort()];
    const release = (name: string, at: number) =>
      releaseOf({ place, port: at }, name, {
        files: { 'server.js': server(at, folder), 'lib/words': 'words', 'check.sh': check },
        options: ['--check', 'exec:sh check.sh'],
      });
    const other = await herd('deploy', 'other', await release('two', otherPort));
    expect(other).toMatchObject({ code: 0, stderr: '' });
    const { code, stderr } = await herd('deploy', 'web', await release('one', port));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await answerOf({ port })).toBe(`${nobody}|${denied}`);

    const before = await statusOf('web');
    expect(usersOf(before?.['pid'])).toBe(users);
    expect(before).toMatchObject({ runsAs: { user: uid, group: gid } });
    expect((await herd('status', 'web')).stdout).toContain(`Runs as: user ${uid}, group ${gid}`);
    expect((await herd('log', 'web')).stdout).toContain(`logged by ${uid}`);

    // What lies in the state is closed to others, but for trees; and none of it is that user's.
    const all = fs
      .readdirSync(state, { recursive: true, encoding: 'utf8' })
      .filter((name) => !/^deploy\/slots\/\w+\/current/.test(name));
    const inTree = (name: string): boolean => /\/sha256-[0-9a-f]{64}\/tree(\/|$)/.test(name);
    const open = all.filter(inTree);
    expect(open).toHaveLength(10);
    expect(new Set(open.map((name) => fs.statSync(path.join(state, name)).uid))).toEqual(
      new Set([0]),
    );
    const able = async (flag: string): Promise<readonly string[]> => {
      const [program = '', ...as] = asUser(uid);
      const look = `while IFS= read -r name; do [ ${flag} "$name" ] && echo "$name"; done; true`;
      const input = all.map((name) => `${state}/${name}\n`).join('');
      const seen = await place.run(program, [...as, 'sh', '-c', look], { input });
      return seen.stdout.split('\n').slice(0, -1);
    };
    expect(await able('-r')).toEqual(open.map((name) => `${state}/${name}`));
    expect(await able('-w')).toEqual([]);

    // The next daemon finds it, and what it starts is that user again.
    shepherd.daemon.process.kill('SIGKILL');
    await shepherd.daemon.ended;
    await shepherd.begin();
    expect(await statusOf('web')).toMatchObject({ pid: before?.['pid'], stage: 'running' });
    await answerOf({ port }).catch(() => undefined);
    await fetch(`http://127.0.0.1:${port}/die`).catch(() => undefined);
    await eventually('it is back', async () => {
      const { pid, stage } = (await statusOf('web')) ?? {};
      return stage === 'running' && pid !== before?.['pid'];
    });
    expect(usersOf((await statusOf('web'))?.['pid'])).toBe(users);

    // Another user is a replacement: at the next restart, not before.
    shepherd.describeAs(slots(`user: ${uid + 1}, group: ${gid}`));
    expect((await herd('reload')).code).toBe(0);
    expect(await statusOf('web')).toMatchObject({ hasReplacement: true });
    expect(usersOf((await statusOf('web'))?.['pid'])).toBe(users);
    expect((await herd('restart', 'web')).code).toBe(0);
    expect(usersOf((await statusOf('web'))?.['pid'])).toMatch(new RegExp(`^${uid + 1}\t`));
  });

  it('that is the shepherd is warned of, by check and by whoever is about to let others deploy', async ({
    place,
  }) => {
    const { config, herd } = await start(
      place,
      `slot({ provision: ['own'] }), slot({ provision: ['web'], ${asOther} }),
       fleet({ provision: ['all'], members: ['own', 'web'] })`,
    );
    const checked = await place.herd(['check', config]);
    expect(checked.stdout).toContain(`web runs as user ${uid}, group ${gid}`);
    expect(checked.stderr).toContain("slot own runs as the shepherd's own user");
    expect(checked.stderr).not.toContain('slot web');
    const grant = (service: string, actions: string, ...rest: readonly string[]) =>
      herd('grant', service, '--to', 'ci', '--allow', actions, '--expires', '1h', ...rest);
    const warned = await grant(
      'own',
      'deploy,confirm',
      '--out',
      path.join(place.folder, 'a.invite'),
    );
    expect(warned.code).toBe(0);
    expect(warned.stderr).toContain("slot own runs as the shepherd's own user");
    const dry = (service: string, actions: string) => grant(service, actions, '--dry-run');
    expect((await dry('own', 'stage,activate')).stderr).toContain('slot own runs as');
    expect((await dry('all', 'deploy')).stderr).toContain('slot own runs as');
    expect((await dry('all', 'deploy')).stderr).not.toContain('slot web');
    expect((await dry('own', 'status,stage')).stderr).toBe('');
    expect((await dry('web', 'deploy')).stderr).toBe('');
    expect((await herd('status', 'own')).stdout).toContain("Runs as: the shepherd's own user");
  });
});

describe.skipIf(whyNot !== undefined)(`a service of another user${why}`, () => {
  const service = (rest: string, script = 'setInterval(() => {}, 1000)', at = "cwd: '/'") =>
    `service({ provision: ['web'], ${rest} start: exec(['node', '-e', ${JSON.stringify(script)}], { ${at}, ${asOther} }) })`;

  it('says by its descriptor that it is ready, and has its checks and actions as that user', async ({
    place,
  }) => {
    const notify = `require('fs').writeSync(5, 'ready\\n'); setInterval(() => {}, 1000)`;
    const who = `exec(['sh', '-c', 'id -u; id -g; echo $HOME $USER'], { cwd: '/' })`;
    const { herd, statusOf } = await start(
      place,
      service(
        `ready: { notifyFd: 5 }, actions: { who: { documentation: 'Says who.', run: ${who} } },`,
        notify,
      ) +
        `, service({ provision: ['checked'], start: exec(['sleep', '1000'], { cwd: '/', ${asOther} }),
           ready: { exec: exec(['sh', '-c', 'test $(id -u) = ${uid}'], { cwd: '/' }) } })`,
    );
    expect((await herd('start', 'web')).code).toBe(0);
    expect(await statusOf('web')).toMatchObject({ isReady: true });
    expect(usersOf((await statusOf('web'))?.['pid'])).toBe(users);
    expect((await herd('who', 'web')).stdout).toContain(`${uid}\n${gid}\n/ ${uid}\n`);
    expect((await herd('start', 'checked')).code).toBe(0);
  });

  it.skipIf(isWithoutNotify)('says READY=1 by a child of it, as that user', async ({ place }) => {
    const script = `import os, signal, socket
if os.fork() > 0: signal.pause()
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.sendto(b"READY=1", chr(0) + os.environ["NOTIFY_SOCKET"][1:])`;
    const { herd, statusOf } = await start(
      place,
      `service({ provision: ['web'], ready: { sdNotify: true },
         start: exec(['${python}', '-c', ${JSON.stringify(script)}], { cwd: '/', ${asOther} }) })`,
    );
    expect((await herd('start', 'web')).code).toBe(0);
    expect(await statusOf('web')).toMatchObject({ isReady: true });
    expect(usersOf((await statusOf('web'))?.['pid'])).toBe(users);
  });

  it('does not start where nobody is called so, or where that user may not go, and says so', async ({
    place,
  }) => {
    const folder = makePublic(place);
    fs.chmodSync(folder, 0o700);
    const { herd } = await start(
      place,
      `service({ provision: ['gone'], start: exec(['sleep', '1'], { user: 'no-such-user' }) }),
       service({ provision: ['loose'], start: exec(['sleep', '1'], { user: ${uid} }) }),
       service({ provision: ['shut'], start: exec(['sleep', '1'], { cwd: '${folder}', ${asOther} }) }),
       service({ provision: ['far'], start: exec(['${folder}/tool'], { cwd: '/', ${asOther} }) })`,
    );
    fs.writeFileSync(path.join(folder, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
    const failure = async (name: string): Promise<string> => (await herd('start', name)).stderr;
    expect(await failure('gone')).toContain("user 'no-such-user': no such user in /etc/passwd");
    expect(await failure('loose')).toContain(`user ${uid} is not in /etc/passwd`);
    expect(await failure('shut')).toContain(`user ${uid} may not enter ${folder} (mode 0700)`);
    expect(await failure('far')).toContain(`user ${uid} may not enter ${folder} (mode 0700)`);
  });

  it('is refused by a shepherd that is not root', async ({ place }) => {
    const folder = makePublic(place, uid);
    const config = path.join(folder, 'shepherd.config.ts');
    fs.writeFileSync(
      config,
      configOf(
        'A',
        `service({ provision: ['web'], start: exec(['sleep', '1'], { user: 'root' }) })`,
      ),
    );
    fs.chownSync(config, uid, uid);
    const socket = path.join(folder, 'run', 'socket');
    const how = { through: asUser(uid), env: { HOME: folder, XDG_DATA_HOME: '' }, cwd: folder };
    const words = ['--config', config, '--state', path.join(folder, 'state'), '--socket', socket];
    const daemon = place.begin(process.execPath, [bins.shepherd, ...words], how);
    place.atEnd(async () => {
      daemon.process.kill('SIGTERM');
      await daemon.ended;
    });
    await eventually('the shepherd is ready', () => daemon.stdout().includes('is ready'));
    const words2 = [bins.herd, '-s', socket, 'start', 'web'];
    const { code, stderr } = await place.run(process.execPath, words2, how);
    expect(code).not.toBe(0);
    expect(stderr).toContain('only a shepherd of root may run something as another user');
    expect(stderr).toContain(`this one is of user ${uid}`);
  });
});
