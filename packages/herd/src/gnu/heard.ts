/** What an operation says while it runs, kept for the one reply that a client of GNU Shepherd gets. */
import type { Event, LineTopic, Outcome, Row } from '@bellwether/shepherd';
import { isGood, topicWords } from '@bellwether/shepherd';
import { messageCount } from './limits.ts';
import { shown } from './shown.ts';

type Line = { readonly text: string } & LineTopic;

/** The lines of one operation. */
export class Heard {
  readonly #node: string;
  readonly #lines: Line[];
  #restCount: number;

  /** `node`: what this shepherd is called; lines of others say whose they are. */
  constructor(node: string) {
    this.#node = node;
    this.#lines = [];
    this.#restCount = 0;
  }

  readonly take = (events: readonly Event[]): void => {
    for (const event of events) {
      if (event.kind === 'dropped') this.#restCount += event.count;
      if (event.kind !== 'line') continue;
      const { from, text } = event;
      this.#keep(from === this.#node ? event : { ...event, text: `${from}: ${text}` });
    }
  };

  /** As GNU Shepherd says it of this action: of a stop nothing, of a restart that services were started. */
  messages(action: string): readonly string[] {
    const isDisabled = this.#lines.some(({ what }) => what === 'is-disabled');
    const told = this.#lines.filter(({ what }) => !(isDisabled && what === 'not-started'));
    const lines = told.flatMap((line) => wordsOf(line, action) ?? []).map(shown);
    return this.#restCount === 0 ? lines : [...lines, `… and ${this.#restCount} lines more`];
  }

  #keep(line: Line): void {
    if (this.#lines.length < messageCount) this.#lines.push(line);
    else this.#restCount += 1;
  }
}

const wordsOf = (line: Line, action: string): string | undefined => {
  if (line.what === 'stopped' && (action === 'stop' || action === 'restart')) return undefined;
  if (line.what === 'restarted' && line.about !== undefined)
    return topicWords('started', `Service ${line.about}`);
  return line.text;
};

/** Why something did not go well, in one sentence or a few; undefined where it did. */
export const troubleIn = (outcome: Outcome): string | undefined => {
  const { result, member, rows } = outcome;
  if (isGood(outcome)) return undefined;
  const below = rows.filter((row) => !isGood(row) && row.reason !== undefined);
  const reasons = [reasonOf(outcome), ...below.map((row) => `${row.member}: ${reasonOf(row)}`)];
  const told = reasons.filter((one) => one !== undefined);
  return shown(told.length === 0 ? `service '${member}': ${result}` : told.join('; '));
};
/** GNU Shepherd tells no more of what is disabled than that it is. */
const reasonOf = ({ member, reason, isDisabled }: Row): string | undefined =>
  isDisabled === true ? topicWords('is-disabled', `Service ${member}`) : reason;
