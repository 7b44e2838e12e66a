/** What the keeper hears at the sockets at which starts say that they are ready (sd_notify), and from whom. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  families,
  flags,
  FrameReader,
  FrameWriter,
  protocolVersion,
  tags,
  types,
  type Said,
} from '../../../packages/shepherd/src/node/keeper/protocol.ts';
import { isWithoutKeeper, keeperPids, keeperProgram, whyNoKeeper } from '../../support/keepers.ts';
import { asUser } from '../../support/other-users.ts';
import { canRefuseRights } from '../../support/system-logs.ts';
import { isAlive, makeFolder, textOf, until } from './support.ts';

const python = '/usr/bin/python3';
const isRoot = process.getuid?.() === 0;
const reason = isRoot ? (fs.existsSync(python) ? '' : ` (no ${python})`) : ' (only root has users)';
const [own, other] = [54_321, 54_322];
/** Sends each text once; a number before it: so many times. */
const saying = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(chr(0) + sys.argv[1])
for text in sys.argv[3:]:
  for each in range(int(sys.argv[2])): s.send(text.encode())`;
const givingAlong = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(chr(0) + sys.argv[1])
socket.send_fds(s, [b"STATUS=here"], [0, 1, 2])`;

describe.skipIf(isWithoutKeeper || reason !== '')(
  `a start that says that it is ready${whyNoKeeper}${reason}`,
  () => {
    let folder: string;
    let anchor: ChildProcess;
    let socket: net.Socket;
    let heard: Said[];
    const at = () => path.join(folder, 'keeper');
    const connect = async (): Promise<void> => {
      socket = net.connect(path.join(at(), 'socket'));
      const reader = new FrameReader();
      const said: Said[] = (heard = []);
      socket.on('data', (chunk: Buffer) => said.push(...reader.push(chunk)));
      socket.on('error', () => undefined);
      const hello = new FrameWriter(types.hello);
      for (const each of [protocolVersion, protocolVersion]) hello.numbers(tags.version, [each]);
      socket.write(hello.frame());
      await until('all of its table', () => said.some(({ kind }) => kind === 'told'));
    };
    /** All that came before has been read once it answers. */
    const answers = async (): Promise<void> => {
      const count = (): number => heard.filter(({ kind }) => kind === 'refused').length;
      const before = count();
      socket.write(
        new FrameWriter(types.signal).text(tags.id, 'nobody').numbers(tags.signal, [15]).frame(),
      );
      await until('an answer', () => count() > before);
    };
    const start = async (uid: number | undefined, ...argv: readonly string[]): Promise<void> => {
      const frame = new FrameWriter(types.start)
        .text(tags.id, 'w-1')
        .text(tags.file, argv[0] ?? '')
        .text(tags.cwd, '/')
        .numbers(tags.flags, [flags.notifies]);
      for (const each of argv) frame.text(tags.arg, each);
      if (uid !== undefined) frame.numbers(tags.uid, [uid]).numbers(tags.gid, [uid]);
      socket.write(frame.frame());
      await until('its process', () => heard.some(({ kind }) => kind === 'state'));
    };
    const sleep = ['/bin/sleep', '600'] as const;
    const isReady = (): boolean =>
      heard.some((said) => said.kind === 'state' && said.id === 'w-1' && said.isReady === true);
    const name = 'bellwether/w-1';
    /** Its number, which no other socket of this boot has; undefined where there is none of this name. */
    const inode = (): string | undefined =>
      / (\d+) @bellwether\/w-1$/m.exec(fs.readFileSync('/proc/net/unix', 'utf8'))?.[1];
    const sayAs = (uid: number, ...texts: readonly string[]): string => {
      const [program = '', ...words] = [...asUser(uid), python, '-c', saying, name, '1', ...texts];
      return spawnSync(program, words, { encoding: 'utf8' }).stderr;
    };
    const mains = () => keeperPids(at()).main;

    beforeEach(async () => {
      folder = makeFolder();
      const stdio = ['ignore', 'pipe', 'ignore'] as const;
      anchor = spawn(keeperProgram, ['anchor', at()], { stdio: [...stdio], detached: true });
      await new Promise((ready) => anchor.stdout?.once('data', ready));
      await connect();
    });
    afterEach(async () => {
      for (const said of heard)
        if (said.kind === 'state' && isAlive(said.pid)) process.kill(-said.pid, 'SIGKILL');
      anchor.kill('SIGKILL');
      await until('its end', () => mains().length === 0);
      fs.rmSync(folder, { recursive: true, force: true });
    });

    it('is believed of a process of its user, in one line of what it says, and of no other user', async () => {
      await start(own, ...sleep);
      expect(sayAs(other, 'READY=1')).toBe('');
      expect(sayAs(own, 'READY=10', 'STATUS=READY=1', ' READY=1', 'STOPPING=1\nRELOADING=1')).toBe(
        '',
      );
      await answers();
      expect(isReady()).toBe(false);
      expect(sayAs(own, 'STATUS=up\nREADY=1\nMAINPID=1')).toBe('');
      await until('it is ready', isReady);
      expect(inode()).toBe(undefined);
      // Also to the next daemon.
      await connect();
      expect(isReady()).toBe(true);
    });
    it('is believed of root, up to 2,048 bytes', async () => {
      await start(own, ...sleep);
      sayAs(0, `READY=1\n${'x'.repeat(2_041)}`);
      await answers();
      expect(isReady()).toBe(false);
      sayAs(0, `READY=1\n${'x'.repeat(2_040)}`);
      await until('it is ready', isReady);
    });
    it('is believed of its own process, whoever that has become, and not of others of that user', async () => {
      const script = `import os, signal, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(chr(0) + "${name}")
child = os.fork()
os.setuid(${own})
if child > 0: signal.sigwait([signal.SIGUSR1])
s.send(b"READY=1")
os.system("touch ${folder}/said" + str(child > 0)); signal.pause()`;
      fs.chmodSync(folder, 0o777);
      // Its signal is to be waited for.
      const blocking = `import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n${script}`;
      await start(undefined, python, '-c', blocking);
      await until('its child', () => fs.existsSync(path.join(folder, 'saidFalse')));
      await answers();
      expect(isReady()).toBe(false);
      socket.write(
        new FrameWriter(types.signal).text(tags.id, 'w-1').numbers(tags.signal, [10]).frame(),
      );
      await until('it is ready', isReady);
    });
    it('gives the keeper no descriptor that is sent along', async () => {
      await start(own, ...sleep);
      const files = (): number => fs.readdirSync(`/proc/${mains()[0] ?? 0}/fd`).length;
      const before = files();
      const { status } = spawnSync(python, ['-c', givingAlong, name]);
      expect(status).toBe(canRefuseRights ? 1 : 0);
      await answers();
      expect(files()).toBe(before);
      sayAs(own, 'READY=1');
      await until('it is ready', isReady);
    });
    it('is heard through a flood of somebody else, which holds up nobody', async () => {
      await start(own, ...sleep);
      const [program = '', ...words] = [...asUser(other), python, '-c', saying, name];
      const flood = spawn(program, [...words, '100000000', 'READY=1'], { stdio: 'ignore' });
      const over = new Promise((resolve) => flood.once('exit', resolve));
      await until('it flows', () => textOf(`/proc/${flood.pid}/comm`).startsWith('python'));
      for (let round = 0; round < 20; round += 1) await answers();
      expect(isReady()).toBe(false);
      expect(flood.exitCode).toBe(null);
      expect(sayAs(own, 'READY=1')).toBe('');
      await until('it is ready', isReady);
      // There is nobody any more to whom it could write.
      expect(await over).toBe(1);
    });

    const listen = new FrameWriter(types.listen)
      .text(tags.id, 's')
      .numbers(tags.place, [families[4], 0], '127.0.0.1')
      .numbers(tags.backlog, [8])
      .frame();
    it.each([
      [
        'that is executed anew',
        true,
        () => {
          socket.write(new FrameWriter(types.renew).text(tags.file, keeperProgram).frame());
        },
      ],
      [
        'that takes the place of a killed one, with its sockets',
        true,
        async () => {
          socket.write(listen);
          await until('an heir', () => keeperPids(at()).heir.length === 1);
          process.kill(mains()[0] ?? 0, 'SIGKILL');
        },
      ],
      [
        'that takes the place of a killed one, at another socket of that name',
        false,
        () => {
          process.kill(mains()[0] ?? 0, 'SIGKILL');
        },
      ],
    ] as const)('is heard by a main %s', async (_what, isSame, change) => {
      await start(own, ...sleep);
      const before = inode();
      await change();
      await until('its end', () => socket.closed);
      await until('the next one', () => mains().length === 1 && inode() !== undefined);
      expect(inode() === before).toBe(isSame);
      sayAs(other, 'READY=1');
      await connect();
      await answers();
      expect(isReady()).toBe(false);
      sayAs(own, 'READY=1');
      await until('it is ready', isReady);
      expect(inode()).toBe(undefined);
    });
    it('has no socket once it has ended, or never came to run', async () => {
      await start(own, ...sleep);
      expect(inode()).not.toBe(undefined);
      for (const number of [9])
        socket.write(
          new FrameWriter(types.signal).text(tags.id, 'w-1').numbers(tags.signal, [number]).frame(),
        );
      await until('its end', () =>
        heard.some((said) => said.kind === 'state' && said.state === 'ended'),
      );
      expect(inode()).toBe(undefined);
      socket.write(new FrameWriter(types.forget).text(tags.id, 'w-1').frame());
      heard.length = 0;
      await start(own, '/no/such/program');
      await until('its failure', () =>
        heard.some((said) => said.kind === 'state' && said.state === 'failed'),
      );
      expect(inode()).toBe(undefined);
    });
  },
);
