/** Completion in real shells, with a real shepherd to ask. A shell that is not installed is skipped, and said so. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bins, configOf, makePlace, type Daemon, type Place } from '../support/programs.ts';

const services = `
  service({ provision: ['web-server', 'www'], actions: {
    polish: { documentation: 'Makes it shine.', run: exec(['true']) } } }),
  service({ provision: ['networking'], documentation: 'The network.' })`;

let place: Place;
let daemon: Daemon;
beforeAll(async () => {
  place = makePlace();
  daemon = await place.shepherd('a', configOf('A', services));
  const refs = path.join(place.folder, 'data', 'bellwether', 'refs');
  fs.mkdirSync(refs, { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(refs, 'web-a'), 'not read', { mode: 0o600 });
  fs.writeFileSync(path.join(place.folder, 'some file'), '');
  const bin = path.join(place.folder, 'bin');
  fs.mkdirSync(bin);
  const program = `#!/bin/sh\nexec '${process.execPath}' '${bins.herd}' "$@"\n`;
  fs.writeFileSync(path.join(bin, 'herd'), program, { mode: 0o755 });
});
afterAll(() => place.clean());

const installed = (shell: string): boolean => {
  const isThere = (process.env['PATH'] ?? '')
    .split(':')
    .some((folder) => fs.existsSync(path.join(folder, shell)));
  if (!isThere)
    process.stderr.write(`completion of ${shell}: skipped, ${shell} is not installed\n`);
  return isThere;
};
/** What a shell offers after a command line, sorted. */
const offered = async (shell: string, script: string): Promise<readonly string[]> => {
  const env = {
    PATH: `${path.join(place.folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    SHEPHERD_SOCKET: daemon.socket,
  };
  const args =
    { bash: ['--norc', '-c'], zsh: ['-f', '-c'], fish: ['--no-config', '-c'] }[shell] ?? [];
  const { stdout, stderr } = await place.run(shell, [...args, script], { env });
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort();
};

/** Runs the function as readline would, with the words split as readline splits them. */
const bash = (line: string): Promise<readonly string[]> =>
  offered(
    'bash',
    `source <(herd completion bash)
     COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}
     _herd 2> >(grep -v compopt >&2); printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
/** The part of zsh that shows candidates is replaced by one that prints them. */
const zsh = (line: string): Promise<readonly string[]> =>
  offered(
    'zsh',
    `compdef() { :; }
     _files() { print -l -- *(N) }
     _describe() { local -a all; all=("\${(@P)4}"); print -rl -- $all }
     source <(herd completion zsh)
     line='${line}'
     words=("\${(@s: :)line}"); CURRENT=$#words; PREFIX="$words[-1]"
     _herd`,
  );
const fish = (line: string): Promise<readonly string[]> =>
  offered('fish', `herd completion fish | source; complete -C '${line}'`);

describe.skipIf(!installed('bash'))('bash', () => {
  it('completes actions, services and petnames from what there is', async () => {
    expect(await bash('herd st')).toEqual(['stage', 'start', 'state', 'status', 'stop']);
    expect(await bash('herd start w')).toEqual(['web-server', 'www']);
    expect(await bash('herd pol')).toEqual(['polish']);
    expect(await bash('herd polish ')).toEqual(['@web-a', 'web-server', 'www']);
    expect(await bash('herd ref show ')).toEqual(['web-a']);
  });
  it('hands readline only what follows the @, where it ends a word', async () => {
    expect(await bash('herd status @w')).toEqual(['web-a']);
  });
  it('completes options, and files after those that want one', async () => {
    expect(await bash('herd start web-server --dr')).toEqual(['--dry-run']);
    expect(await bash('herd ref mint www --out so')).toEqual(['some file']);
  });
  it('is silent without a shepherd', async () => {
    expect(await bash('herd -s /nowhere start w')).toEqual([]);
    expect(await bash('herd -s /nowhere sta')).toEqual(['stage', 'start', 'state', 'status']);
  });
});
describe.skipIf(!installed('zsh'))('zsh', () => {
  it('completes actions, services, petnames and options, and says what each is for', async () => {
    expect(await zsh('herd enab')).toEqual(['enable:let a service be started again']);
    expect(await zsh('herd start n')).toEqual(['networking:The network.']);
    expect(await zsh('herd pol')).toEqual(['polish:Makes it shine.']);
    expect(await zsh('herd status @')).toEqual(['@web-a:a ref of yours']);
    expect(await zsh('herd ref mint www --out s')).toContain('some file');
    expect(await zsh('herd nothing-like-this x')).toEqual([]);
  });
});
describe.skipIf(!installed('fish'))('fish', () => {
  it('completes actions, services, petnames and options, and says what each is for', async () => {
    expect(await fish('herd enab')).toEqual(['enable\tlet a service be started again']);
    expect(await fish('herd start n')).toEqual(['networking\tThe network.']);
    expect(await fish('herd pol')).toEqual(['polish\tMakes it shine.']);
    expect(await fish('herd status @')).toEqual(['@web-a\ta ref of yours']);
    expect(await fish('herd start ')).toContain('www');
    expect(await fish('herd ref mint www --out so')).toEqual(['some file']);
  });
});

it('answers a pressed key in time, also where the shepherd does not', async () => {
  daemon.process.kill('SIGSTOP');
  try {
    const words = ['__complete', '--', '-s', daemon.socket, 'start', 'ro'];
    const { elapsedMs, code, stdout, stderr } = await place.herd(words);
    expect([code, stdout, stderr]).toEqual([0, 'root\tthe shepherd itself\n', '']);
    // Its own deadline is 0.5 s; every other one of herd's is longer than this.
    expect(elapsedMs).toBeLessThan(4_500);
  } finally {
    daemon.process.kill('SIGCONT');
  }
});
