/** When logs are put aside, as words of a configuration. */
import type { CalendarEvent } from '@bellwether/shepherd';

const onTheHour = { kind: 'calendar', seconds: [0], minutes: [0] } as const;
/** By local time; `weekly` is when GNU Shepherd does it. */
export const rotationTimes: Readonly<
  Record<'hourly' | 'daily' | 'weekly' | 'monthly', CalendarEvent>
> = {
  hourly: onTheHour,
  daily: { ...onTheHour, hours: [0] },
  weekly: { ...onTheHour, hours: [22], daysOfWeek: [0] },
  monthly: { ...onTheHour, hours: [0], daysOfMonth: [1] },
};
