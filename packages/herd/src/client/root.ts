/** The line to this user's own shepherd: where it leads, what its failures mean. What is asked on it: local-root.ts. */
import { unixDialler } from '@bellwether/netlayer-unix';
import { isOutOfReach, NoShepherd } from './errors.ts';
import { explaining, type Line, openLine } from './line.ts';
import { adminRefOf, socketOf, type User } from './place.ts';

/**
 * Opens the line to the local root. It must be closed.
 * Rejects with NoShepherd where there is no socket, or none that may be used
 */
export const openRoot = async (user: User, said: string | undefined): Promise<Line> => {
  const socket = socketOf(user, said);
  const ref = adminRefOf(user, socket);
  if (ref === undefined) throw (await import('./silent.ts')).noSocket(user, socket);
  const line = openLine({ ref, netlayer: unixDialler() });
  return explaining(line, (error) => explained(error, line.isRefused, socket, user));
};

const explained = (error: unknown, isRefused: boolean, socket: string, user: User): unknown => {
  if (isOutOfReach(error)) {
    const { silentMs } = error;
    return import('./silent.ts').then(({ noAnswerAt, silentShepherd }) =>
      silentMs === undefined
        ? noAnswerAt(user, socket, rootCause(error), error)
        : silentShepherd(user, socket, error, silentMs),
    );
  }
  if (!isRefused) return error;
  return new NoShepherd(
    `the shepherd at ${socket} does not take the admin.ref beside its socket`,
    'Another shepherd has written that file. Restart the one that is to be used.',
    { cause: error },
    true,
  );
};

/**
 * The first thing that went wrong says most: that nobody listens, or why the peer has hung up.
 * `isAlone`: the system could not connect at all.
 */
export const rootCause = (error: Error): Readonly<{ message: string; isAlone: boolean }> => {
  const { cause, message } = error;
  if (!(cause instanceof Error)) return { message, isAlone: false };
  return 'syscall' in cause ? { message, isAlone: true } : rootCause(cause);
};
