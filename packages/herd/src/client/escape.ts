/**
 * Text from elsewhere, made harmless for a terminal. A log line of a service, a name from another
 * machine or an error of a peer may hold sequences that move the cursor, retitle the window or turn
 * lines around.
 */

/** C0 but tab, DEL, C1; soft hyphen and the zero-width ones, which hide; marks of direction. */
const controls = '\\0-\\x08\\x0a-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u180e\\u200b-\\u200f';
/** Separators that break lines, more marks of direction, a byte order mark, annotations. */
const marks = '\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb';
/** Letters of Hangul that have no form: they look like blanks, or like nothing. */
const fillers = '\\u115f\\u1160\\u3164\\uffa0';
/** U+E0000 to U+E007F: a second ASCII that nobody sees, as the pairs that it is written with. */
const tags = '\\udb40[\\udc00-\\udc7f]';
/** Halves of surrogate pairs. */
const halves = '[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]';
const unsafe = new RegExp(`[${controls}${marks}${fillers}]|${tags}|${halves}`, 'g');
const isUnsafe = new RegExp(unsafe.source);

/**
 * For people: control characters as `\x1b`, marks of direction as `\u{202e}`. A backslash stays as
 * it is, since what is shown is to be read, not parsed; `--json` is for programs.
 */
export const visible = (text: string): string =>
  isUnsafe.test(text) ? text.replace(unsafe, named) : text;

const named = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
};

/**
 * One JSON document, safe to show on a terminal too: JSON leaves C1 controls and marks of direction
 * as they are, this writes them as `\uXXXX`, which reads back the same.
 */
export const jsonText = (document: unknown): string => harmless(document, 2);
/** The same as one line. */
export const jsonLine = (document: unknown): string => harmless(document, undefined);

const harmless = (document: unknown, indent: number | undefined): string =>
  JSON.stringify(document, undefined, indent).replace(unsafe, (character) =>
    // The line breaks between the members are JSON.stringify's own; inside of strings it has
    // escaped them.
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, at) => unit(character, at)).join(''),
  );
/** One UTF-16 unit as JSON writes it. */
const unit = (text: string, at: number): string =>
  `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
