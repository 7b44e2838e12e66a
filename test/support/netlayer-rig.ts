/** What the conformance suite needs of a transport, and how it waits on real sockets. */
import type { Accept, Netlayer, PeerLocation } from '@bellwether/ocapn';
import { Ears, type Ear } from './netlayer-ear.ts';

export interface Rig {
  /** True: what is sent arrives piece by piece as it was sent. */
  readonly records?: boolean;
  /** A peer that can listen, at a place of its own. The rig closes it at the end. */
  peer(): Netlayer;
  /** Two peers that want to listen at one place. */
  rivals(): readonly [Netlayer, Netlayer];
  /** Somewhere that nobody listens, and how messages name it. */
  nowhere(): { readonly location: PeerLocation; readonly name: string };
  /** Lets the network run until something holds; fails when it never does. */
  until(what: string, holds: () => boolean): Promise<void>;
  /** Lets the network run for long enough that whatever is under way has arrived. */
  quiet(): Promise<void>;
  /** Closes everything. */
  end(): Promise<void>;
}

const PATIENCE_MS = 60_000;
const QUIET_MS = 60;

/** `until` on a real event loop. */
export async function untilReal(what: string, holds: () => boolean): Promise<void> {
  const start = performance.now();
  while (!holds()) {
    if (performance.now() - start > PATIENCE_MS) throw new Error(`never: ${what}`);
    await new Promise((go) => setTimeout(go, 1));
  }
}
export const quietReal = (): Promise<void> => new Promise((go) => setTimeout(go, QUIET_MS));

/** Listens, and waits for the location. */
export async function listening(
  rig: Rig,
  netlayer: Netlayer,
  accept?: Accept,
): Promise<{ readonly at: PeerLocation; readonly ears: Ears }> {
  const ears = new Ears();
  const places: PeerLocation[] = [];
  const failures: Error[] = [];
  netlayer.listen(
    accept ?? ears.accept,
    (found) => places.push(found),
    (reason) => failures.push(reason),
  );
  await rig.until('listening', () => places.length + failures.length > 0);
  const [at] = places;
  if (at === undefined) throw failures[0] ?? new Error('neither ready nor failed');
  return { at, ears };
}

/** Listens, and gives the failure that must come. */
export async function refusedToListen(rig: Rig, netlayer: Netlayer): Promise<Error> {
  const failures: Error[] = [];
  let isReady = false;
  netlayer.listen(
    new Ears().accept,
    () => (isReady = true),
    (reason) => failures.push(reason),
  );
  await rig.until('refused', () => failures.length > 0 || isReady);
  const [failure] = failures;
  if (failure === undefined) throw new Error('it listens, and should not');
  return failure;
}

/** Dials, and waits for the connection. */
export async function dialled(rig: Rig, netlayer: Netlayer, to: PeerLocation): Promise<Ear> {
  const ears = new Ears();
  const failures: Error[] = [];
  netlayer.dial(to, ears.accept, (reason) => failures.push(reason));
  await rig.until('dialled', () => ears.all.length + failures.length > 0);
  if (failures[0] !== undefined) throw failures[0];
  return ears.only;
}

/** Dials, and gives the failure that must come. */
export async function refusedToDial(
  rig: Rig,
  netlayer: Netlayer,
  to: PeerLocation,
): Promise<Error> {
  const ears = new Ears();
  const failures: Error[] = [];
  netlayer.dial(to, ears.accept, (reason) => failures.push(reason));
  await rig.until('refused', () => ears.all.length + failures.length > 0);
  const [failure] = failures;
  if (failure === undefined) throw new Error('it connected, and should not');
  return failure;
}

/** Both ends of one open connection. */
export interface Line {
  readonly near: Ear;
  readonly far: Ear;
  readonly dialler: Netlayer;
  readonly acceptor: Netlayer;
}
export async function connected(rig: Rig): Promise<Line> {
  const acceptor = rig.peer();
  const dialler = rig.peer();
  const { at, ears } = await listening(rig, acceptor);
  const near = await dialled(rig, dialler, at);
  await rig.until('accepted', () => ears.all.length > 0);
  return { near, far: ears.only, dialler, acceptor };
}

/** Bytes that are different everywhere, so that loss, doubling and reordering all show. */
export function pattern(byteCount: number, salt = 0): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  let state = (salt * 2_654_435_761 + 1) >>> 0;
  for (let at = 0; at < byteCount; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Equality that does not print megabytes when it fails. */
export function sameBytes(found: Uint8Array, wanted: Uint8Array): boolean {
  return Buffer.from(found.buffer, found.byteOffset, found.length).equals(wanted);
}
