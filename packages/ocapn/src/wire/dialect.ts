/**
 * What the draft and its implementations spell differently. Nothing on the wire says which one a
 * peer speaks: its router is told, or takes it for neutral. All spellings are read, as opaque records
 * until somebody asks here what they mean; a dialect says what is written:
 *
 *                       neutral               Endo 1.1                   Goblins 0.18
 *     null              <null>                <null>                     refused: it has none
 *     tagged value      as it came            <desc:tagged 'tag value>   <user-record label value>
 *     error             ['code "words"]       <desc:error "words">       ['code "words"], and without
 *                                                                        words <exn:fail:mystery>
 *     set, other keys   as Syrup has them     refused                    as Syrup has them
 *     any other record  as it came            refused                    refused
 *     -0                -0                    0                          -0
 *     keys of a struct  by encoded bytes      by text                    by encoded bytes
 *
 * What is refused breaks one answer. Sent all the same, it would end the session with Endo, and in
 * Goblins the message would vanish, and whoever waits would wait for ever. Neither reads the other's
 * tagged values and errors, so they are translated. Goblins' own exception says nothing, so a refusal
 * goes to it as plain data, which both understand.
 */
import { Encode } from '../errors.ts';
import {
  describe,
  Dictionary,
  Double,
  isRecord,
  Sym,
  SyrupRecord,
  SyrupSet,
} from '../syrup/values.ts';
import { LABELS } from './labels.ts';

/** The implementations whose spellings are known, and what all of them read of the rest. */
export type DialectName = 'neutral' | 'endo' | 'goblins';

/** How values are spelt for one peer. */
export interface Dialect {
  readonly name: DialectName;
  readonly sortsByText: boolean;
  /** What is written for an error. `words`: for whoever has asked. */
  error(code: string, words: string): unknown;
  /**
   * What is written for null, -0, a record, a set or a dictionary; the value itself where that is as
   * Syrup has it. @throws Encode for what the peer could not read
   */
  spelt(value: object | number | null): unknown;
}

/** A value with a name for its kind. */
export interface Tagged {
  readonly tag: string;
  readonly value: unknown;
}

/** What a tagged value holds, in either spelling; undefined when it is none. */
export const taggedFrom = (value: unknown): Tagged | undefined => {
  const tagged = labelledFrom(value);
  if (tagged === undefined) return undefined;
  const [label, content] = tagged;
  if (typeof label === 'string') return { tag: label, value: content };
  return label instanceof Sym ? { tag: label.name, value: content } : undefined;
};

/** A tagged value in the spelling that the draft names. */
export const taggedRecord = ({ tag, value }: Tagged): SyrupRecord =>
  new SyrupRecord(new Sym('desc:tagged'), [new Sym(tag), value]);

/**
 * The text of an error in either spelling, empty where it has none; undefined when the value is no
 * error.
 */
export const errorTextFrom = (value: unknown): string | undefined => {
  if (isRecord(value, 'exn:fail:mystery')) return '';
  if (!isRecord(value, 'desc:error')) return undefined;
  const [message] = value.fields;
  return typeof message === 'string' ? message : '';
};

/** What is written where nobody says otherwise. */
export const NEUTRAL: Dialect = {
  name: 'neutral',
  sortsByText: false,
  error: (code, words) => [new Sym(code), words],
  spelt: (value) => (value instanceof SyrupRecord ? noReference(value) : value),
};

const ENDO: Dialect = {
  name: 'endo',
  sortsByText: true,
  error: (_code, words) => new SyrupRecord(new Sym('desc:error'), [words]),
  spelt(value) {
    if (typeof value === 'number') return new Double(0);
    if (value instanceof SyrupSet || value instanceof Dictionary)
      throw new Encode(`endo: cannot write ${describe(value)}, which its peers do not read`);
    if (!(value instanceof SyrupRecord)) return value;
    const text = errorTextFrom(value);
    if (text !== undefined) return isEndoError(value) ? bare(value) : this.error('', text);
    const tagged = labelledFrom(value);
    if (tagged === undefined) return known(this, value, ENDO_LABELS);
    const [label, content] = tagged;
    if (label instanceof Sym && isRecord(value, 'desc:tagged')) return bare(value);
    if (label instanceof Sym || typeof label === 'string')
      return taggedRecord({ tag: typeof label === 'string' ? label : label.name, value: content });
    throw new Encode('endo: cannot write a tagged value whose tag is neither symbol nor string');
  },
};

const GOBLINS: Dialect = {
  name: 'goblins',
  sortsByText: false,
  error: (code, words) =>
    words === '' ? new SyrupRecord(new Sym('exn:fail:mystery'), []) : [new Sym(code), words],
  spelt(value) {
    if (value === null) throw new Encode('goblins: cannot write null, which its peers do not know');
    if (!(value instanceof SyrupRecord)) return value;
    const text = errorTextFrom(value);
    if (text !== undefined && !isRecord(value, 'exn:fail:mystery'))
      return this.error('error', text);
    const tagged = labelledFrom(value);
    return tagged === undefined || isRecord(value, 'user-record')
      ? known(this, value, GOBLINS_LABELS)
      : new SyrupRecord(new Sym('user-record'), tagged);
  },
};

/** The dialect of that name. */
export const dialectNamed = (name: DialectName): Dialect =>
  name === 'endo' ? ENDO : name === 'goblins' ? GOBLINS : NEUTRAL;

const ENDO_LABELS = ['ocapn-sturdyref'];
const GOBLINS_LABELS = [
  'user-record',
  'vec',
  'pair',
  'kw',
  'exn:fail:mystery',
  'ocapn-peer',
  'ocapn-sturdyref',
];
/** What is read as a reference, whoever has written it. */
const REFERENCE_LABELS: readonly string[] = [
  LABELS.importObject.name,
  LABELS.importPromise.name,
  LABELS.export.name,
  LABELS.answer.name,
  LABELS.sigEnvelope.name,
];

/** Tag and content, in either spelling. */
const labelledFrom = (value: unknown): readonly [unknown, unknown] | undefined => {
  if (!isRecord(value, 'desc:tagged') && !isRecord(value, 'user-record')) return undefined;
  const [label, content] = value.fields;
  return value.fields.length === 2 ? [label, content] : undefined;
};
/**
 * A reference is what an actor holds. A record that looks like one names a position, and would lead to
 * whatever stands there, which nobody has given to whoever made it.
 */
const noReference = (record: SyrupRecord): SyrupRecord => {
  const { label } = record;
  if (label instanceof Sym && REFERENCE_LABELS.includes(label.name))
    throw new Encode(
      `captp: cannot write a record that is called ${label.name}, as references are`,
    );
  return record;
};
/** A record whose label is one of these. */
const known = ({ name }: Dialect, record: SyrupRecord, labels: readonly string[]): SyrupRecord => {
  const { label } = record;
  if (label instanceof Sym && labels.includes(label.name)) return bare(record);
  const what = label instanceof Sym ? `a record that is called ${label.name}` : 'such a record';
  throw new Encode(`${name}: cannot write ${what}, which its peers do not know`);
};
const isEndoError = (value: SyrupRecord): boolean =>
  isRecord(value, 'desc:error') && value.fields.length === 1 && typeof value.fields[0] === 'string';
/** As fields alone, each of which is spelt in turn. */
const bare = (record: SyrupRecord): SyrupRecord =>
  record.came === undefined ? record : new SyrupRecord(record.label, record.fields);
