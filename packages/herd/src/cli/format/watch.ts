/** One line for one change, where nobody sees a table. */
import type { Status } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { healthWords } from './health.ts';
import type { ShownStatus } from './shown-status.ts';
import { slotNote } from './slot.ts';
import { counted } from './times.ts';

/** `web-server-a: running, pid 123, 2 respawns`; the same text means that nothing here has changed. */
export const changeText = (status: Status): string => {
  const shown: ShownStatus = status;
  if (shown.isGone === true) return visible(`${shown.provision[0] ?? ''}: gone`);
  const { stage, pid, isReady, isEnabled, respawnCount, failure, members, runningCount } = shown;
  const notes = [
    stage,
    stage === 'running' && isReady === false ? 'not ready' : undefined,
    stage === 'unknown' ? shown.unknownReason : undefined,
    pid === undefined ? undefined : `pid ${pid}`,
    respawnCount > 0 ? counted(respawnCount, 'respawn') : undefined,
    members === undefined ? undefined : `${runningCount ?? 0}/${members.length}`,
    ...healthWords(shown),
    slotNote(shown),
    failure === undefined ? undefined : `failed: ${failure.reason}`,
    isEnabled ? undefined : 'disabled',
  ];
  const words = notes.filter((note) => note !== undefined).join(', ');
  return visible(`${shown.provision[0] ?? ''}: ${words}`);
};

/** Said in place of news. */
export const silenceText = (ms: number): string =>
  `nothing was heard of the shepherd for ${Math.round(ms / 1_000)} s: what is shown may have changed`;
