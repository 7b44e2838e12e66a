/** Outcomes and their rows, made of each other. */
import type { Outcome, Row } from './messages.ts';

/** An outcome without rows. */
export const plain = (member: string, result: Outcome['result'], reason?: string): Outcome => ({
  member,
  result,
  ...(reason === undefined ? {} : { reason }),
  rows: [],
});
/** A row without the rows of an outcome. */
export const bare = ({ rows: _rows, isLate: _isLate, ...row }: Outcome): Row => row;
