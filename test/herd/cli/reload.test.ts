/** What `herd reload` and `herd detach` ask, print and end with, against a shepherd that says what the test says. */
import type { Reloaded } from '@bellwether/fleet';
import { Conflict, type Row } from '@bellwether/shepherd';
import { afterEach, describe, expect, it } from 'vitest';
import { main } from '../../../packages/herd/src/cli/main.ts';
import { type Answers, type FakeShepherd, startFakeShepherd } from './fake-shepherd.ts';
import { type FakeTerminal, fakeTerminal } from './fake-terminal.ts';

let shepherd: FakeShepherd | undefined;
afterEach(async () => {
  await shepherd?.stop();
  shepherd = undefined;
});
const herd = async (
  answers: Answers,
  argv: readonly string[],
  meanwhile: (terminal: FakeTerminal) => void = () => undefined,
) => {
  shepherd = await startFakeShepherd(answers);
  const env = { SHEPHERD_SOCKET: shepherd.socket };
  const terminal = fakeTerminal({ uid: process.getuid?.() ?? 0, env });
  const ended = main(argv, terminal, { version: '0' });
  meanwhile(terminal);
  return { exitCode: await ended, ...terminal.written, asked: shepherd.asked };
};
const answering = (value: unknown): Answers => ({ reload: () => value });

const difference = {
  added: ['new'],
  changed: [{ name: 'web', paths: ['start.argv', 'stop.signal'] }],
  removed: ['old'],
  unchangedCount: 2,
  atRestart: ['listen'],
};
const outcomeOf = (...rows: readonly Row[]) => ({
  member: 'root',
  result: rows.some(({ result }) => result === 'failed') ? 'failed' : 'changed',
  rows,
});
const read = (outcome?: object): Reloaded =>
  ({ kind: 'read', difference, pending: ['web'], ...(outcome && { outcome }) }) as Reloaded;

describe('herd reload', () => {
  it('says what was done and what is left to do', async () => {
    const ran = await herd(answering(read(outcomeOf({ member: 'old', result: 'changed' }))), [
      'reload',
    ]);
    expect(ran).toMatchObject({ exitCode: 0, err: '', asked: [['reload', false]] });
    expect(ran.out.split('\n')).toEqual([
      'Removed old.',
      'Changed web: start.argv, stop.signal.',
      'Added new.',
      'Unchanged: 2 services.',
      "Service web runs as before; 'herd restart web' upgrades it.",
      'Changed too: listen. It takes effect when the shepherd itself is started again.',
      '',
    ]);
  });
  it('says of what stands for a service elsewhere that this goes on, and how to stop it', async () => {
    const elsewhere = [
      { name: 'slow-f', node: 'F', from: 'f-slow' },
      { name: 'slow@G', node: 'G' },
    ];
    const removed = ['slow-f', 'old', 'slow@G'];
    const told: Reloaded = {
      kind: 'read',
      difference: { ...difference, removed, elsewhere },
      pending: [],
    };
    const ran = await herd(answering(told), ['reload']);
    expect(ran.out.split('\n').slice(0, 3)).toEqual([
      "Removed slow-f; what runs for it at F goes on: 'herd stop @f-slow' stops it.",
      'Removed old.',
      "Removed slow@G; what runs for it at G goes on: a 'herd stop' there stops it.",
    ]);
    await shepherd?.stop();
    const dry = await herd(answering(told), ['reload', '--dry-run', '--json']);
    expect(JSON.parse(dry.out)).toMatchObject({ difference: { removed, elsewhere } });
    await shepherd?.stop();
    const words = await herd(answering(told), ['reload', '--dry-run']);
    expect(words.out).toContain(
      "Would remove slow-f; what runs for it at F goes on: 'herd stop @f-slow' stops it.\n",
    );
  });
  it('asks for nothing but words with --dry-run', async () => {
    const ran = await herd(answering(read()), ['reload', '--dry-run', 'root']);
    expect(ran.asked).toEqual([['reload', true]]);
    expect(ran.out).toContain('Would remove old.\nWould change web');
  });
  it('ends with 1 where all of it failed, with 3 where some did, and says which and why', async () => {
    const bad: Row = { member: 'new', result: 'failed', reason: 'no such program', output: ['x'] };
    const good: Row = { member: 'old', result: 'changed' };
    const ran = await herd(answering(read(outcomeOf(bad))), ['reload']);
    expect(ran.exitCode).toBe(1);
    expect(ran.err).toBe('herd: error: service new: failed\n  no such program\n  | x\n');
    await shepherd?.stop();
    expect((await herd(answering(read(outcomeOf(bad, good))), ['reload'])).exitCode).toBe(3);
  });
  it('prints one document with --json, and nothing else', async () => {
    const ran = await herd(answering(read(outcomeOf())), ['reload', '--json', '--dry-run']);
    expect(JSON.parse(ran.out)).toEqual({
      schema: 1,
      kind: 'reload',
      isDryRun: true,
      exitCode: 0,
      difference,
      pending: ['web'],
      outcome: outcomeOf(),
    });
    expect(ran.err).toBe('');
  });
  it('ends with 2 and the problems of a configuration that is bad', async () => {
    const problems = ['/c.ts:3: services[0]: is odd', '  hint: make it even'];
    const ran = await herd(answering({ kind: 'refused', problems }), ['reload']);
    expect(ran).toMatchObject({
      exitCode: 2,
      out: '',
      err:
        'herd: error: /c.ts:3: services[0]: is odd\n    hint: make it even\n' +
        'Nothing was changed: the shepherd goes on with the configuration that it has.\n',
    });
  });
  it('ends with 9 while another one is under way', async () => {
    const answers: Answers = {
      reload: () => {
        throw new Conflict('a reload is under way already');
      },
    };
    expect(await herd(answers, ['reload'])).toMatchObject({ exitCode: 9, out: '' });
  });
  it('that is not over in time goes on, and says so', async () => {
    const ran = await herd({}, ['reload', '--timeout', '0.3']);
    expect(ran.exitCode).toBe(6);
    expect(ran.err).toContain("The reload goes on; 'herd status' shows what became of it.");
  });
  it('whose shepherd is lost may be done, which is not said to go on', async () => {
    const answers: Answers = {
      reload: (turn) => {
        turn.after(0, (turn) => turn.effect(() => shepherd?.sever()));
        return undefined;
      },
    };
    const ran = await herd(answers, ['reload']);
    expect(ran.exitCode).toBe(4);
    expect(ran.err).toMatch(/^It may be done: 'herd reload --dry-run' shows what of it is not\.\n/);
    expect(ran.err).not.toContain('goes on');
  });
  it('writes no control characters of a name to the terminal', async () => {
    const evil = { ...difference, added: ['a\u001b[2Jb'], removed: ['c\nd'] };
    const ran = await herd(answering({ kind: 'read', difference: evil, pending: [] }), [
      'reload',
      '--dry-run',
    ]);
    expect(ran.out).not.toContain('\u001b');
    expect(ran.out).not.toContain('c\nd');
  });
  it.each([
    ['words after root', ['reload', 'root', 'now']],
    ['an option of others', ['reload', '--yes']],
  ])('does not take %s', async (_what, argv) => {
    const ran = await herd(answering(read()), argv);
    expect(ran).toMatchObject({ exitCode: 2, asked: [] });
  });
});

describe('herd detach root', () => {
  it('says that the shepherd ends, once it has answered', async () => {
    const ran = await herd({ detach: () => true }, ['detach', 'root', '--json']);
    expect(ran).toMatchObject({ exitCode: 0, err: '', asked: [['detach']] });
    expect(JSON.parse(ran.out)).toEqual({ schema: 1, kind: 'detach' });
  });
  it('needs to hear root: a slip of the hand ends no shepherd', async () => {
    const ran = await herd({ detach: () => true }, ['detach']);
    expect(ran).toMatchObject({ exitCode: 2, asked: [] });
  });
});
