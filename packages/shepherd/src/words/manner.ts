/** What a description says of its start beside the command. */
import type { ServiceConfig, StartManner } from './service-config.ts';

/** In the words of a start. */
export const mannerOf = ({
  remainsAfterExit,
  pidFile,
  keepsGroup,
  sockets,
  connection,
}: ServiceConfig): StartManner => ({
  ...(sockets !== undefined && { sockets }),
  ...(connection !== undefined && { connection }),
  ...(remainsAfterExit === true && { remains: remainsAfterExit }),
  ...(pidFile !== undefined && { pidFile }),
  ...(keepsGroup === true && { keepsGroup }),
});
