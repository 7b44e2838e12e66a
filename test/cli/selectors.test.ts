/** Services by their labels: the real programs, a controller over two machines, and somebody who holds a part of it. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../support/deploys.ts';
import { configOf, makePlace, type Daemon, type Place } from '../support/programs.ts';
import { plant } from '../support/release-folder.ts';
import { handOver } from '../support/web-fleet.ts';

const names = ['web-server@web-01', 'web-server@web-02', 'web-server@web-03'];
const service = (name: string, labels: object, more = ''): string =>
  `service({ provision: ['${name}'], labels: ${JSON.stringify(labels)}, ${more}
     start: exec(['node', '-e', 'console.log(process.argv[1]); setInterval(() => {}, 1e6)', '${name}']) })`;
const services = [
  service('web-server@web-01', { role: 'web', zone: 'a' }),
  service('web-server@web-02', { role: 'web', zone: 'b' }),
  service('web-server@web-03', { role: 'web', zone: 'b', canary: '' }),
  service(
    'db',
    { role: 'db' },
    'actions: { dump: { documentation: "Dumps.", signal: "SIGCONT" } },',
  ),
  `fleet({ provision: ['web-fleet'], members: ${JSON.stringify(names)} })`,
];

let place: Place;
let daemon: Daemon;
beforeAll(async () => {
  place = makePlace();
  daemon = await place.shepherd('m', configOf('M', services.join(',\n')));
});
afterAll(() => place.clean());

/** The stages of all, web servers first. */
const stages = async (): Promise<readonly string[]> => {
  const { stdout } = await daemon.herd('--json', 'status');
  const { services: all } = JSON.parse(stdout) as {
    readonly services: readonly { readonly provision: readonly string[]; readonly stage: string }[];
  };
  return all.slice(0, 4).map(({ stage }) => stage);
};

describe('herd with -l', () => {
  it('commands those that have the labels, shows them before, and nobody else', async () => {
    const started = await daemon.herd('start', '-l', 'role=web,!canary');
    expect(started).toMatchObject({ code: 0 });
    expect(started.stderr).toBe(
      'herd: start of 2 services: web-server@web-01, web-server@web-02\n',
    );
    expect(started.stdout).toMatch(/\n\{role=web,!canary\}: 2 members: 2 changed \(2\/2\)\n$/);
    expect(started.stdout).not.toContain('Service {');
    expect(await stages()).toEqual(['running', 'running', 'stopped', 'stopped']);
    const again = await daemon.herd('start', 'web-server', '-l', 'zone=b', '-q');
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toContain('web-server@web-02  unchanged');
    expect(await stages()).toEqual(['running', 'running', 'running', 'stopped']);
  });

  it('lists them, and knows them by name, by fleet or by labels alone', async () => {
    const listed = async (...words: readonly string[]) =>
      (await daemon.herd('status', ...words)).stdout;
    expect(await listed('-l', 'role=db')).toBe('Stopped:\n - db\n');
    expect(await listed('web-server', '-l', '!canary')).toBe(
      'Started:\n + web-server@web-01\n + web-server@web-02\n',
    );
    expect(await listed('web-fleet', '-l', 'zone=b')).toBe(
      'Started:\n + web-server@web-02\n + web-server@web-03\n',
    );
    expect(await listed('web-server@web-03')).toContain('  Labels: canary role=web zone=b\n');
    const { stdout } = await daemon.herd('--json', 'status', '-l', 'canary');
    expect(JSON.parse(stdout)).toMatchObject({
      services: [{ labels: { role: 'web', zone: 'b', canary: '' } }],
    });
    const logs = await daemon.herd('log', '-l', 'zone=b', '-n', '1');
    expect(logs.stdout.match(/web-server@web-0\d$/gm)?.sort()).toEqual(names.slice(1));
    expect((await daemon.herd('detailed-status', '-l', 'role=db')).stdout).toContain(
      'Status of db:',
    );
    expect((await daemon.herd('graph', '-l', 'zone=a')).stdout).not.toContain('web-02');
  });

  it('does nothing where nobody is meant, and says why', async () => {
    const before = await stages();
    const nobody = await daemon.herd('stop', '-l', 'role=wbe');
    expect(nobody).toMatchObject({ code: 2, stdout: '' });
    expect(nobody.stderr).toBe(
      "herd: error: no service is as role=wbe says: none has role=wbe: was 'role=web' meant?\n",
    );
    for (const [words, told] of [
      [['stop', '-l', 'role,'], 'the selector has an empty term'],
      [['stop', 'root', '-l', 'role'], 'the shepherd itself has no labels'],
      [['stop', '-l', 'role', '--no-members'], '--no-members leaves those alone'],
      [['start'], "too few words for 'start'"],
      [['check', '-l', 'role'], "'check' takes no option '--selector'\nIt is about a file"],
    ] as const) {
      const refused = await daemon.herd(...words);
      expect(refused.code, words.join(' ')).toBe(2);
      expect(refused.stderr).toContain(told);
    }
    const unknown = await daemon.herd('stop', 'wbe-server', '-l', 'role');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain("service 'wbe-server' could not be found");
    const slip = await daemon.herd('stop', '-l', 'role=web,!canray', '--dry-run');
    expect(slip.stderr).toBe("herd: warning: nobody has a label 'canray'\n");
    expect(slip.stdout).toMatch(/member of \{role=web,!canray\}[\s\S]*Nothing was done\.\n$/);
    expect(await stages()).toEqual(before);
  });

  it('is an operation: by batches, with a verdict, remembered with its list and tried again', async () => {
    const rolled = await daemon.herd('restart', '-l', 'role=web', '--batch', '1,2');
    expect(rolled.code).toBe(0);
    expect(rolled.stdout).toContain('batch 1 of 2, the canary');
    expect(rolled.stdout).toContain('{role=web}: 3 members: 3 changed (3/3)\n');
    const dumped = await daemon.herd('--json', 'dump', '-l', 'role=db');
    expect(dumped.code).toBe(1);
    const { operation, outcome } = JSON.parse(dumped.stdout) as {
      readonly operation: string;
      readonly outcome: object;
    };
    expect(outcome).toMatchObject({ member: '{role=db}', rows: [{ member: 'db' }] });
    expect((await daemon.herd('start', 'db')).code).toBe(0);
    // The label has moved on; whom the operation was for has not.
    const config = path.join(place.folder, 'm', 'shepherd.config.ts');
    const moved = fs.readFileSync(config, 'utf8').replace('{"role":"db"}', '{"role":"cache"}');
    fs.writeFileSync(config, moved);
    expect((await daemon.herd('reload')).code).toBe(0);
    expect((await daemon.herd('status', '-l', 'role=db')).code).toBe(2);
    const retried = await daemon.herd('retry', operation);
    expect(retried.code).toBe(0);
    expect(retried.stdout).toContain('{role=db}: 1 member: 1 changed (1/1)\n');
    expect((await daemon.herd('op', 'ls')).stdout).toContain('dump {role=db}');
  });

  it('is a fleet where the configuration has it so: its members follow the labels', async () => {
    const config = path.join(place.folder, 'm', 'shepherd.config.ts');
    const before = fs.readFileSync(config, 'utf8');
    const followed = `fleet({ provision: ['webs'], select: 'role=web,!canary', service: 'web-server' }),`;
    fs.writeFileSync(config, before.replace("fleet({ provision: ['web-fleet']", `${followed}$&`));
    expect(await daemon.herd('reload')).toMatchObject({ code: 0 });
    const shown = await daemon.herd('status', 'webs');
    expect(shown.stdout).toContain('  Its members follow: web-server{role=web,!canary}\n');
    expect((await daemon.herd('stop', 'webs')).stdout).toContain('webs: 2 members: 2 changed');
    const moved = fs.readFileSync(config, 'utf8').replace(',"canary":""', '');
    fs.writeFileSync(config, moved);
    expect((await daemon.herd('reload')).stdout).toContain('webs');
    expect((await daemon.herd('start', 'webs', '--dry-run')).stdout).toContain(
      'start web-server@web-03',
    );
    fs.writeFileSync(config, moved.replaceAll('"role":"web"', '"role":"none"'));
    expect((await daemon.herd('reload')).code).toBe(0);
    const nobody = await daemon.herd('start', 'webs');
    expect(nobody).toMatchObject({ code: 1 });
    expect(nobody.stderr).toContain("start of 'webs' was not begun: it has no members");
    fs.writeFileSync(config, before);
    expect((await daemon.herd('reload')).code).toBe(0);
  });

  it('completes keys and texts', async () => {
    const complete = async (current: string): Promise<readonly string[]> => {
      const words = ['__complete', '--', '-s', daemon.socket, 'stop', '-l', current];
      const { stdout } = await place.herd(words);
      return stdout
        .split('\n')
        .flatMap((line) => line.split('\t').slice(0, 1))
        .filter(Boolean);
    };
    expect(await complete('')).toEqual(['role', 'zone', 'canary']);
    expect(await complete('canary,zone=')).toEqual(['canary,zone=a', 'canary,zone=b']);
    expect(await complete('zone!=b,ca')).toEqual(['zone!=b,canary']);
  });
});

describe('herd deploy with -l', () => {
  const slot = (name: string, labels: object): string =>
    `slot({ provision: ['${name}'], labels: ${JSON.stringify(labels)}, confirmSeconds: 30, healthySeconds: 0.3 })`;
  const exportedAs = (name: string, petname: string, labels: object): string =>
    `exported({ provision: ['${name}'], from: ref('${petname}'), labels: ${JSON.stringify(labels)} })`;
  it('brings a release to slots here and elsewhere, batch by batch, and confirms it', async () => {
    const own = makePlace();
    try {
      const listen = `{ unix: true, tcpTls: { host: '127.0.0.1', port: 0 } }`;
      const config = configOf(
        'C',
        [
          slot('web@c', { role: 'web' }),
          exportedAs('web@a', 'a-web', { role: 'web' }),
          exportedAs('web@b', 'b-web', { role: 'web', frozen: '' }),
          `service({ provision: ['networking'] })`,
        ].join(',\n'),
      );
      const c = await own.shepherd('c', config);
      const nodes: Daemon[] = [];
      for (const name of ['a', 'b']) {
        // What it says of itself is nobody's word at the controller.
        const node = await own.shepherd(
          name,
          configOf(name, slot('web', { role: 'none' }), listen),
        );
        nodes.push(node);
        await handOver(own, node, 'web', c, `${name}-web`);
      }
      const tree = path.join(own.folder, 'tree');
      plant(tree, { 'server.js': 'setInterval(() => {}, 60_000);\n' });
      const file = path.join(own.folder, 'one.rel');
      const built = [
        'release',
        'build',
        tree,
        '--run',
        'node server.js',
        '--app',
        'web',
        '-o',
        file,
      ];
      expect((await own.herd(built)).code).toBe(0);
      const digest = await digestOf(own, file);
      const dry = await c.herd('deploy', 'web', '-l', 'role=web,!frozen', file, '--dry-run');
      expect(dry).toMatchObject({ code: 0, stderr: '' });
      expect(dry.stdout).toMatch(/would be sent[\s\S]*Batch 2:[\s\S]*Nothing was done\.\n$/);
      const done = await c.herd('deploy', '-l', 'role=web,!frozen', file);
      expect([done.code, done.stderr]).toEqual([0, 'herd: deploy of 2 services: web@c, web@a\n']);
      expect(done.stdout).toContain('{role=web,!frozen}: 2 members: 2 changed (2/2)\n');
      const current = async (daemon: Daemon, name: string): Promise<unknown> => {
        const { stdout } = await daemon.herd('--json', 'status', name);
        const { services: all } = JSON.parse(stdout) as {
          readonly services: readonly { readonly slot?: { readonly current?: string } }[];
        };
        return all[0]?.slot?.current;
      };
      const [a, b] = nodes;
      expect(await current(c, 'web@c')).toBe(digest);
      expect(a && (await current(a, 'web'))).toBe(digest);
      expect(b && (await current(b, 'web'))).toBeUndefined();
      const foretold = await c.herd('stage', 'web', '-l', 'frozen', file, '--dry-run');
      expect(foretold).toMatchObject({ code: 0, stderr: '' });
      expect(foretold.stdout).toMatch(
        /would be sent[\s\S]*stage web@b +to do[\s\S]*Nothing was done\.\n$/,
      );
      expect(b && (await b.herd('release', 'ls', 'web')).stdout).not.toContain(digest);
      const staged = await c.herd('stage', 'web', '-l', 'frozen', file);
      expect([staged.code, staged.stderr]).toEqual([0, 'herd: stage of 1 service: web@b\n']);
      const back = await c.herd('rollback', '-l', 'frozen');
      expect(back.code).not.toBe(0);
      expect(back.stderr).toContain('herd: rollback of 1 service: web@b\n');
    } finally {
      await own.clean();
    }
  });
});
