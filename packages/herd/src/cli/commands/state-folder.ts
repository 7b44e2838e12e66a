/** Which state folder a command is about that reads one itself: `herd state …` and `herd audit verify`. */
import fs from 'node:fs';
import path from 'node:path';
import { visible } from '../../client/escape.ts';
import { placesOf } from '../../client/place.ts';
import type { Context } from '../context.ts';
import { Usage } from '../grammar/usage.ts';

/**
 * The one of --state, else the usual one, absolute. Whoever named a socket that is not the usual one means another
 * shepherd, of whose folder nothing is known: the usual one would be read, or written, in its place. @throws Usage
 */
export const stateFolderOf = (context: Context): string => {
  const { options, terminal } = context;
  if (options.state !== undefined) return path.resolve(options.state);
  const socket = socketNamed(context);
  if (socket === undefined) return placesOf(terminal).state;
  throw new Usage(
    `the shepherd at ${visible(socket)} is meant, and a socket does not tell which state folder it has`,
    `Name that with --state ${visible(likely(socket) ?? 'FOLDER')}.`,
  );
};

/** The socket that somebody named with -s or SHEPHERD_SOCKET, where that is not where one would be anyway. */
export const socketNamed = ({ options, terminal }: Context): string | undefined => {
  const usual = placesOf({ ...terminal, env: { ...terminal.env, SHEPHERD_SOCKET: undefined } });
  const { socket } = placesOf(terminal);
  const named = options.socket === undefined ? socket : path.resolve(options.socket);
  return named === usual.socket ? undefined : named;
};

/** With `shepherd --state FOLDER` the socket is below that. */
const likely = (socket: string): string | undefined => {
  const folder = path.dirname(path.dirname(socket));
  return fs.existsSync(path.join(folder, 'epoch.json')) ? folder : undefined;
};
