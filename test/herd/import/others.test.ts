/** What supervisor, pm2 and who reads a Procfile do without being told is kept, or told. */
import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { loaded, read } from './reading.ts';

// A configuration is bundled by a real process.
afterAll(() => vi.resetConfig());

describe('what [supervisord] says', () => {
  const all = `[supervisord]
user=daemon
environment=A="1",B="2"
directory=/srv/all
umask=027
minfds=9999
logfile=/tmp/l
strip_ansi=true
`;
  const programs = `[program:a]
command=a
autorestart=true
[program:b]
command=b
autorestart=no
autostart=off
user=www
environment=B="3",C="4"
directory=/srv/b
umask=077
`;
  it('is of all its programs, where they say nothing else', async () => {
    const { text, told } = read('supervisor', { 'a.conf': `${programs}${all}` });
    const [a, b] = await loaded(text);
    expect(a).toMatchObject({
      start: {
        user: 'daemon',
        env: { A: '1', B: '2' },
        cwd: '/srv/all',
        process: { umask: 0o027 },
      },
      autoStart: true,
    });
    expect(b).toMatchObject({
      start: {
        user: 'www',
        env: { A: '1', B: '3', C: '4' },
        cwd: '/srv/b',
        process: { umask: 0o077 },
      },
      autoStart: false,
    });
    expect(b).not.toHaveProperty('respawn');
    expect(told).toEqual([
      '17: minfds=9999: say process: { limits: { openFiles: … } }',
      '19: strip_ansi=true',
    ]);
  });
  it('of a folder and permissions is not of one that is no daemon', async () => {
    const { text } = read('supervisor', { 'a.conf': `${all}nodaemon=true\n${programs}` });
    const [a] = await loaded(text);
    expect(a).toMatchObject({ start: { user: 'daemon', env: { A: '1', B: '2' } } });
    expect(JSON.stringify(a)).not.toMatch(/srv\/all|"umask"/);
  });
  it.each([
    ['', { on: 'failure', limit: 5 }],
    ['autorestart=unexpected\nstartretries=3\n', { on: 'failure', limit: 3 }],
    ['autorestart=true\n', { limit: 5 }],
  ])('of what is started again is what supervisor does: %j', async (said, respawn) => {
    const { text, told } = read('supervisor', { 'a.conf': `[program:a]\ncommand=a\n${said}` });
    const [a] = await loaded(text);
    expect(a).toMatchObject({ respawn });
    expect('on' in ((a as { respawn?: object }).respawn ?? {})).toBe('on' in respawn);
    expect(told).toEqual([]);
  });
});
it.each([
  ['0', []],
  ['0,2', ['3: exitcodes=0,2: a failure is any exit code but 0, and any signal']],
])('exit codes %s of supervisor are what is so here, or told', (codes, said) => {
  const text = `[program:a]\ncommand=a\nexitcodes=${codes}\n`;
  expect(read('supervisor', { 'a.conf': text }).told).toEqual(said);
});
describe('Restart= of a unit', () => {
  const socket = { 'a.socket': '[Socket]\nListenStream=127.0.0.1:80\n' };
  it.each([
    ['on-failure', {}, 'failure', 0],
    ['always', {}, undefined, 0],
    ['on-abnormal', {}, undefined, 1],
    ['on-failure', socket, undefined, 1],
  ])('%s is kept, or told', async (restart, more, on, count) => {
    const { text, told } = read('systemd', {
      'a.service': `[Service]\nExecStart=/bin/a\nRestart=${restart}\n`,
      ...more,
    });
    const [a] = (await loaded(text)) as unknown as readonly { readonly respawn: { on?: string } }[];
    expect([a?.respawn.on, told.length]).toEqual([on, count]);
  });
});
it('what a Procfile runs before a deploy is no service', async () => {
  const { text, told } = read('procfile', {
    Procfile: 'release: ./migrate --now\nweb: ./serve -p $PORT\n',
  });
  expect(await loaded(text)).toMatchObject([
    { provision: ['web'], start: { env: { PORT: '5000' } } },
  ]);
  expect(await loaded(text)).toHaveLength(1);
  expect(told).toContainEqual(expect.stringMatching(/^1: release: \.\/migrate --now: .*once/));
});
it('a script of pm2 with blanks is a command of bash', async () => {
  const script = 'for i in a b; do [[ $i == a* ]] && echo "$i $A"; done; true';
  const { text } = read('pm2', {
    'a.json': JSON.stringify({ name: 'a', script, args: 'not given', cwd: '/', env: { A: 1 } }),
  });
  const [entry] = (await loaded(text)) as unknown as readonly {
    readonly start: { readonly argv: readonly [string, ...string[]]; readonly env: object };
  }[];
  const { argv = ['false'], env } = entry?.start ?? {};
  const [program, ...args] = argv;
  const environment = { PATH: process.env['PATH'], ...env };
  expect(execFileSync(program, args, { env: environment, encoding: 'utf8' })).toBe('a 1\n');
});
