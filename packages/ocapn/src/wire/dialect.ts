/**
 * What the draft and its implementations spell differently. Nothing negotiates a dialect, so all
 * spellings are understood, as opaque records until somebody asks here what they mean:
 *
 *                   Goblins 0.18                Endo 1.1
 *     tagged value  <user-record label data>    <desc:tagged 'tag value>
 *     error         <exn:fail:mystery>          <desc:error "message">
 *
 * Neither understands the other's, and an error of the one ends or hangs a call of the other. Plain
 * data as the reason of a break is all that both understand: send that.
 */
import { isRecord, Sym, SyrupRecord } from '../syrup/values.ts';

/** A value with a name for its kind. */
export interface Tagged {
  readonly tag: string;
  readonly value: unknown;
}

/** What a tagged value holds, in either spelling; undefined when it is none. */
export const taggedFrom = (value: unknown): Tagged | undefined => {
  if (!isRecord(value, 'desc:tagged') && !isRecord(value, 'user-record')) return undefined;
  const [label, content] = value.fields;
  if (value.fields.length !== 2) return undefined;
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
