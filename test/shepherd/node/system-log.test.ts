/** The program of the system log: what it makes of what anybody may send, and where that goes. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isWithoutKeeper, whyNoKeeper } from '../../support/keepers.ts';
import { eventually } from '../../support/programs.ts';
import {
  beginLog,
  canRefuseRights,
  configured,
  everything,
  freePort,
  freshFolder,
  isWithoutPerl,
  isWithoutPython,
  linesOf,
  maskOf,
  seeded,
  sendRights,
  sendUdp,
  sendUnix,
  whyNoPerl,
  whyNoPython,
} from '../../support/system-logs.ts';

/** A log that listens by UDP and writes all of it to one file. */
const begin = async (...more: readonly string[]) => {
  const folder = freshFolder();
  const port = await freePort();
  const file = path.join(folder, 'messages');
  const lines = [`udp 127.0.0.1 ${port}`, `to ${everything} file ${file}`];
  const log = await beginLog(configured(...lines, ...more), folder);
  const send = (...messages: readonly (string | Buffer)[]) => sendUdp(port, messages);
  return { ...log, folder, file, port, send, lines: () => linesOf(file) };
};
const until = (what: string, isSo: () => boolean) =>
  eventually(what, () => Promise.resolve(isSo()));
const has = (log: { lines: () => readonly string[] }, count: number) =>
  until(`${count} lines`, () => log.lines().length >= count);
/** Without the sender, which has a port of its own. */
const texts = (lines: readonly string[]) => lines.map((line) => line.replace(/^\S+ /, ''));

describe.skipIf(isWithoutKeeper)(`the system log${whyNoKeeper}`, () => {
  it('writes what stands behind the priority, and not the date that somebody else has put there', async () => {
    const log = await begin();
    await log.send(
      '<34>Oct 11 22:14:15 su: no',
      '<34>Oct  1 22:14:15 su: no',
      '<34>Oct 11 22:14:1x su: odd',
      'nothing before it',
      '<192>too much',
      '<>',
      '<1',
      '<34>',
      'ends\n\n\0',
    );
    await has(log, 9);
    expect(texts(log.lines())).toEqual([
      'su: no',
      'su: no',
      'Oct 11 22:14:1x su: odd',
      'nothing before it',
      '<192>too much',
      '<>',
      '<1',
      '',
      'ends',
    ]);
    expect(fs.statSync(log.file).mode & 0o777).toBe(0o640);
  });

  it('reads the newer form, and takes what only looks like it as text', async () => {
    const log = await begin();
    const head = '<165>1 2003-10-11T22:14:15.003Z host';
    await log.send(
      `${head} web 77 ID47 [a@1 b="c]\\"d"][e@2] \ufeffhello`,
      `${head} web - - - hello`,
      `${head} - - - -`,
      `${head} web 77 - [a@1 b="c hello`,
      `${head} web 77`,
    );
    await has(log, 5);
    expect(texts(log.lines())).toEqual([
      'web[77]: [a@1 b="c]\\"d"][e@2] hello',
      'web: hello',
      '',
      '1 2003-10-11T22:14:15.003Z host web 77 - [a@1 b="c hello',
      '1 2003-10-11T22:14:15.003Z host web 77',
    ]);
  });

  it('writes one line for each message, whatever is in it', async () => {
    const log = await begin();
    await log.send(
      'a\nb\r\nc',
      'tab\tand \u001b[31m red \u007f',
      'caf\u00e9 \u{1f600}',
      Buffer.from([0x63, 0xe9, 0x20, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80]),
      'turned \u202e round \u2028 next \u0085',
    );
    await has(log, 5);
    expect(texts(log.lines())).toEqual([
      'a\\nb\\x0d\\nc',
      'tab\tand \\x1b[31m red \\x7f',
      'caf\u00e9 \u{1f600}',
      'c\\xe9 \\xc0\\x80\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80',
      'turned \\u202e round \\u2028 next \\x85',
    ]);
  });

  it('keeps to that with bytes by chance', async () => {
    const log = await begin();
    const random = seeded(7);
    const messages = Array.from({ length: 300 }, () =>
      Buffer.from(Array.from({ length: 1 + random(200) }, () => random(256))),
    );
    for (const each of messages) each[0] = 0x41; // an empty one is none
    for (let at = 0; at < messages.length; at += 50) {
      await log.send(...messages.slice(at, at + 50));
      await has(log, at + 50);
    }
    const bytes = fs.readFileSync(log.file);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    expect(text.split('\n')).toHaveLength(301);
    expect(text.replaceAll(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
  });

  it('routes by facility and level', async () => {
    const folder = freshFolder();
    const port = await freePort();
    const [mail, most] = [path.join(folder, 'mail'), path.join(folder, 'most')];
    const log = await beginLog(
      configured(
        `udp 127.0.0.1 ${port}`,
        `to ${maskOf({ 2: [0, 1, 2, 3, 4, 5, 6] })} file ${mail}`,
        `to ${maskOf({ 1: [5], 2: [3], 3: [0] })} file ${most}`,
        `to ${everything} log`,
      ),
      folder,
    );
    await sendUdp(port, [
      '<22>mail info',
      '<23>mail debug',
      '<19>mail error',
      '<24>daemon emergency',
      'user notice',
    ]);
    await until('the last one', () => log.output().includes('user notice'));
    expect(texts(linesOf(mail))).toEqual(['mail info', 'mail error']);
    expect(texts(linesOf(most))).toEqual(['mail error', 'daemon emergency', 'user notice']);
    expect(log.output()).toContain('mail debug');
  });

  it('drops what one sender says too much, counts that, and lets others speak', async () => {
    const log = await begin('flood 3 1');
    await sendUdp(log.port, ['a1', 'a2', 'a3', 'a4', 'a5']);
    await sendUdp(log.port, ['b1', 'b2', 'b3'], '127.0.0.2');
    await has(log, 7);
    expect(texts(log.lines().slice(0, 6))).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3']);
    expect(log.lines().slice(6)).toEqual([
      'system-log: 2 messages of 127.0.0.1 were dropped: more than 3 within 1 s',
    ]);
    await log.send('a6');
    await has(log, 8);
  });

  it('counts a long message as several, but takes one however long', async () => {
    const log = await begin('flood 4 1');
    await sendUdp(log.port, ['a'.repeat(255), 'b'.repeat(256), 'c'.repeat(256), 'd']);
    await has(log, 4);
    const found = texts(log.lines()).map((text) => text.slice(0, 14));
    expect(found).toEqual(['a'.repeat(14), 'b'.repeat(14), 'd', '1 messages of ']);
    await log.send('e'.repeat(5_000));
    await has(log, 5);
  });

  it('counts a message by what becomes of it, too: what is escaped takes four times its room', async () => {
    const log = await begin('flood 4 1');
    await sendUdp(log.port, ['\u0001'.repeat(200), 'b', 'c']);
    await has(log, 3);
    expect(texts(log.lines()).map((text) => text.slice(0, 14))).toEqual([
      ...['\\x01\\x01\\x01\\x', 'b', '1 messages of '],
    ]);
  });

  it('takes nobody for the kernel who says that he is', async () => {
    const folder = freshFolder();
    const port = await freePort();
    const [kernel, user] = [path.join(folder, 'kernel'), path.join(folder, 'user')];
    const all = [0, 1, 2, 3, 4, 5, 6, 7];
    await beginLog(
      configured(
        `udp 127.0.0.1 ${port}`,
        `to ${maskOf({ 0: all })} file ${kernel}`,
        `to ${maskOf({ 1: all })} file ${user}`,
      ),
      folder,
    );
    await sendUdp(port, ['<0>linux: panic', '<8>user']);
    await until('the second', () => linesOf(user).length === 2);
    expect(texts(linesOf(user))).toEqual(['linux: panic', 'user']);
    expect(linesOf(kernel)).toEqual([]);
  });

  it('says where a line came from by a word of its own, which no sender has', async () => {
    const log = await begin('mark 1');
    await log.send('system-log: 5 messages', 'linux: panic', 'localhost linux: panic');
    const isOwn = (line: string) => line.endsWith('-- MARK --');
    await until('all of them', () => log.lines().length > 3 && log.lines().some(isOwn));
    const lines = log.lines().map((line) => line.replace(/^127.0.0.1:\d+ /, '127.0.0.1 '));
    expect(lines.find(isOwn)).toBe('system-log: -- MARK --');
    expect(lines.filter((line) => !isOwn(line))).toEqual([
      '127.0.0.1 system-log: 5 messages',
      '127.0.0.1 linux: panic',
      '127.0.0.1 localhost linux: panic',
    ]);
  });

  it('counts 256 senders each by itself, and all others together', async () => {
    const log = await begin('flood 1 2');
    for (let at = 0; at < 258; at += 1)
      await sendUdp(log.port, [`m${at}`], `127.0.${1 + (at >> 7)}.${1 + (at & 127)}`);
    await has(log, 258);
    expect(texts(log.lines()).slice(0, 257)).toEqual(
      Array.from({ length: 257 }, (_, at) => `m${at}`),
    );
    expect(log.lines()[257]).toBe(
      'system-log: 1 messages of all other addresses were dropped: more than 1 within 2 s',
    );
  });

  it('puts a file aside before it grows over its size, and keeps so many', async () => {
    const log = await begin('rotate 1000 2');
    const line = 'x'.repeat(455); // with stamp, sender and newline at most 500
    for (let at = 0; at < 7; at += 1) await log.send(`${at}${line}`);
    await until('the last one', () => log.lines().some((text) => text.includes(`6${line}`)));
    const first = (name: string) => texts(linesOf(name)).map((text) => text[0]);
    expect(first(`${log.file}.2`)).toEqual(['2', '3']);
    expect(first(`${log.file}.1`)).toEqual(['4', '5']);
    expect(first(log.file)).toEqual(['6']);
    expect(fs.readdirSync(log.folder).sort()).toEqual([
      ...['messages', 'messages.1', 'messages.2'],
      'output',
    ]);
  });

  it('says once that a file cannot be put aside, and writes to it all the same', async () => {
    const log = await begin('rotate 1 2');
    fs.mkdirSync(`${log.file}.new`);
    await log.send('one', 'two', 'three');
    await has(log, 3);
    log.process.kill('SIGUSR1');
    await log.send('four');
    await has(log, 4);
    const said = log
      .output()
      .split('\n')
      .filter((line) => line.includes('cannot be put aside'));
    expect(said.map((line) => line.replace(/^.*system-log: /, ''))).toEqual([
      `${log.file}: cannot be put aside: File exists`,
    ]);
    fs.rmdirSync(`${log.file}.new`);
    log.process.kill('SIGUSR1');
    await until('an old one', () => fs.existsSync(`${log.file}.1`));
  });

  it('begins another file where one was moved, or when it is told to', async () => {
    const log = await begin();
    await log.send('one');
    await has(log, 1);
    fs.renameSync(log.file, `${log.file}.moved`);
    log.process.kill('SIGHUP');
    await until('another file', () => fs.existsSync(log.file));
    await log.send('two');
    await has(log, 1);
    log.process.kill('SIGUSR1');
    await until('an old one', () => fs.existsSync(`${log.file}.1`));
    expect(texts(linesOf(`${log.file}.moved`))).toEqual(['one']);
    expect(texts(linesOf(`${log.file}.1`))).toEqual(['two']);
  });

  it('writes to no link, and to no file with another name; what is for it is counted', async () => {
    const folder = freshFolder();
    const port = await freePort();
    const [link, hard, other] = ['link', 'hard', 'other'].map((name) => path.join(folder, name));
    fs.writeFileSync(`${other}`, '');
    fs.symlinkSync(`${other}`, `${link}`);
    fs.linkSync(`${other}`, `${hard}`);
    const log = await beginLog(
      configured(
        `udp 127.0.0.1 ${port}`,
        `to ${everything} file ${link}`,
        `to ${everything} file ${hard}`,
        `to ${everything} log`,
      ),
      folder,
    );
    await sendUdp(port, ['one', 'two']);
    await until('both', () => log.output().includes('two'));
    expect(fs.readFileSync(`${other}`, 'utf8')).toBe('');
    expect(log.output()).toContain(`${link}: Too many levels of symbolic links`);
    fs.rmSync(`${link}`);
    await until('room', () => linesOf(`${link}`).length > 0);
    expect(linesOf(`${link}`)).toEqual([
      'system-log: 2 lines are missing here: Too many levels of symbolic links',
    ]);
  });

  it('follows no link that others could have made to a folder above', async () => {
    const folder = freshFolder();
    const port = await freePort();
    fs.chmodSync(folder, 0o777);
    fs.mkdirSync(path.join(folder, 'theirs'));
    fs.symlinkSync('theirs', path.join(folder, 'logs'));
    const file = path.join(folder, 'logs/messages');
    const lines = [`udp 127.0.0.1 ${port}`, `to ${everything} file ${file}`];
    const log = await beginLog(configured(...lines), folder);
    expect(log.output()).toContain(`${file}: Not a directory`);
    expect(fs.readdirSync(path.join(folder, 'theirs'))).toEqual([]);
    fs.chmodSync(folder, 0o755);
    await until('it is opened', () => fs.existsSync(file));
  });

  it.skipIf(process.getuid?.() !== 0)(
    'goes on where a disk is full, and says once what is missing when there is room (root)',
    async () => {
      const folder = freshFolder();
      const disk = path.join(folder, 'disk');
      fs.mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]);
      onTestFinished(() => void execFileSync('umount', ['-l', disk]));
      const port = await freePort();
      const file = path.join(disk, 'messages');
      const places = [`to ${everything} file ${file}`, `to ${everything} log`];
      const log = await beginLog(configured(`udp 127.0.0.1 ${port}`, ...places), folder);
      fs.writeFileSync(path.join(disk, 'filler'), Buffer.alloc(40 * 1024));
      const long = 'y'.repeat(1_000);
      for (let at = 0; at < 40; at += 1) await sendUdp(port, [`${at} ${long}`]);
      await until('all of them', () => log.output().includes(`39 ${long}`));
      const written = linesOf(file).length;
      expect(written).toBeLessThan(40);
      expect(texts(linesOf(file)).every((text) => text.endsWith(long))).toBe(true);
      fs.rmSync(path.join(disk, 'filler'));
      await until('room', () => linesOf(file).length > written);
      await sendUdp(port, ['after']);
      await until('it goes on', () => linesOf(file).length > written + 1);
      expect(linesOf(file)[written]).toBe(
        `system-log: ${40 - written} lines are missing here: No space left on device`,
      );
      expect(texts(linesOf(file)).at(-1)).toBe('after');
    },
  );

  it('reads what the kernel says in both of its forms', async () => {
    const folder = freshFolder();
    const kernel = path.join(folder, 'kmsg');
    execFileSync('mkfifo', [kernel]);
    const writer = fs.openSync(kernel, 'r+');
    onTestFinished(() => fs.closeSync(writer));
    const file = path.join(folder, 'messages');
    await beginLog(configured(`kernel ${kernel}`, `to ${everything} file ${file}`), folder);
    fs.writeSync(writer, '<6>[    1.5] half');
    fs.writeSync(writer, ' a line\n6,339,5140900,-;eth0: up\n SUBSYSTEM=net\nplain\n');
    await until('three', () => linesOf(file).length === 3);
    expect(linesOf(file)).toEqual([
      'linux: [    1.5] half a line',
      'linux: eth0: up',
      'linux: plain',
    ]);
  });

  it('goes on without the kernel where it cannot be read, and says so', async () => {
    const log = await begin('kernel /proc/none');
    expect(log.output()).toContain(
      'cannot listen to /proc/none: No such file or directory; it goes on',
    );
    await log.send('one');
    await has(log, 1);
  });

  it('marks that nobody says anything', async () => {
    const log = await begin('mark 1', 'stamp milliseconds');
    await has(log, 1);
    expect(fs.readFileSync(log.file, 'utf8')).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} system-log: -- MARK --\n/,
    );
  });

  it('takes a configuration of just its limits, and refuses one over each with the line', async () => {
    const fifteen = Array.from({ length: 15 }, (_, at) => `kernel /proc/none${at}`);
    const places = Array.from({ length: 32 }, () => `to ${everything} log`);
    const port = await freePort();
    const all = [`udp 127.0.0.1 ${port}`, ...fifteen, ...places];
    const good = await beginLog(configured(...all));
    await sendUdp(port, ['one']);
    await until('it', () => good.output().includes(' one\n'));
    const refused = async (text: string): Promise<string> => {
      const log = await beginLog(text);
      expect(await log.ended).toBe(78);
      return log.output();
    };
    const wrong = (line: string) => refused(configured(line));
    expect(await refused(configured(...fifteen, 'kernel /a', 'kernel /b'))).toContain('line 17');
    expect(await refused(configured(...places, `to ${everything} log`))).toContain('line 33');
    for (const line of [
      'unix log',
      `unix /${'x'.repeat(1_023)}`,
      'udp 127.0.0.1',
      'udp 127.0.0.1 65536',
      `to ${'ff'.repeat(23)} log`,
      `to ${everything}f log`,
      `to ${'fg'.repeat(24)} log`,
      `to ${everything} file log`,
      `to ${everything} none`,
      'rotate 0 1',
      'rotate 1',
      'rotate 1099511627777 1',
      'rotate 1 101',
      'mark 604801',
      'mark x',
      'flood 10000001 1',
      'flood 1 0',
      'stamp hours',
      'senders 2',
      'other 1',
      '',
    ])
      expect(await wrong(line), line).toContain('cannot be understood');
    const padding = configured(`to ${everything} log`, `udp 127.0.0.1 ${await freePort()}`);
    const filled = (bytes: number) =>
      padding + `mark 0\n`.repeat(Math.floor((bytes - padding.length) / 7) - 1);
    const last = filled(65_536);
    const exact = `${last}mark ${'0'.repeat(65_536 - last.length - 6)}\n`;
    expect(exact).toHaveLength(65_536);
    expect((await beginLog(exact)).output()).toContain('listens to');
    expect(await refused(`${exact}\n`)).toContain('more than 65536 bytes');
    expect(await refused(exact.replace('mark 0', 'mark\0 '))).toContain('no text');
  });
});

describe.skipIf(isWithoutKeeper || isWithoutPerl)(
  `the system log at a socket${whyNoKeeper}${whyNoPerl}`,
  () => {
    const atSocket = async (...more: readonly string[]) => {
      const folder = freshFolder();
      const [socket, file] = [path.join(folder, 'log'), path.join(folder, 'messages')];
      const lines = [`unix ${socket}`, `to ${everything} file ${file}`, ...more];
      const log = await beginLog(configured(...lines), folder);
      return { ...log, folder, socket, file, text: configured(...lines) };
    };

    it('takes a message of 8,192 bytes whole, and says what it cut of a longer one', async () => {
      const log = await atSocket();
      expect(fs.statSync(log.socket).mode & 0o777).toBe(0o666);
      sendUnix(log.socket, 'a'.repeat(8_192), 'b'.repeat(8_193), Buffer.alloc(8_192));
      await until('two', () => linesOf(log.file).length === 3);
      expect(linesOf(log.file)).toEqual([
        `localhost ${'a'.repeat(8_192)}`,
        `localhost ${'b'.repeat(8_192)} [cut: 1 bytes more]`,
        'localhost ',
      ]);
    });

    it('has room for who is here when addresses by UDP have used up theirs', async () => {
      const port = await freePort();
      const log = await atSocket(`udp 127.0.0.1 ${port}`, 'flood 1 60');
      for (let at = 0; at < 257; at += 1)
        await sendUdp(port, [`m${at}`], `127.0.${1 + (at >> 7)}.${1 + (at & 127)}`);
      await until('all of them', () => linesOf(log.file).length === 257);
      sendUnix(log.socket, 'one');
      await until('one more', () => linesOf(log.file).length === 258);
      expect(texts(linesOf(log.file)).at(-1)).toBe('one');
    });

    it('tells who has sent it, where that is asked for', async () => {
      const log = await atSocket('senders 1');
      sendUnix(log.socket, 'one');
      await until('it', () => linesOf(log.file).length === 1);
      const uid = process.getuid?.() ?? 0;
      expect(linesOf(log.file)[0]).toMatch(new RegExp(`^localhost pid=\\d+ uid=${uid} one$`));
    });

    it.skipIf(isWithoutPython || !canRefuseRights)(
      `refuses descriptors that somebody sends along${whyNoPython} (Linux from 6.16 on)`,
      async () => {
        const log = await atSocket();
        expect(sendRights(log.socket)).toBe('Operation not permitted');
        sendUnix(log.socket, 'alone');
        await until('it', () => linesOf(log.file).length > 0);
        expect(texts(linesOf(log.file))).toEqual(['alone']);
      },
    );

    it.skipIf(isWithoutPython || canRefuseRights)(
      `keeps no descriptor that somebody sends along${whyNoPython} (Linux before 6.16)`,
      async () => {
        const log = await atSocket();
        const open = () => fs.readdirSync(`/proc/${log.process.pid}/fd`).length;
        const before = open();
        expect(sendRights(log.socket)).toBe('');
        await until('it', () => linesOf(log.file).length > 0);
        expect(texts(linesOf(log.file))).toEqual(['along']);
        expect(open()).toBe(before);
      },
    );

    it('writes what has come before it is ended, and takes its socket along', async () => {
      const log = await atSocket();
      log.process.kill('SIGSTOP');
      sendUnix(log.socket, 'one', 'two', 'three');
      log.process.kill('SIGTERM');
      log.process.kill('SIGCONT');
      expect(await log.ended).toBe(0);
      expect(texts(linesOf(log.file))).toEqual(['one', 'two', 'three']);
      expect(fs.existsSync(log.socket)).toBe(false);
    });

    it('takes the place of one that was killed, and of nobody else', async () => {
      const log = await atSocket();
      const second = await beginLog(log.text);
      expect(await second.ended).toBe(69);
      expect(second.output()).toContain(`cannot listen to ${log.socket}: somebody listens there`);
      sendUnix(log.socket, 'one');
      log.process.kill('SIGKILL');
      await log.ended;
      await beginLog(log.text);
      sendUnix(log.socket, 'two');
      // The other may have come to write what it was sent, or not.
      await until('it', () => texts(linesOf(log.file)).at(-1) === 'two');
    });

    it.each([
      ['a symbolic link', (socket: string) => fs.symlinkSync('/nowhere', socket)],
      ['no socket', (socket: string) => fs.writeFileSync(socket, 'kept')],
    ])('removes nothing that is %s', async (what, make) => {
      const socket = path.join(freshFolder(), 'log');
      make(socket);
      const log = await beginLog(configured(`unix ${socket}`, `to ${everything} log`));
      expect(await log.ended).toBe(69);
      expect(log.output()).toContain(what);
      expect(fs.lstatSync(socket).isSocket()).toBe(false);
    });
  },
);
