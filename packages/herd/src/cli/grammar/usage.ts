/** The errors of a command line that cannot be followed. Nothing was done; exit code 2. */
import { ActorError } from '@bellwether/actors';

/**
 * The words or options cannot be followed. GNU `herd` exits with 1 here; we give 2, so that a
 * script can tell its own mistake from a failed service.
 */
export class Usage extends ActorError {
  /** What to type instead, where that is known. */
  readonly hint: string | undefined;

  /**
   * `message` says which word and what there is instead; it starts in lower case, after "herd:
   * error: ".
   */
  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super('usage', message, options);
    this.name = 'Usage';
    this.hint = hint;
  }
}

/** An action takes no such option. `hint` names those that do; why this one does not is for report.ts to know. */
export class NoSuchOption extends Usage {
  readonly action: string;
  readonly option: string;
  constructor(action: string, option: string, hint: string) {
    super(`'${action}' takes no option '--${option}'`, hint);
    this.action = action;
    this.option = option;
  }
}
