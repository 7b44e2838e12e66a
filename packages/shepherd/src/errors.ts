/** One class for each decision that a caller of a shepherd can make. */
import { ActorError, Refused } from '@bellwether/actors';

/** No service here has this name. GNU's wording, which scripts match. */
export class UnknownService extends ActorError {
  constructor(name: string, options?: ErrorOptions) {
    super('unknown-service', `service '${name}' could not be found`, options);
  }
}
/**
 * What strangers are answered to a reference of which nothing is known (any more): always the same words.
 */
export const unknownReference = (): Refused => new Refused('no such reference');
/** The service is there, but has no such action. GNU's wording. */
export class UnknownAction extends ActorError {
  /** `hint`: what there is, or was meant; it follows what was not found. */
  constructor(
    service: string,
    action: string,
    { hint = '', ...options }: ErrorOptions & { readonly hint?: string } = {},
  ) {
    const missing = `service '${service}' does not have an action '${action}'`;
    super('unknown-action', `${missing}${hint}`, options);
  }
}
/** An aggregate was asked for what some of its members surely cannot do; nobody was asked for anything. */
export class NotForAll extends ActorError {
  readonly aggregate: string;
  readonly action: string;
  /** Names of members, also of aggregates among them. */
  readonly lacking: readonly string[];

  constructor(
    aggregate: string,
    action: string,
    lacking: readonly string[],
    options?: ErrorOptions,
  ) {
    const names = lacking.slice(0, 4).map((name) => `'${name}'`);
    const rest = lacking.length > 4 ? ` and ${lacking.length - 4} more` : '';
    const those = `${names.join(', ')}${rest} ${lacking.length === 1 ? 'does' : 'do'}`;
    const what = `${action} of '${aggregate}' was not begun`;
    const next = `'herd ${action} -l SELECTOR', without SERVICE, asks those alone that have it`;
    super('unknown-action', `${what}: ${those} not have an action '${action}'; ${next}`, options);
    this.aggregate = aggregate;
    this.action = action;
    this.lacking = lacking;
  }
}
/** A process could not be made: nothing runs. */
export class StartFailed extends ActorError {
  /** What was found, without the paths that the message names: they are for this machine. */
  readonly summary: string;
  constructor(message: string, options?: ErrorOptions & { readonly summary?: string }) {
    super('start-failed', message, options);
    this.summary = options?.summary ?? notRun;
  }
}
const notRun = 'its program could not be run';
/** What others are told of a process that could not be made. */
export const plainWordsOf = (reason: Error): string =>
  reason instanceof StartFailed ? reason.summary : notRun;
/** A request that no shepherd would take: wrong in shape, or beyond a limit. */
export class BadRequest extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('bad-request', message, options);
  }
}
/** A selector that means nothing. */
export class BadSelector extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('bad-selector', message, options);
  }
}
/** A selector that nobody is as it says: nothing was done to nobody. */
export class NothingSelected extends ActorError {
  /** `why` speaks of nobody but those who could have been meant. */
  constructor(selector: string, service: string | undefined, why: string, options?: ErrorOptions) {
    const whom = service === undefined ? 'no service' : `nothing called '${service}'`;
    super('nothing-selected', `${whom} is as ${selector} says: ${why}`, options);
  }
}
/** Something that a peer said is not what its place calls for. */
export class Malformed extends ActorError {
  /** `message` names the field, what was expected and what was found. */
  constructor(message: string, options?: ErrorOptions) {
    super('malformed', message, options);
  }
}
/** The id of an operation means something else already: a new command needs a new id. */
export class Conflict extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('conflict', message, options);
  }
}
/** No operation is remembered under this id, for whoever asks. */
export class UnknownOperation extends ActorError {
  constructor(id: string, options?: ErrorOptions) {
    super('unknown-operation', `operation '${id}' is not known`, options);
  }
}
/** Services that wait for each other; the message names the path. */
export class Cycle extends ActorError {
  /** The names along the cycle, the first one again at the end. */
  readonly path: readonly string[];
  constructor(path: readonly string[], options?: ErrorOptions) {
    super('cycle', `${shown(path)}: a cycle`, options);
    this.path = path;
  }
}
/** The daemon is on its way out and starts nothing any more. */
export class ShuttingDown extends ActorError {
  constructor(name: string, options?: ErrorOptions) {
    super(
      'shutting-down',
      `service '${name}' is not started: the shepherd is shutting down`,
      options,
    );
  }
}
/** `a requires b requires a`, with the middle left out where it is long. */
const shown = (path: readonly string[]): string =>
  path.length <= 12
    ? path.join(' requires ')
    : [...path.slice(0, 6), '…', ...path.slice(-5)].join(' requires ');
