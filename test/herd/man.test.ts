/** The manual pages say all that help and types say, and roff reads them without a warning. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeWords } from '../../packages/herd/src/cli/help/exit-code-words.ts';
import { actionRules, optionNames } from '../../packages/herd/src/cli/grammar/grammar.ts';
import { pages } from '../../packages/herd/src/cli/help/pages.ts';
import { slotPages } from '../../packages/herd/src/cli/help/slot-pages.ts';
import { shepherdHelp } from '../../packages/herd/src/daemon/options.ts';
import { declarationsIn } from '../../packages/herd/src/man/config-page.ts';
import { manPages } from '../../packages/herd/src/man/index.ts';
import { ManPage } from '../../packages/herd/src/man/roff.ts';

const folder = path.resolve(import.meta.dirname, '../../packages/bellwether/src');
const sources = fs
  .readdirSync(folder)
  .filter((name) => name !== 'index.ts')
  .map((name) => fs.readFileSync(path.join(folder, name), 'utf8'));
const made = manPages(sources);
/** A page as it is read: escapes taken back. */
const readable = (name: string): string =>
  (made.get(name) ?? '')
    .replaceAll('\\-', '-')
    .replaceAll('\\(aq', "'")
    .replaceAll('\\(dq', '"')
    .replaceAll('\\(ha', '^')
    .replaceAll('\\(ti', '~')
    .replaceAll('\\(ga', '`')
    .replace(/\\\[u([0-9A-F]+)\]/g, (_all, digits: string) =>
      String.fromCodePoint(parseInt(digits, 16)),
    )
    .replaceAll('\\&', '')
    .replaceAll('\\e', '\\');

describe('herd(1)', () => {
  const page = readable('herd.1');
  it('has every action with its page and examples, and every option', () => {
    for (const [name, { usage }] of actionRules) {
      expect(page).toContain(`.SS "herd ${name} ${usage}`.trimEnd());
      expect(page).toContain(pages[name]?.text ?? 'no page');
      for (const [line] of pages[name]?.examples ?? []) expect(page).toContain(line);
      for (const said of Object.values(pages[name]?.options ?? {}))
        expect(page).toContain(said.slice(1));
    }
    for (const name of Object.keys(slotPages)) expect(page).toContain(`.SS "herd ${name} `);
    for (const name of optionNames)
      expect(page).toMatch(new RegExp(`^\\.B ".*--${name}[=\\[" ]`, 'm'));
  });
  it('has every exit code', () => {
    for (const [code, words] of exitCodeWords) {
      expect(page).toContain(`.B "${code}"\n`);
      expect(page.toLowerCase()).toContain(words.toLowerCase());
    }
  });
});

describe('shepherd(8)', () => {
  it('has every option of the help, with all of its words', () => {
    const page = readable('shepherd.8');
    const names = [...shepherdHelp.matchAll(/--([a-z-]+)/g)].map(([name]) => name);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(page).toContain(name);
    expect(page).toContain("says listen: { unix: 'shared' }");
    expect(page).toContain('asks the one that runs here to join a controller');
  });
});

describe('shepherd.config(5)', () => {
  const page = readable('shepherd.config.5');
  it('has every key of every exported interface', () => {
    const all = sources.join('\n');
    const interfaces = [...all.matchAll(/^export interface (\w+)/gm)].map(([, name = '']) => name);
    expect(interfaces.length).toBeGreaterThan(20);
    for (const name of interfaces) expect(page).toContain(`.SS "${name}"\n`);
    const told = sources.flatMap(declarationsIn).flatMap(({ keys }) => keys);
    const keys = [...all.matchAll(/^export interface [^]*?^}/gm)].flatMap(([body]) =>
      [...body.matchAll(/^ {2}readonly (\w+\??):/gm)].map(([, name = '']) => name),
    );
    expect(told.map(({ name }) => name)).toEqual(keys);
    for (const key of keys) expect(page).toContain(`.B "${key}: `);
  });
  it('reads a key with its comment and a type of several lines', () => {
    const source = [
      '/** A thing.',
      ' * Of two lines. */',
      'export interface Thing extends Other {',
      '  /** How many. */',
      '  readonly count?: number;',
      '  readonly limits: {',
      '    /** Inside. */',
      '    readonly bytes?: 1;',
      '  };',
      "  readonly kind: 'thing';",
      '}',
      '/** Either. */',
      'export type Either =',
      '  | 1',
      '  | 2;',
      '',
    ].join('\n');
    expect(declarationsIn(source)).toMatchObject([
      {
        ...{ name: 'Thing', about: 'A thing. Of two lines.' },
        keys: [
          { name: 'count?', type: 'number', about: 'How many.' },
          { name: 'limits', type: '{ readonly bytes?: 1; }', about: '' },
          { name: 'kind', type: "'thing'", about: '' },
        ],
      },
      { name: 'Either', about: 'Either.', keys: [], text: 'type Either =\n  | 1\n  | 2;' },
    ]);
  });
});

describe('roff', () => {
  it('makes nothing of what is text', () => {
    const page = new ManPage('x', '1', '0', 'a');
    page.paragraph(".SH \\fB it's `a` ~ ^ … -");
    page.item('a "b"', "'quoted");
    expect(page.text().split('\n').slice(3)).toEqual([
      '.PP',
      '\\&.SH \\efB it\\(aqs \\(gaa\\(ga \\(ti \\(ha \\[u2026] \\-',
      '.TP',
      '.B "a \\(dqb\\(dq"',
      '\\(aqquoted',
      '',
    ]);
  });
  const hasGroff = spawnSync('groff', ['--version']).status === 0;
  // A digest has no place where a line could be broken.
  it.skipIf(!hasGroff).each([...made])('reads %s without a warning', (_name, input) => {
    const words = ['-man', '-Tutf8', '-ww', '-Wbreak', '-z'];
    const { stderr, status } = spawnSync('groff', words, { input, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});
