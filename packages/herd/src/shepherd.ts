/** The program `shepherd`: the daemon of one machine or one user. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { codeOf, messageOf } from '@bellwether/actors';
import { lacksRoom } from '@bellwether/store';
import { runDaemon } from './daemon/daemon.ts';
import { readOptions } from './daemon/options.ts';
import { defaultPlaces } from './places/paths.ts';
import { version } from './version.ts';

/** Signals that mean: stop everything in order, then end. As in GNU Shepherd. */
const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** Ends this daemon and nothing else, for an upgrade: the next one adopts what runs. */
const detachSignal = 'SIGUSR2';

/** What is asked of a daemon that runs: `shepherd join` is `herd node join`. */
const clientWords: ReadonlySet<string> = new Set(['join', 'give', 'leave', 'home', 'key']);

/** What `bin/shepherd.cjs` sets for glibc is no affair of the services; by the second it says that it did. */
const ownVariables = ['MALLOC_TRIM_THRESHOLD_', 'BELLWETHER_OWN_THRESHOLD'];

const main = async (): Promise<number> => {
  if ('BELLWETHER_OWN_THRESHOLD' in process.env)
    for (const name of ownVariables) delete process.env[name];
  const uid = process.getuid?.() ?? 0;
  const places = defaultPlaces({
    uid,
    env: process.env,
    isOwnFolder: (folder) => isOwn(folder, uid),
  });
  const asked = readOptions(process.argv.slice(2), places, version);
  if (asked.kind === 'print') {
    process.stdout.write(asked.text);
    return 0;
  }
  const { options } = asked;
  await runDaemon(options, {
    env: process.env,
    uid,
    version,
    bellwether: packageFile('bellwether/src/index.ts'),
    keeper: packageFile('keeper/dist/keeper'),
    say: (line) => void (options.isSilent || process.stdout.write(`${line}\n`)),
    onStop: (stop) => {
      for (const signal of stopSignals) process.on(signal, stop);
    },
    onDetach: (detach) => void process.on(detachSignal, detach),
    // Rejections that nobody handles arrive here too, with an origin that says so.
    onEscape: (escaped) => void process.on('uncaughtException', escaped),
    exit: (code) => process.exit(code),
  });
  return 0;
};

const isOwn = (folder: string, uid: number): boolean => {
  const stat = fs.statSync(folder, { throwIfNoEntry: false });
  return stat !== undefined && stat.isDirectory() && stat.uid === uid;
};

/** This file is bundled into packages/herd/dist; other packages lie beside packages/herd. */
const packageFile = (file: string): string =>
  path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..', file);

/** Exit codes: 2 for what the user has to change, 9 where another daemon is in the way, 1 for the rest. */
const exitCodes: Readonly<Record<string, number>> = {
  usage: 2,
  config: 2,
  'unsafe-place': 2,
  locked: 9,
  'damaged-state': 1,
};

const fullHint =
  'The disk is full. Make room on it, then start this shepherd again; services that still run are left to it.\n';

/** `herd` lies beside this program; it reads its command line by itself. */
const runHerd = (word: string): void => {
  process.argv.splice(2, 1, 'node', word);
  createRequire(import.meta.url)('./herd.cjs');
};

/**
 * A daemon does most of its work in its first seconds and then stands for months beside what it supervises. V8 takes
 * room for as much as those seconds leave to the collector, and gives it back late and in part (performance row 23,
 * `npm run bench -- shepherd 1 23`). Only once the code is read: V8 has that from a cache, which is good under the
 * flags alone under which it was made, and the build makes it under none.
 */
const staySmall = (): void => {
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--semi-space-growth-factor=1');
};

const runShepherd = (): void => {
  staySmall();
  // A peer that closes its socket must not end the daemon.
  process.on('SIGPIPE', () => undefined);
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      const hint = lacksRoom(error) ? fullHint : '';
      process.stderr.write(`shepherd: ${messageOf(error)}\n${hint}`);
      process.exit(
        exitCodes[codeOf(error instanceof Error ? error : new Error(String(error)))] ?? 1,
      );
    },
  );
};

const [first = ''] = process.argv.slice(2);
if (clientWords.has(first)) runHerd(first);
else runShepherd();
