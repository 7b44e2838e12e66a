/** Times as systemd writes them: spans (`5min 20s`) and calendar events (`Mon..Fri *-*-* 09:00`). */

const units: readonly (readonly [form: RegExp, seconds: number])[] = [
  [/^(?:us|usec|µs)$/, 0.000001],
  [/^(?:ms|msec)$/, 0.001],
  [/^(?:s|sec|seconds?)?$/, 1],
  [/^(?:m|min|minutes?)$/, 60],
  [/^(?:h|hr|hours?)$/, 3_600],
  [/^(?:d|days?)$/, 86_400],
  [/^(?:w|weeks?)$/, 604_800],
  [/^(?:M|months?)$/, 2_630_016],
  [/^(?:y|years?)$/, 31_557_600],
];
/** Seconds of a span; Infinity for `infinity`; undefined for what is none. */
export const spanSeconds = (text: string): number | undefined => {
  const trimmed = text.trim();
  if (trimmed === 'infinity') return Infinity;
  let sum = 0;
  let readChars = 0;
  // Each begins where the one before ended, so that nothing is tried twice, however long the text is.
  for (const [all, digits, unit = ''] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([A-Za-zµ]*)\s*/gy)) {
    const [, seconds] = units.find(([form]) => form.test(unit)) ?? [];
    if (seconds === undefined) return undefined;
    sum += Number(digits) * seconds;
    readChars += all.length;
  }
  if (readChars === 0 || readChars < trimmed.length) return undefined;
  return Math.round(sum * 1_000) / 1_000;
};

/** A calendar event as `calendar` takes it: what is absent matches everything. */
export type CalendarFields = Readonly<Record<string, readonly (number | string)[]>>;

const shorthands = new Map([
  ['minutely', '*-*-* *:*:00'],
  ['hourly', '*-*-* *:00:00'],
  ['daily', '*-*-* 00:00:00'],
  ['monthly', '*-*-01 00:00:00'],
  ['weekly', 'Mon *-*-* 00:00:00'],
  ['yearly', '*-01-01 00:00:00'],
  ['annually', '*-01-01 00:00:00'],
  ['quarterly', '*-01,04,07,10-01 00:00:00'],
  ['semiannually', '*-01,07-01 00:00:00'],
]);
const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/** Undefined for what `calendar` cannot say: years, time zones, last days of a month, parts of seconds. */
export const calendarFields = (text: string): CalendarFields | undefined => {
  const parts = (shorthands.get(text.trim()) ?? text.trim()).split(/\s+/);
  const days = /^[A-Za-z]/.test(parts[0] ?? '') ? daysOf(parts.shift() ?? '') : [];
  const date = (parts[0] ?? '').includes('-') ? dateOf(parts.shift() ?? '') : {};
  const time = parts.length === 0 ? timeOf('00:00:00') : timeOf(parts.shift() ?? '');
  if (days === undefined || date === undefined || time === undefined || parts.length > 0)
    return undefined;
  return { ...time, ...date, ...(days.length > 0 && { daysOfWeek: days }) };
};
const daysOf = (text: string): readonly string[] | undefined => {
  const indexOf = (name: string): number =>
    name.length < 3 ? -1 : weekdays.findIndex((each) => each.startsWith(name.toLowerCase()));
  const days = new Set<string>();
  for (const part of text.replace(/,$/, '').split(',')) {
    const [from = '', to = from] = part.split('..');
    const [first, last] = [indexOf(from), indexOf(to)];
    if (first < 0 || last < 0) return undefined;
    const count = ((last - first + 7) % 7) + 1;
    for (const at of sequence(first, first + count - 1, 1)) days.add(weekdays[at % 7] ?? '');
  }
  return [...days];
};
const dateOf = (text: string): CalendarFields | undefined => {
  const parts = text.split('-');
  const [day = '*', month = '*', year = '*'] = parts.toReversed();
  if (parts.length > 3 || year !== '*') return undefined;
  const [days, months] = [numbersOf(day, 1, 31), numbersOf(month, 1, 12)];
  if (days === undefined || months === undefined) return undefined;
  return { ...(days.length > 0 && { daysOfMonth: days }), ...(months.length > 0 && { months }) };
};
const timeOf = (text: string): CalendarFields | undefined => {
  const [hour = '', minute, second = '00', ...rest] = text.split(':');
  if (minute === undefined || rest.length > 0) return undefined;
  const hours = numbersOf(hour, 0, 23);
  const minutes = numbersOf(minute, 0, 59);
  const seconds = numbersOf(second, 0, 59);
  if (hours === undefined || minutes === undefined || seconds === undefined) return undefined;
  return {
    ...(hours.length > 0 && { hours }),
    ...(minutes.length > 0 && { minutes }),
    // Absent it would be 0, here as there.
    ...(second !== '00' && { seconds: seconds.length > 0 ? seconds : sequence(0, 59, 1) }),
  };
};
/** `*`, `1,3`, `1..5`, `0/15`; none where all match, undefined for what is no such thing. */
const numbersOf = (text: string, least: number, most: number): readonly number[] | undefined => {
  if (text === '*') return [];
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const [, begin = '', to, step] =
      /^(\*|\d{1,2})(?:\.\.(\d{1,2}))?(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    if (begin === '') return undefined;
    const from = begin === '*' ? least : Number(begin);
    const last = to !== undefined ? Number(to) : step === undefined && begin !== '*' ? from : most;
    const by = Number(step ?? 1);
    if (from < least || last > most || from > last || by < 1) return undefined;
    for (const each of sequence(from, last, by)) numbers.add(each);
  }
  return [...numbers].toSorted((a, b) => a - b);
};
const sequence = (from: number, to: number, by: number): readonly number[] =>
  Array.from({ length: Math.floor((to - from) / by) + 1 }, (_none, at) => from + at * by);
