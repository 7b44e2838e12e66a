import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { helpText, parseFully } from '../../../packages/herd/src/cli/help/full.ts';
import { actionAbouts } from '../../../packages/herd/src/cli/help/abouts.ts';
import {
  actionRules,
  optionNames,
  type OptionRule,
  optionRules,
  ownAction,
} from '../../../packages/herd/src/cli/grammar/grammar.ts';
import { interpret } from '../../../packages/herd/src/cli/grammar/invocation.ts';
import { optionExamples } from '../../../packages/herd/src/cli/help/option-examples.ts';
import { pages } from '../../../packages/herd/src/cli/help/pages.ts';
import { slotPages } from '../../../packages/herd/src/cli/help/slot-pages.ts';
import { slotActions } from '@bellwether/deploy';
import { parseQuickly } from '../../../packages/herd/src/cli/grammar/parse.ts';
import { ageIn } from '../../../packages/herd/src/cli/grammar/spans.ts';
import { Usage } from '../../../packages/herd/src/cli/grammar/usage.ts';

const letters = optionNames.flatMap((name) => {
  const rule: OptionRule = optionRules[name];
  return rule.letter === undefined ? [] : [`-${rule.letter}`];
});
const oddWords = [
  '1e3',
  '007',
  '0x10',
  '',
  '-',
  '--',
  '-5',
  '1.5',
  'true',
  'a=b',
  '__proto__',
  'constructor',
  '@web',
];
const item = fc.oneof(
  fc.constantFrom(...[...actionRules.keys()].flatMap((name) => name.split(' '))),
  fc.constantFrom(...optionNames.map((name) => `--${name}`), ...letters),
  fc.constantFrom(
    ...optionNames.map((name) => `--${name}=7`),
    '--no-json',
    '--json=false',
    '-qv',
    '-n5',
    '--n=5',
  ),
  fc.constantFrom(...oddWords),
  fc.string({ maxLength: 6 }),
);

describe('the two parsers', () => {
  it('never disagree: what the tiny one reads, the full one reads the same', () => {
    let quickCount = 0;
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), (argv) => {
        const quick = parseQuickly(argv);
        if (quick === undefined) return;
        quickCount += 1;
        expect(parseFully(argv)).toEqual(quick);
      }),
      { numRuns: 3_000, seed: 7 },
    );
    expect(quickCount).toBeGreaterThan(300);
    // 3,000 command lines through yargs: 2 s, and more where tests share two cores.
  });

  it.each([
    ['status'],
    ['status', 'web', '--json'],
    ['--socket', '/tmp/s', 'start', 'web'],
    ['-s', '/tmp/s', '-q', 'stop', 'fleet', '--no-members'],
    ['log', 'web', '-n', '20'],
    ['log', '-f', 'web', '--since', '10m'],
    ['log', '--since=2026-11-25T10:04:05Z', '--follow'],
    ['--timeout=2.5', 'restart', '@web'],
    ['ref', 'mint', 'web', '--out', 'web.ref'],
    ['reload', 'web', '--hard', '-x'],
  ])('read %j both, so that the tiny one is enough for it', (...argv) => {
    expect(parseQuickly(argv)).toBeDefined();
    expect(parseFully(argv)).toEqual(parseQuickly(argv));
  });
});

describe('an option by its beginning', () => {
  it.each([
    [['--log-h=1', 'status', 'web'], { words: ['status', 'web'], options: { 'log-history': 1 } }],
    [
      ['--sock', '/s', '--js', 'status'],
      { words: ['status'], options: { socket: '/s', json: true } },
    ],
    [['log', '--foll', 'web'], { words: ['log', 'web'], options: { follow: true } }],
    [['-s', '--x', 'status'], undefined],
  ])('is that option, where no other begins so: %j', (argv, read) => {
    expect(parseQuickly(argv)).toBeUndefined();
    if (read === undefined) expect(() => parseFully(argv)).toThrow();
    else expect(parseFully(argv)).toEqual(read);
  });
  it('is refused where several begin so, and says which', () => {
    expect(() => parseFully(['--s', 'status'])).toThrow("option '--s' is ambiguous");
    expect(hintOf(() => parseFully(['--no-m', '--pa', '5s', 'stop', 'x']))).toBe(undefined);
    expect(hintOf(() => parseFully(['--max-', 'status']))).toBe(
      "It could be '--max-unavailable', '--max-failed', '--max-uses'.",
    );
  });
  it.each([
    [['status', '--zz'], "Try 'herd status --help' for the options that there are."],
    [['node', 'join', '-c', 'x'], "Try 'herd node join --help' for the options that there are."],
    [['node', '-Z'], "Try 'herd node --help' for the options that there are."],
    [['--zz'], "Try 'herd --help' for the options that there are."],
    [['polish', '--zz', 'web'], "To pass it on to the service, write it after '--'."],
  ])('that nobody knows is pointed to the help of its action: %j', (argv, hint) => {
    expect(hintOf(() => parseFully(argv))).toBe(hint);
  });
  it('is no option of herd behind the SERVICE of an action of its own', () => {
    expect(parseFully(['polish', 'web', '--js']).words).toEqual(['polish', 'web', '--js']);
  });
});
const hintOf = (tried: () => unknown): string | undefined => {
  try {
    tried();
    return undefined;
  } catch (error) {
    return error instanceof Usage ? error.hint : 'no usage error';
  }
};

describe.each([
  ['tiny', parseQuickly],
  ['full', parseFully],
])('the %s parser', (_name, parse) => {
  it('hands on what follows the SERVICE of a custom action exactly as typed', () => {
    const args = [
      '1e3',
      '007',
      '0x10',
      '--flag',
      '--json',
      '-n',
      '5',
      '',
      '--a.b=c',
      '--no-x',
      '-vq',
    ];
    expect(parse(['reload', 'web', ...args])?.words).toEqual(['reload', 'web', ...args]);
    expect(parse(['do', 'status', 'web', ...args])?.words).toEqual([
      'do',
      'status',
      'web',
      ...args,
    ]);
    expect(parse(['reload', 'web', ...args])?.options).toEqual({});
  });
  it('takes no word for the number of a canary, and gives an argument of that name back as typed', () => {
    expect(parse(['--canary', 'restart', '3'])).toEqual({
      words: ['restart', '3'],
      options: { canary: 1 },
    });
    expect(parse(['do', 'x', 'web', '--canary', '--canary=1'])).toEqual({
      words: ['do', 'x', 'web', '--canary', '--canary=1'],
      options: {},
    });
  });
  it('hands on a --dry-run or a selector to a custom action only after --', () => {
    expect(parse(['reload', 'web', 'x', '--', '--dry-run'])).toEqual({
      words: ['reload', 'web', 'x', '--dry-run'],
      options: {},
    });
    expect(parse(['--dry-run', 'reload', 'web', '--dry-runs'])).toEqual({
      words: ['reload', 'web', '--dry-runs'],
      options: { 'dry-run': true },
    });
    expect(parse(['-l', 'a', 'reload', 'web', '-long', '--', '-l', 'b'])).toEqual({
      words: ['reload', 'web', '-long', '-l', 'b'],
      options: { selector: 'a' },
    });
    const said = (...argv: readonly string[]): unknown => {
      try {
        return parse(argv);
      } catch (error) {
        return error instanceof Error ? error.message : error;
      }
    };
    for (const argv of [
      ['reload', 'web', '--dry-run'],
      ['reload', 'web', 'x', '--dry-run=yes'],
      ['do', 'status', 'web', '--dry-run'],
      ['reload', 'webs', '-l', 'role=web'],
      ['prune', 'web', 'x', '--selector=role=web'],
      ['do', 'dump', 'web', '--selector', 'role=web'],
    ])
      expect(said(...argv) ?? 'left to the full parser').toMatch(
        parse === parseFully ? /the action would run/ : /left to the full parser/,
      );
  });
  it('says how a selector is typed for a custom action', () => {
    if (parse !== parseFully) return;
    const said = (...argv: readonly string[]): unknown => {
      try {
        return parse(argv);
      } catch (error) {
        return error instanceof Usage ? error.hint : error;
      }
    };
    expect(said('pin', 'webs', '-l', 'role=web,!canary', 'cd1974eed13d')).toBe(
      "To pick out for whom it runs: 'herd -l 'role=web,!canary' pin webs cd1974eed13d'. " +
        "To pass it on: 'herd pin webs cd1974eed13d -- -l 'role=web,!canary''.",
    );
  });
  it('leaves numbers alone that are words of an own action', () => {
    expect(parse(['start', '007', '1e3', '0x10', '1_000'])?.words).toEqual([
      'start',
      '007',
      '1e3',
      '0x10',
      '1_000',
    ]);
  });
  it('takes everything after -- as words', () => {
    expect(parse(['start', 'web', '--', '--json', '--', '-q'])).toEqual({
      words: ['start', 'web', '--json', '--', '-q'],
      options: {},
    });
  });
  it('takes options before, between and, of own actions, after the words', () => {
    const expected = {
      words: ['status', 'web'],
      options: { json: true, quiet: true, 'log-history': 3 },
    };
    expect(parse(['--json', 'status', '-q', 'web', '-n', '3'])).toEqual(expected);
  });
  it('takes a service that is called true or false for one', () => {
    expect(parse(['-q', 'stop', 'true'])?.words).toEqual(['stop', 'true']);
    expect(parse(['stop', '-q', 'true'])).toEqual({
      words: ['stop', 'true'],
      options: { quiet: true },
    });
  });
  it('keeps --timeout in milliseconds', () => {
    expect(parse(['--timeout', '2.5', 'status'])?.options.timeout).toBe(2_500);
  });
  it('takes a number of members or a percentage, at their limits', () => {
    expect(parse(['start', 'f', '--min-ready', '10000'])?.options).toEqual({ 'min-ready': 10_000 });
    expect(parse(['restart', 'f', '--canary=10000'])?.options).toEqual({ canary: 10_000 });
    expect(parse(['start', 'f', '--min-ready=100%'])?.options).toEqual({ 'min-ready': '100%' });
    expect(parse(['start', 'f', '--min-ready', '007%'])?.options).toEqual({ 'min-ready': '7%' });
  });
  it('takes some options again and again, in order, wherever they stand', () => {
    expect(
      parse([
        '--env',
        'A=1',
        'release',
        'build',
        '--env=B=--json',
        'dist',
        '--env',
        'C=',
        '-o',
        'f',
      ]),
    ).toEqual({
      words: ['release', 'build', 'dist'],
      options: { env: ['A=1', 'B=--json', 'C='], out: 'f' },
    });
  });
  it('takes a timeout and a line count at their limits', () => {
    const options = { timeout: 86_400_000, 'log-history': 10_000 };
    expect(parse(['--timeout', '86400', '-n', '10000', 'status'])?.options).toEqual(options);
    expect(parse(['--timeout', '0.001', '-n', '0', 'status'])?.options).toEqual({
      timeout: 1,
      'log-history': 0,
    });
  });
});

describe('what cannot be followed', () => {
  const refusal = (...argv: string[]): Usage => {
    expect(parseQuickly(argv)).toBeUndefined();
    try {
      parseFully(argv);
    } catch (error) {
      if (error instanceof Usage) return error;
      throw error;
    }
    throw new Error('was accepted');
  };
  it('names an unknown option and the one that may have been meant', () => {
    const error = refusal('--jsno', 'status');
    expect(error.message).toBe("unknown option '--jsno'");
    expect(error.hint).toBe("Did you mean '--json'?");
  });
  it.each([
    ['--timeout', '86400.001', 'status'],
    ['--timeout', '0', 'status'],
    ['--timeout', '1e3', 'status'],
    ['--timeout', '-1', 'status'],
    ['-n', '10001', 'status'],
    ['--min-ready', '10001', 'start', 'f'],
    ['--canary=0', 'restart', 'f'],
    ['--canary=10001', 'restart', 'f'],
    ['--canary=', 'restart', 'f'],
    ['--canary', '--canary=2', 'restart', 'f'],
    ['--batch', '101%', 'restart', 'f'],
    ['--pause', '5', 'restart', 'f'],
    ['--min-ready', '101%', 'start', 'f'],
    ['--min-ready', '1.5', 'start', 'f'],
    ['--min-ready', 'all', 'start', 'f'],
    ['-n', '0x10', 'status'],
    ['-n', '1.5', 'status'],
  ])('refuses the value of %j', (...argv) => {
    expect(refusal(...argv).code).toBe('usage');
  });
  it('refuses a missing value, a value for a flag and an option given twice', () => {
    expect(refusal('status', '--timeout').message).toBe("option '--timeout' needs SECONDS");
    expect(refusal('--timeout', '--json', 'status').message).toBe(
      "option '--timeout' needs SECONDS",
    );
    expect(refusal('--json=false', 'status').message).toContain('json');
    expect(refusal('-n', '1', 'status', '-n', '2').message).toContain('more than once');
    expect(refusal('-n', '1', '-n', '2', 'status').message).toContain('more than once');
  });
});

describe('help', () => {
  it('names every action and every option, and shows examples', async () => {
    const text = await helpText(undefined, 80);
    for (const name of actionRules.keys()) expect(text).toContain(`herd ${name}`);
    for (const name of optionNames) expect(text).toContain(`--${name}`);
    expect(text).toContain('herd start web-server-fleet');
    expect(text).toContain('Exit codes: 0 ');
  });
  /** The words of a command line that stands in help, without what belongs to the shell. */
  const wordsOf = (command: string): readonly string[] =>
    (command.replace(/ [<>|] .*$/, '').match(/(?:'[^']*'|[^\s'])+/g) ?? [])
      .map((word) => word.replaceAll("'", ''))
      .slice(1);
  it('has a page for every action, whose examples can be typed as they stand', async () => {
    expect(Object.keys(pages).sort()).toEqual([...actionRules.keys()].sort());
    expect(Object.keys(actionAbouts)).toEqual([...actionRules.keys()]);
    for (const [name, { examples }] of Object.entries(pages)) {
      expect([name, examples.length >= 2 && examples.length <= 4]).toEqual([name, true]);
      const text = await helpText(name, 100);
      for (const [command] of examples) {
        const typed = parseFully(wordsOf(command));
        expect(() => interpret(typed)).not.toThrow();
        expect(ownAction(typed.words)?.name, command).toBe(name);
        expect(text.replace(/\s+/g, ' ')).toContain(command);
      }
    }
  });
  it('says of an option what it means to the action, where it means another thing to most', async () => {
    const spawn = (await helpText('spawn', 100)).replace(/\s+/g, ' ');
    expect(spawn).toContain('-N, --name NAME: what the service is called');
    expect(spawn).not.toContain('machine, whose services');
    const imported = (await helpText('import', 100)).replace(/\s+/g, ' ');
    expect(imported).toContain('--from KIND: systemd');
    expect(imported).not.toContain('standard input');
    for (const [name, { options = {} }] of Object.entries(pages))
      for (const option of Object.keys(options))
        expect(actionRules.get(name)?.options, name).toContain(option);
  });
  it('has a page for what slots do, whose examples can be typed as they stand', async () => {
    const own = Object.keys(slotActions).filter((name) => !actionRules.has(name));
    expect(Object.keys(slotPages).sort()).toEqual(own.sort());
    for (const [name, { examples, usage }] of Object.entries(slotPages)) {
      expect(interpret(parseFully(['help', name]))).toMatchObject({ kind: 'help', topic: name });
      expect(interpret(parseFully([name, '--help']))).toMatchObject({ kind: 'help', topic: name });
      const text = (await helpText(name, 100)).replace(/\s+/g, ' ');
      expect(text).toContain(`Usage: herd [OPTION...] ${name} ${usage}`);
      for (const [command] of examples) {
        const { words, options } = parseFully(wordsOf(command));
        expect(interpret({ words, options })).toMatchObject({ command: { action: name } });
        expect(text).toContain(command);
      }
    }
  });
  it('has an example of every option, which can be typed as it stands', () => {
    for (const name of optionNames) {
      const typed = parseFully(wordsOf(optionExamples[name]));
      expect(typed.options, name).toHaveProperty([name]);
      expect(() => interpret(typed)).not.toThrow();
    }
  });
  it.each(['node', 'op', 'ref', 'release', 'state'])(
    'of a group has each of its words, and no others: %s',
    async (group) => {
      const page = await helpText(group, 80);
      const named = [...page.matchAll(/^  herd ([a-z]+ [a-z]+)/gm)].map(([, name]) => name);
      const wanted = [...actionRules.keys()].filter((name) => name.startsWith(`${group} `));
      expect(named).toEqual(wanted);
      const text = page.replace(/\s+/g, ' ');
      for (const name of wanted) expect(text).toContain(actionAbouts[name]);
    },
  );
  it('of an action that is two commands has the usage of both', async () => {
    expect(await helpText('deploy', 100)).toContain(
      'Usage: herd [OPTION...] deploy SERVICE FILE\n' +
        'or:    herd [OPTION...] deploy --machines FILE [NAME...] FILE\n',
    );
  });
  it('of one action has its own options, not those of others', async () => {
    const text = await helpText('ref mint', 80);
    expect(text).toContain('herd [OPTION...] ref mint SERVICE');
    expect(text).toContain('--reveal');
    expect(text).not.toContain('--from');
  });
});

describe('--since', () => {
  const now = Date.parse('2026-11-25T10:04:05Z');
  it.each([
    ['30s', 30_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['0s', 0],
    ['999999d', 315_360_000_000],
    ['2026-11-25T10:04:00Z', 5_000],
    ['2026-11-25 11:04:00+01:00', 5_000],
    ['2026-11-25T10:03:59.500Z', 5_500],
    ['2026-11-26T10:04:05Z', 0],
    ['1900-01-01T00:00Z', 315_360_000_000],
  ])('takes %s', (text, ageMs) => {
    expect(ageIn(text, now)).toBe(ageMs);
  });
  it('takes a time without a zone, and a date alone, for local ones', () => {
    const local = new Date(2026, 10, 25, 9, 0).getTime();
    expect(ageIn('2026-11-25T09:00', local + 1_000)).toBe(1_000);
    expect(ageIn('2026-11-25', local)).toBe(9 * 3_600_000);
  });
  it.each(['', '10', '10 m', '-1s', '1.5h', '10M', '1000000s', 'yesterday', '2026-13-01', '10:04'])(
    'does not take %j',
    (text) => {
      expect(ageIn(text, now)).toBeUndefined();
    },
  );
});
