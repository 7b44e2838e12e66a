/**
 * What the holder of a facet gets to see: its service, and no other by name.
 *
 *     status      no log path, no command line, no requirements
 *     outcome     `also` is a count; rows and words about other services go
 *     refusal     a cycle shows "another" for other services
 *     lines       about its service          stay
 *                 another has been started   stay: a start tells what it brings up with it
 *                 another was stopped,       "Another service …"
 *                 or could not be
 *                 anything else on another   go
 *
 * The one exception is on purpose. A controller follows what its members do, and "Service networking
 * has been started." is the first line of the story that everybody knows. So whoever may start a
 * service learns the names of the requirements that were down when it did. Lines that come from
 * another node passed through a facet there, which knows better what they are about.
 */
import { Cycle } from './errors.ts';
import type { Event, Outcome, Row, Status } from './types.ts';

/** What one facet may speak of. */
export interface FacetSight {
  /** The node whose own lines are judged here. */
  readonly node: string;
  /** All names of its service and, of an aggregate, those of its members. */
  readonly names: ReadonlySet<string>;
}

/** What a facet may speak of, from the status of its service at the shepherd of that node. */
export const facetSight = (node: string, status: Status): FacetSight => {
  const members = status.kind === 'local' ? [] : (status.members ?? []);
  return { node, names: new Set([...status.provision, ...members.map(({ name }) => name)]) };
};

/** A status without what belongs to the machine rather than to the service. */
export const facetView = (status: Status): Status => {
  if (status.kind === 'fleet') return { ...status, requirement: [] };
  const { logFile: _logFile, command: _command, ...rest } = status;
  return { ...rest, requirement: [] };
};

/** An outcome that names no service out of sight. */
export const facetOutcome = (outcome: Outcome, sight: FacetSight): Outcome => {
  const { rows } = outcome;
  const hidden = [outcome, ...rows].flatMap(({ member, also = [] }) => [member, ...also]);
  const hide = hider(hidden, sight);
  const seen = rows.filter(({ member }) => sight.names.has(member));
  return { ...facetRow(outcome, hide), rows: seen.map((row) => facetRow(row, hide)) };
};

/** A refusal that names no service out of sight: of a cycle it shows only the facet's own part. */
export const facetReason = (reason: Error, { names }: FacetSight): Error =>
  reason instanceof Cycle
    ? new Cycle(reason.path.map((name) => (names.has(name) || name === '…' ? name : 'another')))
    : reason;

/** Events of an operation that name no service out of sight, but for one that has been started. */
export const facetEvents = (events: readonly Event[], sight: FacetSight): readonly Event[] =>
  events.flatMap((event): readonly Event[] => {
    switch (event.kind) {
      case 'row': {
        const { row } = event;
        if (!sight.names.has(row.member)) return [];
        return [{ kind: 'row', row: facetRow(row, hider(row.also ?? [], sight)) }];
      }
      case 'line': {
        const text = event.from === sight.node ? facetLine(event.text, sight) : event.text;
        return text === undefined ? [] : [{ ...event, text }];
      }
      case 'dropped':
        return [event];
    }
  });

/** Takes names out of a sentence. */
type Hide = (text: string) => string;

const facetRow = <R extends Row>(row: R, hide: Hide): R => {
  const { also, reason } = row;
  return {
    ...row,
    ...(reason === undefined ? {} : { reason: hide(reason) }),
    ...(also === undefined ? {} : { also: [countWords(also.length)] }),
  };
};

const countWords = (count: number): string =>
  count === 1 ? '1 other service' : `${count} other services`;

const hider = (names: readonly string[], sight: FacetSight): Hide => {
  const hidden = new Set(names.filter((name) => !sight.names.has(name)));
  return (text) => {
    const plain = hideRequirement(text, sight);
    if (hidden.size === 0) return plain;
    return plain.replace(/[^\s,;']+/g, (word) => {
      const [name, rest] = nameIn(word, hidden);
      return name === undefined ? word : `another service${rest}`;
    });
  };
};

/** A word is a name, or a name and the mark that ends its part of the sentence. */
const nameIn = (
  word: string,
  names: ReadonlySet<string>,
): readonly [name: string | undefined, rest: string] => {
  if (names.has(word)) return [word, ''];
  const name = word.slice(0, -1);
  return /[.:]$/.test(word) && names.has(name) ? [name, word.slice(-1)] : [undefined, ''];
};

/** GNU's words for a start whose requirement failed. */
const hideRequirement = (text: string, { names }: FacetSight): string => {
  const [, head, required = ''] = /^(Service \S+ depends on )(\S+)\.$/.exec(text) ?? [];
  return head === undefined || names.has(required) ? text : `${head}another service.`;
};

const facetLine = (text: string, sight: FacetSight): string | undefined => {
  const [, word = '', rest = ''] =
    /^(?:Service|Enabled service|Disabled service) (\S+) ?(.*)$/.exec(text) ?? [];
  if (nameIn(word, sight.names)[0] !== undefined) return hideRequirement(text, sight);
  switch (rest) {
    case 'has been started.':
      return text;
    case 'has been stopped.':
    case 'could not be started.':
    case 'could not be stopped.':
      return `Another service ${rest}`;
    default:
      return undefined;
  }
};
