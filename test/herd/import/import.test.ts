/** What other service managers are told becomes a configuration that is good, and says what it leaves behind. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { imported, kindOf } from '../../../packages/herd/src/import/index.ts';
import {
  backlogCount,
  nameChars,
  socketCount,
  socketNameChars,
  socketPathBytes,
} from '../../../packages/herd/src/config/limits.ts';
import { Unit } from '../../../packages/herd/src/import/systemd-unit.ts';
import { loaded, read, source } from './reading.ts';

// A configuration is bundled by a real process.
afterAll(() => vi.resetConfig());

describe('a unit of systemd', () => {
  const web = `[Unit]
Description=Serves pages
Requires=db.service network.target
BindsTo=cache.service
After=db.service cache.service
Wants=metrics.service

[Service]
Type=exec
Environment="PORT=8080" 'MODE=very fast'
Environment=API_TOKEN=x
ExecStartPre=-/bin/rm -f /run/web.sock
ExecStart=/usr/bin/web --port $PORT --name %N \\
  "--greeting=it's \\"nice\\""
ExecReload=/bin/kill -HUP $MAINPID
ExecStop=/usr/bin/webctl stop
KillSignal=SIGINT
TimeoutStopSec=1min 30s
Restart=on-failure
RestartSec=500ms
StartLimitBurst=3
User=www
UMask=0027
LimitNOFILE=1024:65536
LimitMEMLOCK=64M
Nice=5
OOMScoreAdjust=-100
NoNewPrivileges=yes
PrivateTmp=true
WorkingDirectory=/srv/web

[Install]
WantedBy=multi-user.target
`;
  const db = '[Service]\nExecStart=/usr/bin/db\nRestart=always\n';
  const cache = '[Service]\nType=forking\nPIDFile=/run/cache.pid\nExecStart=/usr/sbin/cached\n';

  it('keeps its command, its user, its limits and how it is stopped and comes back', async () => {
    const { text, told } = read('systemd', {
      'web.service': web,
      'db.service': db,
      'cache.service': cache,
    });
    const [entry, database, forking] = await loaded(text);
    expect(entry).toMatchObject({
      provision: ['web'],
      requirement: [{ name: 'db' }, { name: 'cache', ifLost: 'stop' }],
      documentation: 'Serves pages',
      autoStart: true,
      start: {
        argv: [
          '/bin/sh',
          '-c',
          `{ /bin/rm -f /run/web.sock || true; } && exec /usr/bin/web --port 8080 --name web ` +
            `'--greeting=it'\\''s "nice"'`,
        ],
        cwd: '/srv/web',
        env: { PORT: '8080', MODE: 'very fast', API_TOKEN: 'x' },
        user: 'www',
        process: {
          umask: 0o027,
          limits: { openFiles: [1_024, 65_536], lockedBytes: [67_108_864, 67_108_864] },
          nice: 5,
          oomScore: -100,
          noNewPrivileges: true,
        },
      },
      stop: { signal: 'SIGINT', graceSeconds: 90 },
      respawn: { on: 'failure', limit: 3, delaySeconds: 0.5, maxDelaySeconds: 0.5 },
      actions: { 'reload-config': { signal: 'SIGHUP' } },
    });
    expect(told.join('\n')).not.toContain('on-failure');
    expect(database).toMatchObject({ respawn: { limit: 5, windowSeconds: 10 }, autoStart: false });
    expect(forking).toMatchObject({ pidFile: { path: '/run/cache.pid' } });
    for (const what of [
      /^6: Wants=metrics.service/,
      /PrivateTmp=true/,
      /API_TOKEN looks like a secret/,
    ])
      expect(told).toContainEqual(expect.stringMatching(what));
    expect(told.join('\n')).not.toMatch(/After=|network\.target|Description/);
    expect(text).toContain(`// not carried over: line 29: PrivateTmp=true`);
  });
  it('that runs to its end is a one-shot, or stays up without a process', async () => {
    const unit = (more: string) =>
      `[Service]\nType=oneshot\nExecStart=/bin/a\nExecStart=-/bin/b $X\n${more}`;
    const { text } = read('systemd', {
      'a.service': unit(''),
      'b.service': unit('RemainAfterExit=yes\n'),
    });
    const [oneShot, remaining] = await loaded(text);
    expect([oneShot, remaining]).toMatchObject([
      {
        oneShot: true,
        start: { argv: ['/bin/sh', '-c', 'set -f && /bin/a && { /bin/b $X || true; }'] },
      },
      { remainAfterExit: true },
    ]);
  });
  it('has words of such a file where one variable is all of a word, and no names of files', async () => {
    const text = '[Service]\nEnvironmentFile=/etc/a.env\nExecStart=/bin/echo -$X- $X\n';
    const [service] = await loaded(read('systemd', { 'a.service': text }).text);
    const [shell = '', ...args] = (service as { start: { argv: string[] } }).start.argv;
    const said = execFileSync(shell, args, { env: { X: '/* b' }, encoding: 'utf8' });
    expect(said).toBe('-$X- /* b\n');
  });
  it.each([
    'SuccessExitStatus=SIGTERM 143',
    'RestartPreventExitStatus=2',
    'RestartForceExitStatus=3',
  ])('says what %s would mean, which nothing here does', (said) => {
    const text = `[Service]\nExecStart=/bin/a\nRestart=on-failure\n${said}\n`;
    expect(read('systemd', { 'a.service': text }).told).toEqual([
      `4: ${said}: a failure is any exit code but 0, and any signal`,
    ]);
  });
  it('reads its files of variables at each start, where it says which', async () => {
    const { text, told } = read('systemd', {
      'a.service': `[Service]
Environment=PORT=1
EnvironmentFile=/etc/a.env
EnvironmentFile=-/etc/b.env
EnvironmentFile=/etc/c.d/*.env
ExecStart=/bin/a \${PORT}
ExecStop=/bin/stop \${PORT}
`,
    });
    expect(await loaded(text)).toMatchObject([
      {
        start: {
          argv: ['/bin/sh', '-c', 'exec /bin/a "${PORT}"'],
          process: { environmentFiles: ['/etc/a.env'] },
        },
        stop: { run: { argv: ['/bin/stop', '1'] } },
      },
    ]);
    expect(told).toEqual([
      expect.stringMatching(/^4: EnvironmentFile=-/),
      expect.stringMatching(/^5: EnvironmentFile=.*[*]/),
    ]);
  });
  it('says of variables that cannot be read that they are gone, once', () => {
    const { told } = read('systemd', {
      'a.service':
        '[Service]\nExecStart=/bin/a\nEnvironment="A=1\nEnvironment=B=2\nExecReload=/bin/b $B\n',
    });
    expect(told).toEqual(['3: Environment="A=1 cannot be read']);
  });
  it('says how else it would bound and end all of its group', async () => {
    const all = 'KillMode=mixed\nMemoryMax=1G\nCPUQuota=50%\nTasksMax=9\n';
    const { told } = read('systemd', { 'a.service': `[Service]\nExecStart=/bin/a\n${all}` });
    const names = [
      'MemoryMax=1G: .*memoryBytes',
      'CPUQuota',
      'TasksMax=9',
      'KillMode=mixed: a stop',
    ];
    expect(told).toEqual(names.map((name) => expect.stringMatching(new RegExp(name))));
    const other = read('systemd', {
      'a.service': '[Service]\nExecStart=/bin/a\nKillMode=process\n',
    });
    expect(await loaded(other.text)).toMatchObject([{ killGroup: false }]);
    expect(other.told).toEqual([expect.stringMatching(/what is left then stays$/)]);
  });
  it.each([
    ['TimeoutStopSec=0', 3_600],
    ['TimeoutStopSec=infinity', 3_600],
    ['TimeoutSec=7', 7],
    ['TimeoutSec=7\nTimeoutStopSec=8', 8],
    ['', 90],
  ])('is given as long to stop as it says: %s', (said, graceSeconds) => {
    const { all, told } = read('systemd', {
      'a.service': `[Service]\nExecStart=/bin/a\n${said}\n`,
    });
    expect(told).toEqual([]);
    expect(all.found[0]?.options['stop']).toEqual({ graceSeconds });
  });
  it.each([
    ['TimeoutStartSec=300', 300],
    ['TimeoutStartSec=0', 3_600],
    ['TimeoutStartSec=infinity', 3_600],
    ['TimeoutSec=7', 7],
    ['', 90],
  ])(
    'that makes itself a daemon has as long for that as it says: %s',
    async (said, timeoutSeconds) => {
      const forking = 'Type=forking\nPIDFile=/run/a.pid\nExecStart=/bin/a\n';
      const { text, told } = read('systemd', { 'a.service': `[Service]\n${forking}${said}\n` });
      expect(await loaded(text)).toMatchObject([
        { pidFile: { path: '/run/a.pid', timeoutSeconds } },
      ]);
      expect(told).toEqual([]);
    },
  );
  it.each([
    ['Type=oneshot\nTimeoutStartSec=10', /^3: TimeoutStartSec=10: a one-shot takes/],
    ['Type=oneshot\nTimeoutSec=10', /^3: TimeoutSec=10: a one-shot takes/],
    ['Type=dbus\nTimeoutStartSec=10', /^3: TimeoutStartSec=10: .*timeoutSeconds/],
    ['ExecStartPre=/bin/b\nTimeoutStartSec=10', /^3: TimeoutStartSec=10: what runs before/],
    ['Type=oneshot\nTimeoutStartSec=infinity', undefined],
    ['Type=simple\nTimeoutStartSec=10', undefined],
  ])(
    'tells what it says of how long a start may take, where nothing here does: %j',
    (said, told) => {
      const found = read('systemd', { 'a.service': `[Service]\n${said}\nExecStart=/bin/a\n` });
      const about = found.told.filter((text) => /Timeout/.test(text));
      expect(about).toEqual(told === undefined ? [] : [expect.stringMatching(told)]);
    },
  );
  it.each([
    ['Type=notify', 90],
    ['Type=notify-reload\nNotifyAccess=all\nTimeoutStartSec=7', 7],
  ])('that speaks to systemd says so here that it is ready: %s', async (said, timeoutSeconds) => {
    const { text, told } = read('systemd', {
      'a.service': `[Service]\n${said}\nExecStart=/bin/a\n`,
    });
    expect(await loaded(text)).toMatchObject([{ ready: { sdNotify: true, timeoutSeconds } }]);
    expect(told).toEqual([]);
  });
  it('that a timer runs to its end is ended where its start may not take longer', () => {
    const { all, told } = read('systemd', {
      'a.service': '[Service]\nType=oneshot\nTimeoutStartSec=1min\nExecStart=/bin/a\n',
      'a.timer': '[Timer]\nOnCalendar=daily\n',
    });
    expect(all.found[0]?.options).toMatchObject({ maxSeconds: 60 });
    expect(told).toEqual([]);
  });
  it('is told of what nobody has settled, whoever looks at it', () => {
    const unit = new Unit(source('a.service', '[Service]\nNice=1\nUMask=022\nUser=a\nGroup=b\n'));
    for (const key of ['Nice', 'UMask', 'User', 'Group'])
      expect([unit.last(`Service.${key}`), unit.words(`Service.${key}`)]).toHaveLength(2);
    unit.carried('Service.Nice');
    unit.ignored('Service.UMask', 'nothing here makes a file');
    unit.leave('Service.User', 'there is one');
    unit.leaveTheRest();
    expect(unit.notes.map(({ text }) => text)).toEqual(['User=a: there is one', 'Group=b']);
  });
  it('has its specifiers filled in wherever they stand', async () => {
    const { text, told } = read('systemd', {
      'web-app@a-b.service': `[Unit]
Description=%p of %i (%I), 100%%
[Service]
Type=forking
PIDFile=/run/%N.pid
WorkingDirectory=/srv/%i
Environment=NAME=%n "PART=%j %%"
User=%p
ExecStart=/bin/a --of %i
`,
    });
    expect(told).toEqual([]);
    expect(await loaded(text)).toMatchObject([
      {
        documentation: 'web-app of a-b (a/b), 100%',
        pidFile: { path: '/run/web-app@a-b.pid' },
        start: {
          argv: ['/bin/a', '--of', 'a-b'],
          cwd: '/srv/a-b',
          env: { NAME: 'web-app@a-b.service', PART: 'app %' },
          user: 'web-app',
        },
      },
    ]);
  });
  it('is told of each value that names what only systemd knows, also of the instance of a template', async () => {
    const { text, told } = read('systemd', {
      'a@.service': `[Unit]
Description=%p of %i
Documentation=http://%H/
[Service]
Type=forking
PIDFile=/run/%i.pid
Environment=A=%h B=%%
ExecStart=/bin/a
ExecStop=/bin/b %i
ExecReload=/bin/c %S
`,
    });
    expect(await loaded(text)).toMatchObject([{ provision: ['a@'], start: { env: { B: '%' } } }]);
    expect(text).not.toMatch(/pidFile|documentation|%i'/);
    const what = ['2: Description=%p of %i', '6: PIDFile=/run/%i.pid', '7: Environment=A=%h B=%%'];
    const commands = ['9: ExecStop=/bin/b %i', '10: ExecReload=/bin/c %S'];
    for (const each of [...what, ...commands])
      expect(told.filter((text) => text.startsWith(`${each}: `))).toHaveLength(1);
    expect(told).toHaveLength(6);
    expect(told).toContainEqual(expect.stringMatching(/^Type=forking without a PIDFile/));
  });
  it('is left out where nothing of it could be started, and of who requires it that is told', async () => {
    const { text, told } = read('systemd', {
      'a.service':
        '[Service]\nExecStart=%S/a --now\nRestart=always\n[Install]\nWantedBy=multi-user.target\n',
      'b.service': '[Unit]\nRequires=a.service\n[Service]\nExecStart=/bin/b\n',
      'c.service': '[Service]\nExecStart="/bin/c\n',
    });
    expect(await loaded(text)).toMatchObject([{ provision: ['b'], requirement: [] }]);
    expect(text).not.toContain('shell(');
    expect(told).toEqual([
      'a.service was not carried over: ExecStart=%S/a --now: it names something of systemd by a %',
      'c.service was not carried over: ExecStart="/bin/c: it cannot be read',
      '2: Requires=a.service: it was not read',
    ]);
  });
  it('has no bound for a run that has none', () => {
    const { all } = read('systemd', {
      'a.service': '[Service]\nExecStart=/bin/a\nRuntimeMaxSec=infinity\n',
      'a.timer': '[Timer]\nOnCalendar=daily\n',
    });
    expect(all.found[0]?.options).not.toHaveProperty('maxSeconds');
  });
  it('with a socket beside it finds that open', async () => {
    const { text, told } = read('systemd', {
      'web.service': '[Service]\nExecStart=/bin/web\n',
      'web.socket':
        '[Socket]\nListenStream=80\nListenStream=/run/web.sock\nListenDatagram=127.0.0.1:53\nListenStream=@web\nSocketUser=www\nSocketMode=0660\nDirectoryMode=x\nBacklog=9\nFreeBind=yes\n[Install]\nWantedBy=sockets.target\n',
      'ftp.service': '[Service]\nExecStart=/bin/ftp\n[Install]\nWantedBy=multi-user.target\n',
      'one.socket':
        '[Socket]\nService=ftp.service\nListenStream=[::1]:21\nFileDescriptorName=one\n',
      'two.socket': '[Socket]\nService=ftp.service\nListenStream=22\nAccept=yes\n',
      'gone.socket': '[Socket]\nListenStream=1\n',
    });
    expect(await loaded(text)).toMatchObject([
      {
        sockets: [
          { listen: '0.0.0.0:80', name: 'web.socket', backlog: 9, style: 'stream' },
          { listen: '[::]:80', name: 'web.socket', backlog: 9, style: 'stream' },
          { listen: '/run/web.sock', owner: 'www', mode: 0o660 },
          { listen: '127.0.0.1:53', style: 'datagram' },
        ],
        autoStart: true,
      },
      { sockets: [{ listen: '[::1]:21', name: 'one' }], lazyStart: false, autoStart: true },
    ]);
    expect(told).toEqual([
      'two.socket: its service two@ was not read',
      'gone.socket: its service gone was not read',
      'web.socket: DirectoryMode=x cannot be read',
      expect.stringMatching(/^2: web.socket: ListenStream=80: .*two sockets/),
      expect.stringMatching(/^5: web.socket: ListenStream=@web: /),
      '10: web.socket: FreeBind=yes',
    ]);
  });
  it.each([
    ['7777', '', ['0.0.0.0:7777', '[::]:7777']],
    ['[::]:7777', 'BindIPv6Only=both', ['0.0.0.0:7777', '[::]:7777']],
    ['7777', 'BindIPv6Only=ipv6-only', ['[::]:7777']],
    ['0.0.0.0:7777', '', ['0.0.0.0:7777']],
    ['[::1]:7777', '', ['[::1]:7777']],
  ])(
    'with a socket at %s is reached by what systemd serves there (%s)',
    async (at, more, places) => {
      const { text, told } = read('systemd', {
        'web.service': '[Service]\nExecStart=/bin/web\n',
        'web.socket': `[Socket]\nListenStream=${at}\n${more}\n`,
      });
      expect(await loaded(text)).toMatchObject([{ sockets: places.map((listen) => ({ listen })) }]);
      expect(told).toHaveLength(places.length - 1);
    },
  );
  it.each([socketCount / 2, socketCount / 2 + 1])(
    'with %d ports has as many sockets as one may',
    async (count) => {
      const ports = Array.from({ length: count }, (_none, at) => `ListenStream=${8_000 + at}\n`);
      const { text, told } = read('systemd', {
        'web.service': '[Service]\nExecStart=/bin/web\n',
        'web.socket': `[Socket]\n${ports.join('')}`,
      });
      const [web] = await loaded(text);
      expect(web).toMatchObject({ sockets: { length: socketCount } });
      expect(told.filter((each) => each.includes('of which 16 were'))).toHaveLength(
        count - socketCount / 2,
      );
    },
  );
  it('that is a template with a socket that accepts has a process for each connection', async () => {
    const { text, told } = read('systemd', {
      'echo@.service':
        '[Service]\nExecStart=/bin/cat\nStandardInput=socket\nStandardError=journal\nKillMode=process\nRestart=always\nUser=nobody\n',
      'echo.socket':
        '[Socket]\nListenStream=7\nAccept=yes\nMaxConnections=5000\nMaxConnectionsPerSource=8\n[Install]\nWantedBy=sockets.target\n',
      'ssh.service': '[Service]\nExecStart=/bin/sshd -D\n',
      'ssh@.service': '[Service]\nExecStart=/bin/sshd -i\nStandardInput=socket\n',
      'ssh.socket': '[Socket]\nListenStream=/run/ssh\nAccept=true\nMaxConnectionsPerSource=3\n',
    });
    const all = await loaded(text);
    expect(all).toMatchObject([
      {
        provision: ['echo'],
        start: { argv: ['/bin/cat'], user: 'nobody' },
        sockets: [{ listen: '0.0.0.0:7' }, { listen: '[::]:7' }],
        ...{ activation: 'inetd', maxConnections: 1_000, maxConnectionsPerSource: 8 },
        autoStart: true,
      },
      { provision: ['ssh'] },
      {
        provision: ['ssh@'],
        sockets: [{ listen: '/run/ssh' }],
        ...{ activation: 'inetd', maxConnections: 64 },
        autoStart: false,
      },
    ]);
    for (const each of all) expect(each).not.toHaveProperty('respawn');
    expect(told).toEqual([expect.stringMatching(/^6: Restart=always: /)]);
  });
  it('is good with its socket, whatever both say: what does not go together is left, with a note', async () => {
    const stay = 'Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/a\n';
    const { text, told } = read('systemd', {
      'both.service': '[Service]\nExecStart=/bin/a\n[Install]\nWantedBy=multi-user.target\n',
      'both.socket':
        '[Socket]\nListenStream=80\nBacklog=4294967295\n[Install]\nWantedBy=sockets.target\nAlso=both.service\n',
      'odd.service': `[Service]\n${stay}`,
      'odd.socket': `[Socket]\nListenStream=65536\nListenStream=0\nListenStream=1.2.3.256:1\nListenStream=/${'x'.repeat(socketPathBytes)}
ListenStream=/${'x'.repeat(socketPathBytes - 1)}\nSocketMode=1777\nFileDescriptorName=${'n'.repeat(socketNameChars + 1)}\n`,
      'forks.service': '[Service]\nType=forking\nPIDFile=/run/a\nExecStart=/bin/a\n',
      'forks.socket': `[Socket]\nListenStream=81\nFileDescriptorName=${'n'.repeat(socketNameChars)}\n`,
    });
    expect(await loaded(text)).toMatchObject([
      { sockets: [{ backlog: backlogCount }, { backlog: backlogCount }], autoStart: true },
      {
        oneShot: false,
        sockets: [{ listen: `/${'x'.repeat(socketPathBytes - 1)}`, name: 'unknown', mode: 0o666 }],
      },
      {
        sockets: ['0.0.0.0:81', '[::]:81'].map((listen) => ({
          listen,
          name: 'n'.repeat(socketNameChars),
        })),
      },
    ]);
    expect(told).toEqual([
      expect.stringMatching(/^2: both.socket: ListenStream=80: /),
      expect.stringMatching(/^3: RemainAfterExit=yes: /),
      'odd.socket: SocketMode=1777 cannot be read',
      ...['65536', '0', '1.2.3.256:1', '/x'].map((place, at) =>
        expect.stringMatching(new RegExp(`^${at + 2}: odd.socket: ListenStream=${place}`)),
      ),
      expect.stringMatching(/^3: PIDFile=\/run\/a: /),
      expect.stringMatching(/^2: forks.socket: ListenStream=81: /),
    ]);
  });
  it('that is a template is good with its socket, whatever both say', async () => {
    const { text, told } = read('systemd', {
      'a@.service':
        '[Service]\nType=oneshot\nExecStart=/bin/a\nExecStop=/bin/b\nExecReload=/bin/kill -HUP $MAINPID\n',
      'a.socket': '[Socket]\nListenStream=80\nListenDatagram=81\nAccept=yes\n',
      'none@.service': '[Service]\nExecStart=/bin/a\n',
      'none.socket': '[Socket]\nListenStream=@none\nAccept=yes\n',
    });
    const [one, other] = await loaded(text);
    expect(one).toMatchObject({
      sockets: [{ listen: '0.0.0.0:80' }, { listen: '[::]:80' }],
      activation: 'inetd',
    });
    expect(other).not.toHaveProperty('activation');
    expect(told).toEqual([
      expect.stringMatching(/^4: ExecStop=/),
      expect.stringMatching(/^5: ExecReload=/),
      expect.stringMatching(/^3: a.socket: ListenDatagram=81: /),
      expect.stringMatching(/^2: none.socket: ListenStream=@none: /),
    ]);
  });
  it('with a timer beside it is one', async () => {
    const { text, told } = read('systemd', {
      'backup.service':
        '[Unit]\nDescription=Backs up\n[Service]\nType=oneshot\nExecStart=/usr/bin/backup\nRuntimeMaxSec=1h\n',
      'backup.timer':
        '[Timer]\nOnCalendar=Mon..Fri *-*-1..7 02/6:30\nPersistent=true\nRandomizedDelaySec=5min\nOnBootSec=10\n[Install]\nWantedBy=timers.target\n',
    });
    expect(await loaded(text)).toMatchObject([
      {
        kind: 'timer',
        provision: ['backup'],
        documentation: 'Backs up',
        when: {
          daysOfWeek: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
          daysOfMonth: [1, 2, 3, 4, 5, 6, 7],
          hours: [2, 8, 14, 20],
          minutes: 30,
        },
        run: { argv: ['/usr/bin/backup'] },
        maxSeconds: 3_600,
        catchUp: 'once',
        spreadSeconds: 300,
        autoStart: true,
      },
    ]);
    expect(told).toEqual([expect.stringMatching(/^5: .*OnBootSec=10/)]);
  });
  it.each([
    ['daily', { hours: 0, minutes: 0 }],
    ['hourly', { minutes: 0 }],
    ['weekly', { daysOfWeek: 'monday', hours: 0, minutes: 0 }],
    ['quarterly', { months: [1, 4, 7, 10], daysOfMonth: 1, hours: 0, minutes: 0 }],
    ['*:0/15', { minutes: [0, 15, 30, 45] }],
    [
      'Sat,Tue..Mon 10:00',
      {
        daysOfWeek: ['saturday', 'tuesday', 'wednesday', 'thursday', 'friday', 'sunday', 'monday'],
        hours: 10,
        minutes: 0,
      },
    ],
    ['Sat,Sun 10:00', { daysOfWeek: ['saturday', 'sunday'], hours: 10, minutes: 0 }],
    [
      'Fri..Mon 10:00',
      { daysOfWeek: ['friday', 'saturday', 'sunday', 'monday'], hours: 10, minutes: 0 },
    ],
    ['*-*-31 23:59:30', { daysOfMonth: 31, hours: 23, minutes: 59, seconds: 30 }],
  ])('has its calendar: %s', (event, fields) => {
    const { all, told } = read('systemd', {
      'a.service': '[Service]\nExecStart=/bin/a\n',
      'a.timer': `[Timer]\nOnCalendar=${event}\n`,
    });
    expect(all.found[0]?.options['when']).toEqual({ call: 'calendar', args: [fields] });
    expect(told).toEqual([]);
  });
  it.each([
    '2026-*-* 10:00',
    '*-*~01 10:00',
    '10:00 UTC',
    '25:00',
    'Foo 10:00',
    '*-*-* 10:00:00.5',
  ])('says of a calendar that cannot be had that it is another one: %s', (event) => {
    const { told } = read('systemd', {
      'a.service': '[Service]\nExecStart=/bin/a\n',
      'a.timer': `[Timer]\nOnCalendar=${event}\n`,
    });
    expect(told).toEqual([expect.stringContaining('calendar cannot say that; it is daily now')]);
  });
});

describe('others', () => {
  it('a Procfile is a service for each line, with the ports of foreman', async () => {
    const { text, told } = read('procfile', {
      Procfile: '# all\nweb: node server.js -p $PORT\n\nworker: make "work" # now\nnonsense\n',
    });
    expect(await loaded(text)).toMatchObject([
      {
        provision: ['web'],
        start: {
          argv: ['/bin/sh', '-c', 'node server.js -p $PORT'],
          cwd: '/srv',
          env: { PORT: '5000' },
        },
      },
      {
        provision: ['worker'],
        start: { argv: ['/bin/sh', '-c', 'make "work" # now'] },
        autoStart: true,
      },
    ]);
    expect(told).toEqual([
      '5: expected NAME: COMMAND',
      expect.stringContaining('.env'),
      expect.stringContaining('PORT is 5000'),
    ]);
  });
  it('programs of supervisor are services, each copy one, and their groups are labels', async () => {
    const { text, told } = read('supervisor', {
      'supervisord.conf': `[supervisord]
logfile=/tmp/supervisord.log
[program:web]
command=/usr/bin/web "a b" --at=%(here)s ; the server
directory=/srv/web
environment=A="1,2",B='x',C=y
autorestart=true
startretries=7
stopsignal=QUIT
stopwaitsecs=3
user=www
umask=022
stdout_logfile_maxbytes=50MB
stdout_logfile_backups=3
startsecs=5
[program:worker]
command=work %(process_num)02d
numprocs=2
autostart=false
autorestart=false
[group:site]
programs=web,worker
[eventlistener:mem]
command=memmon
`,
    });
    expect(await loaded(text)).toMatchObject([
      {
        provision: ['web'],
        labels: { group: 'site' },
        start: {
          argv: ['/usr/bin/web', 'a b', '--at=/srv'],
          cwd: '/srv/web',
          env: { A: '1,2', B: 'x', C: 'y' },
          user: 'www',
          process: { umask: 0o022 },
        },
        respawn: { limit: 7 },
        stop: { signal: 'SIGQUIT', graceSeconds: 3 },
        log: { maxMiB: 50, keep: 3 },
        autoStart: true,
      },
      { provision: ['worker-0'], start: { argv: ['work', '00'] }, autoStart: false },
      { provision: ['worker-1'], start: { argv: ['work', '01'] } },
    ]);
    expect(told).toEqual([
      '23: [eventlistener:mem] was not carried over',
      expect.stringContaining('startsecs=5'),
    ]);
  });
  it('applications of pm2 are services', async () => {
    const app = {
      name: 'api',
      script: 'server.js',
      args: '--port 80',
      node_args: ['--inspect'],
      cwd: 'api',
      instances: 'max',
      env: { MODE: 'x', DB_PASSWORD: 'y' },
      env_production: {},
      kill_timeout: '3s',
      max_restarts: 4,
      restart_delay: 250,
      watch: true,
    };
    const { text, told } = read('pm2', {
      'apps.json': JSON.stringify({
        apps: [app, { script: './run.sh', autorestart: false }, { name: 'none' }],
      }),
    });
    expect(await loaded(text)).toMatchObject([
      {
        provision: ['api'],
        start: {
          argv: ['node', '--inspect', 'server.js', '--port', '80'],
          cwd: '/srv/api',
          env: { MODE: 'x' },
        },
        respawn: { limit: 4, delaySeconds: 0.25, maxDelaySeconds: 0.25 },
        stop: { signal: 'SIGINT', graceSeconds: 3 },
      },
      { provision: ['run'], start: { argv: ['bash', './run.sh'] } },
    ]);
    for (const what of [
      'apps[2] has no script',
      'instances: "max"',
      'watch: nothing',
      'DB_PASSWORD looks like',
      'env_production',
    ])
      expect(told.join('\n')).toContain(what);
    expect(read('pm2', { 'x.json': '{' }).told).toEqual(['x.json is no JSON']);
    expect(read('pm2', { 'x.json': '{"apps":7}' }).told).toEqual([
      expect.stringContaining('expected {'),
    ]);
  });
  it('are told by their names, or by what stands in them', () => {
    const kind = (file: string, text = '') => kindOf(source(file, text));
    expect([
      kind('/x/a.service'),
      kind('Procfile.dev'),
      kind('a.json'),
      kind('a.conf', '\n[program:a]'),
      kind('a', '[Unit]'),
      kind('a'),
    ]).toEqual(['systemd', 'procfile', 'pm2', 'supervisor', 'systemd', undefined]);
  });
});

describe('what is written', () => {
  it('is taken for nothing but text, whatever stands in it, and has each name once', async () => {
    const evil = `'] }); process.exit(1); /* \`\${1}\` \u2028 \\u0041 "`;
    const { text } = read('procfile', { Procfile: `web: ${evil}\nweb: b\n` });
    const services = await loaded(text);
    expect(services.map(({ provision }) => provision[0])).toEqual(['web', 'web-2']);
    expect(services[0]).toMatchObject({ start: { argv: ['/bin/sh', '-c', evil.trim()] } });
    const { text: noted } = read('systemd', {
      'a.service': `[Service]\nExecStart=/bin/a\nFoo=*/ \u2028 process.exit(1)\nBar=\u202ex\n`,
    });
    expect(await loaded(noted)).toHaveLength(1);
    expect(noted).not.toMatch(/[\u2028\u202e]/);
  });
  it.each([
    ['octal', { octal: '0, cwd: globalThis.stolen = 1' }],
    ['call and args', { call: 'process.exit', args: '1' }],
    ['constructor', { constructor: 'x' }],
  ])('has variables for nothing but variables, if they are called %s', async (_names, env) => {
    const { text } = read('pm2', { 'a.json': JSON.stringify({ script: 'a.js', env }) });
    const [entry] = await loaded(text);
    expect(Object.entries((entry as { start: { env: object } }).start.env)).toEqual(
      Object.entries(env),
    );
  });
  it('has no permissions that are none', async () => {
    const { text, told } = read('systemd', {
      'a.service': '[Service]\nExecStart=/bin/a\nUMask=zz\nNice=high\n',
    });
    expect(told).toEqual(['UMask=zz cannot be read', 'Nice=high cannot be read']);
    expect(await loaded(text)).toHaveLength(1);
    const other = read('supervisor', {
      'a.conf': '[program:a]\ncommand=a\nautorestart=true\numask=9\n',
    });
    expect(other.told).toEqual(['1: umask=9 cannot be read']);
  });
  it('has names that services may have, also of two that have one as long as it may be', async () => {
    const long = 'n'.repeat(nameChars + 1);
    const unit = '[Service]\nExecStart=/bin/a\n';
    const { text } = read('systemd', { [`a/${long}.service`]: unit, [`b/${long}.service`]: unit });
    expect(await loaded(text)).toMatchObject([
      { provision: ['n'.repeat(nameChars)] },
      { provision: [`${'n'.repeat(nameChars - 2)}-2`] },
    ]);
  });
  it('has one comment for the names of its files, whatever they are', async () => {
    const { text } = read('systemd', {
      'ev\nfoo();\r\u2028bar();.service': '[Service]\nExecStart=/bin/a\n',
    });
    expect(text.split('\n')[1]).toBe("import { defineShepherd, exec, service } from 'bellwether';");
    expect(text).not.toMatch(/[\r\u2028]/);
    expect(await loaded(text)).toHaveLength(1);
  });
  it('has no name that a service may not have', async () => {
    const { text } = read('systemd', { 'a@b c!.service': '[Service]\nExecStart=/bin/a %i\n' });
    expect(await loaded(text)).toMatchObject([{ provision: ['a@b-c-'] }]);
  });
});

describe('hostile text', () => {
  const mebibyte = 1_048_576;
  const many = (text: string): string => text.repeat(Math.floor(mebibyte / text.length));
  const unit = '[Service]\nExecStart=/bin/a\n';
  // What takes each character more than once for each other one never ends here.
  it.each([
    ['a span of digits', 'systemd', `${unit}TimeoutStopSec=${'1'.repeat(64)}!`],
    ['a span of a mebibyte', 'systemd', `${unit}TimeoutStopSec=${many('1 ')}!`],
    ['a word of variables', 'supervisor', `[program:a]\ncommand=a\nenvironment=${many('a')}`],
    ['remarks that do not end', 'supervisor', `[program:a]\ncommand=a\nuser=${many(' ;')}\u2028`],
    ['a setting again and again', 'systemd', `${unit}${many('A=1\n')}`],
    ['lines that are none', 'systemd', `${unit}${many('x\n')}`],
    [
      'reloads',
      'systemd',
      `${unit}Environment=${'A=1 '.repeat(99_999)}\n${'ExecReload=a\n'.repeat(44_444)}`,
    ],
    [
      'secrets',
      'supervisor',
      `[program:a]\ncommand=a\nenvironment=${Array.from({ length: 88_000 }, (_none, at) => `token${at}=`).join(',')}`,
    ],
    ['one name', 'pm2', `[${Array.from({ length: 65_000 }, () => '{"script":"a"}').join(',')}]`],
    [
      'lists in lists',
      'pm2',
      `[{"script":"a","args":[${'['.repeat(400_000)}${']'.repeat(400_000)}]}]`,
    ],
    [
      'a record that makes no text',
      'pm2',
      '[{"script":"a","env":{"A":{"toString":1}},"kill_timeout":{"toString":1}}]',
    ],
  ] as const)('of a mebibyte is read to its end: %s', (_what, kind, text) => {
    expect(text.length).toBeLessThanOrEqual(mebibyte + 128);
    expect(imported([[kind, source('a.service', text)]]).found.length).toBeGreaterThan(0);
  });
  it('is told from other text at once', () => {
    expect(kindOf(source('a', '\n'.repeat(mebibyte)))).toBeUndefined();
  });
  it('has no words of the language for its own', () => {
    const { told } = read('supervisor', {
      a: '[program:a]\ncommand=a\nautorestart=true\nconstructor=1\n',
    });
    expect(told).toEqual(['4: constructor=1']);
    const json = read('pm2', { 'a.json': '[{"script":"a","constructor":1,"__proto__":2}]' });
    expect(json.told).toEqual(['constructor', '__proto__']);
    for (const event of ['constructor', '__proto__'])
      expect(
        read('systemd', { 'a.service': unit, 'a.timer': `[Timer]\nOnCalendar=${event}\n` }).told,
      ).toEqual([expect.stringContaining('calendar cannot say that')]);
  });
  it.each(['constructor', '__proto__'])('is a service that is called %s', async (name) => {
    const { text } = read('systemd', {
      [`${name}.service`]: unit,
      'web.service': `${unit}[Unit]\nRequires=${name}.service\n`,
    });
    expect(await loaded(text)).toMatchObject([{ provision: [name] }, { requirement: [{ name }] }]);
  });
});

describe('the command', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
  });
  it('writes a file that only its owner reads, and over none', async () => {
    const { run } = await import('./support.ts');
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'import-'));
    folders.push(folder);
    const unit = path.join(folder, 'web.service');
    const out = path.join(folder, 'shepherd.config.ts');
    fs.writeFileSync(unit, '[Service]\nExecStart=/bin/web\nPrivateTmp=yes\n');
    const first = await run(['import', '-o', out, unit]);
    expect([first.code, fs.statSync(out).mode & 0o777]).toEqual([0, 0o600]);
    expect(first.stdout).toContain('1 service, 1 thing to look at');
    expect(first.stderr).toContain(`web.service:3: PrivateTmp=yes`);
    const again = await run(['import', '-o', out, unit]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('is there already')]);
    expect((await run(['import', '--strict', '--force', '-o', out, unit])).code).toBe(1);
    const json = await run(['import', '--json', unit]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: 'import',
      services: ['web'],
      notes: [{ line: 3 }],
    });
  });
  it('says what it cannot read, and runs no program', async () => {
    const { run } = await import('./support.ts');
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'import-'));
    folders.push(folder);
    const at = (name: string, text: string): string => {
      fs.writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    const { importLimits } = await import('../../../packages/herd/src/cli/limits.ts');
    const errorOf = async (...words: readonly string[]) => {
      const { code, stderr } = await run(['import', ...words]);
      return `${code} ${stderr}`;
    };
    expect(await errorOf(at('ecosystem.config.js', 'process.exit(9)'))).toMatch(
      /^2 .*is a program, and none is run/s,
    );
    expect(await errorOf(at('what', 'x'))).toMatch(/^2 .*is none of systemd, procfile/s);
    expect(await errorOf('--from', 'runit', at('what', 'x'))).toMatch(/^2 .*--from takes systemd/s);
    expect(await errorOf(path.join(folder, 'gone.service'))).toMatch(/^2 .*cannot read .*ENOENT/s);
    expect(await errorOf(at('empty.service', ''))).toMatch(
      /^2 .*no ExecStart.*no service was found/s,
    );
    const most = at(
      'most.service',
      `[Service]\nExecStart=/bin/a\n${'#'.repeat(importLimits.fileBytes - 27)}`,
    );
    expect(fs.statSync(most).size).toBe(importLimits.fileBytes);
    expect(await errorOf(most)).toMatch(/^0 /);
    fs.appendFileSync(most, '#');
    expect(await errorOf(most)).toMatch(/^2 .*more than 1048576 bytes/s);
    // It says that it has none, and never ends.
    fs.symlinkSync('/dev/zero', path.join(folder, 'zero.service'));
    expect(await errorOf(path.join(folder, 'zero.service'))).toMatch(/^2 .*more than 1048576/s);
  });
  it('writes over a link, and not through it', async () => {
    const { run } = await import('./support.ts');
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'import-'));
    folders.push(folder);
    const [unit, out, other] = ['web.service', 'out.ts', 'other'].map((name) =>
      path.join(folder, name),
    ) as [string, string, string];
    fs.writeFileSync(unit, '[Service]\nExecStart=/bin/web\nEnvironment=TOKEN=secret\n');
    fs.writeFileSync(other, 'precious', { mode: 0o644 });
    fs.symlinkSync(other, out);
    expect((await run(['import', '--force', '-o', out, unit])).code).toBe(0);
    expect(fs.readFileSync(other, 'utf8')).toBe('precious');
    expect([fs.lstatSync(out).isFile(), fs.statSync(out).mode & 0o777]).toEqual([true, 0o600]);
    expect(fs.readFileSync(out, 'utf8')).toMatch(/secret[^]*\}\);\n$/);
  });
});
