/** The pages of what makes releases and brings them to slots. */
import type { Page } from './page.ts';

/** By action. */
export const releasePages: Readonly<Record<string, Page>> = {
  deploy: {
    text:
      'Brings the release in FILE to a slot: only what is missing there, and verified before anything is ' +
      'touched. Then it is switched to, and has to be well for a while. After that it waits to be confirmed, ' +
      'which this command does through a connection of its own, made after the switch: where the machine cannot ' +
      'be reached any more, or nobody confirms, the machine goes back to the release before by itself. Ctrl-C ' +
      'leaves it to the machine; of a service elsewhere the shepherd here confirms it, also then. ' +
      'In place of FILE the name of a release that is there already will do. Of a fleet ' +
      'its members get it batch by batch, as with restart: one goes first, then a quarter of them at a time, unless ' +
      'the options say otherwise; where more fail than may, or the canary, the rest is left as it is. Exit code ' +
      '7: some went back; 8: going back has failed, and somebody has to look. With --machines it goes to the ' +
      'machines that FILE declares with defineMachines, each by the ref that it names there: first to one, then ' +
      'to the others, unless one is not well. A release for another system than is declared is not sent.',
    examples: [
      ['herd deploy web ./web.rel', 'and see it confirmed'],
      ['herd deploy @web ./web.rel --confirm 5m', 'over a slow line'],
      ['herd deploy web-fleet ./web.rel --batch 1,25% --max-failed 1', 'one, then by quarters'],
      [
        'herd deploy --machines machines.config.ts web.rel',
        'to all machines that are declared there',
      ],
    ],
  },
  stage: {
    text:
      'Brings the release in FILE to a slot and makes its tree there. What runs is not touched: ' +
      "'herd activate SERVICE RELEASE' or 'herd deploy SERVICE RELEASE' switches to it.",
    examples: [
      ['herd stage web ./web.rel', 'to be activated by somebody else'],
      ['herd stage @web ./web.rel', 'where you hold a ref or a grant'],
      ['herd stage web ./web.rel --dry-run', 'how much would be sent'],
    ],
  },
  rollback: {
    text:
      'Goes back to the release before, or to RELEASE, which has to be there. What is being deployed is ' +
      'called off by it, or taken back; what is being staged is called off, and then it goes back. Of a ' +
      'fleet it goes batch by batch, as with deploy. Over a release that has changed its data for good it ' +
      'is refused unless you accept to lose them.',
    examples: [
      ['herd rollback web', 'to the one before'],
      ['herd rollback web-fleet --batch 2', 'of a fleet, two at a time'],
      [`herd rollback web rel:sha256-${'0123456789abcdef'.repeat(4)}`, 'to another one'],
    ],
  },
  'release ls': {
    text:
      'The releases that a slot has, the newest first: which is active, which one was before it, which are ' +
      "kept by 'herd pin SERVICE RELEASE', and why one was rejected. 'herd prune SERVICE' removes those that " +
      'nobody needs. Of a fleet, and with -l of slots that have such labels, those of each slot below its name.',
    examples: [
      ['herd release ls web', 'those that can be gone back to'],
      ['herd release ls -l role=web', 'of each slot with this label'],
      ['herd release ls @web --json', 'as data'],
    ],
  },
  'release left': {
    text:
      'A slot that goes from the configuration leaves its releases on the disk, so that nothing has to be brought ' +
      'again where it comes back. This shows how many, and how large they are.',
    examples: [
      ['herd release left', 'of all slots that are gone'],
      ['herd release left --json', 'as data'],
    ],
  },
  'release free': {
    text:
      'Removes the releases of a slot that the configuration has no more. One that it has keeps what it needs: ' +
      "'herd prune SERVICE' removes the rest.",
    examples: [
      ['herd release free web', 'for good'],
      ['herd release free web --json', 'and say how much that was, as data'],
    ],
  },
  'release build': {
    text:
      'Makes one file of everything in FOLDER, of how it is run, and of what must hold once it runs. The ' +
      'release is named by a digest of all that: the same tree and the same options give the same name, ' +
      'wherever and by whomever it is built. Links stay links, and may not lead out; an empty folder is ' +
      'left out; a socket, a pipe or a device is refused. Nothing in FOLDER is ignored, so FILE may not ' +
      'lie there. --check, --env and --provenance may be given several times.',
    examples: [
      ["herd release build ./dist --run 'node server.js' -o web.rel", 'the least'],
      [
        'herd release build ./dist --run ./serve --check http://127.0.0.1:8080/health -o web.rel',
        'with what tells whether it is well',
      ],
      ["herd release build ./dist --run 'node a.js' --sign ci.key -o web.rel --yes", 'and signed'],
    ],
  },
  'release show': {
    text:
      'Reads all of FILE, and says what it is once everything in it is what the manifest says and every ' +
      'signature is one of it. Exit code 2 where something is not.',
    examples: [
      ['herd release show web.rel', 'for people'],
      ['herd release show web.rel --json', 'with every file, as data'],
    ],
  },
  'release diff': {
    text: 'Says which files came, went and changed from the first release to the second, and what else.',
    examples: [
      ['herd release diff old.rel web.rel', 'for people'],
      ['herd release diff old.rel web.rel --json', 'as data'],
    ],
  },
  'release sign': {
    text:
      'Adds a signature to a release, which stays the same release. All of it is verified before. Who ' +
      'has signed already signs nothing again.',
    examples: [
      ['herd release sign web.rel --key ci.key', 'with the key of the builder'],
      ['herd release sign web.rel --key alice.key', 'and with that of who has looked at it'],
    ],
  },
  'release key': {
    text:
      'Makes a new key and writes it into FILE, readable by you alone; it is never printed. Its public ' +
      'half is: slots that shall trust the key name it in their configuration. With --key it tells that ' +
      'of a key that there is.',
    examples: [
      ['herd release key --out ci.key', 'a new key'],
      ['herd release key --key ci.key', 'its public half, again'],
    ],
  },
};
