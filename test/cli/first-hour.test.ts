/** What happens in the first hour, whether or not the README says it: typos, a missing daemon, a taken port, a second copy. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  bins,
  configOf,
  eventually,
  freePort,
  isAlive,
  makePlace,
  type Daemon,
  type Place,
} from '../support/programs.ts';

const sleeper = `service({ provision: ['sleeper'], start: exec(['sleep', '600']) })`;

const runShepherd = (place: Place, ...args: readonly string[]) =>
  place.run(process.execPath, [bins.shepherd, ...args]);

describe('the first hour', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.clean());

  it('herd without a shepherd says how to start one', async () => {
    const { code, stderr } = await place.herd(['status']);
    expect(code).toBe(4);
    expect(stderr).toContain('shepherd --config');
    expect(stderr).toMatch(/no socket \/\S+/);
  });

  it('a typo in the configuration is told with file and line, and nothing starts', async () => {
    const file = path.join(place.folder, 'shepherd.config.ts');
    fs.writeFileSync(
      file,
      configOf('A', `service({\n provision: ['web'],\n requirment: ['net'],\n })`),
      { mode: 0o600 },
    );
    for (const { code, stderr } of [
      await runShepherd(place, '--config', file, '--state', path.join(place.folder, 's')),
      await place.herd(['check', file]),
    ]) {
      expect(code).toBe(2);
      expect(stderr).toContain('shepherd.config.ts:2');
      expect(stderr).toContain('requirment');
      expect(stderr).toContain('requirement');
    }
  });

  it('whoever has a configuration of GNU Shepherd is told that it is written anew, and where it says how', async () => {
    const scheme = path.join(place.folder, '.config', 'shepherd', 'init.scm');
    const started = () => runShepherd(place, '--config', path.join(place.folder, 'none.ts'));
    expect((await started()).stderr).toContain('exports defineShepherd');
    fs.mkdirSync(path.dirname(scheme), { recursive: true });
    fs.writeFileSync(scheme, '(register-services (list))\n');
    for (const [ran, said] of [
      [await started(), `${scheme} is for GNU Shepherd`],
      [await runShepherd(place, '--config', scheme), 'Scheme is not read'],
      [await place.herd(['import', scheme]), 'Scheme is not read'],
    ] as const) {
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain(said);
      expect(ran.stderr).toContain('docs/GNU-SHEPHERD.md');
    }
  });

  it('a syntax error is told with line and column', async () => {
    const file = path.join(place.folder, 'shepherd.config.ts');
    fs.writeFileSync(
      file,
      `import { defineShepherd } from 'bellwether';\nexport default defineShepherd({ services: [ });\n`,
      { mode: 0o600 },
    );
    const { code, stderr } = await place.herd(['check', file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/shepherd\.config\.ts:2:\d+/);
  });

  it('a missing configuration is said to be missing', async () => {
    const { code, stderr } = await runShepherd(
      place,
      '--config',
      path.join(place.folder, 'none.ts'),
      '--state',
      path.join(place.folder, 's'),
    );
    expect(code).toBe(2);
    expect(stderr).toContain('none.ts');
  });

  it('a port in use is named, and all else goes on; the door opens there once the port is free', async () => {
    const port = await freePort();
    const taken = net.createServer().listen(port, '127.0.0.1');
    const tcpTls = `{ host: '127.0.0.1', port: ${port} }`;
    const websocket = `{ host: '127.0.0.1', port: 0, tls: { cert: 'no.pem', key: 'no.key' } }`;
    const first = await place.shepherd(
      'shut',
      configOf('A', sleeper, `{ unix: true, tcpTls: ${tcpTls}, websocket: ${websocket} }`),
    );
    expect((await first.herd('start', 'sleeper')).code).toBe(0);
    const { stdout } = await first.herd('status', 'root');
    expect(stdout).toMatch(new RegExp(`Shut: tcp-tls: .*127.0.0.1:${port} is in use`));
    expect(stdout).toMatch(/Shut: websocket: .*there is no .*no\.key/);
    const { code, stderr } = await first.herd('reload');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/websocket\.tls: there is no /)]);
    const checked = await place.herd(['check', path.join(first.folder, 'shepherd.config.ts')]);
    expect([checked.code, checked.stderr]).toEqual([2, expect.stringMatching(/there is no /)]);
    const web = await first.herd('ref', 'mint', 'sleeper', '--websocket', '--out', 'w.ref');
    expect([web.code, web.stderr]).toEqual([
      1,
      expect.stringMatching(/for websocket is shut, .*; 'herd status root' there says why$/m),
    ]);
    // Whoever holds a ref may ask for the like: places and paths are for the owner.
    expect(web.stderr).not.toContain('no.key');
    await first.herd('ref', 'mint', 'sleeper', '--out', 'early.ref');
    taken.close();
    await eventually(
      'the door is open',
      async () =>
        (await first.herd('status', 'root')).stdout.includes(`Listens at: ocapn://`) &&
        !(await first.herd('status', 'root')).stdout.includes('Shut: tcp-tls'),
    );
    await place.herd(['ref', 'add', 'early', '--from', path.join(place.folder, 'early.ref')]);
    expect((await place.herd(['status', '@early'])).code).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s stops the services, then the shepherd, which ends with 0',
    async (signal) => {
      const daemon = await place.shepherd('a', configOf('A', sleeper));
      await daemon.herd('start', 'sleeper');
      const { stdout } = await daemon.herd('--json', 'status', 'sleeper');
      const pid = Number(/"pid":\s*(\d+)/.exec(stdout)?.[1]);
      expect(isAlive(pid)).toBe(true);
      expect((await daemon.kill(signal)).code).toBe(0);
      expect(isAlive(pid)).toBe(false);
      expect(fs.existsSync(daemon.socket)).toBe(false);
      expect(fs.existsSync(path.join(path.dirname(daemon.socket), 'admin.ref'))).toBe(false);
    },
  );

  it('herd stop root stops the services and ends the shepherd, also on a path that is longer than a socket address', async () => {
    const daemon = await place.shepherd('d'.repeat(120), configOf('A', sleeper));
    expect(daemon.socket.length).toBeGreaterThan(107);
    expect((await daemon.herd('start', 'sleeper')).code).toBe(0);
    expect((await daemon.herd('stop', 'root')).code).toBe(0);
    expect((await daemon.ended).code).toBe(0);
  });

  it('a shepherd that was killed finds its service and its port again, and starts no second one', async () => {
    const daemon = await place.shepherd(
      'a',
      configOf('A', sleeper, `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`),
    );
    await daemon.herd('start', 'sleeper');
    const pidOf = (text: string) => Number(/"pid":\s*(\d+)/.exec(text)?.[1]);
    const before = pidOf((await daemon.herd('--json', 'status', 'sleeper')).stdout);
    await daemon.herd('ref', 'mint', 'sleeper', '--out', 'one.ref');
    await daemon.kill('SIGKILL');
    expect(isAlive(before)).toBe(true);
    const next = await place.again(daemon);
    expect(pidOf((await next.herd('--json', 'status', 'sleeper')).stdout)).toBe(before);
    await next.herd('ref', 'mint', 'sleeper', '--out', 'two.ref');
    const portOf = (name: string) =>
      /port=(\d+)/.exec(fs.readFileSync(path.join(place.folder, name), 'utf8'))?.[1];
    expect(portOf('one.ref')).toMatch(/^\d+$/);
    expect(portOf('two.ref')).toBe(portOf('one.ref'));
    expect((await next.herd('stop', 'sleeper')).code).toBe(0);
    await eventually('the adopted process is gone', () => !isAlive(before));
  });

  it('Ctrl-C while herd waits detaches with 130, and the start goes on', async () => {
    const slow = `service({ provision: ['slow'], start: exec(['sh', '-c', 'sleep 2; exec sleep 600']),
      ready: { tcp: '127.0.0.1:1', timeoutSeconds: 30 } })`;
    const daemon = await place.shepherd('a', configOf('A', slow));
    const herd = daemon.begin('start', 'slow');
    await eventually('the start is under way', async () =>
      (await daemon.herd('status', 'slow')).stdout.includes('starting'),
    );
    herd.process.kill('SIGINT');
    const { code, stderr } = await herd.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/goes on/);
    expect((await daemon.herd('status', 'slow')).stdout).toContain('starting');
    expect((await daemon.herd('stop', 'slow')).code).toBe(0);
  });
});

describe('the first hour beside a shepherd that runs', () => {
  let place: Place;
  let first: Daemon;
  beforeAll(async () => {
    place = makePlace();
    first = await place.shepherd(
      'a',
      configOf('A', sleeper, `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`),
    );
  });
  afterAll(() => place.clean());

  it('a second shepherd on the same state is refused with the pid of the first', async () => {
    const { code, stderr } = await runShepherd(
      place,
      '--config',
      path.join(first.folder, 'shepherd.config.ts'),
      '--state',
      first.folder,
    );
    expect(code).toBe(9);
    expect(stderr).toContain(`pid ${first.process.pid}`);
    expect((await first.herd('status')).code).toBe(0);
  });

  it('a shepherd that is refused the socket of another leaves that one as it was', async () => {
    const key = path.join(path.dirname(first.socket), 'admin.ref');
    const before = fs.readFileSync(key, 'utf8');
    const { code, stderr } = await runShepherd(
      place,
      '--config',
      path.join(first.folder, 'shepherd.config.ts'),
      '--state',
      path.join(place.folder, 'other'),
      '--socket',
      first.socket,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('another process listens');
    expect(fs.readFileSync(key, 'utf8')).toBe(before);
    expect((await first.herd('status')).code).toBe(0);
  });

  it('an unknown service and an unknown action are named, with 1', async () => {
    const service = await first.herd('start', 'sleper');
    expect(service.code).toBe(1);
    expect(service.stderr).toContain("service 'sleper' could not be found");
    const action = await first.herd('dance', 'sleeper');
    expect(action.code).toBe(1);
    expect(action.stderr).toContain("service 'sleeper' does not have an action 'dance'");
  });

  it('keeps secrets out of every output and log', async () => {
    const outputs: string[] = [];
    for (const words of [
      ['ref', 'mint', 'sleeper', '--out', 'x.ref'],
      ['ref', 'add', 'x', '--from', 'x.ref'],
      ['ref', 'ls'],
      ['ref', 'show', 'x'],
      ['ref', 'push', 'x'],
      ['start', '@x'],
      ['status', '@x'],
      ['--json', 'status', '@x'],
      ['ref', 'rm', 'x'],
    ]) {
      const { stdout, stderr } = await first.herd(...words);
      outputs.push(stdout, stderr);
    }
    const secret = /\/s\/([\w-]+)/.exec(
      fs.readFileSync(path.join(place.folder, 'x.ref'), 'utf8'),
    )?.[1];
    const admin = /\/s\/([\w-]+)/.exec(
      fs.readFileSync(path.join(path.dirname(first.socket), 'admin.ref'), 'utf8'),
    )?.[1];
    if (secret === undefined || admin === undefined) throw new Error('no secret to look for');
    const records = fs
      .readdirSync(path.join(first.folder, 'store-1'))
      .map((name) => `store-1/${name}`);
    for (const file of ['log/shepherd.log', 'log/sleeper.log', 'epoch.json', ...records])
      outputs.push(fs.readFileSync(path.join(first.folder, file), 'latin1'));
    outputs.push(fs.readFileSync(`/proc/${first.process.pid}/environ`, 'utf8'));
    const all = outputs.join('\n');
    for (const each of [secret, admin, Buffer.from(secret, 'base64url').toString('hex')])
      expect(all.includes(each)).toBe(false);
  });
});
