/** What a command of `herd` works with. */
import { isNoShepherd } from '../client/errors.ts';
import { questionMs } from '../client/limits.ts';
import type { Line, Patience } from '../client/line.ts';
import { rootClient, type RootClient } from '../client/local-root.ts';
import { operationsClient, type OperationsClient } from '../client/operations.ts';
import { serviceClient, type ServiceClient } from '../client/service.ts';
import type { Sturdyref } from '@bellwether/ocapn';
import type { Options } from './grammar/grammar.ts';
import type { Look, Terminal } from './terminal/terminal.ts';

/** How commands reach shepherds and services. Tests put their own here. */
export interface Connections {
  /** The line to the local root. Rejects with NoShepherd. */
  root(socket: string | undefined): Promise<Line>;
  /**
   * The line to the service behind a petname, `@` included. Rejects with whatever is wrong with the
   * ref.
   */
  petname(word: string): Promise<Line>;
  /** The line to what a ref leads to; `what` names it in errors. */
  sturdyref(ref: Sturdyref, what: string): Promise<Line>;
}

/** One command line, ready to run. */
export interface Context {
  readonly terminal: Terminal;
  readonly look: Look;
  readonly options: Options;
  readonly connections: Connections;
}

/** Whether a SERVICE on the command line is a petname of a ref of the user's own. */
export const isPetnameWord = (word: string): boolean => word.startsWith('@');

/** Runs some work with the local root, and closes the line to it whatever happens. */
export const withRoot = <T>(context: Context, work: (root: RootClient) => Promise<T>): Promise<T> =>
  withRootLine(context, (line) => work(rootClient(line)));

/**
 * Runs some work over the line to the local root, where that is restarting as soon as it is there. Until the root
 * takes its key nothing is asked of it, so work that fails by that is begun anew.
 */
export const withRootLine = async <T>(
  context: Context,
  work: (line: Line) => Promise<T>,
): Promise<T> => {
  try {
    return await overRootLine(context, work);
  } catch (error) {
    if (!isNoShepherd(error) || !error.isRestarting) throw error;
    return (await import('./restarting.ts')).onceRestarted(context, error, () =>
      overRootLine(context, work),
    );
  }
};
const overRootLine = async <T>(
  { connections, options }: Context,
  work: (line: Line) => Promise<T>,
): Promise<T> => closing(await connections.root(options.socket), work);

/** Runs some work over the line to a service: the one to the local root, or what a petname leads to. */
export const overLine = async <T>(
  context: Context,
  service: string,
  work: (line: Line) => Promise<T>,
): Promise<T> =>
  isPetnameWord(service)
    ? closing(await context.connections.petname(service), work)
    : withRootLine(context, work);

/** Runs some work with a service: of the local root, or what a petname leads to. */
export const withService = async <T>(
  context: Context,
  service: string,
  work: (client: ServiceClient) => Promise<T>,
): Promise<T> =>
  isPetnameWord(service)
    ? closing(await context.connections.petname(service), (line) => work(serviceClient(line)))
    : withRoot(context, (root) => work(root.service(service)));

/** Runs some work with the operations of the local root, or with those that were asked for through a petname. */
export const withOperations = async <T>(
  context: Context,
  way: string | undefined,
  work: (client: OperationsClient) => Promise<T>,
): Promise<T> =>
  way === undefined
    ? withRoot(context, work)
    : closing(await context.connections.petname(way), (line) => work(operationsClient(line)));

/** Runs some work over a line, and closes it whatever happens. */
export const closing = async <T>(line: Line, work: (line: Line) => Promise<T>): Promise<T> => {
  try {
    return await work(line);
  } finally {
    line.close();
  }
};

/** How long a question waits: as long as its caller says, or who typed it, and until Ctrl-C. */
export const patienceOf = (
  { options, terminal }: Context,
  waitMs = options.timeout ?? questionMs,
): Patience => ({ waitMs, onInterrupt: terminal.onInterrupt });
