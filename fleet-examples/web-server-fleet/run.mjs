/**
 * The example, run: three shepherds as processes of their own, two web servers, one command that starts both; then
 * somebody is granted a part of that, and it is taken back.
 */
import path from 'node:path';
import { makeStage, programs, say, title } from '../stage.mjs';
import { fleet, machines, startFleet } from './fleet.mjs';

const stage = makeStage({ here: import.meta.dirname, machines });
const { socketOf, herd, by, jsonOf, play } = stage;

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

const story = async () => {
  await startFleet(stage);
  await oneGrant();
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
  say(`  kill -9 ${serverPid()}                     # A's server; then look at the status again`);
  say(`  herd -s "$PWD/${near(socketOf('a'))}" log web-server`);
};

const stop = async () => {
  title('Stopping the fleet.');
  await herd('c', ['stop', fleet]);
};

await play({ story, stay, stop });
