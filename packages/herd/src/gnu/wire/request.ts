/**
 * What `herd` asks, and how it is answered:
 *
 *     (shepherd-command (version 0 …) (action SYMBOL) (service SYMBOL) (arguments (…)) (directory STRING))
 *     (reply (version 0) (result …) (error …) (messages (STRING …)))
 *
 * One of each for a connection, in this order of fields. On whatever else comes GNU Shepherd 1.0.9 closes the
 * connection without a word, since a client of another version could not read one.
 */
import { sym, Sym, type Datum } from './datum.ts';
import { datumText } from './write.ts';

/** What is asked. */
export interface GnuRequest {
  readonly action: Datum;
  readonly service: Datum;
  readonly args: readonly Datum[];
}
/** Why there is no good answer, as `herd` knows it. */
export type GnuError =
  | { readonly kind: 'service-not-found'; readonly service: Datum }
  | { readonly kind: 'action-not-found'; readonly action: Datum; readonly service: Datum }
  | {
      readonly kind: 'exception';
      readonly action: Datum;
      readonly service: Datum;
      /** For people. */
      readonly text: string;
    };
/** An answer. */
export interface GnuReply {
  readonly result: Datum;
  readonly error?: GnuError;
  /** Lines for people, printed before anything is made of the result. */
  readonly messages?: readonly string[];
}

/** What a datum asks; undefined for one that is no request of this version. */
export const requestIn = (datum: Datum): GnuRequest | undefined => {
  const parts = itemsOf(datum);
  if (parts?.length !== 6 || !isSymbol(parts[0], 'shepherd-command')) return undefined;
  const version = itemsOf(parts[1]);
  if (!isSymbol(version?.[0], 'version') || version?.[1] !== 0) return undefined;
  if (!version.slice(2).every((each) => typeof each === 'number')) return undefined;
  const [action, service, given, directory] = ['action', 'service', 'arguments', 'directory'].map(
    (name, at) => fieldOf(parts[at + 2], name),
  );
  const args = itemsOf(given);
  if (action === undefined || service === undefined || directory === undefined) return undefined;
  return args === undefined ? undefined : { action, service, args };
};
const itemsOf = (datum: Datum | undefined): readonly Datum[] | undefined =>
  Array.isArray(datum) ? (datum as readonly Datum[]) : undefined;
const isSymbol = (datum: Datum | undefined, name: string): boolean =>
  datum instanceof Sym && datum.name === name;
const fieldOf = (datum: Datum | undefined, name: string): Datum | undefined => {
  const items = itemsOf(datum);
  return items?.length === 2 && isSymbol(items[0], name) ? items[1] : undefined;
};

/** The text of an answer. */
export const replyText = ({ result, error, messages = [] }: GnuReply): string =>
  datumText([
    sym('reply'),
    versionZero,
    field('result', result),
    field('error', error === undefined ? false : errorDatum(error)),
    field('messages', messages),
  ]);

/** `(name value)`, of which records of this protocol consist. */
export const field = (name: string, value: Datum): Datum => [sym(name), value];
/** `(version 0)`, with which each of them begins. */
export const versionZero: Datum = [sym('version'), 0];

/** An exception is shown by `herd` itself, from a key of Guile's and the arguments that this has. */
const errorDatum = (error: GnuError): Datum => {
  const begin = [sym('error'), versionZero];
  switch (error.kind) {
    case 'service-not-found':
      return [...begin, sym('service-not-found'), error.service];
    case 'action-not-found':
      return [...begin, sym('action-not-found'), error.action, error.service];
    case 'exception': {
      const shown = [false, '~A', [error.text], false];
      return [
        ...begin,
        sym('action-exception'),
        error.action,
        error.service,
        sym('misc-error'),
        shown,
      ];
    }
  }
};
