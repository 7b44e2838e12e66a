/**
 * Inputs as text, one in a line, so that a change to a corpus can be read: printable ASCII stands for itself, every other
 * byte and the backslash as `\xx`. Lines that begin with `; ` are remarks.
 */

/** One input as text. */
export const toText = (bytes: Uint8Array): string => {
  let text = '';
  for (const [at, byte] of bytes.entries()) {
    const isPlain = byte > 0x20 && byte < 0x7f && byte !== 0x5c;
    // A blank at an end would be lost to editors, a semicolon in front would make a remark.
    const isInside = byte === 0x20 && at > 0 && at < bytes.length - 1;
    const stands = (isPlain && (at > 0 || byte !== 0x3b)) || isInside;
    text += stands ? String.fromCharCode(byte) : `\\${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
};

/** @throws RangeError for a line that `toText` did not write */
export const fromText = (line: string): Uint8Array => {
  const bytes: number[] = [];
  for (let at = 0; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code !== 0x5c) bytes.push(code);
    else {
      const digits = line.slice(at + 1, at + 3);
      if (!/^[0-9a-f]{2}$/.test(digits)) throw new RangeError(`no byte: \\${digits}`);
      bytes.push(Number.parseInt(digits, 16));
      at += 2;
    }
  }
  return new Uint8Array(bytes);
};

/** A whole corpus. The empty input is one, too: an empty line. */
export const pack = (remark: string, inputs: readonly Uint8Array[]): string =>
  [`; ${remark}`, ...inputs.map(toText), ''].join('\n');

/** The inputs of a corpus, without its remarks. */
export const unpack = (text: string): readonly Uint8Array[] =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .filter((line) => !line.startsWith('; '))
    .map(fromText);
