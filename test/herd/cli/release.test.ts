/** `herd release …` as it is typed: words, errors, exit codes; what a release is has tests of its own. */
import fs from 'node:fs';
import { bytesText, slotLimits } from '@bellwether/deploy';
import { describe, expect, it } from 'vitest';
import { wordsIn } from '../../../packages/herd/src/cli/commands/command-words.ts';
import { main } from '../../../packages/herd/src/cli/main.ts';
import { Usage } from '../../../packages/herd/src/cli/grammar/usage.ts';
import { plant, releaseFolder } from '../../support/release-folder.ts';
import { fakeTerminal } from './fake-terminal.ts';

const at = releaseFolder();
const uid = process.getuid?.() ?? 0;
/** Runs a command line; `LINE` of it are relative to the folder of the test where they begin with `@`. */
const herd = async (...words: readonly string[]) => {
  const terminal = fakeTerminal({ uid });
  const code = await main(
    words.map((word) => word.replace(/^@/, `${at()}/`)),
    terminal,
    { version: '0' },
  );
  const bare = (text: string): string => text.replaceAll(`${at()}/`, '');
  return { code, out: bare(terminal.written.out), err: bare(terminal.written.err) };
};
const build = (...more: readonly string[]) =>
  herd('release', 'build', '@dist', '--run', 'node server.js', '-o', '@web.rel', ...more);
const tree = {
  'server.js': 'hello\n',
  'bin/run': { run: '#!/bin/sh\n' },
  latest: { to: 'bin/run' },
};

describe('herd release build', () => {
  it('writes a file and says what it is', async () => {
    plant(at('dist'), tree);
    const { code, out, err } = await build(
      ...[
        '--check',
        'http://127.0.0.1/health',
        '--check',
        'tcp://[::1]:80',
        '--check',
        "exec:./ok 'a b'",
      ],
      ...['--check-timeout', '2.5', '--env', 'PORT=80', '--env', 'A=b=c', '--app-version', '1.2'],
      ...['--platform', 'linux-x64', '--migration', 'forward-only', '--provenance', 'commit=1a2b'],
    );
    expect([code, err]).toEqual([0, '']);
    expect(out.replace(/[0-9a-f]{64}/, 'HASH')).toBe(
      `web.rel
  release    rel:sha256-HASH
  of         web 1.2
  runs       node server.js
  with       A=b=c
  with       PORT=80
  checks     http://127.0.0.1/health (2.5 s)
  checks     tcp://[::1]:80 (2.5 s)
  checks     exec:./ok 'a b' (2.5 s)
  on         linux-x64
  its data   is changed by its start, so that older releases cannot use it any more
  from       commit 1a2b
  has        2 files, 1 link, 16 bytes
  signed by  nobody
`,
    );
  });
  it('names what it leaves out, on standard error', async () => {
    plant(at('dist'), { ...tree, logs: null, 'tmp/a': null });
    const { code, out, err } = await build('--json');
    expect([code, err]).toEqual([0, 'herd: 2 empty folders left out: logs, tmp/a\n']);
    expect(JSON.parse(out)).toMatchObject({
      kind: 'release',
      what: 'built',
      emptyFolders: ['logs', 'tmp/a'],
    });
  });
  it.each<[string, readonly string[], string]>([
    ['no command', ['release', 'build', '@dist', '-o', '@web.rel'], 'a release says how it is run'],
    ['no file', ['release', 'build', '@dist', '--run', 'a'], 'a release is written into a file'],
    [
      'a pipe of a shell',
      ['release', 'build', '@dist', '--run', 'a | b', '-o', '@w.rel'],
      '--run has "|" in it',
    ],
    [
      'a bad name',
      ['release', 'build', '@dist', '--run', 'a', '-o', '@w w.rel'],
      'app: "w w" is no name',
    ],
    [
      'another check',
      ['release', 'build', '@dist', '--run', 'a', '--check', 'x', '-o', '@w.rel'],
      "'x' is no check",
    ],
    [
      'a variable without =',
      ['release', 'build', '@dist', '--run', 'a', '--env', 'x', '-o', '@w.rel'],
      'needs NAME=TEXT',
    ],
    [
      'one twice',
      ['release', 'build', '@dist', '--run', 'a', '--env', 'x=1', '--env', 'x=2', '-o', '@w.rel'],
      "says 'x' twice",
    ],
    [
      'another origin',
      ['release', 'build', '@dist', '--run', 'a', '--provenance', 'x=1', '-o', '@w.rel'],
      'a field "x" that',
    ],
    [
      'another migration',
      ['release', 'build', '@dist', '--run', 'a', '--migration', 'x', '-o', '@w.rel'],
      'dataMigration: is none of',
    ],
    [
      'itself',
      ['release', 'build', '@dist', '--run', 'a', '-o', '@dist/w.rel'],
      'would lie in the folder',
    ],
    [
      'no such folder',
      ['release', 'build', '@no', '--run', 'a', '-o', '@w.rel'],
      '"no" is not there',
    ],
    [
      'a key that is not there',
      ['release', 'build', '@dist', '--run', 'a', '--sign', '@k', '-o', '@w.rel'],
      'k: there is no such file',
    ],
  ])('refuses %s with exit code 2, and writes nothing', async (_what, words, message) => {
    plant(at('dist'), tree);
    const { code, out, err } = await herd(...words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(fs.readdirSync(at())).toEqual(['dist']);
  });
  it('replaces nothing without --yes', async () => {
    plant(at('dist'), tree);
    fs.writeFileSync(at('web.rel'), 'mine');
    expect(await build()).toEqual({
      code: 9,
      out: '',
      err: 'herd: error: web.rel: is there already; --yes replaces it\n',
    });
    expect((await build('--yes')).code).toBe(0);
  });
  it('is ended by Ctrl-C, with nothing left', async () => {
    plant(at('dist'), tree);
    const terminal = fakeTerminal({ uid });
    const running = main(
      ['release', 'build', at('dist'), '--run', 'a', '-o', at('web.rel')],
      { ...terminal, onInterrupt: (told) => (told(), () => undefined) },
      { version: '0' },
    );
    expect([await running, terminal.written.err]).toEqual([130, 'herd: interrupted\n']);
    expect(fs.readdirSync(at())).toEqual(['dist']);
  });
  it('says on a terminal how far it is, and takes that away again', async () => {
    plant(at('dist'), { big: 'x'.repeat(3_000_000) });
    const ticks: (() => void)[] = [];
    const terminal = fakeTerminal({
      uid,
      env: { TERM: 'xterm' },
      isTerminal: true,
      isErrorTerminal: true,
      every: (_ms, tick) => (ticks.push(tick), () => undefined),
      onInterrupt: () => () => undefined,
    });
    const running = main(
      ['release', 'build', at('dist'), '--run', 'a', '-o', at('web.rel')],
      terminal,
      { version: '0' },
    );
    const drawing = setInterval(() => ticks.forEach((tick) => tick()), 0);
    expect(await running).toBe(0);
    clearInterval(drawing);
    expect(terminal.written.err).toMatch(
      /reading .*dist: \d files, [\d.]+ MiB\n|writing .*web\.rel: /,
    );
    expect(terminal.written.err.endsWith('\x1b[1A\x1b[J')).toBe(true);
  });
});

describe('herd release show, diff, sign and key', () => {
  it('make a key that only its owner may read, and never print it', async () => {
    const { code, out, err } = await herd('release', 'key', '--out', '@ci.key');
    const secret = fs.readFileSync(at('ci.key'), 'utf8').replace(/^.*:/, '').trim();
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect(out.trim()).not.toBe(secret);
    expect(fs.statSync(at('ci.key')).mode & 0o777).toBe(0o600);
    expect((await herd('release', 'key', '--key', '@ci.key')).out).toBe(out);
    expect((await herd('release', 'key', '--out', '@ci.key')).code).toBe(9);
    fs.chmodSync(at('ci.key'), 0o644);
    expect(await herd('release', 'key', '--key', '@ci.key')).toMatchObject({ code: 2, out: '' });
    expect((await herd('release', 'key')).err).toContain('a key is written into a file');
  });
  it('sign a release once with each key, and change nothing else of it', async () => {
    plant(at('dist'), tree);
    await build();
    const unsigned = JSON.parse((await herd('release', 'show', '@web.rel', '--json')).out) as {
      digest: string;
    };
    const { out: key } = await herd('release', 'key', '--out', '@ci.key');
    const first = await herd('release', 'sign', '@web.rel', '--key', '@ci.key');
    expect(first.out).toBe(`${key.trim()} has signed it: ${unsigned.digest}\n`);
    const bytes = fs.readFileSync(at('web.rel'));
    expect((await herd('release', 'sign', '@web.rel', '--key', '@ci.key')).out).toContain(
      'has signed it before',
    );
    expect(fs.readFileSync(at('web.rel'))).toEqual(bytes);
    await herd('release', 'key', '--out', '@alice.key');
    await herd('release', 'sign', '@web.rel', '--key', '@alice.key');
    expect(JSON.parse((await herd('release', 'show', '@web.rel', '--json')).out)).toMatchObject({
      ...unsigned,
      signatures: [{}, {}],
    });
    // Signed when it was built it is the same file.
    await herd(
      'release',
      'build',
      '@dist',
      '--run',
      'node server.js',
      '--sign',
      '@ci.key',
      '-o',
      '@signed.rel',
      '--app',
      'web',
    );
    expect(fs.readFileSync(at('signed.rel'))).toEqual(bytes);
  });
  it('sign the release that a link leads to, and leave the link', async () => {
    plant(at('dist'), tree);
    await build();
    await herd('release', 'key', '--out', '@ci.key');
    fs.symlinkSync('web.rel', at('latest.rel'));
    expect((await herd('release', 'sign', '@latest.rel', '--key', '@ci.key')).code).toBe(0);
    expect(fs.readlinkSync(at('latest.rel'))).toBe('web.rel');
    const { out } = await herd('release', 'show', '@web.rel', '--json');
    expect(JSON.parse(out)).toMatchObject({ signatures: [{}] });
  });
  it('say what is wrong with a file, with exit code 2, and sign nothing that is not whole', async () => {
    plant(at('dist'), tree);
    await build();
    await herd('release', 'key', '--out', '@ci.key');
    const bytes = fs.readFileSync(at('web.rel'));
    bytes[bytes.length - 1] = 0x21;
    fs.writeFileSync(at('web.rel'), bytes);
    const wrong = 'herd: error: web.rel: "server.js": is not what its digest says\n';
    expect(await herd('release', 'show', '@web.rel')).toEqual({ code: 2, out: '', err: wrong });
    expect(await herd('release', 'sign', '@web.rel', '--key', '@ci.key')).toEqual({
      code: 2,
      out: '',
      err: wrong,
    });
    expect(fs.readFileSync(at('web.rel'))).toEqual(bytes);
    expect((await herd('release', 'show', '@none.rel')).err).toBe(
      'herd: error: none.rel: is not there\n',
    );
  });
  it('are told apart from services that stand in their place, and how long one may wait', async () => {
    plant(at('dist'), tree);
    await build();
    fs.mkdirSync(at('folder'));
    for (const [action, release, service] of [
      ['deploy', '@web.rel', 'webs'],
      ['stage', '@web.rel', '@folder'],
      ['deploy', 'rel:6af3', 'web'],
      ['rollback', 'rel:6af3', 'web'],
    ] as const) {
      const [typed, name] = [release, service].map((word) => word.replace('@', ''));
      const swapped = await herd(action, release, service);
      expect(swapped).toMatchObject({ code: 2, out: '' });
      expect(swapped.err).toBe(
        `herd: error: '${name}' is no release\nThe service comes first: 'herd ${action} ${name} ${typed}'.\n`,
      );
    }
    const day = slotLimits.confirmMostMs / 3_600_000;
    const short = await herd('deploy', 'web', 'rel:6af3');
    expect([short.code, short.err]).toEqual([
      2,
      "herd: error: 'rel:6af3' is no name of a release, nor six digits or more of its beginning\n" +
        "'herd release ls SERVICE' shows those that are there.\n",
    ]);
    for (const name of [`rel:sha256-${'a'.repeat(12)}`, 'a'.repeat(64)])
      expect((await herd('stage', 'web', name)).err).toBe(
        `herd: error: '${name}' is the name of a release, and here its file is wanted\n` +
          "What is there already is switched to by 'herd deploy SERVICE RELEASE'.\n",
      );
    const long = await herd('deploy', 'web', '@web.rel', '--confirm', `${day + 1}h`);
    expect([long.code, long.err]).toEqual([2, expect.stringContaining(`--confirm ${day}h`)]);
    const most = await herd('deploy', 'web', '@web.rel', '--confirm', `${day}h`);
    expect(most.err).not.toContain('--confirm');
  });
  it('tell a difference', async () => {
    plant(at('dist'), tree);
    await build();
    plant(at('dist'), { 'server.js': 'changed', more: 'x' });
    fs.rmSync(at('dist', 'latest'));
    await herd(
      'release',
      'build',
      '@dist',
      '--run',
      "sh -c 'a | b'",
      '--env',
      'A=b c',
      '-o',
      '@new.rel',
      '--app',
      'web',
    );
    expect((await herd('release', 'diff', '@web.rel', '@new.rel')).out).toBe(
      `- latest
+ more
~ server.js (content)
run: node server.js → 'A=b c' sh -c 'a | b'
8 bytes of the second are not in the first.
`,
    );
    expect((await herd('release', 'diff', '@web.rel', '@web.rel')).out).toBe('Nothing differs.\n');
    const { out } = await herd('release', 'diff', '@web.rel', '@new.rel', '--json');
    expect(JSON.parse(out)).toMatchObject({
      kind: 'release-difference',
      added: ['more'],
      newBytes: 8,
    });
  });
});

describe('a command in one text', () => {
  it.each<[string, readonly string[]]>([
    ['node server.js', ['node', 'server.js']],
    [' a  b\t', ['a', 'b']],
    ["sh -c 'a | b'", ['sh', '-c', 'a | b']],
    ['a "b c" \'d "e"\'', ['a', 'b c', 'd "e"']],
    ['a "" \'\'', ['a', '', '']],
    ['a\\ b "c\\"d" \\$x', ['a b', 'c"d', '$x']],
    ["a'b'c", ['abc']],
    ['a\\d "\\d" \'\\d\'', ['ad', '\\d', '\\d']],
    ['--x=a#b c~', ['--x=a#b', 'c~']],
    ['env A=b ./c=d', ['env', 'A=b', './c=d']],
    ['./c=d 1=2', ['./c=d', '1=2']],
    ['', []],
  ])('%j is %j', (text, words) => {
    expect(wordsIn(text, '--run')).toEqual(words);
  });
  it.each([
    'a | b',
    'a; b',
    'a && b',
    'a > b',
    '$A',
    '"$A"',
    '`a`',
    'a *',
    '~/a',
    'a # b',
    'a\nb',
    '(a)',
  ])('%j is for a shell', (text) => {
    expect(() => wordsIn(text, '--run')).toThrow('no shell reads it');
  });
  it.each(['PORT=80 node server.js', "A='b c' d", '_a1=', "'A=b' c"])(
    '%j begins with a variable, which is no program',
    (text) => {
      expect(() => wordsIn(text, '--run')).toThrow('only a shell makes a variable');
    },
  );
  it.each(["'a", '"a', 'a\\'])('%j has no end', (text) => {
    expect(() => wordsIn(text, '--run')).toThrow(Usage);
  });
});

it('sizes are told in one unit', () => {
  expect([0, 1, 1_023, 1_024, 1_048_576, 5e9, 5e12].map(bytesText)).toEqual([
    '0 bytes',
    '1 byte',
    '1023 bytes',
    '1.0 KiB',
    '1.0 MiB',
    '4.7 GiB',
    '4656.6 GiB',
  ]);
});
