/**
 * Several invites in one file, a line each: what its giver calls the service, a blank, and the secret. A file of one
 * line without a name is one invite.
 */
import { sturdyrefUri, type Sturdyref } from '@bellwether/ocapn';
import { maxInviteCount } from './limits.ts';
import { BadRef, sturdyrefOf } from './ref-store.ts';

/** One of them. */
export interface NamedInvite {
  /** What its giver calls the service; absent where there is only one. */
  readonly member?: string;
  readonly ref: Sturdyref;
}

/** The text of a file. */
export const bundleText = (
  invites: readonly { readonly member: string; readonly ref: Sturdyref }[],
): string => invites.map(({ member, ref }) => `${member} ${sturdyrefUri(ref)}`).join('\n');

/** The invites of a text from `where`, at least one. Names are words from elsewhere. @throws BadRef */
export const invitesIn = (text: string, where: string): readonly NamedInvite[] => {
  const lines = text.trim().split('\n');
  const [only = ''] = lines;
  if (lines.length === 1 && !only.includes(' ')) return [{ ref: sturdyrefOf(only, where) }];
  if (lines.length > maxInviteCount)
    throw new BadRef(
      `${where}: holds ${lines.length} invites; ${maxInviteCount} are taken at once`,
    );
  const found = lines.map((line, at) => namedIn(line, `${where}, line ${at + 1}`));
  if (new Set(found.map(({ member }) => member)).size < found.length)
    throw new BadRef(`${where}: has two invites of one name`);
  return found;
};
/** The text is not repeated: it may be half of a secret. */
const namedIn = (line: string, where: string): NamedInvite => {
  const [member, uri, ...more] = line.trim().split(' ');
  if (member === undefined || uri === undefined || more.length > 0)
    throw new BadRef(`${where}: holds no invite; expected a name, a blank and 'ocapn://…'`);
  return { member, ref: sturdyrefOf(uri, where) };
};
