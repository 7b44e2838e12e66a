/**
 * `herd` on a real terminal: a pseudo terminal that python3 opens, where there is a python3. What it shows while
 * something takes long, and what Ctrl-C does.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bins, configOf, makePlace, type Daemon, type Place } from '../support/programs.ts';

/** Runs a program on a terminal of 24 × 80, copies what it shows, and presses Ctrl-C or PRESSED after a text was seen. */
const script = `
import os, pty, sys, fcntl, termios, struct
until = sys.argv[1].encode()
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
seen = b''
pressed = until == b''
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    seen += data
    if not pressed and until in seen:
        pressed = True
        os.write(fd, os.environ.get('PRESSED', '\\x03').encode())
os.write(1, seen)
_, status = os.waitpid(pid, 0)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 99)
`;
const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0;
if (!hasPython) process.stderr.write('herd on a terminal: skipped, there is no python3\n');

/** The last one never becomes ready, the first fails at once. */
const services = `
  service({ provision: ['bad'], start: exec(['sh', '-c', 'echo cannot bind; exit 1']),
    ready: { http: 'http://127.0.0.1:9/', timeoutSeconds: 30 } }),
  service({ provision: ['slow'], start: exec(['sleep', '600']),
    ready: { http: 'http://127.0.0.1:9/', timeoutSeconds: 3 } }),
  ...Array.from({ length: 10 }, (_, at) => service({ provision: ['s' + at], labels: { many: '' } })),
  fleet({ provision: ['web-fleet'], members: ['bad', 'slow'] })`;

let place: Place;
let daemon: Daemon;
beforeEach(async () => {
  place = makePlace();
  daemon = await place.shepherd('a', configOf('A', services));
  fs.writeFileSync(path.join(place.folder, 'terminal.py'), script);
});
afterEach(() => place.clean());
const onTerminal = (until: string, ...words: readonly string[]) => pressing('\x03', until, words);
const pressing = (key: string, until: string, words: readonly string[]) =>
  place.run(
    'python3',
    [path.join(place.folder, 'terminal.py'), until, process.execPath, bins.herd, ...words],
    { env: { SHEPHERD_SOCKET: daemon.socket, TERM: 'xterm', PRESSED: key } },
  );

describe.skipIf(!hasPython)(
  `on a terminal${hasPython ? '' : ' (no python3 to make one)'}, herd`,
  () => {
    it('shows who has not answered, what failed at once, and takes the block away', async () => {
      const { stdout, code } = await onTerminal('', 'start', 'web-fleet');
      expect(code).toBe(1);
      expect(stdout).toMatch(/ {2}slow {2}(…|(stopped|starting), seen )/);
      expect(stdout).toMatch(/start web-fleet: \d of 2 members/);
      expect(stdout.match(/\| cannot bind/g)).toHaveLength(1);
      expect(stdout.indexOf('| cannot bind')).toBeLessThan(stdout.lastIndexOf('1 of 2 members'));
      const end = stdout.slice(stdout.lastIndexOf('\x1b[J'));
      expect(end).toContain('web-fleet: 2 members: 2 failed');
      expect(end).not.toMatch(/…|seen/);
    });
    it('detaches at Ctrl-C, says that it goes on and how to look and to call it off', async () => {
      const { stdout, code } = await onTerminal('1 of 2 members', 'start', 'web-fleet');
      expect(code).toBe(130);
      const end = stdout.slice(stdout.lastIndexOf('\x1b[J'));
      const operation = /operation (op-[0-9a-f]+) goes on/.exec(end)?.[1] ?? 'none';
      expect(end).toContain(`'herd op show ${operation}' shows what became of it`);
      expect(end).toContain(`'herd op cancel ${operation}' calls off`);
      expect((await daemon.herd('op', 'cancel', operation)).code).toBe(0);
      // It was not stopped: it goes on, or its time was up meanwhile.
      expect((await daemon.herd('status', 'slow')).stdout).toMatch(
        /It is starting\.|not ready within/,
      );
    });
    it.each([
      ['y', '\r', 0, ' 10 members: 10 changed'],
      ['n', '\r', 1, 'herd: nothing was done'],
      ['Ctrl-D', '\x04', 1, 'herd: nothing was done'],
      ['Ctrl-C', '\x03', 130, 'herd: interrupted'],
    ])('asks before it acts on many, and is answered with %s', async (word, end, code, told) => {
      const key = word.length === 1 ? `${word}${end}` : end;
      const ran = await pressing(key, '[y/N]', ['start', '-l', 'many']);
      expect(ran.code).toBe(code);
      expect(ran.stdout).toContain('herd: start of 10 services: s0, s1, ');
      expect(ran.stdout.replaceAll('\x1b[32m', '')).toContain(told);
      const { stdout } = await daemon.herd('status', '-l', 'many');
      expect(stdout.startsWith(code === 0 ? 'Started:' : 'Stopped:')).toBe(true);
    });
    it.each([
      ['q', 'q'],
      ['Ctrl-C', '\x03'],
    ])('top is left by %s, and gives the terminal back', async (_name, key) => {
      // Whatever is typed next finds lines, an echo and a Ctrl-C that interrupts, as before.
      const typed = `"${process.execPath}" "${bins.herd}" top; echo CODE $?; stty -a`;
      const { stdout } = await place.run(
        'python3',
        [path.join(place.folder, 'terminal.py'), 'SERVICE', 'sh', '-c', typed],
        { env: { SHEPHERD_SOCKET: daemon.socket, TERM: 'xterm', PRESSED: key } },
      );
      expect(stdout).toMatch(/root +(-|[\d.]+) +[\d.]+M/);
      expect(stdout).toContain('CODE 0');
      const settings = stdout.slice(stdout.indexOf('CODE'));
      expect(settings).toMatch(/[ \n]isig icanon[^]*[ \n]echo /);
    });
    it('draws nothing with -q', async () => {
      const { stdout } = await onTerminal('', '-q', 'start', 'web-fleet');
      expect(stdout).not.toContain('\x1b[');
    });
  },
);

it('without a terminal shows the ends of the logs of members with their rows', async () => {
  const { stdout, stderr, code } = await daemon.herd('start', 'web-fleet');
  expect(code).toBe(1);
  expect(stdout).toMatch(/ {2}bad {3}failed .*\n {6}\| cannot bind\n/);
  expect(stdout + stderr).not.toContain('\x1b[');
});
