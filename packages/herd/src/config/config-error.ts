/** What is wrong with a configuration, and where. */
import { ActorError } from '@bellwether/actors';

/**
 * A place in a source file; line and column count from 1, and are absent where they are not known.
 */
export interface Position {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}
/** One thing that is wrong. */
export interface Problem extends Position {
  /** Where in the configuration: `services[1].ready.http`. */
  readonly path?: string;
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string;
}

/**
 * A configuration that cannot be used; nothing of it takes effect. The message has a line or two a
 * problem.
 */
export class ConfigError extends ActorError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super('config', problems.map(shown).join('\n'), options);
    this.problems = problems;
  }
}

const shown = ({ file, line, column, path, text, hint }: Problem): string => {
  const place = [file, line, line === undefined ? undefined : column]
    .filter((part) => part !== undefined)
    .join(':');
  const parts = [place, path, text].filter((part) => part !== undefined && part !== '');
  return parts.join(': ') + (hint === undefined ? '' : `\n  hint: ${hint}`);
};
