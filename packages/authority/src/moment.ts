/** A date for people, `2026-11-22 16:00:07 UTC`: the same on every machine, whatever its time zone. */
export const momentOf = (wallMs: number): string => {
  const latestMs = 8_640_000_000_000_000;
  const text = new Date(Math.min(Math.max(wallMs, 0), latestMs)).toISOString();
  return `${text.slice(0, text.indexOf('T'))} ${text.slice(-13, -5)} UTC`;
};
