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

/**
 * What a shepherd has to say about a log. In the name of `herd` speaks only the shepherd that this user asks as his
 * own; whatever another machine has said, or one that a ref leads to (`ref`), is told as its word.
 */
export const noteLine = ({ from, about, text, saidBy }: Note, ref?: string): string => {
  const of = about === undefined || about === from ? undefined : about;
  if (ref !== undefined)
    return visible(`@${ref} says: ${[from, of, text].filter(isThere).join(': ')}`);
  if (saidBy !== undefined)
    return visible(
      of === undefined ? `${saidBy} says: ${text}` : `${saidBy} says of ${of}: ${text}`,
    );
  return visible(`herd: ${of === undefined ? from : `${from} ${of}`}: ${text}`);
};
const isThere = (part: string | undefined): part is string => part !== undefined;
