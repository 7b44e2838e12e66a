/** What a configuration may say of a timer beside what any service has, and when that makes it ring. */
import { canRing, parseCron, type CalendarEvent, type When } from '@bellwether/shepherd';
import * as z from 'zod';
import { exec } from './commands.ts';
import {
  occurrenceCount,
  timerSeconds,
  spreadSeconds,
  intervalSeconds,
  cronChars,
} from './limits.ts';
import { whole } from './numbers.ts';
import { record, unlessThrown } from './record.ts';

const days = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;

const listOf = <T extends z.ZodType>(one: T, most: number, error?: string) =>
  z
    .union([one, z.array(one).min(1, 'is empty: nothing would match').max(most)], {
      ...(error !== undefined && { error }),
    })
    .optional();
const numbers = (first: number, last: number) => {
  const range = `expected whole numbers from ${first} to ${last}, one or a list`;
  return listOf(z.int(range).min(first, range).max(last, range), last - first + 1);
};
const calendar = record(
  {
    kind: z.literal('calendar'),
    seconds: numbers(0, 59),
    minutes: numbers(0, 59),
    hours: numbers(0, 23),
    daysOfMonth: numbers(1, 31),
    months: numbers(1, 12),
    daysOfWeek: listOf(z.enum(days), days.length, `expected ${days.join(', ')}, one or a list`),
  },
  'calendar({ hours: 3, minutes: 0 })',
);
const cron = record(
  {
    kind: z.literal('cron'),
    text: z
      .string()
      .max(cronChars, `has more than ${cronChars} characters`)
      .superRefine((text, context) => void unlessThrown(context, () => parseCron(text))),
  },
  "cron('15 3 * * mon-fri')",
);
const every = record(
  {
    kind: z.literal('every'),
    seconds: z.number().min(1, 'is below 1').max(intervalSeconds, `is over ${intervalSeconds}`),
  },
  'every(60)',
);
/** When something rings. */
export const when = z
  .discriminatedUnion('kind', [calendar, cron, every], {
    error: "expected calendar({ … }), cron('…') or every(seconds)",
  })
  .refine((said) => isUnread(said) || canRing(whenOf(said)), {
    error: 'never rings: there is no such day',
  });
/** Of what is refused for itself nothing more is said. */
const isUnread = (said: WhenDescription): boolean => {
  try {
    whenOf(said);
    return false;
  } catch {
    return true;
  }
};
type WhenDescription = z.output<typeof calendar> | z.output<typeof cron> | z.output<typeof every>;

/** What a timer has beside names, documentation and how it is stopped. */
export const timerShape = {
  when,
  run: exec,
  occurrences: whole(1, occurrenceCount).optional(),
  maxSeconds: z
    .number()
    .gt(0, 'must be more than 0')
    .max(timerSeconds, `is over ${timerSeconds}`)
    .optional(),
  overlap: z.enum(['skip', 'wait', 'allow'], "expected 'skip', 'wait' or 'allow'").default('skip'),
  catchUp: z
    .union([z.literal(false), z.literal('once')], { error: "expected false or 'once'" })
    .default(false),
  spreadSeconds: z
    .number()
    .min(0, 'is negative')
    .max(spreadSeconds, `is over ${spreadSeconds}`)
    .default(0),
};

/** When it rings. @throws BadCron */
export const whenOf = (said: WhenDescription): When => {
  switch (said.kind) {
    case 'cron':
      return parseCron(said.text);
    case 'every':
      return { kind: 'every', everyMs: Math.round(said.seconds * 1_000) };
    case 'calendar': {
      const { seconds = 0, minutes, hours, daysOfMonth, months, daysOfWeek } = said;
      const weekdays = daysOfWeek === undefined ? undefined : listed(daysOfWeek).map(dayOf);
      return {
        kind: 'calendar',
        seconds: sorted(seconds),
        ...given('minutes', minutes),
        ...given('hours', hours),
        ...given('daysOfMonth', daysOfMonth),
        ...given('months', months),
        ...given('daysOfWeek', weekdays),
      };
    }
  }
};

const dayOf = (day: (typeof days)[number]): number => days.indexOf(day);
const listed = <T>(values: T | readonly T[]): readonly T[] =>
  Array.isArray(values) ? (values as readonly T[]) : [values as T];
const sorted = (values: number | readonly number[]): readonly number[] =>
  [...new Set(listed(values))].sort((one, other) => one - other);
const given = (
  key: keyof CalendarEvent,
  values: number | readonly number[] | undefined,
): Partial<CalendarEvent> => (values === undefined ? {} : { [key]: sorted(values) });
