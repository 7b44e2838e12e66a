/**
 * A shepherd that is one actor which answers as a test says, on a real unix socket, with an
 * `admin.ref` beside it.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  catchAll,
  createVat,
  type CatchAll,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import type { LocalRoot } from '@bellwether/fleet';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { makeIdentity, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';
import { unixNetlayer } from '@bellwether/netlayer-unix';
import { createRouter, Sturdyref, sturdyrefUri } from '@bellwether/ocapn';
import type { Event, Sink, Status } from '@bellwether/shepherd';
import type { ShownStatus } from '../../../packages/herd/src/cli/format/shown-status.ts';

export interface FakeShepherd {
  readonly folder: string;
  readonly socket: string;
  /** Messages that arrived, by method, with their arguments but the sink. */
  readonly asked: (readonly [method: string, ...args: readonly unknown[]])[];
  /** The URI of the local root on its unix socket, and the one over TLS. */
  readonly uri: string;
  readonly tlsUri: string;
  /** Fetches that arrived. */
  readonly fetchCount: number;
  /** From now on it answers no fetch. */
  stopFetching(): Promise<void>;
  /** Ends every session, as a killed process does. */
  sever(): void;
  stop(): Promise<void>;
}
/** What it answers, as a root or as a service; a method that is not given answers nothing, ever. */
export type Answers = {
  readonly [K in keyof LocalRoot | 'probe']?: (turn: Turn, ...args: readonly unknown[]) => unknown;
};

export const statusOf = (name: string, more: Partial<ShownStatus> = {}): Status =>
  ({
    kind: more.members === undefined ? 'local' : 'fleet',
    ...(more.members !== undefined && { runningCount: 0, neededCount: 1 }),
    provision: [name],
    stage: 'running',
    requirement: [],
    documentation: '',
    actions: [],
    ageMs: 0,
    isEnabled: true,
    isOneShot: false,
    isRespawned: false,
    respawnCount: 0,
    ...more,
  }) as Status;
/** Sends events to the sink of a `perform`, then answers. */
export const afterEvents =
  (events: readonly Event[], outcome: unknown) =>
  (turn: Turn, _request: unknown, sink: unknown): unknown =>
    turn.when(turn.send(sink as Ref<Sink>, 'rows', events, 0), () => outcome);

const makeFakeRoot = (
  turn: Turn<LocalRoot>,
  _bcom: unknown,
  answers: Answers,
  asked: FakeShepherd['asked'],
): CatchAll => {
  const never = turn.vow<never>().vow;
  return {
    [catchAll]: (turn, symbol = '', args) => {
      const method = camelCase(symbol);
      asked.push([
        method,
        ...args.filter((arg) => typeof arg !== 'object' || Array.isArray(arg) || isRequest(arg)),
      ]);
      return answers[method as keyof Answers]?.(turn, ...args) ?? never;
    },
  };
};
/** As the method of a wire symbol is called in code. */
const camelCase = (symbol: string): string =>
  symbol.replace(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
const isRequest = (arg: unknown): boolean =>
  typeof arg === 'object' && arg !== null && 'operation' in arg;

export const startFakeShepherd = async (answers: Answers): Promise<FakeShepherd> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'herd-'));
  const socket = path.join(folder, 'run', 'socket');
  const asked: FakeShepherd['asked'] = [];
  const clock = nodeClock();
  const schedulers = nodeSchedulers();
  const vat = createVat({ name: 'fake', clock, scheduler: schedulers.vat });
  const root = await vat.run((turn) => turn.spawn(makeFakeRoot, answers, asked));
  const swissnum = nodeCrypto().random(32);
  const place = { path: socket, replaceStale: true };
  const unix = unixNetlayer({ designator: 'fake', place });
  const identity = openIdentity(makeIdentity());
  const tls = tlsNetlayer({ identity, place: { host: '127.0.0.1', bindHost: '127.0.0.1' } });
  let silence: Vow | undefined;
  let fetchCount = 0;
  const router = createRouter({
    vat,
    netlayers: [unix, tls],
    crypto: nodeCrypto(),
    clock,
    scheduler: schedulers.flush,
    reaper: nodeReaper(),
    log: () => undefined,
    fetch: (given) => {
      fetchCount += 1;
      if (silence !== undefined) return silence;
      return Buffer.compare(given, swissnum) === 0 ? root : undefined;
    },
  });
  await new Promise((ready, failed) => router.listen(ready, failed));
  const uriAt = (transport: string): string => {
    const peer = router.locations.find((each) => each.transport === transport);
    if (peer === undefined) throw new Error(`does not listen on ${transport}`);
    return sturdyrefUri(new Sturdyref(peer, swissnum));
  };
  const uri = uriAt('unix');
  fs.writeFileSync(path.join(folder, 'run', 'admin.ref'), `${uri}\n`, { mode: 0o600 });
  return {
    folder,
    socket,
    asked,
    uri,
    tlsUri: uriAt('tcp-tls'),
    get fetchCount() {
      return fetchCount;
    },
    stopFetching: async () => {
      // In a list, since `run` waits for a vow.
      [silence] = await vat.run((turn) => [turn.vow().vow]);
    },
    sever: () => {
      for (const session of router.sessions()) session.abort('killed by the test');
    },
    stop: async () => {
      await new Promise<void>((done) => router.close(done));
      vat.halt();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
};
