/**
 * What the examples stand on: shepherds as processes of their own, and commands shown as a person would type them.
 *
 * Everything that is written lies in one folder. On a terminal the fleet stays up until Ctrl-C; otherwise it is stopped
 * again and the exit code says whether all went well. Where nobody reads what is said any more (`npm start | head`), it
 * is stopped at once.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

const bin = path.resolve(import.meta.dirname, '..', 'packages', 'herd', 'bin');
const files = { herd: 'herd.cjs', shepherd: 'shepherd.cjs' };
/** Where a shell finds `herd` and `shepherd`. */
export const programs = path.resolve(import.meta.dirname, '..', 'node_modules', '.bin');
/** Whether a person watches. */
export const isTerminal = process.stdout.isTTY === true && process.stdin.isTTY === true;
const isBold = isTerminal && process.env['NO_COLOR'] === undefined;
/** What a shell makes of the signal. */
const exitCodes = { SIGPIPE: 141 };

export const say = (text = '') => process.stdout.write(`${text}\n`);
export const title = (text) => say(isBold ? `\n\u001b[1m${text}\u001b[0m` : `\n${text}`);

/** A port that was free a moment ago. */
export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/**
 * Makes a stage in the folder `run` beside an example; `here` is the folder of the example, `machines` are those that
 * have a shepherd, in the order in which they are started; they end in the reverse one.
 */
export const makeStage = ({ here, machines }) => {
  const name = path.basename(here);
  // Empty is not set: it would be the folder of whoever types that.
  const folder = path.resolve(process.env['FLEET_FOLDER'] || path.join(here, 'run'));
  const socketOf = (machine) => path.join(folder, machine, 'run', 'socket');
  const daemons = new Map();
  /** Commands that run now; a signal ends them before anything is cleaned up. */
  const running = new Set();
  let isEnding = false;

  /** Each person has a home, and so refs and a key, of their own; what is said to a shepherd is its owner's. */
  const environmentOf = (person = 'owner') => {
    const environment = { ...process.env, XDG_DATA_HOME: path.join(folder, 'people', person) };
    delete environment['SHEPHERD_SOCKET'];
    return environment;
  };

  /**
   * Begins a command, of herd where no other program is named; `ended` has its exit code and what it printed, which is
   * shown as it comes. On a terminal herd prints by itself, in colour and with its progress, and only the exit code is
   * known here.
   */
  const begin = (person, place, words, isQuiet, program = 'herd') => {
    if (isEnding) throw new Error('interrupted');
    // Of a former run: herd writes over no secret. Nothing else in the folder is touched.
    const out = words.indexOf('--out');
    if (out >= 0) fs.rmSync(path.join(folder, words[out + 1]), { force: true });
    const typed = words.map((word) => (/^[\w@.,:/=%-]+$/.test(word) ? word : `'${word}'`));
    const line = [program, ...typed].join(' ');
    if (!isQuiet) say(`$ ${line}          # ${person === undefined ? 'on ' : ''}${place}`);
    const where = person === undefined ? ['-s', socketOf(place.toLowerCase())] : [];
    const output = isTerminal && !isQuiet ? 'inherit' : 'pipe';
    const child = spawn(process.execPath, [path.join(bin, files[program]), ...words, ...where], {
      stdio: ['ignore', output, output],
      env: environmentOf(person),
      cwd: folder,
    });
    running.add(child);
    let printed = '';
    for (const stream of ['stdout', 'stderr'])
      child[stream]?.setEncoding('utf8').on('data', (text) => {
        printed += text;
        if (!isQuiet) process.stdout.write(text);
      });
    const ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        running.delete(child);
        const told = output === 'pipe' ? printed : undefined;
        resolve({ code, signal, printed: told, line: `${line} (${place})` });
      });
    });
    ended.catch(() => undefined); // told to whoever waits for it
    return ended;
  };

  /**
   * Waits for the end of a command. `code` is the exit code that belongs to the story and `shows` what must be in its
   * output; anything else ends the story.
   */
  const asExpected = async (begun, { code = 0, shows } = {}) => {
    const ended = await begun;
    if (ended.code !== code)
      throw new Error(`${ended.line} ended with ${ended.signal ?? ended.code}, not ${code}`);
    if (shows !== undefined && ended.printed !== undefined && !shows.test(ended.printed))
      throw new Error(`${ended.line} did not say ${shows}`);
    if (code !== 0) say(`(exit code ${code})`);
  };
  /** A command to the shepherd of a machine, by its owner. */
  const herd = (machine, words, how) =>
    asExpected(begin(undefined, machine.toUpperCase(), words, false), how);
  /** A command for the shepherd program itself: `join`. */
  const shepherd = (machine, words, how) =>
    asExpected(begin(undefined, machine.toUpperCase(), words, false, 'shepherd'), how);
  /** A command of somebody who has refs, and no shepherd. */
  const by = (person, words, how) => asExpected(begin(person, person, words, false), how);
  /** The same; the result waits for its end. */
  const beginBy = (person, words) => {
    const begun = begin(person, person, words, false);
    return (how) => asExpected(begun, how);
  };

  /** Starts a shepherd; settles once it says that it is ready, or that it ended before. */
  const startDaemon = (machine, config, env = {}) =>
    new Promise((resolve, reject) => {
      const args = ['--config', config, '--state', path.join(folder, machine)];
      const child = spawn(process.execPath, [path.join(bin, 'shepherd.cjs'), ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environmentOf(), ...env },
        cwd: folder,
        // A group of its own: Ctrl-C at the terminal is for this program, which ends the shepherds in order.
        detached: true,
      });
      daemons.set(machine, child);
      let printed = '';
      const read = (chunk) => {
        printed = `${printed}${chunk}`.slice(-4_000);
        if (/is ready/.test(printed)) resolve(child);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        daemons.delete(machine);
        const ended = `shepherd ${machine.toUpperCase()} ended`;
        reject(new Error(`${ended} with ${signal ?? code}:\n${printed}`));
        const log = path.join(folder, machine, 'log', 'shepherd.log');
        if (!isEnding) say(`${ended} by itself (${signal ?? code}); its log: ${log}`);
      });
    });

  /** What herd says with --json; undefined where it fails. */
  const jsonOf = (words) => {
    const how = { encoding: 'utf8', env: environmentOf(), cwd: folder };
    const args = [path.join(bin, 'herd.cjs'), '--json', ...words];
    const { status, stdout } = spawnSync(process.execPath, args, how);
    return status === 0 ? JSON.parse(stdout) : undefined;
  };

  /**
   * Ends what a shepherd that died left running: its records say which processes, and each carries its start id, so that
   * a number that was given to somebody else since is left alone.
   */
  const endOrphans = (machine) => {
    const state = path.join(folder, machine);
    if (daemons.has(machine) || !fs.existsSync(path.join(state, 'epoch.json'))) return;
    const { processes = [] } = jsonOf(['state', 'check', '--state', state]) ?? {};
    for (const { pid, startId } of processes) {
      const environ = `/proc/${pid}/environ`;
      if (!(pid > 1) || !fs.existsSync(environ)) continue;
      if (fs.readFileSync(environ, 'utf8').includes(`BELLWETHER_START=${startId}`))
        process.kill(-pid, 'SIGKILL');
    }
  };

  /** One run per folder. What a killed run left behind is stopped first. */
  const claimFolder = async () => {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = path.join(folder, 'run.pid');
    const other = fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8')) : 0;
    if (other > 0 && other !== process.pid && isRun(other)) {
      throw new Error(
        `the example already runs (process ${other}) in ${folder}; end that one first, or set FLEET_FOLDER to another folder`,
      );
    }
    for (const machine of machines)
      if (fs.existsSync(socketOf(machine))) await begin(undefined, machine, ['stop', 'root'], true);
    for (const machine of machines) endOrphans(machine);
    // The same story every time: what a former run left on disk would be restored by the shepherds, as it should be.
    for (const name of [...machines, 'people'])
      fs.rmSync(path.join(folder, name), { recursive: true, force: true });
    fs.writeFileSync(file, String(process.pid));
  };

  /** Ends the shepherds, and with them the services, in order: the controller first. */
  const endAll = async () => {
    isEnding = true;
    for (const child of running) child.kill('SIGINT');
    for (const machine of [...machines].reverse()) {
      const child = daemons.get(machine);
      if (child === undefined) continue;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await waitForExit(child);
      clearTimeout(timer);
    }
    for (const machine of machines) endOrphans(machine);
    fs.rmSync(path.join(folder, 'run.pid'), { force: true });
  };

  /** Runs a story and ends all of it, and then this process. `stay` is told on a terminal before Ctrl-C is waited for. */
  const play = async ({ story, stay, stop }) => {
    const stopSignal = untilSignal();
    let exitCode = 0;
    try {
      await claimFolder();
      const ended = await Promise.race([story().then(() => 'done'), stopSignal]);
      if (ended !== 'done') exitCode = exitCodes[ended] ?? 130;
      else if (isTerminal && stay !== undefined) {
        stay();
        await stopSignal;
        say('\nStopping the fleet.');
      } else await stop();
    } catch (error) {
      if (!isEnding) process.stderr.write(`${name}: ${error.message}\n`);
      exitCode = 1;
    }
    await endAll();
    process.exit(exitCode);
  };

  return { folder, socketOf, herd, shepherd, by, beginBy, startDaemon, jsonOf, play };
};

/** Whether that process is a run of an example: a pid alone may be somebody else's by now. */
const isRun = (pid) => {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('run.mjs');
  } catch {
    return false; // gone
  }
};

const waitForExit = (child) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', resolve));

const untilSignal = () =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(signal));
    // Without somebody who hears of it, such an error would end this program and leave the shepherds.
    for (const output of [process.stdout, process.stderr])
      output.on('error', () => resolve('SIGPIPE'));
  });
