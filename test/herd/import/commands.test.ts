/** What a unit of systemd starts is what an imported one starts, which is seen by what it prints. */
import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { loaded, read } from './reading.ts';

// A configuration is bundled by a real process.
afterAll(() => vi.resetConfig());

interface Started {
  readonly start: { readonly argv: readonly string[]; readonly env?: Record<string, string> };
}
/** What the only service of a unit prints, with what else it finds in its environment. */
const printedBy = async (unit: string, env: Readonly<Record<string, string>> = {}) => {
  const { text, told } = read('systemd', { 'a.service': `[Service]\n${unit}\n` });
  const [entry] = await loaded(text);
  const { argv, env: own } = (entry as unknown as Started).start;
  const [program = '', ...args] = argv;
  const printed = execFileSync(program, args, { env: { ...own, ...env }, encoding: 'utf8' });
  return { printed, told };
};
/** Prints each of its words in brackets. */
const show = `/usr/bin/printf '[%%s]'`;

describe('what a unit starts', () => {
  it.each([
    [`/bin/sh -c 'for i in 1 2; do echo item=$i; done'`, 'item=1\nitem=2\n'],
    [`/bin/sh -c 'echo $$HOME $\{A} $(( $$$$ > 1 ))'`, '/h x y 1\n'],
    [`${show} $A`, '[x][y]'],
    [`${show} $\{A} b-$\{A}-$A`, '[x y][b-x y-$A]'],
    [`${show} $Q`, '[a b][c]'],
    [`${show} $LATER $\{LATER} b-$\{LATER}$A`, '[1][2][1  2][b-1  2$A]'],
    [`${show} $NONE a$\{NONE}b $\{NONE} $NONE-x`, '[ab][]'],
    [`${show} $$A $$$\{A} a$$$$b`, '[$A][$x y][a$$b]'],
    [`${show} $CODE`, '[$(exit][1)]'],
    [`${show} $\{CODE} $\{NONE}`, '[$(exit 1)][]'],
    [`:${show} $A $\{A} $$`, '[$A][${A}][$$]'],
  ])('is filled in as systemd does: %s', async (command, printed) => {
    const variables = `Environment="A=x y" "Q='a b' c" "CODE=$(exit 1)"`;
    const found = await printedBy(`${variables}\nExecStart=${command}`, {
      HOME: '/h',
      LATER: '1  2',
    });
    expect(found).toEqual({ printed, told: [] });
  });
  it.each([
    [`/bin/echo one ; /bin/echo two`, 'one\ntwo\n'],
    [`-/bin/false ; /bin/echo two;`, 'two;\n'],
    [`/bin/echo one \\; two ";" ; /bin/echo three ;`, 'one ; two ;\nthree\n'],
  ])('is each of its commands: %s', async (command, printed) => {
    const { told, ...found } = await printedBy(`Type=oneshot\nExecStart=${command}`);
    expect([found.printed, told]).toEqual([printed, []]);
  });
  it('is told to be none of systemd where only a one-shot may have so many', async () => {
    const { printed, told } = await printedBy('ExecStart=/bin/echo one ; /bin/echo two');
    expect(printed).toBe('one\ntwo\n');
    expect(told).toEqual([expect.stringMatching(/^ExecStart: systemd takes more than one/)]);
  });
  it.each([
    ['+', /^2: ExecStart=.*: \+: it is run with the rights of its service/],
    ['-!', /^2: ExecStart=.*: !: it is run as the user/],
    ['|', /^2: ExecStart=.*: \|: .*shell/],
    ['!!', undefined],
    ['-:', undefined],
  ])('is told what %s before it asks for that is not done', async (prefix, why) => {
    const { printed, told } = await printedBy(`ExecStart=${prefix}/bin/echo a`);
    expect(printed).toBe('a\n');
    expect(told).toEqual(why === undefined ? [] : [expect.stringMatching(why)]);
  });
  it.each([
    ['/bin/echo echo a', []],
    ['/bin/echo other a', ['2: ExecStart=@/bin/echo other a: @: it is called /bin/echo']],
  ])('is called as it is: @%s', async (command, why) => {
    const { printed, told } = await printedBy(`ExecStart=@${command}`);
    expect([printed, told]).toEqual(['a\n', why]);
  });
  it('is told what is asked for before it, and at a reload, too', () => {
    const { told } = read('systemd', {
      'a.service':
        '[Service]\nExecStart=/bin/a\nExecStartPre=+/bin/b\nExecStop=!/bin/c\nExecReload=/bin/d ; +/bin/e\n',
    });
    expect(told.map((each) => each.replace(/: it is run.*/, ''))).toEqual([
      '3: ExecStartPre=+/bin/b: +',
      '4: ExecStop=!/bin/c: !',
      '5: ExecReload=/bin/d ; +/bin/e: +',
    ]);
  });
});
