import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../../packages/herd/src/cli/main.ts';
import { version } from '../../../packages/herd/src/version.ts';
import { fakeTerminal } from './fake-terminal.ts';

const uid = process.getuid?.() ?? 0;
let folder: string;
beforeEach(() => (folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'state-')))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** As somebody whose usual state folder has an audit and records, which nobody means here. */
const herd = async (socket: string | undefined, ...words: readonly string[]) => {
  const usual = path.join(folder, 'home', 'bellwether');
  fs.mkdirSync(path.join(usual, 'audit'), { recursive: true, mode: 0o700 });
  const env = { SHEPHERD_SOCKET: socket, XDG_STATE_HOME: path.join(folder, 'home') };
  const terminal = fakeTerminal({ uid: uid === 0 ? 1_000 : uid, env });
  const exitCode = await main(words, terminal, { version });
  return { exitCode, ...terminal.written, left: fs.readdirSync(usual) };
};
const backup = (): string => {
  const file = path.join(folder, 'monday.backup');
  fs.writeFileSync(file, 'bellwether-backup 1\n');
  return file;
};

describe('a socket that somebody named', () => {
  it.each([
    ['state check', []],
    ['state restore', ['FILE']],
    ['state repair', []],
    ['audit verify', []],
  ])('has %s ask for the state folder, and not take the usual one', async (words, more) => {
    const file = backup();
    const args = [...words.split(' '), ...more.map(() => file)];
    const socket = path.join(folder, 'a', 'run', 'socket');
    for (const ran of [await herd(socket, ...args), await herd(undefined, ...args, '-s', socket)]) {
      expect([ran.exitCode, ran.out, ran.left]).toEqual([2, '', ['audit']]);
      expect(ran.err).toBe(
        `herd: error: the shepherd at ${socket} is meant, and a socket does not tell which state folder it has\n` +
          'Name that with --state FOLDER.\n',
      );
    }
  });

  it('below a state folder has that one suggested', async () => {
    const state = path.join(folder, 'a');
    fs.mkdirSync(state);
    fs.writeFileSync(path.join(state, 'epoch.json'), '{}');
    const { err } = await herd(path.join(state, 'run', 'socket'), 'audit', 'verify');
    expect(err).toContain(`Name that with --state ${state}.\n`);
  });

  it('counts for nothing where it is the usual one, or the folder is named', async () => {
    const socket = path.join(folder, 'home', 'bellwether', 'run', 'socket');
    const usual = await herd(undefined, 'audit', 'verify');
    expect(usual.err).toBe('');
    expect(await herd(socket, 'audit', 'verify')).toEqual(usual);
    const named = path.join(folder, 'home', 'bellwether');
    expect(await herd('/elsewhere', 'audit', 'verify', named)).toEqual(usual);
    expect(await herd('/elsewhere', 'audit', 'verify', '--state', named)).toEqual(usual);
  });
});
