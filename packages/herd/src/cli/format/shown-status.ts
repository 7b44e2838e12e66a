/** What the formats read of a status. */
import type { ExportedStatus, Status } from '@bellwether/shepherd';

/**
 * A status of any kind, where what only some kinds tell may be absent: a fact is shown where there
 * is one.
 */
export type ShownStatus = Omit<ExportedStatus, 'kind' | 'origin'> &
  Partial<Pick<ExportedStatus, 'origin'>> &
  Pick<Status, 'kind'>;
