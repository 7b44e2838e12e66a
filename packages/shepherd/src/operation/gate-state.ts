/** What is known of a gate by its record alone. */
import type { StepRecord } from './kept/memory.ts';
import { isGood } from '../words/vocabulary.ts';

/** Whether a gate lets pass who is behind it. */
export const isOpened = (record: Pick<StepRecord, 'phase' | 'outcome'> | undefined): boolean =>
  record?.phase === 'settled' && record.outcome !== undefined && isGood(record.outcome);
