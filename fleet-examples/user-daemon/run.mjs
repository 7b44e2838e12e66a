/**
 * The example, run: somebody's own shepherd keeps an Emacs in the background, without root. It is looked at, stopped,
 * started and restarted, as in the demonstration of the Shepherd on Goblins that the Spritely Institute gave in 2025.
 */
import fs from 'node:fs';
import path from 'node:path';
import { makeStage, title } from '../stage.mjs';

const machine = 'me';
const { herd, startDaemon, jsonOf, socketOf, play } = makeStage({
  here: import.meta.dirname,
  machines: [machine],
});

/** Emacs itself where it is installed; EDITOR_COMMAND says something else. */
const editor = () => {
  const { EDITOR_COMMAND: said, PATH = '' } = process.env;
  if (said !== undefined) return said;
  const isThere = PATH.split(':').some((folder) => fs.existsSync(path.join(folder, 'emacs')));
  if (isThere) return JSON.stringify(['emacs', '--fg-daemon']);
  return JSON.stringify([process.execPath, path.join(import.meta.dirname, 'editor.mjs')]);
};

const running = new RegExp(
  [
    'Status of emacs:',
    '  It is running since \\S+ \\(\\d+ seconds? ago\\)\\.',
    '  Main PID: \\d+',
    '  Command: \\S.*',
    '  It is enabled\\.',
    '  Provides: emacs',
    '  Will be respawned\\.',
  ].join('\\n'),
);
const messages =
  /Recent messages \(use '-n' to view more or less\):\n(?:.*\n)*? +Starting Emacs daemon\./;
const both = new RegExp(`${running.source}[^]*${messages.source}`);
const stopped = new RegExp(
  [
    '  It is stopped since \\S+ \\(\\d+ seconds? ago\\)\\.',
    '(?:  Command: .*\\n)?  Process exited with code 15\\.',
    '  It is enabled\\.',
    '  Provides: emacs',
    '  Will be respawned\\.',
  ].join('\\n'),
);
const started = { shows: /^Service emacs has been started\.\n$/ };

/** A shepherd is ready before what it starts is. */
const untilStarted = async () => {
  for (let tries = 0; tries < 200; tries += 1) {
    const { services = [] } = jsonOf(['-s', socketOf(machine), 'status', 'emacs']) ?? {};
    if (services.some(({ stage }) => stage === 'running')) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('emacs never came up');
};

const story = async () => {
  title('A user starts a shepherd of their own. It starts Emacs, which stays in the background.');
  const config = path.join(import.meta.dirname, 'me.config.ts');
  await startDaemon(machine, config, { EDITOR_COMMAND: editor() });
  await untilStarted();
  await herd(machine, ['status'], { shows: /^Started:\n \+ emacs\n \+ root\n$/ });
  await herd(machine, ['status', 'emacs'], { shows: both });
  title('It is stopped, which says nothing, and started again.');
  await herd(machine, ['stop', 'emacs'], { shows: /^$/ });
  await herd(machine, ['status', 'emacs'], { shows: stopped });
  await herd(machine, ['start', 'emacs'], started);
  await herd(machine, ['status', 'emacs'], { shows: both });
  title('A restart makes another process of it.');
  await herd(machine, ['restart', 'emacs'], started);
  await herd(machine, ['status', 'emacs'], { shows: both });
};

const stop = async () => {
  title('Stopping the shepherd, and Emacs with it.');
  await herd(machine, ['stop', 'root']);
};

await play({ story, stop });
