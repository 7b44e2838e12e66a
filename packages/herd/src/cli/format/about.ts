/** `herd status root`: the shepherd itself, in the form of a service. */
import type { ShepherdFacts } from '@bellwether/fleet';
import { visible } from '../../client/escape.ts';
import type { Look } from '../terminal.ts';

/** The lines of the report. */
export const aboutLines = (about: ShepherdFacts, look: Look): readonly string[] => [
  `${look.paint('green', look.bullet)} ${look.paint('bold', 'Status of root:')}`,
  '  It is started.',
  `  Main PID: ${about.pid}`,
  '  Provides: root shepherd',
  `  Node: ${visible(about.name)}, Bellwether ${visible(about.version)}`,
  ...about.locations.map((location) => `  Listens at: ${visible(location)}`),
  ...(about.shut ?? []).map((door) => look.paint('yellow', `  Shut: ${visible(door)}`)),
];
