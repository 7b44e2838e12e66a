import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeLogFiles, openLog } from '../../../packages/shepherd/src/node/log-files.ts';
import { lookCount } from '../../../packages/shepherd/src/node/limits.ts';
import { answerOf, makeFolder } from './support.ts';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const tail = async (bytes: string | Uint8Array, lineCount: number) => {
  const files = makeLogFiles({ folder, wall: Date.now });
  fs.writeFileSync(files.pathOf('web'), bytes);
  const { answer, value } = answerOf<readonly string[]>();
  files.lines('web', { lineCount }, answer);
  return value;
};

describe('the tail of a log', () => {
  it('of a service that never wrote has no lines', async () => {
    const { answer, value } = answerOf<readonly string[]>();
    makeLogFiles({ folder: path.join(folder, 'nowhere'), wall: Date.now }).lines(
      'web',
      { lineCount: 10 },
      answer,
    );
    expect(await value).toEqual([]);
  });

  it.each([
    ['loop/web.log', 'too many links on the way to it'],
    ['file/web.log', 'a part of its path is not a directory'],
    ['long/web.log', 'the path is too long'],
  ])('that cannot be looked at is refused to who reads it, in words: %s', async (file, why) => {
    fs.symlinkSync('loop', path.join(folder, 'loop'));
    fs.writeFileSync(path.join(folder, 'file'), '');
    const files = makeLogFiles({ folder, wall: Date.now });
    files.bound('web', { file: path.join(folder, file.replace('long', 'x'.repeat(256))) });
    expect(files.end('web')).toBe(0);
    const { answer, value } = answerOf<readonly string[]>();
    files.lines('web', { lineCount: 10 }, answer);
    await expect(value).rejects.toThrow(`the log of web: ${why}`);
  });

  it('is read also where what was put aside of it cannot be', async () => {
    const open = fs.openSync;
    fs.writeFileSync(path.join(folder, 'web.log.1.gz'), 'of somebody else');
    vi.spyOn(fs, 'openSync').mockImplementation((file, ...how) => {
      if (String(file).endsWith('.gz')) throw new Error('EACCES: permission denied');
      return open(file, ...how);
    });
    onTestFinished(() => void vi.restoreAllMocks());
    expect(await tail('a\nb\n', 9)).toEqual(['a', 'b']);
  });

  it('is the last lines, oldest first, with or without a final newline', async () => {
    expect(await tail('a\nb\nc\n', 2)).toEqual(['b', 'c']);
    expect(await tail('a\nb\nc', 2)).toEqual(['b', 'c']);
    expect(await tail('a\nb\n', 9)).toEqual(['a', 'b']);
    expect(await tail('\n\n', 9)).toEqual(['', '']);
    expect(await tail('', 9)).toEqual([]);
    expect(await tail('a\n', 0)).toEqual([]);
  });

  it('is right wherever the lines lie across the pieces that are read', async () => {
    const lines = Array.from({ length: 30_000 }, (_, at) => `line ${at}`);
    const found = await tail(`${lines.join('\r\n')}\r\n`, 9_000);
    expect(found).toEqual(lines.slice(-9_000));
  });

  it('reads a mebibyte of a file at most', async () => {
    const text = `first\n${'x'.repeat(1023)}\n`.repeat(2_000);
    const found = await tail(text, 10_000);
    expect(found.length).toBeLessThanOrEqual(2 * 1024 + 1);
    expect(found.slice(-2)).toEqual(['first', 'x'.repeat(1023)]);
  });

  it('cuts a long line, and gives its end when no line ends within reach', async () => {
    expect(await tail(`short\n${'y'.repeat(9_000)}\n`, 2)).toEqual([
      'short',
      `${'y'.repeat(8 * 1024 - 1)}…`,
    ]);
    expect(await tail('z'.repeat(3 * 1024 * 1024), 5)).toEqual([`… ${'z'.repeat(8 * 1024 - 2)}`]);
  });

  it('leaves a line of 8,192 characters whole, and gives 10,000 lines at most', async () => {
    expect(await tail(`${'y'.repeat(8 * 1024)}\n`, 1)).toEqual(['y'.repeat(8 * 1024)]);
    expect((await tail('a\n'.repeat(10_000), 10_000)).length).toBe(10_000);
    expect((await tail('a\n'.repeat(10_001), 10_001)).length).toBe(10_000);
  });

  it('is looked for by four at once, and reads no more than it may give', async () => {
    const files = makeLogFiles({ folder, wall: Date.now });
    const size = 3 * 1024 * 1024;
    fs.writeFileSync(files.pathOf('web'), 'x'.repeat(size));
    const real = fs.promises.open;
    let [openCount, mostCount, readBytes] = [0, 0, 0];
    const open = vi.spyOn(fs.promises, 'open').mockImplementation(async (...args) => {
      const handle = await real(...args);
      openCount += 1;
      mostCount = Math.max(mostCount, openCount);
      const close = handle.close.bind(handle);
      handle.close = () => {
        openCount -= 1;
        return close();
      };
      readBytes += 64 * 1024;
      return handle;
    });
    try {
      const asked = Array.from({ length: 20 }, () => {
        const { answer, value } = answerOf<readonly string[]>();
        files.lines('web', { lineCount: 10_000 }, answer);
        return value;
      });
      for (const lines of await Promise.all(asked)) expect(lines).toHaveLength(1);
    } finally {
      open.mockRestore();
    }
    expect(mostCount).toBe(lookCount);
    expect(openCount).toBe(0);
    // A mebibyte each, looked through in pieces of 64 KiB and read once more.
    expect(readBytes / 20).toBeLessThan(2 * 1024 * 1024);
  });

  it('replaces what is not UTF-8', async () => {
    expect(await tail(Uint8Array.of(0x61, 0xff, 0xfe, 0x0a, 0xc3, 0x0a), 2)).toEqual([
      'a\ufffd\ufffd',
      '\ufffd',
    ]);
  });

  it('that cannot be read is refused with the reason, without where it lies', async () => {
    const files = makeLogFiles({ folder, wall: Date.now });
    fs.mkdirSync(files.pathOf('web'));
    const { answer, value } = answerOf();
    files.lines('web', { lineCount: 1 }, answer);
    const reason: unknown = await value.catch((error: unknown) => error);
    expect(reason).toMatchObject({ code: 'refused', message: 'the log of web: is no plain file' });
  });
});

describe('the path of a log', () => {
  it('is the name of the service in the folder', () => {
    expect(makeLogFiles({ folder: '/var/log/x', wall: Date.now }).pathOf('web-server.2')).toBe(
      '/var/log/x/web-server.2.log',
    );
  });

  it.each([
    '../../etc/passwd',
    '..',
    '.',
    '/etc/passwd',
    'a/b',
    'a\0b',
    '',
    '%2e',
    'é'.repeat(500),
  ])('stays in the folder for a service called %j', (service) => {
    const file = makeLogFiles({ folder, wall: Date.now }).pathOf(service);
    expect(path.dirname(file)).toBe(folder);
    expect(path.basename(file)).not.toMatch(/^\.\.?$/);
    expect(Buffer.byteLength(path.basename(file))).toBeLessThan(255);
  });

  it('differs for names that differ', () => {
    const files = makeLogFiles({ folder, wall: Date.now });
    const names = ['a/b', 'a%2fb', 'a_b', '.a', 'a'];
    expect(new Set(names.map((name) => files.pathOf(name))).size).toBe(5);
  });
});

it('the tail of a log that was rotated goes on in the old one, and never skips lines', async () => {
  fs.writeFileSync(path.join(folder, 'web.log.1'), 'a\nb\n');
  expect(await tail('c\n', 2)).toEqual(['b', 'c']);
  expect(await tail('c\n', 9)).toEqual(['a', 'b', 'c']);
  expect(await tail('c\n', 1)).toEqual(['c']);
  expect(await tail('', 1)).toEqual(['b']);
  const long = await tail(`${'x'.repeat(1024 * 1024)}\nlast\n`, 9);
  expect(long).toEqual(['last']);
});

describe('a log that is opened to be written', () => {
  const refusalOf = (file: string): string => {
    try {
      fs.closeSync(openLog(file));
    } catch (error) {
      return (error as Error).message;
    }
    return 'opened';
  };
  const place = (name: string): string => path.join(folder, name);

  it('is made with the folders above it, closed to others', () => {
    expect(refusalOf(place('a/b/web.log'))).toBe('opened');
    expect(fs.statSync(place('a/b/web.log')).mode & 0o137).toBe(0);
    expect(refusalOf(place('a/b/web.log'))).toBe('opened');
  });
  it('is not where a link leads, and what that leads to is left as it is', () => {
    fs.writeFileSync(place('target'), 'before');
    fs.symlinkSync('target', place('link.log'));
    fs.symlinkSync('nowhere', place('dangling.log'));
    expect(refusalOf(place('link.log'))).toBe('is a symbolic link');
    expect(refusalOf(place('dangling.log'))).toBe('is a symbolic link');
    expect(fs.readFileSync(place('target'), 'utf8')).toBe('before');
    expect(fs.existsSync(place('nowhere'))).toBe(false);
  });
  it('is not a second name of another file', () => {
    fs.writeFileSync(place('target'), 'before');
    fs.linkSync(place('target'), place('link.log'));
    expect(refusalOf(place('link.log'))).toBe('has another name elsewhere (a hard link)');
  });
  it('is not a pipe, whether or not somebody reads it', () => {
    execFileSync('mkfifo', [place('pipe.log')]);
    expect(refusalOf(place('pipe.log'))).toBe('is a pipe');
    const reader = fs.openSync(place('pipe.log'), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    expect(refusalOf(place('pipe.log'))).toBe('is no plain file');
    fs.closeSync(reader);
  });
  it.runIf(process.getuid?.() === 0)('is not a file of another user', () => {
    fs.writeFileSync(place('theirs.log'), '');
    fs.chownSync(place('theirs.log'), 4_242, 0);
    expect(refusalOf(place('theirs.log'))).toBe('belongs to user 4242, not to 0');
  });
  it('may be /dev/null', () => {
    expect(refusalOf('/dev/null')).toBe('opened');
  });
});

describe('a log that lies elsewhere', () => {
  const said = 'others can change the way to it';
  it.each(['open/web.log', 'open/made/web.log', 'made/../open/web.log', 'link/made/web.log'])(
    'where others can change the way is neither opened nor read nor searched: %s',
    async (name) => {
      const open = path.join(folder, 'open');
      fs.mkdirSync(open);
      fs.symlinkSync('open', path.join(folder, 'link'));
      const files = makeLogFiles({ folder: path.join(folder, 'own'), wall: Date.now });
      files.bound('web', { file: `${folder}/${name}` });
      fs.closeSync(files.open('web'));
      files.write('web', 'Text');
      expect(await files.search('web', 'Text', 0)()).toBe(true);
      fs.chmodSync(open, 0o777);
      if (name.includes('made/web')) fs.rmSync(path.join(open, 'made'), { recursive: true });
      const before = fs.readdirSync(open);
      expect(() => files.open('web')).toThrow(
        expect.objectContaining({
          message: expect.stringContaining(`others can change ${open} `) as string,
          summary: `exec: its log file: ${said}`,
        }),
      );
      expect(() => files.write('web', 'Text')).toThrow('others can change');
      await expect(files.search('web', 'Text', 0)()).rejects.toThrow('others can change');
      expect(files.isSilent('web')).toBe(false);
      const { answer, value } = answerOf<readonly string[]>();
      files.lines('web', { lineCount: 10 }, answer);
      await expect(value).rejects.toThrow(`the log of web: ${said}`);
      expect(fs.readdirSync(open)).toEqual(before);
    },
  );
  it('where others can change the way has nothing removed that a crash seems to have left twice', () => {
    const there = path.join(folder, 'there');
    fs.mkdirSync(there);
    fs.chmodSync(there, 0o777);
    for (const name of ['web.log', 'web.log.1']) fs.writeFileSync(path.join(there, name), 'Text\n');
    fs.writeFileSync(path.join(there, 'web.log.times'), '1 0 0\nrotating 0\n');
    const names = () => {
      const files = makeLogFiles({ folder: path.join(folder, 'own'), wall: Date.now });
      files.bound('web', { file: path.join(there, 'web.log') });
      expect(files.isSilent('web')).toBe(false);
      return fs.readdirSync(there).sort();
    };
    expect(names()).toEqual(['web.log', 'web.log.1', 'web.log.times']);
    fs.chmodSync(there, 0o755);
    expect(names()).toEqual(['web.log', 'web.log.times']);
  });
  it('where that changes while somebody waits for more is read no further', async () => {
    const there = path.join(folder, 'there');
    const files = makeLogFiles({ folder: path.join(folder, 'own'), wall: Date.now });
    files.bound('web', { file: path.join(there, 'web.log') });
    fs.closeSync(files.open('web'));
    const { answer, value } = answerOf();
    files.read('me', 'web', 0, undefined, answer);
    await new Promise((resolve) => setTimeout(resolve, 50));
    fs.chmodSync(there, 0o777);
    fs.appendFileSync(path.join(there, 'web.log'), 'more\n');
    await expect(value).rejects.toThrow(`the log of web: ${said}`);
  });
});

describe('the tail of what is no log', () => {
  it('is refused: a link, and a pipe that nobody writes', async () => {
    const files = makeLogFiles({ folder, wall: Date.now });
    fs.writeFileSync(path.join(folder, 'target'), 'secret\n');
    fs.symlinkSync('target', files.pathOf('web'));
    execFileSync('mkfifo', [files.pathOf('pipe')]);
    const [link, pipe] = [answerOf<readonly string[]>(), answerOf<readonly string[]>()];
    files.lines('web', { lineCount: 10 }, link.answer);
    files.lines('pipe', { lineCount: 10 }, pipe.answer);
    await expect(link.value).rejects.toThrow('the log of web: is no plain file');
    await expect(pipe.value).rejects.toThrow('the log of pipe: is no plain file');
  });
});
