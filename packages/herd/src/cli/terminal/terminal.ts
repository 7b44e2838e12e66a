/**
 * What `herd` may touch of the world. One object, made by the entry of the program and by tests.
 */

/** A colour or weight of text; an order of paint, no order of meaning. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'magenta';

/** The world as `herd` sees it. Nothing else in `cli` or `client` reaches for `process`. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Width of the terminal, or 80. */
  readonly columns: number;
  /** True where standard output is read by a person. */
  readonly isTerminal: boolean;
  /** Height of the terminal, or 24. */
  readonly rows: number;
  /** True where standard error is read by a person, too. */
  readonly isErrorTerminal: boolean;
  /** Text to standard output, as it is. */
  out(text: string): void;
  /** Settles when standard output has taken what it was given, or nearly. */
  taken(): Promise<void>;
  /** Text to standard error, as it is. */
  err(text: string): void;
  /** Wall clock, milliseconds since 1970. */
  wall(): number;
  /** Monotonic milliseconds, for how long something took. */
  now(): number;
  /** Calls again and again, every so many milliseconds; the result ends that. */
  every(ms: number, tick: () => void): () => void;
  /** Standard input up to `maxBytes`. @throws Usage for more, and where nothing is piped in. */
  readInput(maxBytes: number): Promise<string>;
  /** Whether standard input is a file that others may read. */
  isInputOpen(): boolean;
  /** Makes standard output the user's alone where it is a file that others may read; whether it was one. */
  closeOutput(): boolean;
  /** Asks a person whether to go on; undefined where nobody is there who could answer. */
  agrees(question: string): Promise<boolean | undefined>;
  /**
   * Calls back at each key that is pressed, as the terminal sends it, also Ctrl-C; nothing is echoed meanwhile. The
   * result gives the keys back. Only where standard input is a terminal, else nothing is ever pressed.
   */
  keys(pressed: (key: string) => void): () => void;
  /** Calls back at Ctrl-C instead of dying; the result takes that back. */
  onInterrupt(told: () => void): () => void;
}

/**
 * How things are shown to a person. Plain data and one pure function, so that a test can look as it
 * likes.
 */
export interface Look {
  readonly paint: (style: Style, text: string) => string;
  /** `●`, or `*` where the terminal does not speak UTF-8. */
  readonly bullet: string;
  readonly columns: number;
  /** Wall clock now, milliseconds since 1970. */
  readonly now: number;
}
