/**
 * Times and ages for people, in one form everywhere: `2026-11-25 10:04:05`, of today only the time; it can be given
 * back with `--since`. `herd log` alone has the form of GNU's. Local time; `--json` has milliseconds since 1970.
 */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `10:04:05` today, `2026-11-25 10:04:05` on another day. Both in milliseconds since 1970. */
export const timeText = (at: number, now: number): string => {
  const then = new Date(at);
  return dateOf(then) === dateOf(new Date(now)) ? clockOf(then) : momentText(at);
};

/** The same with its date always, where lines of many days stand one below another. */
export const momentText = (at: number): string => {
  const then = new Date(at);
  return `${dateOf(then)} ${clockOf(then)}`;
};

/** `25 Nov 2026 10:04:05`, the stamp of GNU's `herd log`, for scripts that read it. */
export const stampText = (at: number): string => {
  const then = new Date(at);
  const month = months[then.getMonth()] ?? '';
  return `${two(then.getDate())} ${month} ${then.getFullYear()} ${clockOf(then)}`;
};

/**
 * `5 seconds ago`: seconds below two minutes, minutes below two hours, hours below two days, then
 * days.
 */
export const agoText = (at: number, now: number): string =>
  `${spanText(Math.max(0, now - at))} ago`;

/** `10:04:05 (5 seconds ago)`. */
export const whenText = (at: number, now: number): string =>
  `${timeText(at, now)} (${agoText(at, now)})`;

/** `5 seconds`, with the same steps. Milliseconds. */
export const spanText = (ms: number): string => {
  if (ms < 2 * minute) return counted(Math.floor(ms / second), 'second');
  if (ms < 2 * hour) return counted(Math.floor(ms / minute), 'minute');
  if (ms < 2 * day) return counted(Math.floor(ms / hour), 'hour');
  return counted(Math.floor(ms / day), 'day');
};

/**
 * How old some knowledge is, short enough for a table: `now`, `0.4 s ago`, `12 s ago`, `5 min ago`.
 */
export const ageText = (ms: number): string => {
  if (ms < 100) return 'now';
  if (ms < 10 * second) return `${(ms / second).toFixed(1)} s ago`;
  if (ms < 2 * minute) return `${Math.round(ms / second)} s ago`;
  if (ms < 2 * hour) return `${Math.round(ms / minute)} min ago`;
  return ms < 2 * day ? `${Math.round(ms / hour)} h ago` : `${Math.round(ms / day)} d ago`;
};

/** `1 member`, `2 members`. */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

const two = (value: number): string => String(value).padStart(2, '0');
const clockOf = (at: Date): string =>
  `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
const dateOf = (at: Date): string =>
  `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
