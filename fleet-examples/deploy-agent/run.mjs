/**
 * The example, run: an agent that may deploy to one service, and nothing else, brings a good release, and a bad one, which
 * the machine takes back by itself.
 */
import fs from 'node:fs';
import path from 'node:path';
import { freePort, makeStage, title } from '../stage.mjs';

const stage = makeStage({ here: import.meta.dirname, machines: ['a'] });
const { folder, socketOf, herd, by, startDaemon, jsonOf, play } = stage;
let port = 0;

const start = async () => {
  title('Machine A has a slot for a web server, and no program for it yet.');
  await startDaemon('a', path.join(import.meta.dirname, 'machine.config.ts'));
  await herd('a', ['start', 'web'], { code: 1, shows: /has no release yet/ });
};

const grantAgent = async () => {
  title('Its owner lets an agent deploy there for an hour, and see what comes of it.');
  const allow = ['--allow', 'deploy,status', '--expires', '1h'];
  await herd('a', ['grant', 'web', '--to', 'agent', ...allow, '--out', 'agent.invite']);
  await by('agent', ['accept', '--from', 'agent.invite'], { shows: /may +deploy, status of web/ });
};

/** What the agent has built: the same server, under another version. */
const build = async (version) => {
  const tree = path.join(folder, `web-${version}`);
  fs.rmSync(tree, { recursive: true, force: true });
  fs.cpSync(path.join(import.meta.dirname, 'app'), tree, { recursive: true });
  fs.writeFileSync(path.join(tree, 'version'), `${version}\n`);
  const run = ['--run', 'node server.mjs', '--env', `PORT=${port}`];
  const check = ['--check', `http://127.0.0.1:${port}/`];
  const about = ['--app', 'web', '--app-version', version, '-o', `${version}.rel`, '--yes'];
  await by('agent', ['release', 'build', `web-${version}`, ...run, ...check, ...about]);
};

const deploy = async () => {
  title(
    'The agent builds a release and deploys it: it is sent, switched to, tried out and confirmed.',
  );
  await build('1');
  await by('agent', ['deploy', '@web', '1.rel'], { shows: /has been deployed to @web/ });
  await answers('version 1');
};

const deployBad = async () => {
  title(
    'The next one does not come up. The machine goes back by itself, and says so: exit code 7.',
  );
  await build('2');
  await by('agent', ['deploy', '@web', '2.rel'], { code: 7, shows: /back at web 1/ });
  await answers('version 1');
  title('The third one is good again, and only what is new in it is sent.');
  await build('3');
  await by('agent', ['-v', 'deploy', '@web', '3.rel'], { shows: /2 pieces, .* sent/ });
  await answers('version 3');
};

const limit = async () => {
  title('More than that the agent may not, and not at all any more once the owner says so.');
  await by('agent', ['stop', '@web'], { code: 5, shows: /does not allow 'stop'/ });
  await by('agent', ['rollback', '@web'], { code: 5, shows: /does not allow 'rollback'/ });
  const [{ id }] = jsonOf(['-s', socketOf('a'), 'grant', 'ls']).grants;
  await herd('a', ['grant', 'revoke', id, '--reason', 'deployed']);
  await by('agent', ['deploy', '@web', '1.rel'], { code: 5, shows: /was revoked/ });
};

const tell = async () => {
  title('What the slot has, what it went back from, and who asked for what:');
  await herd('a', ['release', 'ls', 'web'], { shows: /3 .*current[^]*2 .*rejected/ });
  await herd('a', ['audit', 'web', '-n', '12'], { shows: /deploy web/ });
  title('The owner goes back to the release before.');
  await herd('a', ['rollback', 'web']);
  await answers('version 1');
};

/** The web server itself is asked. */
const answers = async (expected) => {
  const text = (await (await fetch(`http://127.0.0.1:${port}/`)).text()).trim();
  if (text !== expected) throw new Error(`the web server says '${text}', not '${expected}'`);
};

const story = async () => {
  port = await freePort();
  await start();
  await grantAgent();
  await deploy();
  await deployBad();
  await limit();
  await tell();
};

const stop = async () => {
  title('Stopping it.');
  await herd('a', ['stop', 'web']);
};

await play({ story, stop });
