/** Peers of ours, each a vat with a router of its own. */
import { createVat, type Frontier, type Ref, type Vat } from '@bellwether/actors';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import {
  createRouter,
  type DialectName,
  dialectNamed,
  parseUri,
  type Router,
  Sturdyref,
  sturdyrefUri,
  threeWays,
} from '@bellwether/ocapn';
import { roads } from './roads.ts';

/** A peer of ours, owned by whoever made it. */
export interface Peer {
  readonly vat: Vat & Frontier;
  readonly router: Router;
  /** Listens and gives one object out; its sturdyref. */
  serve(object: Ref): Promise<string>;
}

const log = (event: string, fields: Readonly<Record<string, unknown>>): void => {
  if (process.env['VERBOSE'] !== undefined) console.error(event, fields);
};

/** Makes one that speaks as Goblins do, or another; `folder`: for its socket. */
export const makePeer = (
  road: string,
  listens: boolean,
  folder: string,
  dialect: DialectName = 'goblins',
): Peer => {
  const clock = nodeClock();
  const crypto = nodeCrypto();
  const { vat: scheduler, flush } = nodeSchedulers();
  const vat = createVat({ name: 'peer', clock, scheduler, log });
  const end = roads.get(road)?.(listens, folder);
  if (end === undefined) throw new Error(`no road is called ${road}`);
  const swissnum = crypto.random(32);
  const secret = Buffer.from(swissnum).toString('hex');
  let given: Ref | undefined;
  const router = createRouter({
    vat,
    netlayers: [end.netlayer],
    crypto,
    clock,
    scheduler: flush,
    reaper: nodeReaper(),
    log,
    designator: end.designator,
    handoffs: threeWays(),
    mayDial: () => true,
    dialectOf: () => dialectNamed(dialect),
    fetch: (asked) => (Buffer.from(asked).toString('hex') === secret ? given : undefined),
  });
  const serve = (object: Ref): Promise<string> => {
    given = object;
    return new Promise((resolve, reject) =>
      router.listen(([at]) => {
        if (at === undefined) reject(new Error('listens nowhere'));
        else resolve(sturdyrefUri(new Sturdyref(at, swissnum)));
      }, reject),
    );
  };
  return { vat, router, serve };
};

/** What a text that is a sturdyref stands for. @throws Error where it is none */
export const sturdyrefOf = (uri: string): Sturdyref => {
  const found = parseUri(uri);
  if (found instanceof Sturdyref) return found;
  throw new Error(`no sturdyref: ${uri}`);
};

/** What came of it, within half a minute. */
export const within = (promise: Promise<unknown>): Promise<unknown> =>
  Promise.race([
    promise.catch((reason: unknown) => broken(reason)),
    new Promise((done) => setTimeout(() => done('nothing came in 30 s'), 30_000).unref()),
  ]);
/** How `within` says that an answer broke. */
export const isBroken = (value: unknown): boolean =>
  typeof value === 'string' && value.startsWith('broken: ');
const broken = (reason: unknown): string => `broken: ${String(reason)}`;
