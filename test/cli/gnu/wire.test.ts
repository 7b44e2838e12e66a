/** The door for GNU Shepherd's clients, byte by byte; `npm run interop -- gnu` opens it with the real `herd`. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replyTo, requestText, steady } from '../../support/gnu-client.ts';
import {
  configOf,
  eventually,
  isAlive,
  makePlace,
  type Daemon,
  type Place,
} from '../../support/programs.ts';

const services = `
  service({ provision: ['sleeper', 'nap'], documentation: 'Sleeps a lot.', autoStart: false,
    start: exec(['sh', '-c', 'printf "one\\\\n\\\\033[31mtwo\\\\n"; exec sleep 600']), respawn: false,
    actions: {
      hi: { documentation: 'Say hi.', run: exec(['sh', '-c', 'echo "hi ($*)"; echo; echo bye', 'hi']), takesArguments: true },
      fail: { documentation: 'Fails.', run: exec(['sh', '-c', 'echo no; exit 3']) } } }),
  service({ provision: ['dependent'], requirement: ['sleeper'], autoStart: false }),
  service({ provision: ['broken'], start: exec(['/nonexistent']), autoStart: false }),
  service({ provision: ['other'] })`;

let place: Place;
let daemon: Daemon;
let gnu: string;
beforeAll(async () => {
  place = makePlace();
  gnu = path.join(place.folder, 'gnu', 'socket');
  daemon = await place.shepherd('a', configOf('A', services), { options: ['--gnu-socket', gnu] });
});
afterAll(() => place.clean());

const ask = (action: string, service: string, ...args: readonly string[]): Promise<string> =>
  replyTo(gnu, requestText(action, service, ...args));
const reply = (result: string, messages = '()', error = '#f'): string =>
  `(reply (version 0) (result ${result}) (error ${error}) (messages ${messages}))`;
const failure = (error: string): string => reply('#f', '()', `(error (version 0) ${error})`);
const record = (about: string, rest: Partial<Record<string, string>> = {}): string => {
  const fields: Readonly<Record<string, string>> = {
    requires: '()',
    'respawn?': '#f',
    docstring: '"[No description]."',
    'enabled?': '#t',
    running: '#f',
    conflicts: '()',
    'last-respawns': '()',
    'status-changes': '()',
    'startup-failures': '()',
    status: 'stopped',
    'one-shot?': '#f',
    'transient?': '#f',
    'respawn-limit': '(5 . 7)',
    'respawn-delay': '0.1',
    actions: '()',
    'exit-statuses': '()',
    'recent-messages': '()',
    'log-files': '()',
    'pending-replacement?': '#f',
    ...rest,
  };
  const all = Object.entries(fields).map(([name, value]) => `(${name} ${value})`);
  return `(service (version 0) (provides (${about})) ${all.join(' ')})`;
};
const log = (name: string): string => `("${path.join(daemon.folder, 'log', `${name}.log`)}")`;
const sleeper = (rest: Partial<Record<string, string>> = {}): string =>
  record('sleeper nap', {
    docstring: '"Sleeps a lot."',
    actions: '(hi fail)',
    'log-files': log('sleeper'),
    ...rest,
  });

describe('a client of GNU Shepherd', () => {
  it('is told how one service is, by any of its names, with every field of 1.0.9', async () => {
    expect(await ask('status', 'nap')).toBe(reply(`(${sleeper()})`));
  });

  it('starts a service with what that requires, and is given its record, not in a list', async () => {
    expect(steady(await ask('start', 'dependent'))).toBe(
      reply(
        record('dependent', {
          requires: '(sleeper)',
          running: '#t',
          status: 'running',
          'status-changes': '((running . T) (starting . T))',
        }),
        '("Service sleeper has been started." "Service dependent has been started.")',
      ),
    );
    expect(await ask('start', 'nap')).toMatch(
      /\(messages \("Service sleeper is already running\."\)\)\)$/,
    );
  });

  it('is told the process, and the last lines with what a terminal would obey made visible', async () => {
    await eventually('its lines', async () => (await ask('log', 'sleeper')).includes('two'));
    const found = steady(await ask('status', 'sleeper'));
    expect(found).toContain('(running (process (version 0) (id PID) (command ("sh" "-c" "');
    expect(found).toContain('(recent-messages ((T . "\\\\x1b[31mtwo") (T . "one")))');
  });

  it('is told all services in a list in a list, the shepherd first', async () => {
    const found = await ask('status', 'root');
    expect(found.match(/\(provides \([^)]*\)\)/g)).toEqual([
      '(provides (root shepherd))',
      '(provides (sleeper nap))',
      '(provides (dependent))',
      '(provides (broken))',
      '(provides (other))',
    ]);
    expect(found).toMatch(/^\(reply \(version 0\) \(result \(\(\(service /);
    expect(found).not.toContain(place.folder.concat('/data')); // of the environment, HOME and the like
  });

  it('stops a service with what requires it, and is told their names and nothing else', async () => {
    expect(await ask('stop', 'sleeper')).toBe(reply('(sleeper dependent)'));
    expect(await ask('stop', 'sleeper')).toBe(reply('()'));
  });

  it('restarts, enables and disables in the words of GNU Shepherd', async () => {
    await ask('start', 'dependent');
    expect(await ask('restart', 'sleeper')).toBe(
      reply('(#t)', '("Service sleeper has been started." "Service dependent has been started.")'),
    );
    await ask('stop', 'sleeper');
    expect(await ask('disable', 'nap')).toBe(
      reply('("#<unspecified>")', '("Disabled service sleeper.")'),
    );
    expect(await ask('start', 'sleeper')).toBe(
      reply('#f', '("Service sleeper is currently disabled.")'),
    );
    expect(await ask('enable', 'sleeper')).toBe(
      reply('("#<unspecified>")', '("Enabled service sleeper.")'),
    );
  });

  it('is told why a start failed', async () => {
    expect(await ask('start', 'broken')).toBe(
      reply(
        '#f',
        '("Service broken: exec: /nonexistent: no such file." "Service broken could not be started.")',
      ),
    );
    expect(steady(await ask('status', 'broken'))).toContain(
      '(startup-failures (T)) (status stopped)',
    );
  });

  it('runs custom actions with arguments, and is told what they print and how they end', async () => {
    expect(await ask('hi', 'sleeper', 'a', 'b')).toBe(reply('(#t)', '("hi (a b)" "" "bye")'));
    expect(await ask('fail', 'sleeper')).toBe(
      reply('(#f)', '("no" "Service sleeper: fail: its command exited with code 3.")'),
    );
  });

  it.each([
    [[], '("Sleeps a lot.")'],
    [['full'], '("Sleeps a lot.")'],
    [['action', 'fail', 'hi'], '("fail: Fails." "hi: Say hi.")'],
    [['list-actions'], '("hi:" "  Say hi." "" "fail:" "  Fails." "")'],
    [['how'], `("Unknown keyword.  Try 'herd help'.")`],
  ])('is told the documentation for %j', async (words, messages) => {
    expect(await ask('doc', 'sleeper', ...words)).toBe(reply('("#<unspecified>")', messages));
  });

  it.each([
    [['status', 'nonexist'], 'service-not-found nonexist'],
    [['start', 'nonexist'], 'service-not-found nonexist'],
    [['nope', 'nap'], 'action-not-found nope sleeper'],
    [['nope', 'root'], 'action-not-found nope root'],
    [['doc', 'sleeper', 'action', 'nope'], 'action-not-found "nope" sleeper'],
    [
      ['start', 'nap', 'extra'],
      `action-exception start sleeper misc-error (#f "~A" ("service 'sleeper': start takes no arguments") #f)`,
    ],
  ] as const)(
    'hears of %j what is wrong, as GNU Shepherd says it',
    async ([action, service, ...args], error) => {
      expect(await ask(action, service, ...args)).toBe(failure(error));
    },
  );
  it('hears that there is no service whose name is a string', async () => {
    const text = requestText('status', 'x').replace('(service x)', '(service "sleeper")');
    expect(await replyTo(gnu, text)).toBe(failure('service-not-found "sleeper"'));
  });

  it.each(['load', 'eval', 'unload', 'daemonize', 'kexec', 'halt', 'power-off', 'enable'])(
    'hears why the shepherd has no %s',
    async (action) => {
      expect(await ask(action, 'root', 'x')).toMatch(
        new RegExp(
          `\\(error \\(error \\(version 0\\) action-exception ${action} root misc-error \\(#f "~A" `,
        ),
      );
    },
  );
  it('has the configuration read again', async () => {
    expect(await ask('reload', 'root')).toBe(
      reply('("#<unspecified>")', '("Nothing has changed: 4 services.")'),
    );
  });

  it('is in the audit as gnu', async () => {
    const { stdout } = await daemon.herd('audit', '--json');
    expect(stdout).toMatch(/"asker": ?"gnu"/);
  });
});

describe('whoever says something else', () => {
  it.each([
    ['nothing that is a list', 'hello '],
    ['another version', requestText('status', 'root').replace('(version 0)', '(version 1)')],
    [
      'a field too few',
      '(shepherd-command (version 0) (action status) (service root) (arguments ()))',
    ],
    [
      'fields in another order',
      '(shepherd-command (action status) (version 0) (service root) (arguments ()) (directory "/"))',
    ],
    ['what would be evaluated', '#.(exit)'],
    ['what closes nothing', ')'],
    ['bytes that are no UTF-8', Buffer.from([0x28, 0xff, 0x29])],
    ['more than there is room for', '('.repeat(40)],
  ])('is left without a word: %s', async (_what, text) => {
    expect(await replyTo(gnu, text)).toBe('');
  });

  it('holds nobody up with half a message, and nobody who sends one in pieces is lost', async () => {
    const half = net.connect(gnu);
    half.write('(shepherd-command (version 0) (act');
    const text = requestText('status', 'other');
    expect(await replyTo(gnu, ...text)).toMatch(/^\(reply /);
    half.destroy();
  });
  it('has its second request thrown away', async () => {
    const text = requestText('doc', 'sleeper');
    expect(await replyTo(gnu, text + text)).toBe(reply('("#<unspecified>")', '("Sleeps a lot.")'));
  });
  it('has what it asked for done, although it hangs up', async () => {
    const client = net.connect(gnu);
    await new Promise((sent) => client.write(requestText('stop', 'other'), sent));
    client.destroy();
    await eventually('the stop', async () =>
      (await ask('status', 'other')).includes('(status stopped)'),
    );
  });
});

describe('the socket', () => {
  it('lies in a folder of its owner alone', () => {
    expect(fs.statSync(path.dirname(gnu)).mode & 0o777).toBe(0o700);
    expect(fs.statSync(gnu).mode & 0o777).toBe(0o600);
  });

  it('is for the services and actions that the configuration names, and for nothing else', async () => {
    const listen = `{ gnu: { path: 'gnu/socket', services: ['nap', 'dependent'], allow: ['start', 'hi'] } }`;
    const bounded = await place.shepherd('b', configOf('B', services, listen));
    const socket = path.join(bounded.folder, 'gnu', 'socket');
    const ask = (action: string, service: string): Promise<string> =>
      replyTo(socket, requestText(action, service));
    const all = await ask('status', 'root');
    expect(all.match(/\(provides \([^)]*\)\)/g)).toEqual([
      '(provides (root shepherd))',
      '(provides (sleeper nap))',
      '(provides (dependent))',
    ]);
    expect(all).not.toContain(place.folder);
    expect(await ask('start', 'sleeper')).toContain('(status running)');
    expect(await ask('hi', 'sleeper')).toBe(reply('(#t)', '("hi ()" "" "bye")'));
    expect(await ask('stop', 'sleeper')).toBe(
      failure(
        `action-exception stop sleeper misc-error (#f "~A" ("'stop' of 'sleeper' is not for who comes by this door") #f)`,
      ),
    );
    expect(await ask('start', 'other')).toBe(failure('service-not-found other'));
    expect(await ask('stop', 'root')).toContain('action-exception stop root misc-error');
    expect(await ask('reload', 'root')).toContain('action-exception reload root misc-error');
    const { stdout } = await bounded.herd('audit');
    expect(stdout.replaceAll(/^\S+ \S+ +/gm, '').replaceAll(/ +/g, ' ')).toBe(
      'start sleeper changed by gnu\nhi sleeper changed by gnu\nstop sleeper DENIED by gnu\n' +
        'stop root DENIED by gnu\nreload root DENIED by gnu\n',
    );
    await bounded.kill('SIGTERM');
  });

  it('stays shut where others may enter its folder, and the owner is told why', async () => {
    const folder = path.join(place.folder, 'open');
    fs.mkdirSync(folder, { mode: 0o755 });
    const socket = path.join(folder, 'socket');
    const open = await place.shepherd('c', configOf('C', ''), {
      options: ['--gnu-socket', socket],
    });
    expect((await open.herd('status', 'root')).stdout).toContain(
      `${folder} has mode 755, expected 700`,
    );
    expect(fs.existsSync(socket)).toBe(false);
    await open.kill('SIGTERM');
  });

  it('goes with the shepherd, which a stop of root ends in order, without a reply', async () => {
    await ask('start', 'sleeper');
    const pid = Number(/\(id (\d+)\)/.exec(await ask('status', 'sleeper'))?.[1]);
    expect(await ask('stop', 'root')).toBe('');
    expect((await daemon.ended).code).toBe(0);
    expect(isAlive(pid)).toBe(false);
    expect(fs.existsSync(gnu)).toBe(false);
  });
});
