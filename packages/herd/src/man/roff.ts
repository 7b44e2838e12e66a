/** Manual pages in the macros of man(7), which groff and mandoc both read. What is handed in is plain text. */

/** One page, piece by piece; its last piece ends with a newline. */
export class ManPage {
  readonly #lines: string[];

  /** `section` as in `herd(1)`, `about` what it is in a few words. */
  constructor(name: string, section: string, version: string, about: string) {
    this.#lines = [
      `.TH ${quoted(name.toUpperCase())} ${quoted(section)} "" ${quoted(`Bellwether ${version}`)} "Bellwether"`,
      '.SH NAME',
      `${escaped(name)} \\- ${escaped(about)}`,
    ];
  }

  section(title: string): void {
    this.#lines.push(`.SH ${quoted(title)}`);
  }
  subsection(title: string): void {
    this.#lines.push(`.SS ${quoted(title)}`);
  }
  paragraph(text: string): void {
    this.#lines.push('.PP', textLine(text));
  }
  /** A term, bold, and below it, indented, what it is. */
  item(term: string, text: string): void {
    this.#lines.push('.TP', `.B ${quoted(term)}`, textLine(text));
  }
  /** Lines as they are typed, each with what it does below it, where that is said. */
  examples(all: readonly (readonly [line: string, about?: string])[]): void {
    for (const [line, about] of all) {
      this.#lines.push('.PP', '.RS 4', `.B ${quoted(line)}`, '.RE');
      if (about !== undefined) this.#lines.push('.RS 8', textLine(about), '.RE');
    }
  }
  /** A text whose lines stay as they are. */
  verbatim(text: string): void {
    this.#lines.push('.PP', '.RS 4', '.nf', ...text.split('\n').map(textLine), '.fi', '.RE');
  }
  /** The whole page. */
  text(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

/** What roff would make something of is written so that it means itself; what is not ASCII by its code point. */
const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(/[^\x00-\x7f]/gu, codePoint);
const codePoint = (character: string): string => {
  const digits = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return `\\[u${digits.padStart(4, '0')}]`;
};
/** A line of text is no request, whatever it begins with. */
const textLine = (text: string): string =>
  text === '' ? '\\&' : escaped(text).replace(/^\./, '\\&.');
/** An argument of a macro. */
const quoted = (text: string): string => `"${escaped(text).replaceAll('"', '\\(dq')}"`;
