/** `herd log`: the status changes of all services, or the last lines of one. */
import type { Change } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { stampText } from './times.ts';

/** GNU's words, so that a script that reads GNU's log reads ours. */
const words: Readonly<Record<Change['what'], string>> = {
  starting: 'is being started',
  running: 'is running',
  stopping: 'is being stopped',
  stopped: 'is stopped',
  failed: 'failed to start',
  done: 'is done (one-shot)',
};

/** `25 Nov 2026 10:04:05<TAB>service web is running`, oldest first. */
export const historyLines = (changes: readonly Change[]): readonly string[] =>
  changes.map(
    ({ service, what, at }) => `${stampText(at)}\tservice ${visible(service)} ${words[what]}`,
  );

/** Lines of a log, made harmless. */
export const logLines = (lines: readonly string[]): readonly string[] => lines.map(visible);
