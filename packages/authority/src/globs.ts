/**
 * Globs for arguments. A `*` stands for any characters, also none; everything else for itself. `**` as the last of a
 * list stands for any number of arguments. There is no way to ask for a `*` alone, and none is needed.
 *
 * No backtracking: the parts between two stars are looked for from left to right, each where it comes first, which
 * finds a match wherever there is one. So time is bounded by pattern times text, and not by how the sender made them.
 */

/** For any number of further arguments. */
const rest = '**';

/** Whether a glob stands for a text. */
export const matches = (glob: string, text: string): boolean => {
  const parts = glob.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return glob === text;
  const last = parts[parts.length - 1] ?? '';
  if (text.length < first.length + last.length) return false;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
};

/** Whether the globs of an action allow its arguments. */
export const allow = (globs: readonly string[], args: readonly string[]): boolean => {
  const { fixed, isOpen } = taken(globs);
  if (isOpen ? args.length < fixed.length : args.length !== fixed.length) return false;
  return fixed.every((glob, at) => matches(glob, args[at] ?? ''));
};

/** Whether they allow any arguments that begin with these. */
export const allowBeginning = (globs: readonly string[], args: readonly string[]): boolean => {
  const { fixed, isOpen } = taken(globs);
  if (!isOpen && args.length > fixed.length) return false;
  return args.every((arg, at) => matches(fixed[at] ?? '*', arg));
};

/**
 * Whether all that some globs allow is allowed by others. A glob read as a text says so for one: only a star of the
 * outer one stands for its stars, since no other part of it has one.
 */
export const areWithin = (inner: readonly string[], outer: readonly string[]): boolean => {
  const one = taken(inner);
  const other = taken(outer);
  if (one.isOpen && !other.isOpen) return false;
  const isLong = one.fixed.length >= other.fixed.length;
  if (other.isOpen ? !isLong : one.fixed.length !== other.fixed.length) return false;
  return other.fixed.every((glob, at) => matches(glob, one.fixed[at] ?? ''));
};

const taken = (
  globs: readonly string[],
): { readonly fixed: readonly string[]; readonly isOpen: boolean } =>
  globs[globs.length - 1] === rest
    ? { fixed: globs.slice(0, -1), isOpen: true }
    : { fixed: globs, isOpen: false };
