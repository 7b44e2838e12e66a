/**
 * The example, run: three shepherds as processes of their own, two web servers, one command that starts both.
 *
 * Everything that is written lies in the folder `run` beside this file. On a terminal the fleet stays up until
 * Ctrl-C; otherwise it is stopped again and the exit code says whether all went well. Where nobody reads what it
 * says any more (`npm start | head`), it is stopped at once.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const bin = path.resolve(here, '..', '..', 'packages', 'herd', 'bin');
const folder = path.resolve(process.env['FLEET_FOLDER'] ?? path.join(here, 'run'));
const isTerminal = process.stdout.isTTY === true && process.stdin.isTTY === true;
const machines = ['a', 'b', 'c'];
const socketOf = (machine) => path.join(folder, machine, 'run', 'socket');
/** What herd keeps for this user during the example stays in the example's folder, too. */
const environment = { ...process.env, XDG_DATA_HOME: path.join(folder, 'home') };
delete environment['SHEPHERD_SOCKET'];

const daemons = new Map();
/** Commands that run now; a signal ends them before anything is cleaned up. */
const running = new Set();
let isEnding = false;

const say = (text = '') => process.stdout.write(`${text}\n`);
const isBold = isTerminal && process.env['NO_COLOR'] === undefined;
const title = (text) => say(isBold ? `\n\u001b[1m${text}\u001b[0m` : `\n${text}`);

/** Runs herd against one of the three; shows the command as a person would type it, and its output as it comes. */
const herd = (machine, words, { isQuiet = false, mayFail = false } = {}) =>
  new Promise((resolve, reject) => {
    if (isEnding) return reject(new Error('interrupted'));
    if (!isQuiet) say(`$ herd ${words.join(' ')}          # on ${machine.toUpperCase()}`);
    const child = spawn(
      process.execPath,
      [path.join(bin, 'herd.cjs'), '-s', socketOf(machine), ...words],
      {
        stdio: ['ignore', isQuiet ? 'ignore' : 'inherit', isQuiet ? 'ignore' : 'inherit'],
        env: environment,
        cwd: folder,
      },
    );
    running.add(child);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      running.delete(child);
      if (code === 0 || mayFail) resolve(code ?? 1);
      else
        reject(
          new Error(
            `herd ${words.join(' ')} on ${machine.toUpperCase()} ended with ${signal ?? code}`,
          ),
        );
    });
  });

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts a shepherd; settles once it says that it is ready, or that it ended before. */
const startDaemon = (machine, config, env = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        path.join(bin, 'shepherd.mjs'),
        '--config',
        path.join(here, config),
        '--state',
        path.join(folder, machine),
      ],
      // A group of its own: Ctrl-C at the terminal is for this program, which ends the shepherds in order.
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environment, ...env },
        cwd: folder,
        detached: true,
      },
    );
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
      reject(
        new Error(`shepherd ${machine.toUpperCase()} ended with ${signal ?? code}:\n${printed}`),
      );
      if (!isEnding)
        say(
          `shepherd ${machine.toUpperCase()} ended by itself (${signal ?? code}); its log: ${path.join(folder, machine, 'log', 'shepherd.log')}`,
        );
    });
  });

const ask = (url) =>
  new Promise((resolve, reject) => {
    http
      .get(url, (response) => {
        let body = '';
        response
          .setEncoding('utf8')
          .on('data', (part) => (body += part))
          .on('end', () => resolve(body.trim()));
      })
      .once('error', reject);
  });

/** Whether that process is a run of this example: a pid alone may be somebody else's by now. */
const isRun = (pid) => {
  try {
    return fs
      .readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .includes(path.basename(fileURLToPath(import.meta.url)));
  } catch {
    return false; // gone
  }
};

/** What herd says with --json; undefined where it fails. */
const jsonOf = (words) => {
  const how = { encoding: 'utf8', env: environment };
  const { status, stdout } = spawnSync(
    process.execPath,
    [path.join(bin, 'herd.cjs'), '--json', ...words],
    how,
  );
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
    if (fs.existsSync(socketOf(machine)))
      await herd(machine, ['stop', 'root'], { isQuiet: true, mayFail: true });
  for (const machine of machines) endOrphans(machine);
  // The same story every time: what a former run left on disk would be restored by the shepherds, as it should be.
  for (const name of [...machines, 'home'])
    fs.rmSync(path.join(folder, name), { recursive: true, force: true });
  fs.writeFileSync(file, String(process.pid));
};

const handOver = async (machine) => {
  const file = path.join(folder, `${machine}.ref`);
  fs.rmSync(file, { force: true });
  await herd(machine, ['ref', 'mint', 'web-server', '--out', `${machine}.ref`]);
  await herd('c', ['ref', 'add', `${machine}-web-server`, '--from', `${machine}.ref`, '--yes']);
  await herd('c', ['ref', 'push', `${machine}-web-server`, '--yes']);
};

const waitForExit = (child) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', resolve));

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

const story = async () => {
  const ports = { a: await freePort(), b: await freePort() };
  title('Three shepherds: A and B run a web server each, C controls them.');
  await Promise.all([
    startDaemon('a', 'machine.config.ts', { MACHINE: 'A', WEB_PORT: String(ports.a) }),
    startDaemon('b', 'machine.config.ts', { MACHINE: 'B', WEB_PORT: String(ports.b) }),
    startDaemon('c', 'controller.config.ts'),
  ]);
  title('A and B each mint a ref to one service. C is handed the two files, nothing else.');
  await handOver('a');
  await handOver('b');
  title('One command on C starts both.');
  await herd('c', ['start', 'web-server-fleet']);
  title('Both answer:');
  for (const machine of ['a', 'b'])
    say(`http://127.0.0.1:${ports[machine]}/  ${await ask(`http://127.0.0.1:${ports[machine]}/`)}`);
  say();
  await herd('c', ['status', 'web-server-fleet']);
};

/** The process of A's server, as A's shepherd knows it. */
const serverPid = () => jsonOf(['-s', socketOf('a'), 'status', 'web-server'])?.services?.[0]?.pid;

const invitation = () => {
  const near = (file) => path.relative(process.cwd(), file) || '.';
  title('The fleet stays up until you press Ctrl-C. In another terminal, from this folder, try:');
  say(
    `  export PATH="$PWD/${near(path.resolve(bin, '..', '..', '..', 'node_modules', '.bin'))}:$PATH"`,
  );
  say(`  export SHEPHERD_SOCKET="$PWD/${near(socketOf('c'))}"`);
  say('  herd status web-server-fleet');
  say('  herd stop web-server-fleet         # both servers; networking stays up');
  say('  herd start web-server-fleet');
  say(`  kill -9 ${serverPid()}                     # A's server; then look at the status again`);
  say(`  herd -s "$PWD/${near(socketOf('a'))}" log web-server`);
};

const stopSignal = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(signal));
  // Without somebody who hears of it, such an error would end this program and leave the shepherds.
  for (const output of [process.stdout, process.stderr])
    output.on('error', () => resolve('SIGPIPE'));
});
/** What a shell makes of the signal. */
const exitCodes = { SIGPIPE: 141 };

let exitCode = 0;
try {
  await claimFolder();
  const ended = await Promise.race([story().then(() => 'done'), stopSignal]);
  if (ended === 'done' && isTerminal) {
    invitation();
    await stopSignal;
    say('\nStopping the fleet.');
  } else if (ended === 'done') {
    title('Stopping the fleet.');
    await herd('c', ['stop', 'web-server-fleet']);
  } else exitCode = exitCodes[ended] ?? 130;
} catch (error) {
  if (!isEnding) process.stderr.write(`web-server-fleet: ${error.message}\n`);
  exitCode = 1;
}
await endAll();
process.exit(exitCode);
