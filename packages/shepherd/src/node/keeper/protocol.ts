/**
 * What a daemon and its keeper say to each other, over a unix socket. packages/keeper/src/protocol.h is its twin, and
 * says more of each word.
 *
 *     frame    u32 length of all of it | u16 type | u16 zero | fields
 *     field    u32 length of the bytes | u16 tag | u16 zero | bytes
 *
 *     to the keeper     HELLO version version     from the keeper     HELLO version boot features build
 *                       START id file arg+ …                          STATE id state pid time …
 *                       SIGNAL id signal                              TOLD
 *                       FORGET id                                     REFUSED id step error
 *                       FOLLOW id pid uid                             (a STATE, or REFUSED)
 *                       RENEW file
 *                       LISTEN id place …                             LISTENING id
 *                       CLOSE id                                      CLOSED id
 *                       WATCH id                                      CONNECTION id …
 *                                                                     SIGNALLED id
 *
 * All numbers are little endian: both ends are on one machine, and the keeper is built for no other kind.
 */
import type { Arrival, SocketPlace } from '../../words/socket-types.ts';
import { answerBytes, startBytes } from './limits.ts';

/** The one version that is spoken so far: the lowest and the highest that this end knows. */
export const protocolVersion = 1;

/** Types of frames. */
export const types = {
  hello: 1,
  start: 2,
  signal: 3,
  forget: 4,
  follow: 5,
  listen: 6,
  close: 7,
  watch: 8,
  drop: 9,
  renew: 16,
  saysHello: 65,
  saysState: 66,
  saysTold: 67,
  saysRefused: 68,
  saysSignalled: 69,
  saysListening: 70,
  saysConnection: 71,
  saysClosed: 72,
} as const;

/** Tags of fields. */
export const tags = {
  version: 1,
  id: 2,
  state: 3,
  pid: 4,
  time: 5,
  status: 6,
  source: 7,
  step: 8,
  error: 9,
  boot: 10,
  signal: 11,
  file: 12,
  arg: 13,
  env: 14,
  cwd: 15,
  root: 16,
  uid: 17,
  gid: 18,
  group: 19,
  umask: 20,
  nice: 21,
  oom: 22,
  limit: 23,
  open: 24,
  flags: 25,
  cgroup: 26,
  features: 27,
  place: 28,
  style: 29,
  backlog: 30,
  mode: 31,
  socket: 32,
  connection: 33,
  peer: 34,
  local: 35,
  build: 0x8000 | 40,
  which: 0x8000 | 41,
  ready: 0x8000 | 42,
} as const;

/** How a path is opened for a process. */
export const ways = { read: 0, append: 1, log: 2, terminal: 3, screen: 4 } as const;
/** What else may be asked for, in bits. */
export const flags = {
  ...{ noNewPrivileges: 1, keepSession: 2, keepGroup: 4, handsOver: 8, notifies: 16 },
} as const;
/** What not every keeper has, in bits of its HELLO. */
export const features = { follow: 1, sockets: 2, notify: 8 } as const;
/** Families of places. */
export const families = { unix: 1, 4: 4, 6: 6 } as const;
/** Kinds of sockets, in bits. */
export const styles = { datagram: 1, accepts: 2 } as const;

/** States by their number. */
const states = ['free', 'prepared', 'running', 'failed', 'ended'] as const;
/** Who has seen an end; only of `unknown` the status means nothing. */
const sources = ['none', 'reaped', 'zombie', 'pidfd', 'unknown'] as const;

/** What the keeper says of a start. */
export interface StartState {
  readonly id: string;
  readonly state: (typeof states)[number];
  readonly pid: number;
  /** As in `Started`; '0' where there never was a process. */
  readonly startTime: string;
  /** Of one that has ended: as waitpid(2) has it. */
  readonly status: number;
  readonly source: (typeof sources)[number];
  /** Of one that has failed: what failed, and the number of the system's error. */
  readonly step: string;
  readonly error: number;
  /** And, where that was a file, the descriptor as which its process was to find it. */
  readonly which?: number;
  /** Of one that runs: it has said that it is ready. */
  readonly isReady?: true;
}
/** What it says, one frame. */
export type Said =
  | {
      readonly kind: 'hello';
      readonly version: number;
      readonly bootId: string;
      /** In bits. */
      readonly features: number;
      /** What its program was made from; empty of one that does not say. */
      readonly build: string;
      /** Of its anchor; 0 of one that does not say. */
      readonly pid: number;
    }
  | ({ readonly kind: 'state' } & StartState)
  | { readonly kind: 'told' }
  | { readonly kind: 'signalled'; readonly id: string }
  | { readonly kind: 'listening'; readonly id: string }
  | { readonly kind: 'closed'; readonly id: string }
  | {
      readonly kind: 'connection';
      readonly id: string;
      /** Of one that was accepted: its number, from where it came and to where. */
      readonly arrival?: Arrival;
    }
  | {
      readonly kind: 'refused';
      readonly id: string;
      readonly step: string;
      readonly error: number;
    };

/** What was received is none of this: the connection cannot go on. */
export class BrokenFrame extends Error {}
/** More than a frame has room for. */
export class FrameTooLong extends Error {}

const headBytes = 8;
/** Of a frame that is put together: numbers of 8 bytes, then a text with its NUL. */
interface Written {
  readonly tag: number;
  readonly byteCount: number;
  readonly numbers: readonly (number | bigint)[];
  readonly text: string | undefined;
}

/**
 * Puts one frame together; its bytes are made once it is known how many they are. A thousand starts in a row would else
 * leave megabytes of room to the collector, which the allocator of C does not give back to the system.
 */
export class FrameWriter {
  readonly #type: number;
  readonly #fields: Written[];
  #byteCount: number;

  constructor(type: number) {
    this.#type = type;
    this.#fields = [];
    this.#byteCount = headBytes;
  }

  /** The text must not have a NUL: the caller has looked. @throws FrameTooLong */
  text(tag: number, text: string): this {
    return this.numbers(tag, [], text);
  }

  /** Numbers of 8 bytes, the last one followed by a text where there is one. @throws FrameTooLong */
  numbers(tag: number, numbers: readonly (number | bigint)[], text?: string): this {
    const textBytes = text === undefined ? 0 : Buffer.byteLength(text) + 1;
    const byteCount = 8 * numbers.length + textBytes;
    if (this.#byteCount + headBytes + byteCount > startBytes) throw new FrameTooLong();
    this.#byteCount += headBytes + byteCount;
    this.#fields.push({ tag, byteCount, numbers, text });
    return this;
  }

  /** The whole frame, as it is now: it belongs to the caller. */
  frame(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#byteCount);
    let at = bytes.writeUInt32LE(this.#type, bytes.writeUInt32LE(this.#byteCount, 0));
    for (const { tag, byteCount, numbers, text } of this.#fields) {
      at = bytes.writeUInt32LE(tag, bytes.writeUInt32LE(byteCount, at));
      for (const each of numbers) at = bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(each)), at);
      if (text !== undefined) at = bytes.writeUInt8(0, at + bytes.write(text, at, 'utf8'));
    }
    return bytes;
  }
}

/** Takes what is received apart. */
export class FrameReader {
  #rest: Buffer;

  constructor() {
    this.#rest = Buffer.alloc(0);
  }

  /** What is whole by now. @throws BrokenFrame */
  push(chunk: Buffer): readonly Said[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const said: Said[] = [];
    let at = 0;
    while (bytes.length - at >= headBytes) {
      const length = bytes.readUInt32LE(at);
      if (length < headBytes || length > answerBytes)
        throw new BrokenFrame(`a frame of ${length} bytes`);
      if (bytes.length - at < length) break;
      const one = readFrame(bytes.subarray(at, at + length));
      if (one !== undefined) said.push(one);
      at += length;
    }
    this.#rest = bytes.subarray(at);
    return said;
  }
}

/** Fields of a frame by tag; each text without its NUL. */
interface Fields {
  has(tag: number): boolean;
  number(tag: number): number;
  text(tag: number): string;
  /** A pair; undefined where there is none, and where it is of no family that is known here. */
  place(tag: number): SocketPlace | undefined;
}

const readFields = (frame: Buffer): Fields => {
  const found = new Map<number, Buffer>();
  for (let at = headBytes; at < frame.length;) {
    if (frame.length - at < headBytes) throw new BrokenFrame('half a field');
    const [length, tag] = [frame.readUInt32LE(at), frame.readUInt32LE(at + 4)];
    if (length > frame.length - at - headBytes) throw new BrokenFrame(`a field of ${length} bytes`);
    found.set(tag, frame.subarray(at + headBytes, at + headBytes + length));
    at += headBytes + length;
  }
  return {
    has: (tag) => found.has(tag),
    number: (tag) => {
      const bytes = found.get(tag);
      if (bytes !== undefined && bytes.length !== 8)
        throw new BrokenFrame(`a number of ${bytes.length} bytes`);
      return bytes === undefined ? 0 : Number(bytes.readBigUInt64LE());
    },
    text: (tag) => {
      const bytes = found.get(tag);
      return bytes === undefined ? '' : textOf(bytes, 0);
    },
    place: (tag) => {
      const bytes = found.get(tag);
      if (bytes === undefined) return undefined;
      if (bytes.length < 17) throw new BrokenFrame(`a place of ${bytes.length} bytes`);
      const family = familyOf.get(Number(bytes.readBigUInt64LE()));
      const port = Number(bytes.readBigUInt64LE(8));
      return family && { family, host: textOf(bytes, 16), port };
    },
  };
};
const textOf = (bytes: Buffer, from: number): string =>
  bytes.toString('utf8', from, Math.max(from, bytes.length - 1));
const familyOf = new Map<number, SocketPlace['family']>([
  [families.unix, 'unix'],
  [families[4], 4],
  [families[6], 6],
]);

/** Who is told without a number was not accepted: the service does that. */
const arrivalOf = ({ number, place }: Fields): { readonly arrival?: Arrival } => {
  const accepted = number(tags.connection);
  if (accepted === 0) return {};
  const [peer, local] = [place(tags.peer), place(tags.local)];
  return { arrival: { number: accepted, ...(peer && { peer }), ...(local && { local }) } };
};

/** Undefined for a type that a later version may have. */
const readFrame = (frame: Buffer): Said | undefined => {
  const fields = readFields(frame);
  const { number, text } = fields;
  switch (frame.readUInt32LE(4)) {
    case types.saysHello:
      return {
        kind: 'hello',
        version: number(tags.version),
        bootId: text(tags.boot),
        features: number(tags.features),
        build: text(tags.build),
        pid: number(tags.pid),
      };
    case types.saysState:
      return {
        kind: 'state',
        id: text(tags.id),
        state: states[number(tags.state)] ?? 'free',
        pid: number(tags.pid),
        startTime: String(number(tags.time)),
        status: number(tags.status),
        source: sources[number(tags.source)] ?? 'unknown',
        step: text(tags.step),
        error: number(tags.error),
        ...(fields.has(tags.which) && { which: number(tags.which) }),
        ...(fields.has(tags.ready) && { isReady: true as const }),
      };
    case types.saysTold:
      return { kind: 'told' };
    case types.saysListening:
      return { kind: 'listening', id: text(tags.id) };
    case types.saysClosed:
      return { kind: 'closed', id: text(tags.id) };
    case types.saysConnection:
      return { kind: 'connection', id: text(tags.id), ...arrivalOf(fields) };
    case types.saysSignalled:
      return { kind: 'signalled', id: text(tags.id) };
    case types.saysRefused:
      return {
        kind: 'refused',
        id: text(tags.id),
        step: text(tags.step),
        error: number(tags.error),
      };
    default:
      return undefined;
  }
};
