/** Why some of herd's own actions take no `--selector`, so that whoever types one learns what to type in its place. */

/** What to know of an action that takes none, by its name or its first word; undefined: of this one nothing is said. */
export const whyNoSelector = (action: string): string | undefined =>
  reasons.get(action) ?? reasons.get(action.split(' ', 1)[0] ?? '');

const ofGrants = "A grant goes by its id: 'herd grant ls' lists all of them.";
const ofFiles = 'It is about a file, and services have no part in it.';
const ofShepherd = 'It is about the shepherd itself, which has no labels.';
const ofOneMachine =
  "It is about one machine, by its name: 'herd node ls -l SELECTOR' lists those that are so.";
const reasons: ReadonlyMap<string, string> = new Map([
  ['accept', 'What is accepted is one ref, by its invite.'],
  ['audit', "'herd audit SERVICE' leaves what is about one, and --json is for any other choice."],
  ['check', ofFiles],
  ['completion', ofShepherd],
  ['deploy', 'Machines of a file go by their names: herd deploy --machines FILE NAME... FILE.'],
  ['detach', ofShepherd],
  ['grant ls', ofGrants],
  ['grant revoke', ofGrants],
  ['grant confirm', ofGrants],
  ['grant clock', ofShepherd],
  ['help', "'herd help ACTION' says who takes it."],
  ['import', ofFiles],
  ['net', "It is about sessions, which have no labels: 'herd net MACHINE' shows those of one."],
  ['node', ofOneMachine],
  ['op', "An operation goes by its id: 'herd op ls' lists them, and whom they are about."],
  [
    'ref',
    'A ref stands for one service; one that stands for several is that of a fleet, fleet({ select }).',
  ],
  ['release', ofFiles],
  ['release left', 'Slots that are gone from the configuration have no labels.'],
  ['release free', 'Slots that are gone from the configuration have no labels.'],
  ['reload', ofShepherd],
  ['retry', 'An operation is tried again for whom it was begun, as far as they are left.'],
  ['schedule', 'What it runs is no service yet.'],
  ['spawn', 'What it runs is no service yet.'],
  ['state', ofShepherd],
  ['who-can', 'It is about one service: who holds what was granted of it.'],
]);
