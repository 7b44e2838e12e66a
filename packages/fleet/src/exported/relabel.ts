/** What a far end says, under the names of this side. */
import type { Row } from '@bellwether/shepherd';

/**
 * A row of the far end as one of what lies behind `member`. The aggregates that share it there are
 * names that mean nothing here.
 */
export const relabelledRow = ({ sharedWith: _shared, ...row }: Row, member: string): Row => ({
  ...row,
  ...below(row, member),
  member: `${member}/${row.member}`,
});

/** The other names in it, which are the far end's, too. */
export const below = (
  { dependsOn, cause }: Pick<Row, 'dependsOn' | 'cause'>,
  member: string,
): Partial<Row> => ({
  ...(dependsOn !== undefined && { dependsOn: `${member}/${dependsOn}` }),
  ...(cause !== undefined && { cause: { ...cause, member: `${member}/${cause.member}` } }),
});
