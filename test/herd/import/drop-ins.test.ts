/** What stands beside a unit, in NAME.service.d, counts as much as what stands in it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { importLimits } from '../../../packages/herd/src/cli/limits.ts';
import { loaded } from './reading.ts';
import { run } from './support.ts';

// A configuration is bundled by a real process.
afterAll(() => vi.resetConfig());
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});
/** Imports the first of some files that are written, or those that are named. */
const importing = async (files: Readonly<Record<string, string>>, named?: readonly string[]) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'import-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
  const words = (named ?? Object.keys(files).slice(0, 1)).map((name) => path.join(folder, name));
  const { code, stdout, stderr } = await run(['import', '--json', ...words]);
  const { config = '', notes } = JSON.parse(stdout) as { config?: string; notes?: unknown[] };
  return { code, stderr: stderr.replaceAll(`${folder}/`, ''), folder, config, notes };
};
const unit = '[Service]\nExecStart=/bin/a\nEnvironment=A=1\n';

describe('a drop-in', () => {
  it('wins over its unit, and over those whose names come before its own', async () => {
    const { config, notes } = await importing({
      'dd.service': `${unit}User=root\n`,
      'dd.service.d/20-b.conf': '[Service]\nUser=nobody\nEnvironment=B=2\n',
      'dd.service.d/10-a.conf': '[Service]\nUser=daemon\nExecStart=\nExecStart=/bin/b\n',
      'dd.service.d/README': '[Service]\nUser=readme\n',
      'other.service.d/30.conf': '[Service]\nUser=other\n',
    });
    expect(await loaded(config)).toMatchObject([
      { start: { argv: ['/bin/b'], user: 'nobody', env: { A: '1', B: '2' } } },
    ]);
    expect(notes).toEqual([]);
  });
  it('has its own lines in what is told of it', async () => {
    const { config, notes, folder } = await importing({
      'dd.service': `${unit}PrivateTmp=yes\n`,
      'dd.service.d/a.conf': 'x\n[Service]\n',
      'dd.service.d/b.conf': '[Service]\nProtectHome=yes',
    });
    const file = path.join(folder, 'dd.service.d/b.conf');
    expect(notes).toEqual([
      expect.objectContaining({ file: path.join(folder, 'dd.service.d/a.conf'), line: 1 }),
      { file: path.join(folder, 'dd.service'), line: 4, text: 'PrivateTmp=yes' },
      { file, line: 2, text: `${file}: ProtectHome=yes` },
    ]);
    expect(config).toContain(`// not carried over: line 2: ${file}: ProtectHome=yes`);
  });
  it('of a template is one of its instances, where they have none of that name', async () => {
    const { config } = await importing({
      'a@x.service': unit,
      'a@.service.d/a.conf': '[Service]\nUser=daemon\nGroup=%i\n',
      'a@.service.d/b.conf': '[Service]\nUser=bin\n',
      'a@x.service.d/b.conf': '[Service]\nNice=3\n',
    });
    expect(await loaded(config)).toMatchObject([
      { start: { user: 'daemon', group: 'x', process: { nice: 3 } } },
    ]);
  });
  it('of a prefix of its name, and of all of its kind, is one of a unit where that has none of that name', async () => {
    const { config } = await importing({
      'a-b-c@x.service': unit,
      'service.d/a.conf': '[Service]\nUser=sync\nNice=1\n',
      'a-.service.d/a.conf': '[Service]\nUser=daemon\nUMask=0077\n',
      'a-.service.d/b.conf': '[Service]\nUser=bin\n',
      'a-b-.service.d/b.conf': '[Service]\nGroup=%i\n',
      'a-b-c-.service.d/c.conf': '[Service]\nUser=sys\n',
      'b-.service.d/c.conf': '[Service]\nUser=sys\n',
    });
    expect(await loaded(config)).toMatchObject([
      { start: { user: 'daemon', group: 'x', process: { umask: 0o077 } } },
    ]);
    expect(config).not.toContain('nice');
  });
  it.each([
    ['/usr/lib', '/etc', 'nobody'],
    ['/usr/lib', '/run', 'nobody'],
    ['/etc', '/run', 'nobody'],
    ['/lib', '/usr/local/lib', 'nobody'],
    ['/srv', '/etc', undefined],
  ])('of a unit in %s that lies in %s is read: as %s', async (unitAt, dropInAt, user) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'import-'));
    folders.push(folder);
    const at = (file: fs.PathLike): string => path.join(folder, file.toString());
    const { openSync, readdirSync } = fs;
    const vendors = `${unitAt}/systemd/system/dd.service`;
    const own = `${dropInAt}/systemd/system/dd.service.d/override.conf`;
    for (const [file, text] of [
      [vendors, unit],
      ['/usr/lib/systemd/system/dd.service.d/override.conf', '[Service]\nUser=bin\n'],
      [own, '[Service]\nUser=nobody\n'],
    ] as const) {
      fs.mkdirSync(path.dirname(at(file)), { recursive: true });
      fs.writeFileSync(at(file), text);
    }
    // As if all of it lay at the root.
    const opened = vi.spyOn(fs, 'openSync').mockImplementation((file) => openSync(at(file), 'r'));
    const listed = vi
      .spyOn(fs, 'readdirSync')
      .mockImplementation(((file: string) => readdirSync(at(file))) as never);
    const { stdout } = await run(['import', vendors]).finally(() => {
      opened.mockRestore();
      listed.mockRestore();
    });
    expect(/user: '(.*)'/.exec(stdout)?.[1]).toBe(user);
  });
  it('of a timer changes that', async () => {
    const { config } = await importing(
      {
        'a.service': unit,
        'a.timer': '[Timer]\nOnCalendar=daily\n',
        'a.timer.d/a.conf': '[Timer]\nOnCalendar=\nOnCalendar=*-*-* 04:00\n',
      },
      ['a.service', 'a.timer'],
    );
    expect(config).toContain('calendar({ hours: 4, minutes: 0 })');
  });
  it('that is named is told to be read with its unit, unless it was', async () => {
    const files = { 'dd.service': unit, 'dd.service.d/a.conf': '[Service]\nUser=nobody\n' };
    const alone = await importing(files, ['dd.service.d/a.conf']);
    expect([alone.code, alone.stderr]).toEqual([
      2,
      expect.stringContaining('name dd.service, with which it is read'),
    ]);
    const both = await importing(files, ['dd.service', 'dd.service.d/a.conf']);
    expect([both.code, both.notes]).toEqual([0, []]);
  });
  it('is one of at most 64: of one more none is read', async () => {
    const { dropInCount } = importLimits;
    const some = (count: number) => ({
      'dd.service': unit,
      ...Object.fromEntries(
        Array.from({ length: count }, (_none, at) => [
          `dd.service.d/${at}.conf`,
          `[Service]\nEnvironment=N${at}=1\n`,
        ]),
      ),
    });
    const most = await importing(some(dropInCount));
    expect([most.code, most.config.match(/N\d+: /g)?.length]).toEqual([0, dropInCount]);
    const { code, stderr } = await importing(some(dropInCount + 1));
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/dd.service has more than 64 drop-ins/),
    ]);
  });
  it('that cannot be read is an error: what it says may be who the service is', async () => {
    const files = { 'dd.service': unit, 'dd.service.d/a.conf/x': '' };
    const { code, stderr } = await importing(files);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/cannot read dd.service.d\/a.conf: /),
    ]);
  });
});
