/** The words about logs: who asks for which lines, how they come, and the powers behind that. */
import type { Answer, Ref, Vow } from '@bellwether/actors';
import type { logNotes } from './vocabulary.ts';
import type { When } from './timer-types.ts';
import type { Change } from './status-types.ts';

/** What a note is about. */
export type LogNote = (typeof logNotes)[number];

/** Which lines of a log somebody wants. */
export interface LogQuery {
  /** At most so many of the last lines. Absent: all that are kept. */
  readonly lineCount?: number;
  /**
   * Only what was written in the last so many milliseconds, as far as the host knows: rather more
   * than less. An age, since clocks differ.
   */
  readonly sinceMs?: number;
  /**
   * Whoever follows again goes on here, whatever else is said; a place for each service. Of last lines: none before
   * the place that is about nobody else.
   */
  readonly after?: readonly LogPlace[];
  /** Of an aggregate, or of what was picked out: the members whose logs these are, by their names. Absent: all. */
  readonly onlyMembers?: readonly string[];
  /** Ends at the end of what is there. */
  readonly isOnce?: boolean;
  /** Opaque ids of the services that this came through, as in a request. */
  readonly hops?: readonly string[];
}
/** How far somebody has read. */
export interface LogPlace {
  /** As in a LogEvent. */
  readonly about?: string;
  /** Bytes since that log began. */
  readonly place: number;
}

/** What comes when logs are followed. */
export type LogEvent =
  | {
      readonly kind: 'line';
      /** The node where the service runs. */
      readonly from: string;
      /** Of an aggregate: which of its services, named as in a row. */
      readonly about?: string;
      readonly text: string;
      /** When the host read it, in milliseconds since 1970; of what was written while it followed. */
      readonly at?: number;
    }
  | {
      /** A shepherd tells what keeps lines from coming, or that they come again. */
      readonly kind: 'note';
      readonly from: string;
      readonly about?: string;
      readonly what: LogNote;
      readonly text: string;
      /** Bytes that are gone, where `what` says so. */
      readonly lostBytes?: number;
      /**
       * Whose word it is, as the operator calls that machine: it was said elsewhere, and put in words of this side.
       * Absent: what this shepherd has found out itself.
       */
      readonly saidBy?: string;
    }
  | ({ readonly kind: 'place' } & LogPlace)
  /** Of the history: a status that changed. */
  | ({ readonly kind: 'change' } & Change);

/** Who follows logs, often on another machine. The answer to a batch is the credit for another. */
export interface Follower {
  lines(batch: readonly LogEvent[], sequence: number): void | Vow<void>;
  /**
   * Kept when no more is wanted. Who sends asks at once and does not wait: the end of the session
   * breaks it, so that a log that says nothing is not followed for nobody.
   */
  over(): Vow<void>;
}
/** The `^log-stream`: the sender's end of a Follower, for all services that it follows. */
export interface LogStream {
  /** Kept once it is sent: who waits for that reads no faster than the follower. */
  pass(events: readonly LogEvent[]): Vow<void>;
  /** Kept when nobody follows any more. */
  over(): Vow<void>;
  /** Nothing is passed any more. Kept when all that waited is sent, or nobody follows. */
  finish(): Vow<void>;
}
/** The `^change-feed`: tells who follows the history of each status that changes. */
export interface ChangeFeed {
  /** Gives the number of this change among all. */
  changed(change: Change): number;
  /** Kept when nobody follows any more. */
  follow(stream: Ref<LogStream>): Vow<void>;
}
/** One service is to be followed into a stream. */
export interface Follow {
  /** Unique to this life of the daemon, and to the service. */
  readonly id: string;
  readonly query: LogQuery;
  /** What its events are about; absent where the stream has but this service. */
  readonly about?: string;
  readonly stream: Ref<LogStream>;
}
/** How long a log may get before it is put aside, and how many old ones are kept. Absent: as usual. */
export interface LogBounds {
  /** Where it lies, absolute, in place of the folder of all logs. What is there stays when the service is forgotten. */
  readonly file?: string;
  readonly maxBytes?: number;
  readonly keptCount?: number;
  /** When it is put aside although there is room. Absent: not before. */
  readonly when?: When;
  /** Whether old ones are compressed, all but the latest. Absent: they are. */
  readonly isPacked?: boolean;
  /** Milliseconds after which old ones go. Absent: 90 days. */
  readonly expireMs?: number;
}
/** Where the lines of a query begin, and where the log ends at that moment. */
export interface LogSpan {
  readonly begin: number;
  readonly end: number;
}
/** What one reading of a log brought. */
export interface LogPiece {
  /** Whole lines, oldest first; a long one comes in several. */
  readonly lines: readonly string[];
  /** The place behind them: bytes since the log began, whatever was rotated away. */
  readonly next: number;
  /** Bytes in front of them that were rotated away before they were read. */
  readonly lostBytes: number;
  /** Nothing more was there, or wanted. */
  readonly isEnd: boolean;
  /** Nothing was there at first. */
  readonly hasWaited: boolean;
}
/**
 * The power behind `^logger`: where a service's output goes, and how it is read. Places stay good
 * when the log is rotated.
 */
export interface LogFiles {
  pathOf(service: string): string;
  /** Whether nothing was ever written to it that is left: one look, now. False where nobody can tell. */
  isSilent(service: string): boolean;
  /** Where the next byte of it will land; 0 where nobody can tell. */
  end(service: string): number;
  /** Kept with the lines of a query, oldest first: the last ones, where those are too much. */
  lines(service: string, query: LogQuery, answer: Answer): void;
  /** Kept with the LogSpan of a query. */
  begin(service: string, query: LogQuery, answer: Answer): void;
  /**
   * Kept with a LogPiece from this place on, up to `until`. Where no such end is given and nothing is
   * there, it waits until there is, for a bounded time; one reading for each `reader`.
   */
  read(
    reader: string,
    service: string,
    place: number,
    until: number | undefined,
    answer: Answer,
  ): void;
  /** The reading of this reader ends at once, with what it has. */
  stop(reader: string): void;
  /** Whatever is kept of it goes. */
  remove(service: string): void;
  /** From now on. */
  bound(service: string, bounds: LogBounds): void;
}
/** The `^logger`: one for each service. */
export interface Logger {
  path(): string;
  /** Whether there is nothing to read; most services say nothing. */
  isSilent(): boolean;
  /** The place where it ends now. */
  end(): number;
  lines(query: LogQuery): Vow<readonly string[]>;
  /** The last lines, as many as a status brings along; whoever asks while they are read gets the same. */
  recent(): Vow<readonly string[]>;
}
