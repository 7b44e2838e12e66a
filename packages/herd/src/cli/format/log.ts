/** `herd log`: the status changes of all services, or the last lines of one. */
import type { Change, LogEvent } from '@bellwether/shepherd';
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
  unknown: 'is unknown',
  degraded: 'is degraded',
  settling: 'is settling',
  'too-few': 'has failed',
};

/** `25 Nov 2026 10:04:05<TAB>service web is running`, oldest first. */
export const historyLines = (changes: readonly Change[]): readonly string[] =>
  changes.map(
    ({ service, what, at, reason }) =>
      `${stampText(at)}\tservice ${visible(service)} ${words[what]}${reasonText(reason)}`,
  );

const reasonText = (reason: string | undefined): string =>
  reason === undefined ? '' : `: ${visible(reason)}`;

type LogLine = Extract<LogEvent, { readonly kind: 'line' }>;
type Note = Extract<LogEvent, { readonly kind: 'note' }>;

/**
 * The tags of lines: none where there is but one log, else the node; and the service, too, once a second
 * one of that node has been heard of.
 */
export class LogLabels {
  /** By node: the services that lines have come from. */
  readonly #services: Map<string, Set<string>>;

  constructor() {
    this.#services = new Map();
  }

  /** A line made harmless, with its tag. */
  lineOf({ from, about, text }: LogLine): string {
    if (about === undefined) return visible(text);
    const services = this.#services.get(from) ?? new Set();
    this.#services.set(from, services);
    if (services.size < 2) services.add(about);
    return visible(services.size > 1 ? `${from} ${about}: ${text}` : `${from}: ${text}`);
  }
}

/** What a shepherd has to say about a log. */
export const noteLine = ({ from, about, text }: Note): string =>
  visible(`herd: ${about === undefined || about === from ? from : `${from} ${about}`}: ${text}`);
