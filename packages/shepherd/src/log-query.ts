/** What of a log somebody asks for: checked, since it may be any peer on earth who does. */
import { limits } from './limits.ts';
import { BadRequest } from './errors.ts';
import { checkedCount } from './requests.ts';
import type { LogQuery } from './types.ts';

/**
 * A query with nothing in it but what a query has. A number alone is how many lines, as it was
 * before there were queries. @throws BadRequest
 */
export const checkedQuery = (query: LogQuery | number): LogQuery => {
  if (typeof query === 'number') return checkedQuery({ lineCount: query });
  if (typeof query !== 'object' || query === null) throw new BadRequest('log: no query');
  const { lineCount, sinceMs } = query;
  return {
    lineCount: checkedCount('log: line count', lineCount, limits.logLineCount),
    ...(sinceMs !== undefined && { sinceMs: checkedCount('log: since', sinceMs, limits.sinceMs) }),
  };
};
