/** Records of what services were started, stopped and disabled by, in the words of the shepherd. */
import { limits } from './limits.ts';
import { flag, name, object, text, whole } from './shape.ts';

const service = text(limits.keyCharacters / 4);
const prompt = object(
  /** Milliseconds since 1970. */
  { kind: name, atMs: whole(0) },
  { asker: name, operation: name, action: name, service, reason: text(1_024) },
);
/** Of the last start and the last stop of one service. */
export const promptRecord = object(
  { service },
  { started: prompt, stopped: prompt, stoppedIn: name },
);
/** Whether it may be started, and what it came from that it may not. */
export const enabledRecord = object({ service, isEnabled: flag }, { because: prompt });
