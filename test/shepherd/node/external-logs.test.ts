/** Logs of programs that are no services: when they are put aside, how, and what is left alone. */
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExternalLogs } from '../../../packages/shepherd/src/node/external-logs.ts';
import { leastRotatedBytes } from '../../../packages/shepherd/src/node/limits.ts';
import { checkedFolder } from '../../../packages/shepherd/src/node/open-folder.ts';
import type { RotatedFile, RotationRules } from '../../../packages/shepherd/src/words/types.ts';
import { makeFolder } from './support.ts';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
const place = (name: string): string => path.join(folder, name);
const long = (text: string): string => text.padEnd(leastRotatedBytes + 1, '.');
const run = { argv: ['reopen'] } as const;
const rulesFor = (file: RotatedFile, more: Partial<RotationRules> = {}): RotationRules => ({
  what: 'log-rotation',
  when: { kind: 'calendar', seconds: [0], minutes: [0], hours: [0] },
  files: [file],
  keptCount: 3,
  isPacked: true,
  expireMs: 1_000_000_000,
  ...more,
});
const logs = () => new ExternalLogs({ offsetMs: () => 0 });
const forced = (rules: RotationRules, wall = Date.now()) =>
  logs().rotate(rules, { wall, isForced: true });
const names = (): readonly string[] => fs.readdirSync(folder).sort();

describe('a log of another program', () => {
  it('gets another name where its writer begins a new one, and its writer goes on in it meanwhile', async () => {
    fs.writeFileSync(place('web.log'), long('first'));
    const writer = fs.openSync(place('web.log'), 'a');
    expect(await forced(rulesFor({ file: place('web.log'), run }))).toEqual({
      files: [0],
      troubles: [],
    });
    fs.writeSync(writer, 'last');
    fs.closeSync(writer);
    expect(names()).toEqual(['web.log.1']);
    expect(fs.readFileSync(place('web.log.1'), 'utf8')).toMatch(/^first\.+last$/);
  });
  it('is copied and emptied where nobody can tell its writer', async () => {
    fs.writeFileSync(place('web.log'), long('first'), { mode: 0o640 });
    const writer = fs.openSync(place('web.log'), 'a');
    expect((await forced(rulesFor({ file: place('web.log') }))).files).toEqual([0]);
    fs.writeSync(writer, 'next');
    fs.closeSync(writer);
    expect(fs.readFileSync(place('web.log'), 'utf8')).toBe('next');
    expect(fs.readFileSync(place('web.log.1'), 'utf8')).toBe(long('first'));
    expect(fs.statSync(place('web.log.1')).mode & 0o777).toBe(0o640);
  });
  it('that is written faster than its end is copied loses that, which is said', async () => {
    const file = place('web.log');
    fs.writeFileSync(file, long('first'));
    // Its writer is faster than each look at what is there.
    const look = vi.spyOn(fs, 'readSync').mockImplementation(() => {
      fs.appendFileSync(file, '.'.repeat(1_500));
      return 0;
    });
    const { files, troubles } = await forced(rulesFor({ file })).finally(() => look.mockRestore());
    expect(files).toEqual([0]);
    expect(troubles).toEqual([
      `${file}: its last 2 KiB came faster than they could be copied, and are lost.`,
    ]);
    expect(fs.readFileSync(place('web.log.1'), 'utf8')).toBe(long('first'));
  });
  it('is packed once it is not the latest, and kept so many times', async () => {
    const rules = rulesFor({ file: place('web.log') });
    for (let number = 0; number < 5; number += 1) {
      fs.writeFileSync(place('web.log'), long(`log ${number}`));
      await forced(rules);
    }
    expect(names()).toEqual(['web.log', 'web.log.1', 'web.log.2.gz', 'web.log.3.gz']);
    const oldest = zlib.gunzipSync(fs.readFileSync(place('web.log.3.gz')));
    expect(oldest.toString()).toBe(long('log 2'));
  });
  it(`of ${leastRotatedBytes} bytes or less stays, and so does one that is not there`, async () => {
    fs.writeFileSync(place('web.log'), '.'.repeat(leastRotatedBytes));
    expect(await forced(rulesFor({ file: place('web.log') }))).toEqual({ files: [], troubles: [] });
    expect(await forced(rulesFor({ file: place('none') }))).toEqual({ files: [], troubles: [] });
    expect(names()).toEqual(['web.log']);
  });
  it('is put aside by two who ask at once as by one after the other', async () => {
    const whole = long('first').repeat(300);
    fs.writeFileSync(place('web.log'), whole);
    const [looked, rules] = [logs(), rulesFor({ file: place('web.log') })];
    const look = { wall: Date.now(), isForced: true };
    const found = await Promise.all([looked.rotate(rules, look), looked.rotate(rules, look)]);
    expect(found).toEqual([
      { files: [0], troubles: [] },
      { files: [], troubles: [] },
    ]);
    expect(names()).toEqual(['web.log', 'web.log.1']);
    expect(fs.readFileSync(place('web.log.1'), 'utf8')).toBe(whole);
  });
  it('goes when it is older than it may be', async () => {
    const rules = rulesFor({ file: place('web.log') }, { isPacked: false, expireMs: 5_000 });
    fs.writeFileSync(place('web.log'), long('first'));
    await forced(rules);
    fs.utimesSync(place('web.log.1'), 1_000, 1_000);
    fs.writeFileSync(place('web.log'), long('second'));
    await forced(rules);
    expect(names()).toEqual(['web.log', 'web.log.1']);
    expect(fs.readFileSync(place('web.log.1'), 'utf8')).toBe(long('second'));
  });
  it('is put aside by the time, once for each, also behind a time at which nobody looked', async () => {
    const [rules, looked] = [rulesFor({ file: place('web.log') }), logs()];
    const today = new Date().setUTCHours(0, 0, 0, 0);
    const day = 86_400_000;
    const look = async (wall: number) =>
      (await looked.rotate(rules, { wall, isForced: false })).files.length;
    fs.writeFileSync(place('web.log'), long('first'));
    expect(await look(today + day - 1)).toBe(0);
    expect(await look(today + day)).toBe(1);
    fs.writeFileSync(place('web.log'), long('second'));
    expect(await look(today + day + 60_000)).toBe(0);
    expect(await look(today + 5 * day + 7)).toBe(1);
    // Another process of the shepherd knows by the one that was put aside.
    fs.writeFileSync(place('web.log'), long('third'));
    expect((await logs().rotate(rules, { wall: today + day - 1, isForced: false })).files).toEqual(
      [],
    );
    expect((await logs().rotate(rules, { wall: today + day, isForced: false })).files).toEqual([0]);
  });
});

describe('left alone is', () => {
  const refused = async (file: string) => {
    const before = names();
    const { files, troubles } = await forced(rulesFor({ file, run }));
    expect(files).toEqual([]);
    expect(names()).toEqual(before);
    return troubles.join();
  };
  it('a link, and a file with another name', async () => {
    fs.writeFileSync(place('other'), long('other'));
    fs.symlinkSync('other', place('link'));
    expect(await refused(place('link'))).toContain('is no plain file');
    fs.linkSync(place('other'), place('hard'));
    expect(await refused(place('hard'))).toContain('has another name elsewhere');
  });
  it('what lies in a folder that others can change, and in one below it', async () => {
    fs.mkdirSync(place('below'));
    fs.writeFileSync(place('below/web.log'), long('first'));
    fs.chmodSync(place('below'), 0o777);
    expect(await refused(place('below/web.log'))).toContain(`others can change ${place('below')}`);
    fs.chmodSync(place('below'), 0o1777);
    expect(await refused(place('below/web.log'))).toMatch(
      new RegExp(
        `others can change ${place('below')} \\(user \\d+, group \\d+, mode 1777: take a folder`,
      ),
    );
    fs.chmodSync(place('below'), 0o755);
    fs.chmodSync(folder, 0o777);
    expect(await refused(place('below/web.log'))).toMatch(
      new RegExp(
        `others can change ${folder} \\(.* mode 777: chmod go-w it, or take a folder of your own`,
      ),
    );
    fs.chmodSync(folder, 0o755);
    expect((await forced(rulesFor({ file: place('below/web.log'), run }))).files).toEqual([0]);
  });
  it('what others can lead the way to, though where it leads is fine', async () => {
    fs.mkdirSync(place('fine'), { mode: 0o755 });
    fs.writeFileSync(place('fine/web.log'), long('first'));
    fs.symlinkSync('fine', place('link'));
    fs.mkdirSync(place('open'));
    fs.chmodSync(place('open'), 0o777);
    fs.symlinkSync(place('fine'), place('open/link'));
    expect(await refused(place('open/link/web.log'))).toContain(
      `others can change ${place('open')}`,
    );
    fs.symlinkSync('open/link', place('over'));
    expect(await refused(place('over/web.log'))).toContain(`others can change ${place('open')}`);
    expect((await forced(rulesFor({ file: place('link/web.log'), run }))).files).toEqual([0]);
    expect(fs.existsSync(place('fine/web.log.1'))).toBe(true);
  });
  it.skipIf(process.getuid?.() !== 0)('what a link of somebody else leads to (root)', async () => {
    fs.mkdirSync(place('fine'), { mode: 0o755 });
    fs.writeFileSync(place('fine/web.log'), long('first'));
    fs.symlinkSync('fine', place('link'));
    fs.lchownSync(place('link'), 65_534, 65_534);
    expect(await refused(place('link/web.log'))).toContain(
      'the link link on the way to it is of user 65534',
    );
  });
  it.skipIf(process.getuid?.() !== 0)(
    'what a group can change, but for one of services of the system in a folder of root (root)',
    async () => {
      fs.mkdirSync(place('shared'));
      fs.writeFileSync(place('shared/web.log'), long('first'));
      const change = (uid: number, gid: number, mode: number): void => {
        fs.chownSync(place('shared'), uid, gid);
        fs.chmodSync(place('shared'), mode);
      };
      change(0, 54_321, 0o775);
      expect(await refused(place('shared/web.log'))).toContain(
        `others can change ${place('shared')} (user 0, group 54321, mode 775: chmod go-w it, or`,
      );
      change(0, 104, 0o775);
      const syslog = {
        ...{ uid: 0, gid: 0, group: () => 'syslog:x:104:' },
        passwd: () => 'syslog:x:103:104::/:',
      };
      expect(checkedFolder(place('shared'), syslog)).toBe(place('shared'));
      const people = { ...syslog, passwd: () => 'ada:x:1000:104::/:' };
      expect(() => checkedFolder(place('shared'), people)).toThrow('others can change');
      change(0, 104, 0o777);
      expect(() => checkedFolder(place('shared'), syslog)).toThrow('others can change');
      change(54_321, 104, 0o775);
      expect(() => checkedFolder(place('shared'), syslog)).toThrow('user 54321 can change');
    },
  );
  it.skipIf(process.getuid?.() !== 0)('what lies in a folder of somebody else (root)', async () => {
    fs.mkdirSync(place('theirs'));
    fs.writeFileSync(place('theirs/web.log'), long('first'));
    fs.chownSync(place('theirs'), 65_534, 65_534);
    expect(await refused(place('theirs/web.log'))).toContain('user 65534 can change');
  });
});
