/**
 * The example, run: shepherds as processes of their own, two web servers, one command that starts both; somebody is
 * granted a part of that, and it is taken back; a release goes to all workers, a bad one goes back; a machine joins.
 */
import fs from 'node:fs';
import path from 'node:path';
import { freePort, makeStage, programs, say, title } from '../stage.mjs';
import { fleet, machines, startFleet } from './fleet.mjs';

const here = import.meta.dirname;
// D comes later, and goes with A and B: after the controller.
const stage = makeStage({ here, machines: ['d', ...machines] });
const { folder, socketOf, herd, shepherd, by, startDaemon, jsonOf, play } = stage;

const oneGrant = async () => {
  title('C lets alice restart the fleet, for eight hours. The invite is good once, for minutes.');
  const allow = ['--allow', 'status,restart', '--expires', '8h'];
  await herd('c', ['grant', fleet, '--to', 'alice', ...allow, '--out', 'alice.invite']);
  title(
    'Alice accepts it: from now on it is bound to a key of hers. She needs no account, and no shepherd.',
  );
  await by('alice', ['accept', '--from', 'alice.invite'], { shows: /may +status, restart of/ });
  await by('alice', ['restart', `@${fleet}`], { shows: /2 changed \(2\/2\)/ });
  title('What she was not granted is refused.');
  await by('alice', ['stop', `@${fleet}`], { code: 5, shows: /does not allow 'stop'/ });
  title('C takes it back, and it is gone at once.');
  const [{ id }] = jsonOf(['-s', socketOf('c'), 'grant', 'ls']).grants;
  await herd('c', ['grant', 'revoke', id, '--reason', 'off duty'], { shows: /is revoked/ });
  await by('alice', ['restart', `@${fleet}`], { code: 5, shows: /was revoked/ });
  title('Who asked for what, and that nobody has changed a word of it since.');
  await herd('c', ['audit', fleet, '-n', '20'], { shows: /DENIED/ });
  await herd('c', ['audit', 'verify', '--state', 'c'], { shows: /all of it fits/ });
};

/** Two commands, one at the controller and one at the machine. */
const join = async (machine, labels, ...words) => {
  const [name, file] = [machine.toUpperCase(), `${machine}.join`];
  await herd('c', ['node', 'invite', '--name', name, '--labels', labels, '--out', file]);
  await shepherd(machine, ['join', '--from', file, ...words], { shows: /has joined C as/ });
};

const joinBoth = async () => {
  title(
    'A and B join C and give it a slot each: a service whose program is still to be brought to it.',
  );
  await join('a', 'role=worker', '--give', 'worker');
  await join('b', 'role=worker', '--give', 'worker');
};

const build = async (version) => {
  const tree = `worker-${version}`;
  fs.cpSync(path.join(here, tree), path.join(folder, tree), { recursive: true });
  const about = ['--app', 'worker', '--app-version', version, '--out', `${version}.rel`];
  await herd('c', ['release', 'build', tree, '--run', 'node worker.mjs', ...about]);
};

const deployBoth = async () => {
  title('C builds a release and deploys it: to one machine first, then to the other.');
  await build('1');
  await herd('c', ['deploy', 'workers', '1.rel'], { shows: /2 members: 2 changed \(2\/2\)/ });
  title('The next one is bad. The first machine goes back by itself, and the other never sees it.');
  await build('2');
  await herd('c', ['deploy', 'workers', '2.rel'], { code: 7, shows: /back at worker 1/ });
};

const joinLater = async () => {
  title('A new machine, D: one invite, one command there, and all that it has is at C.');
  const env = { MACHINE: 'D', WEB_PORT: String(await freePort()) };
  await startDaemon('d', path.join(here, 'machine.config.ts'), env);
  await join('d', 'role=worker,new');
  await herd('c', ['node', 'ls'], { shows: /new/ });
  title('Its labels pick it out (-l): it alone gets the release that the others have.');
  await herd('c', ['deploy', 'worker', '1.rel', '-l', 'new'], { shows: /worker@D[^]*\(1\/1\)/ });
  await herd('c', ['status', 'workers'], { shows: /3 members: 3 running/ });
};

const story = async () => {
  await startFleet(stage);
  await oneGrant();
  await joinBoth();
  await deployBoth();
  await joinLater();
};

/** The process of A's server, as A's shepherd knows it. */
const serverPid = () => jsonOf(['-s', socketOf('a'), 'status', 'web-server'])?.services?.[0]?.pid;

const stay = () => {
  const near = (file) => path.relative(process.cwd(), file) || '.';
  title('The fleet stays up until you press Ctrl-C. In another terminal, from this folder, try:');
  say(`  export PATH="$PWD/${near(programs)}:$PATH"`);
  say(`  export SHEPHERD_SOCKET="$PWD/${near(socketOf('c'))}"`);
  say(`  herd status ${fleet}`);
  say(`  herd stop ${fleet}         # both servers; networking stays up`);
  say(`  herd start ${fleet}`);
  say(`  herd stop -l new       # D and all that it has`);
  say(`  kill -9 ${serverPid()}                     # A's server; then look at the status again`);
  say(`  herd -s "$PWD/${near(socketOf('a'))}" log web-server`);
};

const stop = async () => {
  title('Stopping the fleet.');
  await herd('c', ['stop', fleet]);
};

await play({ story, stay, stop });
