/** Local time as this process has it: by TZ, or by the machine's own zone. */
import type { Zone } from '../words/timer-types.ts';

/** The zone that the process was started in. */
export const nodeZone = (): Zone => ({
  offsetMs: (instantMs) => -60_000 * new Date(instantMs).getTimezoneOffset(),
});
