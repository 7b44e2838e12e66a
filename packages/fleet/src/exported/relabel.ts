/** What a far end says, under the names of this side. */
import { localRoot, lostWords, type Row } from '@bellwether/shepherd';
import type { ExportedHeld } from './exported-state.ts';
import { chosenOperation } from './member-operation.ts';

/**
 * A row of the far end as one of what lies behind `member`. The aggregates that share it there, and the machines, are
 * names that mean nothing here.
 */
export const relabelledRow = (
  { sharedWith: _shared, origin: _origin, ...row }: Row,
  member: string,
): Row => ({ ...row, ...below(row, member), member: `${member}/${row.member}` });

/** The other names in it, which are the far end's, too. */
export const below = (
  { dependsOn, cause }: Pick<Row, 'dependsOn' | 'cause'>,
  member: string,
): Partial<Row> => ({
  ...(dependsOn !== undefined && { dependsOn: `${member}/${dependsOn}` }),
  ...(cause !== undefined && { cause: { ...cause, member: `${member}/${cause.member}` } }),
});

/** Which command it was, and who asked for it here. */
export interface AskedHere {
  readonly action: string;
  readonly principal: string;
}
/**
 * What a row that lost says, under its name here. The ids there are made of ours and of who has asked here: he is told
 * his own, and the owner everybody's.
 */
export const lostHere = (
  { memberIds }: Pick<ExportedHeld, 'memberIds'>,
  { action, principal }: AskedHere,
  { result, lostTo }: Row,
  name: string,
): Partial<Row> => {
  if (result !== 'superseded' || lostTo === undefined) return {};
  const { operation: id, ...rest } = lostTo;
  const chosen = id === undefined ? undefined : chosenOperation(id);
  const isTold =
    chosen !== undefined &&
    chosen !== id &&
    (principal === localRoot || memberIds(principal, chosen) === id);
  const winner = isTold ? { ...rest, operation: chosen } : rest;
  return { reason: lostWords(name, action, winner), lostTo: winner };
};
