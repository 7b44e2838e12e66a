/** A unit of systemd as it was read, which knows what of it was carried over. */
import { longestSeconds } from '../config/limits.ts';
import type { Note, SourceFile } from './found.ts';
import { sectionsOf, type Setting } from './ini.ts';
import { filledIn, specifiersOf, unknownSpecifier, type Specifiers } from './systemd-specifiers.ts';
import { spanSeconds } from './systemd-times.ts';
import { splitWords } from './words.ts';

const unreadable = 'it cannot be read';

/** Its settings by `Section.Key`, those of its drop-ins last. An empty value takes back what stood there before. */
export class Unit {
  readonly file: string;
  readonly folder: string;
  readonly name: string;
  readonly notes: Note[] = [];
  readonly specifiers: Specifiers;
  /** Its file and its drop-ins, and how many lines stand before each: a line is counted through all of them. */
  readonly #parts: (readonly [before: number, file: string])[] = [];
  /** As they were written. */
  readonly #settings = new Map<string, Setting[]>();
  /** With their specifiers filled in, of those that were asked for. */
  readonly #filled = new Map<string, readonly Setting[]>();
  readonly #words = new Map<string, readonly string[]>();
  /** What became of each key: that it was carried over, or why that is not told. */
  readonly #settled = new Map<string, string>();

  constructor(source: SourceFile) {
    this.file = source.file;
    this.name = source.file.replace(/^.*\//, '');
    this.specifiers = specifiersOf(this.name);
    this.folder = source.folder;
    let before = 0;
    for (const part of [source, ...(source.dropIns ?? [])]) {
      const { sections, notes } = sectionsOf(part, 'systemd');
      for (const note of notes) this.notes.push(note);
      this.#parts.push([before, part.file]);
      for (const { title, settings } of sections)
        for (const each of settings)
          this.#take(`${title}.${each.key}`, { ...each, line: each.line + before });
      before += part.text.split('\n').length;
    }
  }
  #take(key: string, setting: Setting): void {
    const before = this.#settings.get(key);
    if (before === undefined || setting.value === '') this.#settings.set(key, []);
    if (setting.value !== '') this.#settings.get(key)?.push(setting);
  }
  get plain(): string {
    return this.name.replace(/\.[a-z]+$/, '');
  }
  /** All of a key, as they were written: for who takes them apart before their specifiers are filled in. */
  raw(key: string): readonly Setting[] {
    return this.#settings.get(key) ?? [];
  }
  /**
   * All of a key, but for those that name what only systemd knows: that is told. To look at one settles nothing: that
   * do `carried`, `ignored` and `leave`.
   */
  all(key: string): readonly Setting[] {
    const known = this.#filled.get(key);
    if (known !== undefined) return known;
    const filled = this.raw(key).flatMap((setting) => {
      const value = this.#fill(setting, setting.value);
      return value === undefined ? [] : [{ ...setting, value }];
    });
    this.#filled.set(key, filled);
    if (filled.length === 0 && this.raw(key).length > 0) this.#settled.set(key, unknownSpecifier);
    return filled;
  }
  #fill({ key, value, line }: Setting, text: string): string | undefined {
    const filled = filledIn(text, this.specifiers);
    if (filled === undefined) this.note(`${key}=${value}: ${unknownSpecifier}`, line);
    return filled;
  }
  /** The last of a key, which counts. */
  last(key: string): string | undefined {
    return this.all(key).at(-1)?.value;
  }
  /** Names and values in lists of blanks. */
  words(key: string): readonly string[] {
    const known = this.#words.get(key);
    if (known !== undefined) return known;
    const words = this.raw(key).flatMap((setting) => {
      const words = splitWords(setting.value, 'c');
      if (words === undefined)
        this.note(`${setting.key}=${setting.value} cannot be read`, setting.line);
      return (words ?? []).flatMap((word) => this.#fill(setting, word) ?? []);
    });
    this.#words.set(key, words);
    return words;
  }
  isOn(key: string): boolean {
    return /^(?:1|yes|true|on)$/i.test(this.last(key) ?? '');
  }
  /** The last of a key as a reader takes it; what that cannot is said, and settled with that. */
  read<T>(key: string, reader: (text: string) => T | undefined): T | undefined {
    const said = this.last(key);
    const value = said === undefined ? undefined : reader(said);
    if (said !== undefined && value === undefined && this.#settled.get(key) !== unreadable) {
      this.note(`${key.replace(/^.*\./, '')}=${said} cannot be read`);
      this.#settled.set(key, unreadable);
    }
    return value;
  }
  /** The span that a key has, in seconds; `unbounded` stands for `infinity`. */
  seconds(key: string, unbounded: number = longestSeconds): number | undefined {
    const seconds = this.read(key, spanSeconds);
    return seconds === Infinity ? unbounded : seconds;
  }
  note(text: string, line?: number): void {
    if (line === undefined) return void this.notes.push({ file: this.file, text });
    const [before, file] = this.#parts.findLast(([before]) => line > before) ?? [0, this.file];
    const said = file === this.file ? text : `${file}: ${text}`;
    this.notes.push({ file, line: line - before, text: said });
  }
  /** The configuration says what these say, or a note does what it does not of them. */
  carried(...keys: readonly string[]): void {
    for (const key of keys) this.#settled.set(key, 'it was carried over');
  }
  /** One that changes nothing here, which `why` says to whoever reads these sources. */
  ignored(key: string, why: string): void {
    this.#settled.set(key, why);
  }
  /** One that cannot be carried over, and why: that is told. */
  leave(key: string, why: string): void {
    this.#settled.set(key, why);
    for (const { key: word, value, line } of this.raw(key))
      this.note(`${word}=${value}: ${why}`, line);
  }
  /** Says of all that is not settled that it is left behind. */
  leaveTheRest(): void {
    for (const [key, settings] of this.#settings) {
      if (this.#settled.has(key)) continue;
      for (const { key: word, value, line } of settings) this.note(`${word}=${value}`, line);
    }
  }
}
