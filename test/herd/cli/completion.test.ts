import { describe, expect, it } from 'vitest';
import {
  completionOf,
  type KnownService,
  type World,
} from '../../../packages/herd/src/cli/complete/candidates.ts';
import { actionRules, optionNames } from '../../../packages/herd/src/cli/grammar/grammar.ts';
import { maxCandidateChars, maxCandidates } from '../../../packages/herd/src/cli/limits.ts';
import { main } from '../../../packages/herd/src/cli/main.ts';
import { fakeTerminal } from './fake-terminal.ts';

const labels: Readonly<Record<string, KnownService['labels']>> = {
  web: { role: 'web' },
  net: { role: 'db', canary: '' },
};
const service = (name: string, ...actions: readonly string[]): KnownService => ({
  names: [name],
  about: `about ${name}`,
  actions: actions.map((each) => ({ name: each, documentation: `to ${each}` })),
  ...(labels[name] && { labels: labels[name] }),
});
const worldOf = (
  services: readonly KnownService[] = [service('web', 'polish'), service('net')],
  petnames: readonly string[] = ['web-a'],
): World & { askedCount: number } => {
  const world = {
    askedCount: 0,
    services: () => {
      world.askedCount += 1;
      return Promise.resolve(services);
    },
    petnames: () => petnames,
    operations: (way?: string) =>
      Promise.resolve(
        way === undefined
          ? [{ word: 'op-2' }, { word: 'op-1' }]
          : [{ word: `op-of-${way.slice(1)}` }],
      ),
    nodes: () => Promise.resolve([{ word: 'web-07' }]),
    sessions: () => Promise.resolve([{ word: 's-k7qm2xzf' }]),
    grants: (states: readonly string[]) =>
      Promise.resolve(states.includes('live') ? [{ word: 'g-2' }] : [{ word: 'g-1' }]),
  };
  return world;
};
const complete = async (
  line: string,
  world: World = worldOf(),
): Promise<readonly string[] | 'files'> => {
  const words = line.split(' ');
  const found = await completionOf(
    { typed: words.slice(0, -1), current: words.at(-1) ?? '' },
    world,
  );
  return found === 'files' ? found : found.map(({ word }) => word);
};

describe('completion', () => {
  it('offers every action of herd and of services first, groups by their first word', async () => {
    const all = await complete('');
    for (const name of actionRules.keys()) expect(all).toContain(name.split(' ')[0]);
    expect(all).toContain('polish');
    expect(new Set(all).size).toBe(all.length);
  });
  it.each([
    ['start ', ['web', 'net', '@web-a', 'root']],
    ['why w', ['web']],
    ['top ', []],
    ['top --o', ['--once']],
    ['graph --m', ['--mermaid']],
    ['node rm ', ['web-07']],
    ['net ', ['trace', 'events', 's-k7qm2xzf']],
    ['net tr', ['trace']],
    ['net trace ', ['s-k7qm2xzf']],
    ['net events s-', ['s-k7qm2xzf']],
    ['net trace s-k7qm2xzf ', []],
    ['node rekey ', ['web-07']],
    ['node ls ', []],
    ['node invite ', []],
    ['--json -s /x start --timeout 3 w', ['web']],
    ['stop @', ['@web-a']],
    ['polish ', ['web', '@web-a']],
    ['nothing ', ['@web-a']],
    ['polish web ', []],
    ['grant revoke ', ['g-2']],
    ['grant revoke g-2 ', []],
    ['grant confirm ', ['g-1']],
    ['audit ', ['verify', 'web', 'net']],
    ['who-can st', ['status', 'start', 'stop']],
    ['who-can po', ['polish']],
    ['who-can restart ', ['web', 'net']],
    ['who-can polish ', ['web']],
    ['who-can polish web ', []],
    ['grant web --allow sta', ['status', 'start']],
    ['grant web --allow status,po', ['status,polish']],
    ['grant net --allow po', []],
    ['grant --allow po', ['polish']],
    ['start -l ', ['role', 'canary']],
    ['start -l role=', ['role=web', 'role=db']],
    ['stop web -l canary,role!=w', ['canary,role!=web']],
    ['status -l !ca', []],
    ['start --selector canary=', []],
    ['deploy -l role=web ', 'files'],
    ['stage web -l role=web ', 'files'],
    ['start web ', []],
    ['detach ', ['root']],
    ['reload r', ['root']],
    ['reload root ', []],
    ['doc web ', ['list-actions', 'action']],
    ['release ', ['ls', 'left', 'free', 'build', 'show', 'diff', 'sign', 'key']],
    ['release ls ', ['@web-a']],
    ['deploy ', ['@web-a']],
    ['rollback ', ['@web-a']],
    ['deploy web x.rel ', []],
    ['release key ', []],
    ['release diff a.rel b.rel ', []],
    ['doc web action ', ['polish']],
    ['doc web list-actions ', []],
    ['do ', ['polish']],
    ['do polish ', ['web', '@web-a']],
    ['ref ', ['mint', 'add', 'ls', 'show', 'rm', 'rename', 'export', 'push']],
    ['ref r', ['rm', 'rename']],
    ['ref mint ', ['web', 'net']],
    ['ref rm ', ['web-a']],
    ['op ', ['ls', 'show', 'watch', 'cancel']],
    ['op ls ', ['@web-a']],
    ['op ls @web-a ', []],
    ['op cancel ', ['op-2', 'op-1', '@web-a']],
    ['op cancel op-1 ', ['@web-a']],
    ['op show op-1', ['op-1']],
    ['op show @web-a ', ['op-of-web-a']],
    ['op show @web-a op-1 ', []],
    ['retry ', ['op-2', 'op-1', '@web-a']],
    ['retry @web-a ', ['op-of-web-a']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['schedule ', ['at', 'in']],
    ['schedule at ', []],
    ['help sta', ['status', 'start', 'state', 'stage']],
    ['help ref m', ['mint']],
    ['start --min', ['--min-ready']],
    ['stop --min', []],
    ['stop web --dry', ['--dry-run']],
    ['polish web --dry', []],
    ['start -- --dry', []],
    ['-n ', []],
    ['--nonsense --js', ['--json']],
  ])('after %j offers %j', async (line, expected) => {
    expect(await complete(line)).toEqual(expected);
  });
  it.each([
    'check ',
    'deploy web ',
    'stage @web ',
    '-s ',
    '--out x --from ',
    'ref mint web --out x',
    'spawn -- ',
    'schedule at 03:15 -- ',
  ])('leaves the word after %j to the shell: it is a file', async (line) => {
    expect(await complete(line)).toBe('files');
  });
  it('offers every option before an action', async () => {
    expect(await complete('-')).toEqual(optionNames.map((name) => `--${name}`));
  });
  it('asks the shepherd only where a service may stand', async () => {
    const world = worldOf();
    for (const line of ['ref ', 'ref show ', 'start --', 'completion ', '-s '])
      await complete(line, world);
    expect(world.askedCount).toBe(0);
  });
  it('offers no name that a shell would take for more than a name', async () => {
    const odd = [
      'a;reboot',
      '$(reboot)',
      '`x`',
      'a b',
      "a'b",
      'a\nb',
      'é',
      '\u202ex',
      '*',
      'a|b',
      '~x',
    ];
    const world = worldOf([...odd.map((name) => service(name, name)), service('good')], odd);
    expect(await complete('start ', world)).toEqual(['good', 'root']);
    expect(await complete('do ', world)).toEqual([]);
  });
  it('offers names and so many of them up to the limit, and not one more', async () => {
    const names = Array.from({ length: maxCandidates + 1 }, (_, at) => `web${at}`);
    const long = 'w'.repeat(maxCandidateChars);
    const world = worldOf(
      [...names, long, `${long}w`].map((name) => service(name)),
      [],
    );
    expect(await complete('start web', world)).toHaveLength(maxCandidates);
    expect(await complete('start ww', world)).toEqual([long]);
  });
  it('says nothing and ends well where there is no shepherd, whatever is asked', async () => {
    for (const words of [['start', ''], ['-s', '/nowhere', 'start', 'w'], [], ['\0']]) {
      const terminal = fakeTerminal({ env: { SHEPHERD_SOCKET: '/nowhere', HOME: '/nowhere' } });
      expect(await main(['__complete', '--', ...words], terminal, { version: '0' })).toBe(0);
      expect(terminal.written.err).toBe('');
    }
  });
});
