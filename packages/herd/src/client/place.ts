/** Where the shepherd of this user is, and the key to it: the socket, and `admin.ref` beside it. */
import fs from 'node:fs';
import path from 'node:path';
import { messageOf } from '@bellwether/actors';
import { parseUri, Sturdyref } from '@bellwether/ocapn';
import { defaultPlaces, type Places } from '../places/paths.ts';
import { codeOfSystem, readSecret, UnsafeFile } from '../refs/secret-file.ts';
import { transports } from '../transports.ts';
import { NoShepherd } from './errors.ts';
import { maxAdminRefBytes } from './limits.ts';

/** Whom we act for. */
export interface User {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
}

/** The default places of a user. Reads nothing but whether /run/user/UID is there. */
export const placesOf = (user: User): Places =>
  defaultPlaces({ ...user, isOwnFolder: (folder) => isOwnFolder(folder, user.uid) });

const isOwnFolder = (folder: string, uid: number): boolean => {
  const stat = fs.statSync(folder, { throwIfNoEntry: false });
  return stat !== undefined && stat.isDirectory() && stat.uid === uid;
};

/**
 * The socket to use, absolute: `said` on the command line, else SHEPHERD_SOCKET, else the default
 * place.
 */
export const socketOf = (user: User, said: string | undefined): string =>
  said === undefined ? placesOf(user).socket : path.resolve(said);

/**
 * The sturdyref of the local root, with the socket as the only way to it: the folder may be mounted
 * elsewhere than where the shepherd sees it. Undefined where there is no socket.
 * @throws NoShepherd, which says what was tried and what to do
 */
export const adminRefOf = (user: User, socket: string): Sturdyref | undefined => {
  const found = statOf(socket);
  if (found === undefined) return undefined;
  if (!found.isSocket()) throw new NoShepherd(`${socket} is no socket`, howToStart(user));
  const file = keyBeside(socket);
  const text = adminText(user, socket, file);
  const ref = rootRefIn(text, file);
  return new Sturdyref({ ...ref.peer, hints: { path: socket } }, ref.reveal());
};

const statOf = (socket: string): fs.Stats | undefined => {
  try {
    return fs.statSync(socket, { throwIfNoEntry: false });
  } catch (error) {
    const what =
      codeOfSystem(error) === 'EACCES' ? 'you may not look into its folder' : messageOf(error);
    throw new NoShepherd(`cannot use the shepherd at ${socket}: ${what}`, ofAnother, {
      cause: error,
    });
  }
};

/** Its key. */
export const keyBeside = (socket: string): string => path.join(path.dirname(socket), 'admin.ref');

/** What to do where nothing answers. */
export const howToStart = (user: User): string => {
  const { env, uid } = user;
  const start =
    "Start one with 'shepherd --config FILE', or name its socket: '-s FILE' or SHEPHERD_SOCKET.";
  const isGuess =
    uid !== 0 && (env['XDG_RUNTIME_DIR'] ?? '') === '' && (env['SHEPHERD_SOCKET'] ?? '') === '';
  const guess = isGuess ? ' (XDG_RUNTIME_DIR is not set, so this place was a guess.)' : '';
  // Whoever has been granted something may never need one.
  const isHolder = fs.existsSync(placesOf(user).refs);
  return `${start}${guess}${isHolder ? ' What you hold a ref to needs none: herd ACTION @PETNAME.' : ''}`;
};

const useRef = 'use a ref that you were given: herd ACTION @PETNAME.';
const isForAll = (socket: string): boolean => ((statOf(socket)?.mode ?? 0) & 0o006) === 0o006;
const adminText = (user: User, socket: string, file: string): string => {
  let text: string | undefined;
  try {
    text = readSecret(file, user.uid, maxAdminRefBytes);
  } catch (error) {
    const what =
      codeOfSystem(error) === 'EACCES' ? `${file}: you may not read it` : messageOf(error);
    const hint = error instanceof UnsafeFile ? mayRead : ofAnother;
    throw new NoShepherd(`cannot use the shepherd at ${socket}: ${what}`, hint, { cause: error });
  }
  if (text !== undefined) return text;
  if (isForAll(socket))
    throw new NoShepherd(
      `${socket} is for all users of this machine, and gives nothing by itself`,
      `If you were granted something there, ${useRef} Whoever owns that shepherd can grant it.`,
    );
  throw new NoShepherd(
    `there is a socket ${socket}, but no ${file}, which a shepherd leaves beside it at its start`,
    `If a shepherd runs there, restart it. ${howToStart(user)}`,
    {},
    true,
  );
};
const mayRead = `Whoever can read that file controls the shepherd: become that user, or ${useRef}`;
const ofAnother = `It is the shepherd of another user. If you were granted something there, ${useRef}`;

const rootRefIn = (text: string, file: string): Sturdyref => {
  let ref: unknown;
  try {
    ref = parseUri(text);
  } catch (error) {
    throw new NoShepherd(`${file} holds no ref: ${messageOf(error)}`, restart, { cause: error });
  }
  if (ref instanceof Sturdyref && ref.peer.transport === transports.own) return ref;
  throw new NoShepherd(`${file} is no ref to a shepherd on a unix socket`, restart);
};
const restart = 'Restart the shepherd: it writes that file at its start.';
