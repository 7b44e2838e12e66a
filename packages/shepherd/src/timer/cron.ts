/**
 * Cron's five fields, and its short words, as a calendar event. GNU Shepherd reads numbers, lists, ranges and steps,
 * and wants both fields of the day to match; whoever brings a line from a crontab means what cron does with it:
 *
 *     names                    jan to dec, sun to sat, in any case
 *     7                        is Sunday, as 0 is
 *     day of month, of week    if both are restricted a day matches where either does; a field that begins with '*' is
 *                              no restriction, as in cron
 *     @hourly …                what they mean in cron; @reboot is no time: `autoStart` of a service is that
 */
import { ActorError } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { cutText } from '../text.ts';
import type { CalendarEvent } from '../words/timer-types.ts';

/** A text that is no time of cron's; the message names the field. */
export class BadCron extends ActorError {
  override readonly name = 'BadCron';
  constructor(message: string) {
    super('bad-cron', message);
  }
}

interface Field {
  readonly key: 'minutes' | 'hours' | 'daysOfMonth' | 'months' | 'daysOfWeek';
  readonly title: string;
  readonly first: number;
  readonly last: number;
  /** Words for the values from `first` on. */
  readonly words?: readonly string[];
}
const fields: readonly Field[] = [
  { key: 'minutes', title: 'minute', first: 0, last: 59 },
  { key: 'hours', title: 'hour', first: 0, last: 23 },
  { key: 'daysOfMonth', title: 'day of month', first: 1, last: 31 },
  {
    key: 'months',
    title: 'month',
    first: 1,
    last: 12,
    words: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  {
    key: 'daysOfWeek',
    title: 'day of week',
    first: 0,
    last: 7,
    words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
  },
];

const shortWords: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

/** Reads `15 3 * * mon-fri`, or `@daily`. @throws BadCron */
export const parseCron = (text: string): CalendarEvent => {
  if (text.length > limits.cronCharacters)
    throw new BadCron(`has more than ${limits.cronCharacters} characters`);
  const plain = text.trim().toLowerCase();
  if (plain.startsWith('@') && !shortWords.has(plain)) throw new BadCron(wordTrouble(plain));
  const words = (shortWords.get(plain) ?? plain).split(/\s+/);
  if (words.length !== fields.length)
    throw new BadCron(
      `expected five fields, as in '15 3 * * mon-fri', found ${plain === '' ? 0 : words.length}`,
    );
  const read = fields.map((field, at) => [field.key, valuesOf(field, words[at] ?? '')] as const);
  const lists = Object.fromEntries(read.filter(([, values]) => values !== undefined));
  const [, , date = '', , weekday = ''] = words;
  const isEitherDay = !date.startsWith('*') && !weekday.startsWith('*');
  return { kind: 'calendar', seconds: [0], ...lists, ...(isEitherDay && { isEitherDay }) };
};

const wordTrouble = (word: string): string =>
  word === '@reboot'
    ? '@reboot is no time: a service with autoStart runs when the machine has booted'
    : `there is no ${cutText(word, 40)}; expected one of ${[...shortWords.keys()].join(', ')}`;

/** Undefined for every value there is. */
const valuesOf = (field: Field, text: string): readonly number[] | undefined => {
  const found = new Set<number>();
  for (const part of text.split(',')) for (const each of partOf(field, part)) found.add(each);
  const isWeek = field.key === 'daysOfWeek';
  const values = [...new Set([...found].map((each) => (isWeek ? each % 7 : each)))].sort(
    (one, other) => one - other,
  );
  const all = isWeek ? 7 : field.last - field.first + 1;
  // Said by `*` or by naming all: the field does not matter then, but a day that is named counts as restricted.
  return values.length === all && text.startsWith('*') ? undefined : values;
};

const partOf = (field: Field, part: string): readonly number[] => {
  const [range = '', step, ...rest] = part.split('/');
  if (rest.length > 0) throw trouble(field, part);
  const by = step === undefined ? 1 : numberIn(field, step, part);
  if (by < 1 || by > field.last) throw trouble(field, part);
  const [from, to] = boundsOf(field, range, part, step !== undefined);
  if (from > to) throw trouble(field, part);
  const values: number[] = [];
  for (let value = from; value <= to; value += by) values.push(value);
  return values;
};

const boundsOf = (
  field: Field,
  range: string,
  part: string,
  hasStep: boolean,
): readonly [number, number] => {
  const last = field.key === 'daysOfWeek' ? 6 : field.last;
  if (range === '*') return [field.first, last];
  const [low = '', high, ...rest] = range.split('-');
  if (rest.length > 0) throw trouble(field, part);
  const from = valueIn(field, low, part);
  // `5/15` is from 5 on, as cron has it.
  if (high === undefined) return [from, hasStep ? last : from];
  const to = valueIn(field, high, part);
  // From Friday to Sunday: the Sunday behind it.
  return [from, field.key === 'daysOfWeek' && to === 0 && from > 0 ? 7 : to];
};

const valueIn = (field: Field, text: string, part: string): number => {
  const word = field.words?.indexOf(text) ?? -1;
  const value = word === -1 ? numberIn(field, text, part) : field.first + word;
  if (value < field.first || value > field.last) throw trouble(field, part);
  return value;
};

const numberIn = (field: Field, text: string, part: string): number => {
  if (!/^\d{1,2}$/.test(text)) throw trouble(field, part);
  return Number(text);
};

const trouble = ({ title, first, last, words }: Field, part: string): BadCron => {
  const names = words === undefined ? '' : `, or ${words[0] ?? ''} to ${words.at(-1) ?? ''}`;
  const found = part === '' ? 'nothing' : `'${cutText(part, 40)}'`;
  return new BadCron(`${title}: expected ${first} to ${last}${names}, found ${found}`);
};
