/** From plain data to a description: its shape, then its names, then its size. */
import path from 'node:path';
import { canonicalJson } from './canonical.ts';
import { ConfigError, type Problem } from './config-error.ts';
import { gnuProblems, graphProblems } from './graph.ts';
import { descriptionBytes } from './limits.ts';
import { found, pathText, problemsOf, wordsFor, type Site } from './problems.ts';
import {
  shepherdSchema,
  type ChoreDescription,
  type Description,
  type ExecDescription,
  type ServiceDescription,
  type TimerDescription,
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
    services: data.services.map((entry) => {
      if (entry.kind === 'service') return placed(entry, folder);
      if (entry.kind === 'timer') return timerPlaced(entry, folder);
      if (entry.kind === 'log-rotation')
        return { ...entry, files: entry.files.map((one) => filePlaced(one, folder)) };
      return entry.kind === 'slot' ? readyPlaced(entry, folder) : entry;
    }),
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
  const bytes = Buffer.byteLength(canonicalJson(description));
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

/** Commands run relative to the configuration, wherever the daemon was started. */
const placed = (entry: ServiceDescription, folder: string): ServiceDescription => {
  const place = placer(folder);
  return {
    ...readyPlaced(entry, folder),
    ...(entry.start === undefined ? {} : { start: place(entry.start) }),
    ...(entry.live?.exec === undefined
      ? {}
      : { live: { ...entry.live, exec: place(entry.live.exec) } }),
    ...(entry.sockets === undefined
      ? {}
      : { sockets: entry.sockets.map((each) => socketPlaced(each, folder)) }),
    ...(entry.pidFile === undefined
      ? {}
      : { pidFile: { ...entry.pidFile, path: path.resolve(folder, entry.pidFile.path) } }),
    ...(entry.stop.run === undefined
      ? {}
      : { stop: { ...entry.stop, run: place(entry.stop.run) } }),
    actions: actionsPlaced(entry.actions, folder),
  };
};

const actionsPlaced = (
  actions: ServiceDescription['actions'],
  folder: string,
): ServiceDescription['actions'] =>
  Object.fromEntries(
    Object.entries(actions).map(([name, action]) => [
      name,
      action.run === undefined ? action : { ...action, run: placer(folder)(action.run) },
    ]),
  );

const timerPlaced = (entry: TimerDescription, folder: string): TimerDescription => ({
  ...entry,
  run: placer(folder)(entry.run),
  actions: actionsPlaced(entry.actions, folder),
});

type RotatedFile = Extract<ChoreDescription, { kind: 'log-rotation' }>['files'][number];
const filePlaced = (one: RotatedFile, folder: string): RotatedFile =>
  one.run === undefined ? one : { ...one, run: placer(folder)(one.run) };

const socketPlaced = <T extends { readonly listen: string }>(socket: T, folder: string): T =>
  parsePlace(socket.listen)?.family === 'unix'
    ? { ...socket, listen: path.resolve(folder, socket.listen) }
    : socket;

const readyPlaced = <T extends Pick<ServiceDescription, 'ready' | 'onFailure'>>(
  entry: T,
  folder: string,
): T => ({
  ...entry,
  ...(entry.ready?.exec !== undefined && {
    ready: { ...entry.ready, exec: placer(folder)(entry.ready.exec) },
  }),
  ...(entry.onFailure !== undefined && {
    onFailure: entry.onFailure.map((hook) =>
      hook.run === undefined ? hook : { ...hook, run: placer(folder)(hook.run) },
    ),
  }),
});
const placer =
  (folder: string) =>
  (exec: ExecDescription): ExecDescription => ({
    ...exec,
    // In a root of its own nothing is known of that folder.
    cwd: path.resolve(exec.process?.root === undefined ? folder : '/', exec.cwd ?? '.'),
  });
