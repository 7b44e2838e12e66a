/** A configuration that is edited under a daemon that serves; and daemons that leave their services behind. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configOf,
  eventually,
  isAlive,
  makePlace,
  type Daemon,
  type Place,
} from '../support/programs.ts';
import { evaluationMs } from '../../packages/herd/src/config/limits.ts';
import { writable } from '../support/machine-faults.ts';

const sleeper = (name: string, seconds = 600, more = ''): string =>
  `service({ provision: ['${name}'], start: exec(['sleep', '${seconds}'])${more} }),`;
/** Processes that a shepherd has begun: its services, and who reads a configuration for it. */
const childCount = ({ process: { pid } }: Daemon): number =>
  fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').length;
const edit = (daemon: Daemon, text: string): void =>
  fs.writeFileSync(path.join(daemon.folder, 'shepherd.config.ts'), text);
const statusOf = async (daemon: Daemon, service: string) => {
  const { stdout } = await daemon.herd('--json', 'status', service);
  const { services } = JSON.parse(stdout) as {
    services?: readonly {
      readonly stage: string;
      readonly pid?: number;
      readonly hasReplacement?: boolean;
      readonly command?: readonly string[];
    }[];
  };
  return services?.[0];
};

describe('herd reload', () => {
  let place: Place;
  let daemon: Daemon;
  const first = sleeper('web') + sleeper('old') + sleeper('same');
  beforeEach(async () => {
    place = makePlace();
    daemon = await place.shepherd('a', configOf('A', first));
    for (const name of ['web', 'old', 'same']) await daemon.herd('start', name);
  });
  afterEach(() => place.clean());

  it('takes a configuration that is slow to read, as one is where a machine is busy', async () => {
    const slow = `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${evaluationMs / 5});`;
    const text = configOf('B', sleeper('web')).replace('export default', `${slow}\nexport default`);
    const other = await place.shepherd('b', text);
    expect((await other.herd('status', 'web')).code).toBe(0);
    expect(await other.herd('reload')).toMatchObject({ code: 0, stderr: '' });
    const file = path.join(other.folder, 'shepherd.config.ts');
    expect((await other.herd('check', file)).code).toBe(0);
    const late = 'shepherd.config.ts: was still running after 2 s and was stopped';
    const { stderr, code } = await other.herd('check', file, '--timeout', '2');
    expect(code).toBe(2);
    expect(stderr).toContain(late);
    expect(stderr).toContain("'herd check FILE --timeout 600' shows whether it ends");
  });

  it('tells what is different, and a dry run does no more', async () => {
    edit(daemon, configOf('A', sleeper('web', 601) + sleeper('same') + sleeper('new')));
    const dry = await daemon.herd('reload', '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toBe(
      [
        'Would remove old.',
        'Would change web: start.argv.',
        'Would add new.',
        'Unchanged: 1 service.',
        '',
      ].join('\n'),
    );
    expect((await statusOf(daemon, 'old'))?.stage).toBe('running');
    const real = await daemon.herd('reload', 'root', '--json');
    expect(real.code).toBe(0);
    expect(JSON.parse(real.stdout)).toMatchObject({
      schema: 1,
      kind: 'reload',
      isDryRun: false,
      exitCode: 0,
      difference: {
        added: ['new'],
        changed: [{ name: 'web', paths: ['start.argv'] }],
        removed: ['old'],
        unchangedCount: 1,
      },
      pending: ['web'],
      outcome: { result: 'changed' },
    });
  });

  it('stops what goes, leaves what changed to a restart, and starts what is new and wanted', async () => {
    const [web, old, same] = await Promise.all(
      ['web', 'old', 'same'].map((name) => statusOf(daemon, name)),
    );
    edit(
      daemon,
      configOf(
        'A',
        sleeper('web', 601) + sleeper('same') + sleeper('new', 600, ', autoStart: true'),
      ),
    );
    const done = await daemon.herd('reload');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout.split('\n')).toEqual([
      'A: Service old has been stopped.',
      'A: Service new has been started.',
      'Removed old.',
      'Changed web: start.argv.',
      'Added new.',
      'Unchanged: 1 service.',
      "Service web runs as before; 'herd restart web' upgrades it.",
      '',
    ]);
    expect(isAlive(old?.pid ?? 0)).toBe(false);
    expect((await daemon.herd('status', 'old')).stderr).toContain(
      "service 'old' could not be found",
    );
    expect(await statusOf(daemon, 'same')).toMatchObject({ pid: same?.pid });
    expect(await statusOf(daemon, 'new')).toMatchObject({ stage: 'running' });
    expect(await statusOf(daemon, 'web')).toMatchObject({ pid: web?.pid, hasReplacement: true });
    expect((await daemon.herd('status', 'web')).stdout).toContain(
      'Replacement pending (restart to upgrade).',
    );
    await daemon.herd('restart', 'web');
    expect((await statusOf(daemon, 'web'))?.command).toEqual(['sleep', '601']);
    expect((await daemon.herd('reload')).stdout).toBe('Nothing has changed: 3 services.\n');
  });

  it('of a bad configuration says what herd check says, ends with 2 and changes nothing', async () => {
    edit(daemon, configOf('A', `service({ provision: ['web'], requirement: ['ghost'] })`));
    const bad = await daemon.herd('reload');
    const file = path.join(daemon.folder, 'shepherd.config.ts');
    const checked = await place.herd(['check', file]);
    expect(bad).toMatchObject({ code: 2, stdout: '' });
    expect(bad.stderr).toContain("no service here provides 'ghost'");
    expect(bad.stderr).toContain(`${file}:2`);
    expect(bad.stderr).toBe(
      `${checked.stderr}Nothing was changed: the shepherd goes on with the configuration that it has.\n`,
    );
    const json = await daemon.herd('reload', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'error', code: 'config', exitCode: 2 });
    expect(await statusOf(daemon, 'old')).toMatchObject({ stage: 'running' });
    edit(daemon, configOf('A', sleeper('web') + sleeper('same')));
    expect((await daemon.herd('reload')).stdout).toContain('Removed old.');
  });

  it('of a configuration that loops is ended with 2, and the daemon answers meanwhile', async () => {
    edit(daemon, `for (;;) {}\n${configOf('A', first)}`);
    const before = childCount(daemon);
    const loop = daemon.begin('reload');
    await eventually('it is read', () => childCount(daemon) > before);
    const meanwhile = await daemon.herd('status');
    expect(meanwhile.code).toBe(0);
    const second = await daemon.herd('reload', '--dry-run');
    expect(second).toMatchObject({ code: 9 });
    expect(second.stderr).toContain('a reload is under way already');
    const { code, stderr } = await loop.ended;
    expect(code).toBe(2);
    expect(stderr).toContain('was stopped');
  });

  it('says what only another shepherd changes', async () => {
    edit(daemon, configOf('B', first, `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`));
    const { stdout, code } = await daemon.herd('reload');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'Nothing has changed: 3 services.',
      'Changed too: name. It takes effect when the shepherd itself is started again.',
      'Changed too: listen. It takes effect when the shepherd itself is started again.',
    ]);
  });

  it('while a start is under way leaves both an end', async () => {
    edit(
      daemon,
      configOf(
        'A',
        `${first} service({ provision: ['slow'], start: exec(['sleep', '600']),
      ready: { tcp: '127.0.0.1:1', timeoutSeconds: 2 } }),`,
      ),
    );
    await daemon.herd('reload');
    const starting = daemon.begin('start', 'slow');
    await eventually(
      'it is starting',
      async () => (await statusOf(daemon, 'slow'))?.stage === 'starting',
    );
    edit(daemon, configOf('A', first));
    const reload = await daemon.herd('reload');
    expect(reload).toMatchObject({ code: 0 });
    expect(reload.stdout).toContain('Removed slow.');
    expect((await starting.ended).code).not.toBe(0);
    expect(await statusOf(daemon, 'slow')).toBeUndefined();
  });

  it('is kept for the next life of the same daemon', async () => {
    edit(daemon, configOf('A', sleeper('web') + sleeper('new')));
    await daemon.herd('reload');
    const web = await statusOf(daemon, 'web');
    // The file is bad from now on: a life that read it would not be one.
    edit(daemon, 'export default 1;\n');
    writable(daemon, false);
    await daemon.herd('start', 'new');
    writable(daemon, true);
    await eventually('it serves again', async () => (await daemon.herd('status')).code === 0);
    expect(await statusOf(daemon, 'web')).toMatchObject({ stage: 'running', pid: web?.pid });
    expect(await statusOf(daemon, 'new')).toMatchObject({ stage: 'stopped' });
    expect(await statusOf(daemon, 'old')).toBeUndefined();
  });

  it('whose daemon is killed in the middle is done by the next one', async () => {
    const stubborn = `service({ provision: ['stubborn'],
      start: exec(['sh', '-c', 'trap "" TERM; while :; do sleep 1; done']), stop: { graceSeconds: 60 } }),`;
    edit(daemon, configOf('A', first + stubborn));
    await daemon.herd('reload');
    await daemon.herd('start', 'stubborn');
    const [web, gone] = await Promise.all(
      ['web', 'stubborn'].map((name) => statusOf(daemon, name)),
    );
    edit(daemon, configOf('A', sleeper('web', 601)));
    const reload = daemon.begin('reload');
    await eventually(
      'others are stopped',
      async () => (await statusOf(daemon, 'old'))?.stage === 'stopped',
    );
    await daemon.kill('SIGKILL');
    expect((await reload.ended).code).not.toBe(0);
    const next = await place.again(daemon);
    expect(await statusOf(next, 'web')).toMatchObject({ pid: web?.pid, hasReplacement: true });
    expect(await statusOf(next, 'stubborn')).toBeUndefined();
    await eventually('its process has gone', () => !isAlive(gone?.pid ?? 0));
  });
});

describe('a configuration that changed while there was no daemon', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.clean());

  it('ends what is gone, and adopts what changed with its replacement pending', async () => {
    const daemon = await place.shepherd(
      'a',
      configOf('A', sleeper('web') + sleeper('old') + sleeper('same')),
    );
    for (const name of ['web', 'old', 'same']) await daemon.herd('start', name);
    const [web, old, same] = await Promise.all(
      ['web', 'old', 'same'].map((name) => statusOf(daemon, name)),
    );
    await daemon.kill('SIGKILL');
    edit(
      daemon,
      configOf('A', sleeper('web', 601) + sleeper('same', 600, ", documentation: 'D.'")),
    );
    const next = await place.again(daemon);
    expect(await statusOf(next, 'web')).toMatchObject({ pid: web?.pid, hasReplacement: true });
    const unchanged = await statusOf(next, 'same');
    expect(unchanged).toMatchObject({ pid: same?.pid });
    expect(unchanged).not.toHaveProperty('hasReplacement');
    await eventually('the process of what is gone has ended', () => !isAlive(old?.pid ?? 0));
    await next.herd('restart', 'web');
    expect(await statusOf(next, 'web')).not.toHaveProperty('hasReplacement');
  });
});

describe('a shepherd that is detached', () => {
  let place: Place;
  let daemon: Daemon;
  beforeEach(async () => {
    place = makePlace();
    daemon = await place.shepherd('a', configOf('A', sleeper('web', 600, ', respawn: true')));
    await daemon.herd('start', 'web');
  });
  afterEach(() => place.clean());

  it.each<readonly [string, () => Promise<unknown>]>([
    ['by its root', () => daemon.herd('detach', 'root')],
    ['by SIGUSR2', async () => daemon.process.kill('SIGUSR2')],
  ])('%s ends with 0, and the next one has the same processes', async (_how, detach) => {
    const before = await statusOf(daemon, 'web');
    await detach();
    expect((await daemon.ended).code).toBe(0);
    expect(isAlive(before?.pid ?? 0)).toBe(true);
    expect(fs.existsSync(daemon.socket)).toBe(false);
    const next = await place.again(daemon);
    expect(await statusOf(next, 'web')).toMatchObject({
      stage: 'running',
      pid: before?.pid,
      respawnCount: 0,
    });
  });

  it('says so', async () => {
    expect(await daemon.herd('detach', 'root')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: 'The shepherd ends. Its services go on, and are left to the next one.\n',
    });
    expect((await daemon.ended).code).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'by no %s: that stops its services in order',
    async (signal) => {
      const before = await statusOf(daemon, 'web');
      expect((await daemon.kill(signal)).code).toBe(0);
      expect(isAlive(before?.pid ?? 0)).toBe(false);
    },
  );
});

describe('the shepherd itself as a service', () => {
  let place: Place;
  afterEach(() => place.clean());

  it('has a status, a documentation with its actions, and words for what it does not do', async () => {
    place = makePlace();
    const daemon = await place.shepherd('a', configOf('A', sleeper('web')));
    expect((await daemon.herd('status', 'root')).stdout).toContain('It is running since');
    const doc = await daemon.herd('doc', 'root', 'list-actions');
    for (const action of ['reload', 'detach', 'stop']) expect(doc.stdout).toContain(action);
    expect((await daemon.herd('doc', 'root', 'action', 'reload')).stdout).toMatch(/^reload: /);
    const restart = await daemon.herd('restart', 'root');
    expect(restart.code).toBe(1);
    expect(restart.stderr).toContain("'herd detach root'");
    expect((await daemon.herd('detach')).code).toBe(2);
    expect((await daemon.herd('detach', 'web')).stderr).toContain(
      "does not have an action 'detach'",
    );
    expect((await daemon.herd('reload', 'web')).stderr).toContain(
      "does not have an action 'reload'",
    );
    expect((await daemon.herd('status')).code).toBe(0);
  });
});
