/** `herd status root`: the shepherd itself, in the form of a service, with the sentences that GNU `herd` has for it. */
import type { ShepherdFacts } from '@bellwether/fleet';
import { rootActions, rootNames } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { actionRules } from '../grammar/grammar.ts';
import type { Look } from '../terminal/terminal.ts';
import { whenText } from './times.ts';

/** What this herd can ask the shepherd itself for. */
export const askableRootActions = rootActions.filter(({ name }) => actionRules.has(name));

/** The lines of the report. */
export const aboutLines = (about: ShepherdFacts, look: Look): readonly string[] => [
  `${look.paint('green', look.bullet)} ${look.paint('bold', 'Status of root:')}`,
  `  ${sinceWords(about.since, look)}`,
  `  Main PID: ${about.pid}`,
  '  It is enabled.',
  `  Provides: ${rootNames.join(' ')}`,
  `  Custom actions: ${askableRootActions.map(({ name }) => name).join(' ')}`,
  '  Will not be respawned.',
  ...(about.logFile === undefined ? [] : [`  Log file: ${visible(about.logFile)}`]),
  `  Node: ${visible(about.name)}, Bellwether ${visible(about.version)}`,
  ...about.locations.map((location) => `  Listens at: ${visible(location)}`),
  ...[about.unkept ?? []].flat().map((why) => look.paint('yellow', `  No keeper: ${visible(why)}`)),
  ...(about.shut ?? []).map((door) => look.paint('yellow', `  Shut: ${visible(door)}`)),
];

const sinceWords = (since: number | undefined, look: Look): string =>
  since === undefined ? 'It is started.' : `It is running since ${whenText(since, look.now)}.`;
