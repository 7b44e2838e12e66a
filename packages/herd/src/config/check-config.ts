/** From plain data to a description: its shape, then its names, then its size. */
import path from 'node:path';
import { canonicalText } from '@bellwether/shepherd';
import { ConfigError, type Problem } from './config-error.ts';
import { withCommands } from './every-command.ts';
import { gnuProblems, graphProblems } from './graph.ts';
import { descriptionBytes } from './limits.ts';
import { found, pathText, problemsOf, wordsFor, type Site } from './problems.ts';
import {
  shepherdSchema,
  type Description,
  type EntryDescription,
  type ExecDescription,
} from './schema.ts';
import { parsePlace, tooLongPath } from './sockets.ts';

/** Where the data came from. */
export interface Origin {
  /** Absolute: commands run relative to its folder. */
  readonly file: string;
  readonly siteOf: Site;
  /** The node's name where the configuration gives none. */
  readonly nodeName: string;
}

const hint = 'write: export default defineShepherd({ services: [ … ] })';
/**
 * The description that a value stands for: complete, with absolute folders.
 * @throws ConfigError
 */
export const checkConfig = (value: unknown, { file, siteOf, nodeName }: Origin): Description => {
  if (value === undefined) throw new ConfigError([{ file, text: 'has no default export', hint }]);
  if (typeof value !== 'object' || value === null || Reflect.get(value, 'kind') !== 'shepherd') {
    const text = `expected what defineShepherd({ … }) returns, found ${found(value)}`;
    throw new ConfigError([{ file, path: 'the default export', text, hint }]);
  }
  const parsed = shepherdSchema.safeParse(value, { error: wordsFor });
  if (!parsed.success) throw new ConfigError(problemsOf(parsed.error.issues, value, siteOf));
  const { data } = parsed;
  const problems = [
    ...graphProblems(data.services, siteOf),
    ...gnuProblems(data.listen.gnu?.services ?? [], data.services, siteOf),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  const folder = path.dirname(file);
  const description = {
    ...data,
    name: data.name ?? nodeName,
    listen: listenPlaced(data.listen, folder),
    services: data.services.map((entry) =>
      filesPlaced(withCommands(entry, placer(folder)), folder),
    ),
  };
  const longPaths = description.services.flatMap((entry, at): readonly Problem[] => {
    if (entry.kind !== 'service') return [];
    return (entry.sockets ?? []).flatMap(({ listen }, of) => {
      const text = tooLongPath(listen);
      const keys = ['services', at, 'sockets', of, 'listen'];
      return text === undefined ? [] : [{ ...siteOf(keys), path: pathText(keys), text }];
    });
  });
  if (longPaths.length > 0) throw new ConfigError(longPaths);
  const bytes = Buffer.byteLength(canonicalText(description));
  if (bytes > descriptionBytes) {
    const text = `its description has ${bytes} bytes, at most ${descriptionBytes} are taken`;
    throw new ConfigError([{ file, text }]);
  }
  return description;
};

const listenPlaced = (listen: Description['listen'], folder: string): Description['listen'] => {
  const { websocket, gnu } = listen;
  const placed = gnu === undefined ? {} : { gnu: { ...gnu, path: path.resolve(folder, gnu.path) } };
  if (websocket?.tls === undefined || websocket.tls === true) return { ...listen, ...placed };
  const { cert, key } = websocket.tls;
  const tls = { cert: path.resolve(folder, cert), key: path.resolve(folder, key) };
  return { ...listen, ...placed, websocket: { ...websocket, tls } };
};

const filesPlaced = (entry: EntryDescription, folder: string): EntryDescription => {
  if (entry.kind !== 'service') return entry;
  const { sockets, pidFile } = entry;
  return {
    ...entry,
    ...(sockets !== undefined && { sockets: sockets.map((each) => socketPlaced(each, folder)) }),
    ...(pidFile !== undefined && {
      pidFile: { ...pidFile, path: path.resolve(folder, pidFile.path) },
    }),
  };
};
const socketPlaced = <T extends { readonly listen: string }>(socket: T, folder: string): T =>
  parsePlace(socket.listen)?.family === 'unix'
    ? { ...socket, listen: path.resolve(folder, socket.listen) }
    : socket;

/** Commands run relative to the configuration, wherever the daemon was started. */
const placer =
  (folder: string) =>
  (exec: ExecDescription): ExecDescription => ({
    ...exec,
    // In a root of its own nothing is known of that folder.
    cwd: path.resolve(exec.process?.root === undefined ? folder : '/', exec.cwd ?? '.'),
  });
