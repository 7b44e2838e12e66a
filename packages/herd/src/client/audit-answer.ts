/** What a shepherd answers about its audit. Apart from other answers: what is typed all day needs none of it. */
import { auditLimits, recordIn, type WrittenRecord } from '@bellwether/authority';
import { list, Malformed, struct, type Read } from '@bellwether/shepherd';
import { checked } from './answers.ts';

/** Records of an audit, oldest first, and whether there is more. */
export interface AuditRecords {
  readonly lines: readonly WrittenRecord[];
  readonly isCut: boolean;
}

/** Read whole: a line that was cut would be another. */
const readLine: Read<WrittenRecord> = (value, what) => {
  const record =
    typeof value === 'string' && value.length <= auditLimits.lineCharacters
      ? recordIn(value)
      : undefined;
  if (record === undefined)
    throw new Malformed(`${what}: expected a record of an audit, found something else`);
  return record;
};
const readFlag: Read<boolean> = (value, what) => {
  if (typeof value === 'boolean') return value;
  throw new Malformed(`${what}: expected true or false, found something else`);
};

/** The answer to a question about the audit. @throws BadAnswer */
export const auditIn = checked(
  struct<AuditRecords>({ lines: list(readLine, auditLimits.answerCount), isCut: readFlag }, {}),
  'audit',
);
