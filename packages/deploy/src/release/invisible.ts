/** The characters that nobody sees: what they are is said here once, for paths and for messages. */

/**
 * DEL, C1, marks of direction, what has no width and what breaks lines, as what stands between the brackets of a
 * regular expression. C0 is not among them: JSON escapes it, and a path forbids it by itself.
 */
export const invisible =
  '\\x7f-\\x9f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb';
