/**
 * Selectors: which of many services somebody means, by their labels.
 *
 *     role=web     the label is there, and says that
 *     role!=web    it says something else, or is not there
 *     canary       it is there, whatever it says
 *     !canary      it is not there
 *
 * What has the label `in-doubt` is picked out by `in-doubt` alone, whatever else it has.
 *
 * Commas stand between terms, all of which have to hold; blanks do not count. `!=` takes in what has no such label, as
 * in Kubernetes, so that it is the opposite of `=`.
 *
 * What was picked out is commanded as an aggregate without a place in the graph: `web-server{role=web}`. No service
 * has such a name. Its members are those that the request names.
 */
import { Limit } from '@bellwether/actors';
import { BadSelector } from '../errors.ts';
import { closest } from '../closest.ts';
import { limits } from '../limits.ts';
import { doubtLabel, isDoubted, isLabelKey, isLabelValue, type Labels } from './labels.ts';

/** What a key, and a text that is not empty, may be, for people. */
export const labelWords = `1 to ${limits.labelCharacters} letters, digits and _ . -, no _ . - at an end`;

/** One condition on one label. */
export type Term =
  | { readonly kind: 'equals' | 'differs'; readonly key: string; readonly text: string }
  | { readonly kind: 'has' | 'lacks'; readonly key: string };
/** What has to hold, all of it; at least one term. */
export type Selector = readonly Term[];

/** What somebody asks for. */
export interface Selecting {
  readonly selector: string;
  /** An aggregate, whose members are looked at; or those that are called so. Absent: all. */
  readonly service?: string;
}
/** Of whom whoever asks may speak. Near only. */
export interface SelectView {
  /** A canonical name: of its members. */
  readonly aggregate: string;
  /** Of these alone. */
  readonly members?: readonly string[];
}
/** Whom somebody means. Wire format. */
export interface Selected {
  /** Canonical names, each once. */
  readonly names: readonly string[];
  /** Keys that nobody has of those who could have been meant, though some were to lack them: perhaps a slip. */
  readonly unknownKeys: readonly string[];
}

const termForm = /^\s*(?:(!)\s*([^\s!=]+)|([^\s!=]+)\s*(?:(!=|==?)\s*([^\s!=]*))?)\s*$/;

/** What a text means. @throws BadSelector, which says where */
export const parseSelector = (text: string): Selector => {
  if (text.length > limits.selectorCharacters)
    throw new BadSelector(`the selector has over ${limits.selectorCharacters} characters`);
  const parts = text.split(',');
  if (parts.length > limits.selectorTermCount)
    throw new BadSelector(`the selector has over ${limits.selectorTermCount} terms`);
  return parts.map(termIn);
};
const termIn = (part: string): Term => {
  const found = termForm.exec(part);
  if (found === null)
    throw new BadSelector(
      part.trim() === ''
        ? 'the selector has an empty term'
        : `'${part.trim()}' is no term of a selector`,
    );
  const [, not, lacking, key = lacking ?? '', operator, value] = found;
  if (!isLabelKey(key))
    throw new BadSelector(`'${key}' is no key of a label: those have ${labelWords}`);
  if (not !== undefined) return { kind: 'lacks', key };
  if (operator === undefined) return { kind: 'has', key };
  if (value === undefined || value === '')
    throw new BadSelector(
      `'${part.trim()}' says nothing of what '${key}' is; '${key}' alone is for all that have that label`,
    );
  if (!isLabelValue(value))
    throw new BadSelector(`'${value}' is no text of a label: those have ${labelWords}`);
  return { kind: operator === '!=' ? 'differs' : 'equals', key, text: value };
};

/** A selector as it is typed, without blanks. */
export const selectorText = (selector: Selector): string => selector.map(termText).join(',');
const signs = { has: '', lacks: '!', equals: '=', differs: '!=' } as const;
const termText = (term: Term): string =>
  'text' in term ? `${term.key}${signs[term.kind]}${term.text}` : `${signs[term.kind]}${term.key}`;

/** Whether labels are as a selector has them. */
export const isPicked = (selector: Selector, labels: Labels): boolean =>
  !isHeldBack(selector, labels) && isAsSaid(selector, labels);
const isAsSaid = (selector: Selector, labels: Labels): boolean =>
  selector.every((term) => holds(term, labels));
/** What is in doubt is taken by nobody who does not ask for it, least of all by a `!=`. */
const isHeldBack = (selector: Selector, labels: Labels): boolean =>
  isDoubted(labels) &&
  !selector.some(({ kind, key }) => key === doubtLabel && (kind === 'has' || kind === 'equals'));
const holds = (term: Term, labels: Labels): boolean => {
  const isThere = Object.hasOwn(labels, term.key);
  const isSo = isThere && (!('text' in term) || labels[term.key] === term.text);
  return isSo !== isOpposite(term);
};
const isOpposite = ({ kind }: Term): boolean => kind === 'lacks' || kind === 'differs';

/** Whether a service is one of those called `web-server`: by that name, or as `web-server@web-07`, at a machine. */
export const isCalled = (provision: readonly string[], service: string): boolean =>
  provision.some((name) => name === service || name.startsWith(`${service}@`));

/** Whom an aggregate has that follows labels. */
export interface Followed {
  /** As `selectorText` has it. */
  readonly selector: string;
  /** Of those alone that are called so. */
  readonly service?: string;
}
/** What has names, and perhaps labels. */
export interface Labelled {
  readonly provision: readonly string[];
  readonly labels?: Labels | undefined;
}
/** Whether something is a member of what follows these labels. @throws BadSelector */
export const memberTest = ({ selector, service }: Followed): ((one: Labelled) => boolean) => {
  const terms = parseSelector(selector);
  return ({ provision, labels = {} }) =>
    isPicked(terms, labels) && (service === undefined || isCalled(provision, service));
};

/** The keys of a selector that nobody has, and that nobody had to have. */
export const unknownKeysIn = (selector: Selector, all: readonly Labels[]): readonly string[] => {
  const keys = new Set(all.flatMap(Object.keys));
  const found = selector.flatMap((term) =>
    isOpposite(term) && !keys.has(term.key) ? [term.key] : [],
  );
  return [...new Set(found)];
};

/** Why nobody was picked out, in sentences about the labels that there are; nobody else's are told. */
export const whyNobody = (selector: Selector, all: readonly Labels[]): string => {
  const keys = [...new Set(all.flatMap(Object.keys))].sort();
  if (keys.length === 0) return 'none of them has a label';
  const wrong = selector.flatMap((term) => {
    if (all.some((labels) => holds(term, labels))) return [];
    if (!keys.includes(term.key)) return [unknownKey(term.key, keys)];
    return term.kind === 'equals' ? [unknownText(term.key, term.text, all)] : [];
  });
  if (wrong.length > 0) return wrong.join('; ');
  return all.some((labels) => isAsSaid(selector, labels))
    ? `whoever has all of that is ${doubtLabel}, and picked out by that label alone`
    : 'no one has all of that';
};
const unknownKey = (key: string, keys: readonly string[]): string => {
  const meant = closest(key, keys);
  const hint = meant === undefined ? `there are ${firstOf(keys)}` : `was '${meant}' meant?`;
  return `none has a label '${key}': ${hint}`;
};
const unknownText = (key: string, text: string, all: readonly Labels[]): string => {
  const texts = all.flatMap((labels) => (Object.hasOwn(labels, key) ? [labels[key] ?? ''] : []));
  const there = [...new Set(texts)].sort();
  const meant = closest(text, there.filter(Boolean));
  if (meant !== undefined) return `none has ${key}=${text}: was '${key}=${meant}' meant?`;
  return `none has ${key}=${text}: of '${key}' there is ${firstOf(there.map(shownText))}`;
};
const shownText = (text: string): string => (text === '' ? 'one without a text' : text);
const firstOf = (words: readonly string[]): string => {
  const shown = words.slice(0, limits.shownLabelCount);
  return `${shown.join(', ')}${words.length > shown.length ? ', …' : ''}`;
};

/** The name of the aggregate of those who were picked out; a long one is cut, since their names are what counts. */
export const selectionName = (selector: Selector, service = ''): string => {
  const { nameCharacters } = limits;
  const whole = `${service}{${selectorText(selector)}}`;
  return whole.length <= nameCharacters ? whole : `${whole.slice(0, nameCharacters - 2)}…}`;
};
/** Whether a name is that of one: whom it means, only the request says. */
export const isSelection = (name: string): boolean => name.endsWith('}');

/** As many as one aggregate may have. @throws Limit */
export const checkSelectedCount = (count: number): void => {
  if (count > limits.rowCount)
    throw new Limit(`${count} services were picked out, at most ${limits.rowCount} are taken`);
};
