/**
 * The example, run: an operator with a grant on a fleet, a bot with a part of hers, and both gone in the middle of what
 * they do. The fleet is that of ../web-server-fleet.
 */
import { makeStage, title } from '../stage.mjs';
import { fleet, machines, startFleet } from '../web-server-fleet/fleet.mjs';

const stage = makeStage({ here: import.meta.dirname, machines });
const { socketOf, herd, by, beginBy, jsonOf, play } = stage;

const grantAlice = async () => {
  title('The owner of C grants alice to look after the fleet for a shift. She has no shepherd.');
  const allow = ['--allow', 'status,restart,log', '--expires', '8h'];
  await herd('c', ['grant', fleet, '--to', 'alice', ...allow, '--out', 'alice.invite']);
  await by('alice', ['accept', '--from', 'alice.invite'], {
    shows: /may +status, restart, log of/,
  });
  await by('alice', ['restart', `@${fleet}`], { shows: /2 changed \(2\/2\)/ });
};

const passOn = async () => {
  title('She passes a part of it on to a bot: nobody else is asked, and it ends with hers.');
  const allow = ['--allow', 'restart', '--expires', '1h', '--rate', '5/min'];
  await by('alice', ['grant', `@${fleet}`, '--to', 'ci', ...allow, '--out', 'ci.invite']);
  await by('ci', ['accept', 'web', '--from', 'ci.invite'], { shows: /limits +at most 5 in 60 s/ });
  await by('ci', ['restart', '@web'], { shows: /2 changed \(2\/2\)/ });
};

const refuse = async () => {
  title('What was not granted is refused, and nothing is done.');
  await by('alice', ['stop', `@${fleet}`], { code: 5, shows: /does not allow 'stop'/ });
  await by('ci', ['log', '@web'], { code: 5, shows: /does not allow 'log'/ });
  title('The owner sees who can do what.');
  await herd('c', ['grant', 'ls', '--tree'], { shows: /^ {2}g-\w+ +ci/m });
  await herd('c', ['who-can', 'restart', fleet], { shows: /alice[^]*ci/ });
};

const revoke = async () => {
  title(
    'In the middle of what alice follows, the owner takes her grant back: all of it ends at once.',
  );
  const following = beginBy('alice', ['log', `@${fleet}`, '-f', '-n', '1']);
  await untilFollowed();
  const alice = grants().find(({ label }) => label === 'alice');
  await herd('c', ['grant', 'revoke', alice.id, '--reason', 'end of shift'], {
    shows: /for ci is/,
  });
  await following({ code: 5, shows: /listening on[^]*was revoked/ });
  await by('ci', ['restart', '@web'], { code: 5, shows: /was revoked/ });
};
const grants = () => jsonOf(['-s', socketOf('c'), 'grant', 'ls']).grants;
/** Whether her stream is open, the audit knows. */
const untilFollowed = async () => {
  for (let tries = 0; tries < 100; tries += 1) {
    const { records } = jsonOf(['-s', socketOf('c'), 'audit', fleet]);
    if (records.some(({ event, action }) => event === 'asked' && action === 'follow')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('alice never came to follow the log');
};

const tell = async () => {
  title('The fleet never noticed. Who asked for what, by whose grant, is written down:');
  await herd('c', ['status', fleet], { shows: /2 members: 2 running/ });
  await herd('c', ['audit', fleet, '-n', '20'], { shows: /DENIED \(revoked\)/ });
  title('Each record has the hash of the one before. No shepherd is needed to check that.');
  await herd('c', ['audit', 'verify', '--state', 'c'], { shows: /all of it fits/ });
};

const story = async () => {
  await startFleet(stage);
  await grantAlice();
  await passOn();
  await refuse();
  await revoke();
  await tell();
};

const stop = async () => {
  title('Stopping the fleet.');
  await herd('c', ['stop', fleet]);
};

await play({ story, stop });
