/** A unit of systemd as it was read, which knows what of it was carried over. */
import { longestSeconds } from '../config/limits.ts';
import type { Note, SourceFile } from './found.ts';
import { sectionsOf, type Setting } from './ini.ts';
import { spanSeconds } from './systemd-times.ts';
import { splitWords } from './words.ts';

/** Its settings by `Section.Key`. An empty value takes back what stood there before. */
export class Unit {
  readonly file: string;
  readonly name: string;
  readonly notes: Note[] = [];
  readonly #settings = new Map<string, Setting[]>();
  readonly #used = new Set<string>();

  constructor(source: SourceFile) {
    this.file = source.file;
    this.name = source.file.replace(/^.*\//, '');
    const { sections, notes } = sectionsOf(source, 'systemd');
    for (const note of notes) this.notes.push(note);
    for (const { title, settings } of sections)
      for (const setting of settings) {
        const key = `${title}.${setting.key}`;
        const before = this.#settings.get(key);
        if (before === undefined || setting.value === '') this.#settings.set(key, []);
        if (setting.value !== '') this.#settings.get(key)?.push(setting);
      }
  }
  get plain(): string {
    return this.name.replace(/\.[a-z]+$/, '');
  }
  /** All of a key. */
  all(key: string): readonly Setting[] {
    this.#used.add(key);
    return this.#settings.get(key) ?? [];
  }
  /** The last of a key, which counts. */
  last(key: string): string | undefined {
    return this.all(key).at(-1)?.value;
  }
  /** Names and values in lists of blanks. */
  words(key: string): readonly string[] {
    return this.all(key).flatMap((setting) => {
      const words = splitWords(setting.value, 'c');
      if (words === undefined)
        this.note(`${setting.key}=${setting.value} cannot be read`, setting.line);
      return words ?? [];
    });
  }
  isOn(key: string): boolean {
    return /^(?:1|yes|true|on)$/i.test(this.last(key) ?? '');
  }
  /** The last of a key as a reader takes it; what that cannot is said. */
  read<T>(key: string, reader: (text: string) => T | undefined): T | undefined {
    const said = this.last(key);
    const value = said === undefined ? undefined : reader(said);
    if (said !== undefined && value === undefined)
      this.note(`${key.replace(/^.*\./, '')}=${said} cannot be read`);
    return value;
  }
  /** The span that a key has, in seconds; `unbounded` stands for `infinity`. */
  seconds(key: string, unbounded: number = longestSeconds): number | undefined {
    const seconds = this.read(key, spanSeconds);
    return seconds === Infinity ? unbounded : seconds;
  }
  note(text: string, line?: number): void {
    this.notes.push({ file: this.file, ...(line !== undefined && { line }), text });
  }
  /** A setting that cannot be carried over. */
  leave(key: string, why: string): void {
    for (const { key: word, value, line } of this.all(key))
      this.note(`${word}=${value}: ${why}`, line);
  }
  /** Says of all that nobody has looked at that it is left behind. */
  leaveTheRest(): void {
    for (const [key, settings] of this.#settings) {
      if (this.#used.has(key)) continue;
      for (const { key: word, value, line } of settings) this.note(`${word}=${value}`, line);
    }
  }
}
