/**
 * `npm start [-- EXAMPLE]`, `npm test` and `npm run setup` on a fresh clone: installs and builds what is missing or stale,
 * then runs the command; `build` installs nothing, and is what the tests of real programs begin with. Built-ins only,
 * since nothing is installed yet. Two at once do not install twice: the second waits for the lock of the first.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const lockFolder = path.join(root, 'node_modules.lock');
const installStamp = path.join(root, 'node_modules', '.bellwether-install');
const buildStamp = path.join(root, 'packages', 'herd', 'dist', '.bellwether-build');
const [wanted = 'setup', ...rest] = process.argv.slice(2);

const say = (text) => process.stderr.write(`bellwether: ${text}\n`);
const fail = (text) => {
  say(text);
  process.exit(1);
};

/** By where files lie in the project: it may be moved, or copied. */
const hashOf = (files) => {
  const hash = createHash('sha256');
  for (const file of files)
    hash.update(path.relative(root, file)).update('\0').update(fs.readFileSync(file)).update('\0');
  return hash.digest('hex');
};
const sourcesUnder = (folder) => {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|cjs|c|h)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
};
const manifests = () =>
  [
    path.join(root, 'package-lock.json'),
    path.join(root, 'package.json'),
    ...['packages', 'netlayers'].flatMap((group) =>
      fs
        .readdirSync(path.join(root, group))
        .map((name) => path.join(root, group, name, 'package.json'))
        .filter((file) => fs.existsSync(file)),
    ),
  ].sort();
const sources = () =>
  [
    ...['build.mjs', 'man.mjs', 'loader.cjs', 'warm-up-herd.mjs', 'warm-up-shepherd.mjs'].map(
      (name) => path.join(root, 'scripts', name),
    ),
    path.join(root, 'packages', 'keeper', 'build.mjs'),
    ...['packages', 'netlayers'].flatMap((group) =>
      fs
        .readdirSync(path.join(root, group))
        .flatMap((name) => sourcesUnder(path.join(root, group, name, 'src'))),
    ),
  ].sort();
const isFresh = (stamp, hash) => {
  try {
    return fs.readFileSync(stamp, 'utf8') === hash;
  } catch {
    return false; // no stamp: never done
  }
};

const run = (command, args, how = {}) =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', ...how });

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};
/** A folder as lock: made by one process only, and given up by a process that is gone. */
const takeLock = () => {
  for (let waited = 0; ; waited += 200) {
    try {
      fs.mkdirSync(lockFolder);
      fs.writeFileSync(path.join(lockFolder, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') fail(`cannot write to ${root}: ${error.message}`);
    }
    const holder = Number(
      fs.existsSync(path.join(lockFolder, 'pid'))
        ? fs.readFileSync(path.join(lockFolder, 'pid'), 'utf8')
        : 0,
    );
    if (waited > 2_000 && !(holder > 0 && isAlive(holder)))
      fs.rmSync(lockFolder, { recursive: true, force: true });
    if (waited === 0) say('another set-up is running here; waiting for it');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
};

/** What went wrong is said at the end, when the lock is given up. */
class SetUpFailed extends Error {}
const mustRun = (command, args, what) => {
  if (run(command, args).status !== 0) throw new SetUpFailed(`${what} failed; see above`);
};

const setUp = () => {
  const install = hashOf(manifests());
  const build = hashOf([...manifests(), ...sources()]);
  const isInstalled = wanted === 'build' || isFresh(installStamp, install);
  if (isInstalled && isFresh(buildStamp, build)) return;
  takeLock();
  try {
    if (!isInstalled) {
      say('installing dependencies (npm ci); only the first time');
      mustRun(
        'npm',
        ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
        'npm ci',
      );
      fs.writeFileSync(installStamp, install);
    }
    if (!isFresh(buildStamp, build)) {
      say('building');
      mustRun(process.execPath, [path.join(root, 'scripts', 'build.mjs')], 'the build');
      fs.writeFileSync(buildStamp, build);
    }
  } finally {
    fs.rmSync(lockFolder, { recursive: true, force: true });
  }
};

/** Ctrl-C reaches the child by the terminal; this process waits for it, so that the shell's prompt comes last. */
const become = (args) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
  const { status, signal } = run(process.execPath, args);
  process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
};

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  fail(`Node 20.19 or newer is needed, this is ${process.versions.node}`);
try {
  setUp();
} catch (error) {
  fail(error instanceof SetUpFailed ? error.message : String(error.stack));
}
if (wanted === 'start') {
  const [example = 'web-server-fleet'] = rest;
  const file = path.join(root, 'fleet-examples', path.basename(example), 'run.mjs');
  if (!fs.existsSync(file)) fail(`there is no example '${example}'; see fleet-examples`);
  become([file]);
} else if (wanted === 'test') {
  const types = run(process.execPath, [
    path.join(root, 'node_modules', 'typescript-7', 'bin', 'tsc'),
    '--noEmit',
  ]);
  if (types.status !== 0) {
    process.stdout.write('\n0 passed, 1 failed\n');
    fail('the type check failed; see above');
  }
  const usual = ['unit', 'real', 'last'].flatMap((name) => ['--project', name]);
  // Whoever names projects or files means those, the long ones among them.
  const isChosen = rest.some((word) => /^(?:--project(?:=|$)|[^-])/u.test(word));
  const projects = isChosen ? [] : usual;
  become([path.join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...projects, ...rest]);
} else if (wanted !== 'setup' && wanted !== 'build')
  fail(`unknown command '${wanted}'; there are start, test, setup and build`);
