import { describe, expect, it } from 'vitest';
import { actionNames, actionFacts, isBuiltIn, isStart } from '@bellwether/shepherd';
import { actionRules, isGroup } from '../../../packages/herd/src/cli/grammar/grammar.ts';
import { parseFully } from '../../../packages/herd/src/cli/help/full.ts';
import { interpret } from '../../../packages/herd/src/cli/grammar/invocation.ts';
import { maxWordChars, maxWordCount } from '../../../packages/herd/src/cli/limits.ts';
import { whyNotTaken } from '../../../packages/herd/src/cli/report.ts';
import { runnerOf } from '../../../packages/herd/src/cli/runners.ts';
import { Usage } from '../../../packages/herd/src/cli/grammar/usage.ts';

const asked = (...argv: string[]) => interpret(parseFully(argv));
const refusal = (...argv: string[]): Usage => {
  try {
    asked(...argv);
  } catch (error) {
    if (error instanceof Usage) return error;
    throw error;
  }
  throw new Error('was accepted');
};

describe('a command line', () => {
  it('asks a service for an action of its own, with the arguments as typed', () => {
    expect(asked('reload', 'web', '--hard', '007')).toEqual({
      kind: 'perform',
      command: { action: 'reload', service: 'web', args: ['--hard', '007'] },
      options: {},
    });
  });
  it('asks for start as for any action, and reaches hidden names through do', () => {
    expect(asked('start', 'web')).toMatchObject({
      command: { action: 'start', service: 'web', args: [] },
    });
    expect(asked('do', 'status', 'web')).toMatchObject({
      kind: 'perform',
      command: { action: 'status' },
    });
    expect(asked('do', 'grant', 'web')).toMatchObject({
      kind: 'perform',
      command: { action: 'grant' },
    });
  });
  it('asks herd itself for status, log, doc, check and refs', () => {
    expect(asked('status')).toMatchObject({ kind: 'own', action: 'status', words: [] });
    expect(asked('ref', 'mint', 'web', '--out', 'f')).toMatchObject({
      kind: 'own',
      action: 'ref mint',
      words: ['web'],
      options: { out: 'f' },
    });
  });
  it('shows help before it complains about anything else', () => {
    expect(asked('start', '--help')).toMatchObject({ kind: 'help', topic: 'start' });
    expect(asked('--help')).toMatchObject({ kind: 'help', topic: undefined });
    expect(asked('help', 'ref', 'mint')).toMatchObject({ kind: 'help', topic: 'ref mint' });
    for (const group of ['op', 'ref', 'release', 'state']) {
      expect(asked('help', group)).toMatchObject({ kind: 'help', topic: group });
      expect(asked(group, '--help')).toMatchObject({ kind: 'help', topic: group });
    }
    expect(asked('--version', 'nonsense')).toMatchObject({ kind: 'version' });
  });
  it('that deploys to machines is told by that name which options it does not take', () => {
    const words = ['deploy', '--machines', 'machines.config.ts', 'web.rel'];
    expect(asked(...words)).toMatchObject({ kind: 'own', action: 'deploy' });
    for (const [option, value] of [
      ['batch', '2'],
      ['selector', 'role=web'],
    ] as const)
      expect(refusal(...words, `--${option}`, value).message).toBe(
        `'deploy --machines' takes no option '--${option}'`,
      );
  });
  it('must have an action, and a service where one is needed', () => {
    expect(refusal().message).toContain('no action');
    expect(refusal('start').message).toBe("too few words for 'start': herd start SERVICE [ARG...]");
    expect(refusal('rotate').message).toContain('needs a SERVICE');
    expect(refusal('detach').message).toContain('herd detach root');
    expect(asked('reload')).toMatchObject({ kind: 'own', action: 'reload', words: [] });
    expect(asked('reload', 'root')).toMatchObject({ kind: 'own', action: 'reload' });
    expect(refusal('do', 'reload').message).toContain('herd do ACTION SERVICE');
    expect(refusal('start', '').message).toContain('empty');
  });
  it('may not have more words than its action takes', () => {
    expect(refusal('status', 'a', 'b').message).toContain('too many words');
    expect(refusal('ref', 'ls', 'a').message).toContain('too many words');
    expect(refusal('ref', 'ls', 'a').hint).toBe("Try 'herd ref ls --help'.");
    expect(refusal('deploy', 'web').hint).toBe("Try 'herd deploy --help'.");
  });
  it('may name a file for what is written in --out alone', () => {
    for (const words of [
      ['release', 'key', 'k1'],
      ['release', 'build', 'web', '1.rel'],
    ])
      expect(refusal(...words).hint).toBe('The file that it writes is named by --out FILE.');
  });
  it('is corrected when a letter is wrong, also of what help is wanted for', () => {
    expect(refusal('help', 'grnat').hint).toBe("Did you mean 'herd help grant'?");
    expect(refusal('help', 'grant', 'lst').hint).toBe("Did you mean 'herd grant ls'?");
    expect(refusal('help', 'ref', 'mnit').hint).toBe("Did you mean 'herd ref mint'?");
    expect(refusal('ref').message).toContain('there are mint, add');
    expect(refusal('help', 'polish').hint).toContain('herd doc SERVICE');
    expect(asked('help', 'grant', 'ls')).toMatchObject({ kind: 'help', topic: 'grant ls' });
    expect(asked('help', 'grant')).toMatchObject({ kind: 'help', topic: 'grant' });
    expect(asked('help')).toMatchObject({ kind: 'help', topic: undefined });
    for (const root of ['root', 'shepherd'])
      expect(asked('help', root)).toMatchObject({ kind: 'help', topic: undefined });
    expect(refusal('help', 'root', 'web').message).toContain('is no action');
    expect(refusal('statsu').hint).toBe("Did you mean 'herd status'?");
    expect(refusal('ref', 'mnit', 'web').hint).toBe("Did you mean 'herd ref mint'?");
    for (const word of ['deploy', 'pin', 'rollback'])
      expect(refusal('release', word, 'web').hint).toBe(`Did you mean 'herd ${word}'?`);
    expect(refusal('grant', 'revok', 'g-1').hint).toBe("Did you mean 'herd grant revoke'?");
    expect(refusal('grant', 'web', 'g-1').hint).toBe("Try 'herd grant --help'.");
    expect(refusal('ref', 'rename', 'a', 'b', '').message).toContain('too many words');
    expect(refusal('ref').message).toContain('mint, add, ls, show, rm, rename, export, push');
  });
  it('that takes no selector says why, and what to do in its place', () => {
    const without = [...actionRules].filter(([, { options }]) => !options.includes('selector'));
    expect(without.length).toBeGreaterThan(20);
    for (const [name, { least }] of without) {
      const words = [...name.split(' '), ...Array.from({ length: least }, () => 'root')];
      const error = refusal(...words, '-l', 'role');
      expect(error.message).toBe(`'${name}' takes no option '--selector'`);
      expect(whyNotTaken(error), name).toMatch(/./);
    }
  });
  it('may not use an option of another action', () => {
    expect(refusal('status', '--out', 'f').message).toBe("'status' takes no option '--out'");
    expect(refusal('status', '--out', 'f').hint).toBe(
      "It belongs to 'import', 'ref mint', 'ref export', 'grant', 'node invite', 'node rekey', 'release build', 'release key'.",
    );
    expect(refusal('-n', '5', 'reload', 'web').message).toContain("'--log-history'");
    expect(refusal('release', 'ls', 'web', '--no-members').hint).toMatch(
      /'do', and to what services have beside these, as 'confirm', 'pin' and 'releases'\.$/,
    );
  });
  it('cannot use a word that later versions of herd need', () => {
    for (const word of ['dashboard', 'can', 'dev']) {
      expect(actionFacts(word)?.by).toBe('nobody');
      expect(refusal(word, 'web').hint).toContain(`herd do ${word} SERVICE`);
      expect(actionRules.has(word)).toBe(false);
    }
  });
  it('with a secret in it is refused, and the secret is not repeated', () => {
    const uri = 'ocapn://abc.tcp-tls/s/c2VjcmV0?host=a';
    for (const argv of [
      ['ref', 'add', uri],
      ['reload', 'web', uri],
      ['ref', 'add', 'a', '--from', uri],
      ['status', uri.toUpperCase()],
    ]) {
      const error = refusal(...argv);
      expect(error.message).toContain('secret');
      expect(`${error.message} ${error.hint}`).not.toMatch(/c2VjcmV0/i);
    }
  });
  it('may be as long as its limits and no longer', () => {
    const words = Array.from({ length: maxWordCount - 1 }, () => 'x');
    expect(asked('start', ...words)).toMatchObject({ kind: 'perform' });
    expect(refusal('start', ...words, 'x').message).toContain('too many');
    expect(asked('start', 'x'.repeat(maxWordChars))).toMatchObject({ kind: 'perform' });
    expect(refusal('start', 'x'.repeat(maxWordChars + 1)).message).toContain('longer than');
  });
});

describe('the table of actions and the grammar of herd', () => {
  const words = [...new Set([...actionRules.keys()].map((name) => name.split(' ')[0] ?? ''))];
  it('know the same actions of herd, of every service and of the shepherd', () => {
    expect(words.filter((word) => (actionFacts(word)?.by ?? 'nobody') === 'nobody')).toEqual([]);
    const known = actionNames.filter((name) => actionFacts(name)?.by !== 'nobody');
    // For it nothing has to be brought or confirmed by herd: it goes to the slot as any word does.
    expect(known.filter((name) => !words.includes(name))).toEqual(['activate']);
  });
  it('let every start say how many members are enough, also by way of do', () => {
    for (const [name, { options }] of actionRules)
      expect(options.includes('min-ready'), name).toBe(isStart(name) || name === 'do');
  });
  it('take for a group what two words begin with', () => {
    expect(words.filter(isGroup)).toEqual([
      'ref',
      'op',
      'grant',
      'node',
      'net',
      'state',
      'audit',
      'release',
    ]);
  });
});

describe('an action of herd itself', () => {
  it('has somebody who carries it out', () => {
    const own = [...actionRules.keys()].filter(
      (action) => !isBuiltIn(action) && action !== 'do' && action !== 'help',
    );
    expect(own.filter((action) => runnerOf(action) === undefined)).toEqual([]);
    expect(runnerOf('brew')).toBeUndefined();
  });
});
