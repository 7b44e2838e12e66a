/**
 * A whole node against peers that say whatever stands in the input, on a simulated network. What is no command goes over the
 * current line as it is:
 *
 *     ~a ~b ~c    another line to the node, each of a peer of its own; dialled and greeted where there is none yet
 *     ~d          the node dials a peer, whose end of that line the input speaks for
 *     ~e          a line from the peer that ~d is: a crossing
 *     ~h          our hello        ~0 ~1 … ~9   in pieces of so many bytes, 0: whole        ~~   a tilde
 *     ~.          20 ms pass       ~r   200 s pass, as long as garbage waits      ~g   the node collects what nobody holds
 *     ~x          the line is cut  ~z   we read no more              ~y   we do again
 *     ~w          in front: what arrives at once is one record, as over websocket
 *
 * What must hold, whatever was said: nothing is thrown and nothing runs on for ever; tables and frames keep their limits;
 * every frame of the node is one; another peer's session lives and is served, also where things are passed on to it; a line on which nothing more will happen by
 * itself is answered, or was closed; and when the lines are cut, nothing is left.
 */
import { createHash } from 'node:crypto';
import { type Behavior, type Bcom, type Ref, type Turn, type Vow, World } from '@bellwether/actors';
import {
  type Crypto,
  dialectNamed,
  encode,
  LIMITS,
  type PeerLocation,
  Sturdyref,
} from '@bellwether/ocapn';
import { makeHello } from '../../../packages/ocapn/src/identity/hello.ts';
import { Assembly } from '../../../packages/ocapn/src/session/assembly.ts';
import { OperationReader } from '../../../packages/ocapn/src/wire/read.ts';
import { type AcceptEnd, type End, Network } from '../../support/ocapn-network.ts';
import { leavesNothing, Peer, UNWATCHED } from '../../support/ocapn-peer.ts';
import { deliver, object, sym, toExport } from '../../support/ocapn-raw.ts';
import { Broken, fewWords, must } from '../engine/target.ts';

/** Everything smaller, so that an input of a few hundred bytes reaches it. */
const SMALL = {
  ...UNWATCHED,
  cacheSlots: 64,
  recordBytes: 2_048,
  helloBytes: 1_024,
  values: 400,
  depth: 16,
  answers: 16,
  answerBytes: 8_192,
  listeners: 16,
  pendingBytes: 3_000,
  imports: 24,
  exports: 24,
  questions: 16,
  strangerDivisor: 2,
  unsentPauseBytes: 1_000,
  unsentCutBytes: 4_000,
  flowMessages: 8,
  flowBytes: 1_500,
  partialBytes: 12_288,
  strangerPartialBytes: 8_192,
  gifts: 4,
  allGifts: 8,
  giftDials: 2,
  forgedHandoffs: 3,
};
/** Another peer has larger tables: what the node asks of it in the name of others is theirs together. */
const { answers, answerBytes, listeners, pendingBytes, imports, exports, questions } = LIMITS;
const FRIENDLY = { answers, answerBytes, listeners, pendingBytes, imports, exports, questions };
const LIMITS_HERE = { ...LIMITS, ...SMALL };
/** What some of the peers are known to speak. */
const DIALECTS: ReadonlyMap<string | undefined, 'goblins' | 'endo'> = new Map([
  ['b', 'goblins'],
  ['c', 'endo'],
]);
/** Tasks of the world that an input may make, beside its bytes. */
const STEPS = 20_000;

/** The resolver of a question whose answer shows that a line has not stalled. */
const PINGED = 8_000_001;
const PING = encode(deliver(toExport(0), [sym('fetch'), new Uint8Array(0)], false, object(PINGED)));

/** What every peer of this network can ask for. */
export interface Zoo {
  echo(...values: readonly unknown[]): unknown;
  make(): Ref<Zoo>;
  pair(left: unknown, right: unknown): unknown;
  call(thing: Ref<Zoo>): unknown;
  tell(thing: Ref<Zoo>): void;
  /** Says something to the other peer, and what that answers. */
  pass(...values: readonly unknown[]): unknown;
  when(thing: Vow): Vow;
  wait(): Vow;
  keep(thing: unknown): void;
  kept(): unknown;
}
const makeZoo = (turn: Turn<Zoo>, _bcom: Bcom<Zoo>, other?: Vow<Ref<Zoo>>): Behavior<Zoo> => {
  const kept = turn.cell<unknown>(undefined);
  return {
    echo: (_turn, ...values) => (values.length === 1 ? values[0] : values),
    make: (turn) => turn.spawn(makeZoo, undefined),
    pair: (_turn, left, right) => ({ left, right, both: [left, right] }),
    call: (turn, thing) => turn.send(thing, 'echo', 'called'),
    tell: (turn, thing) => turn.tell(thing, 'echo', 'told'),
    pass: (turn, ...values) => other && turn.send(other, 'echo', ...values),
    when: (turn, thing) => turn.when(thing, (_turn, value) => [value]),
    wait: (turn) => turn.vow().vow,
    keep: (_turn, thing) => kept.set(thing),
    kept: () => kept.get(),
  };
};

const fold = (key: Uint8Array, message: Uint8Array): number => {
  let all = 0;
  for (const byte of key) all ^= byte;
  for (const byte of message) all ^= byte;
  return all & 7;
};
/**
 * Every eighth signature is good, so that what stands behind them is reached by mutants, too; and each party has one key,
 * so that what a session is called does not depend on what happened before.
 */
export const weakCrypto = (name: string): Crypto => {
  const publicKey = new Uint8Array(32).fill(name.charCodeAt(0));
  let drawn = 0;
  const sha256 = (message: Uint8Array): Uint8Array =>
    new Uint8Array(createHash('sha256').update(message).digest());
  return {
    sha256,
    random: (byteCount) => new Uint8Array(byteCount).map(() => (drawn += 1)),
    keyPair: () => ({
      publicKey,
      sign: (message) => new Uint8Array(64).fill(fold(publicKey, message)),
    }),
    verify: (key, message, signature) => fold(key, message) === ((signature[0] ?? 0) & 7),
  };
};
export const keysOf = (name: string): ReturnType<Crypto['keyPair']> => weakCrypto(name).keyPair();
export const placeOf = (name: string): PeerLocation => ({
  transport: 'sim',
  designator: name,
  hints: {},
});
export const helloOf = (name: string): Uint8Array =>
  makeHello(weakCrypto(name), keysOf(name), placeOf(name)).bytes;

/** One line to the node, or from it. */
class Line {
  readonly name: string;
  readonly #reader = new OperationReader(LIMITS_HERE);
  readonly #found: Set<string>;
  #end: End | undefined;
  #assembly: Assembly | undefined;
  isAnswered = false;
  constructor(name: string, found: Set<string>) {
    this.name = name;
    this.#found = found;
  }
  readonly accept: AcceptEnd = (end) => {
    this.#end = end;
    end.isRaw = true;
    return {
      bytes: (chunk) => this.#take(chunk),
      drained: () => undefined,
      closed: () => undefined,
    };
  };
  get end(): End | undefined {
    return this.#end;
  }
  send(bytes: Uint8Array, pieceBytes: number): void {
    const step = pieceBytes === 0 ? Math.max(1, bytes.length) : pieceBytes;
    for (let at = 0; at < bytes.length; at += step)
      if (this.#end?.isClosed === false) this.#end.send(bytes.slice(at, at + step));
  }
  /** What the node says has to be what a peer can read. */
  #take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#assembly === undefined) {
        this.#assembly = new Assembly(LIMITS_HERE);
        this.#assembly.begin(LIMITS_HERE.recordBytes);
      }
      at = this.#assembly.take(chunk, at);
      if (at < 0) return;
      const record = this.#assembly.finish();
      this.#assembly = undefined;
      const said = this.#reader.read(record, 0, LIMITS_HERE.recordBytes, true);
      if (said === undefined || said.op === 'unknown')
        throw new Broken('the node says what is no operation');
      if (said.op === 'deliver' && said.to.position === PINGED) this.isAnswered = true;
      if (said.op === 'abort') must(said.reason !== 'internal error', 'an internal error');
      this.#found.add(said.op === 'abort' ? `abort ${inShort(said.reason)}` : `hears ${said.op}`);
    }
  }
}

/** Texts of ours; an abort has the words of whoever aborts. */
const inShort = (text: string): string =>
  text.startsWith('aborted by the peer') ? 'aborted by the peer' : fewWords(text);

/** The node, another peer of it, and whoever the input speaks for. */
class Conversation {
  readonly found = new Set<string>();
  readonly #world = new World(3);
  readonly #network: Network;
  readonly #lines = new Map<string, Line>();
  readonly #greets: boolean;
  readonly #victim: Peer;
  readonly #honest: Peer;
  readonly #served: Vow;
  #line: Line;
  #pieceBytes = 0;

  constructor(greets: boolean, records: boolean) {
    this.#greets = greets;
    this.#network = new Network(this.#world, { records, highWaterBytes: 500 });
    const peer = (name: string): Peer =>
      new Peer(this.#network, name, {
        router: {
          limits: name === 'honest' ? { ...SMALL, ...FRIENDLY } : SMALL,
          crypto: weakCrypto(name),
          dialectOf: (peer) => dialectNamed(DIALECTS.get(peer?.designator) ?? 'neutral'),
        },
      });
    this.#victim = peer('victim');
    this.#honest = peer('honest');
    const [victim, honest] = [this.#victim, this.#honest];
    void honest.vat.run((turn) => void honest.offer('zoo', turn.spawn(makeZoo, undefined)));
    const other = victim.router.enliven<Zoo>(honest.sturdyref('zoo'));
    void victim.vat.run((turn) => void victim.offer('zoo', turn.spawn(makeZoo, other)));
    this.#rest();
    this.#served = honest.router.enliven(victim.sturdyref('zoo'));
    this.#rest();
    const dialled = new Line('d', this.found);
    this.#lines.set('d', dialled);
    this.#network.answerAs('d', dialled.accept);
    this.#line = this.#lineOf('a');
  }
  /** Follows the input to its end. */
  follow(input: Uint8Array): void {
    let from = 0;
    for (let at = 0; at < input.length; at += 1) {
      if (input[at] !== 0x7e) continue;
      const next = input[at + 1];
      this.#say(input.subarray(from, next === 0x7e ? at + 1 : at));
      if (next !== 0x7e) this.#command(String.fromCharCode(next ?? 0));
      at += 1;
      from = at + 1;
    }
    this.#say(input.subarray(from));
    // A peer that never reads again is looked after by the clock, which stands still here.
    for (const { end } of this.#lines.values()) if (end?.isPaused === true) end.resume();
    this.#rest();
  }
  /** @throws Broken where what must hold does not */
  judge(byteCount: number): void {
    this.#checkTables();
    this.#checkLogs();
    this.#checkServed();
    this.#checkAnswered();
    for (const { end } of this.#lines.values()) if (end?.isClosed === false) end.cut();
    leavesNothing([this.#victim, this.#honest]);
    must(this.#world.stepCount < STEPS + 20 * byteCount, 'the world takes too many steps');
  }

  #say(bytes: Uint8Array): void {
    this.#line.send(bytes, this.#pieceBytes);
  }
  #command(letter: string): void {
    if (letter >= '0' && letter <= '9') this.#pieceBytes = Number(letter);
    else if ('abce'.includes(letter)) this.#line = this.#lineOf(letter);
    else if (letter === 'd') this.#dial();
    else if (letter === 'h') this.#line.send(helloOf(this.#line.name), this.#pieceBytes);
    else if (letter === '.') this.#pass(20);
    else if (letter === 'r') this.#pass(200_000);
    else if (letter === 'g') this.#victim.reaper.collectAll();
    else if (letter === 'x') this.#line.end?.cut();
    else if (letter === 'z') this.#line.end?.pause();
    else if (letter === 'y' && this.#line.end?.isPaused === true) this.#line.end.resume();
    this.#checkTables();
  }
  #lineOf(letter: string): Line {
    const known = this.#lines.get(letter);
    if (known !== undefined) return known;
    // The peer that the node dials has one identity, whoever dials whom.
    const name = letter === 'e' ? 'd' : letter;
    const line = new Line(name, this.found);
    this.#lines.set(letter, line);
    const acceptor = this.#network.acceptorOf('victim');
    this.#network.join(placeOf(name), line.accept, placeOf('victim'), acceptor);
    if (this.#greets) {
      line.send(helloOf(name), 0);
      this.#pass(20);
    }
    return line;
  }
  #dial(): void {
    const { vat, router } = this.#victim;
    const there = router.enliven(new Sturdyref(placeOf('d'), new Uint8Array([1])));
    vat.listen(vat.deliver(there, 'poke', []), { kept: () => undefined, broken: () => undefined });
    this.#line = this.#lineOf('d');
    this.#pass(20);
  }
  #pass(ms: number): void {
    this.#world.run(this.#world.now + ms, STEPS);
  }
  #rest(): void {
    this.#world.run(Infinity, STEPS);
  }
  #checkTables(): void {
    for (const { tables } of this.#victim.router.sessions()) {
      for (const [name, count] of Object.entries(tables))
        must(count <= SMALL[name as keyof typeof tables], `more ${name} than there may be`);
      this.found.add(
        `tables ${Object.values(tables)
          .map((count) => 32 - Math.clz32(count))
          .join(' ')}`,
      );
    }
  }
  #checkLogs(): void {
    for (const { event, fields } of this.#victim.logs) {
      must(event !== 'vat.halted', 'the vat halts');
      must(event !== 'captp.fault-hidden', `a fault: ${String(fields['message'])}`);
      this.found.add(`log ${event} ${inShort(String(fields['reason'] ?? ''))}`);
    }
  }
  /** Nothing waits for what nobody will say: the world has come to rest. */
  #checkAnswered(): void {
    for (const line of this.#lines.values()) line.send(PING, 0);
    this.#rest();
    for (const { end, isAnswered } of this.#lines.values())
      must(end === undefined || end.isClosed || isAnswered, 'a line has stalled');
  }
  #checkServed(): void {
    const { vat } = this.#honest;
    let answer: unknown = 'none';
    vat.listen(vat.deliver(this.#served, 'echo', ['alive']), {
      kept: (value) => (answer = value),
      broken: (reason) => (answer = reason),
    });
    this.#rest();
    must(answer === 'alive', `another peer is not served: ${String(answer)}`);
    const isThere = this.#victim.router
      .sessions()
      .some(({ peer }) => peer?.designator === 'honest');
    must(isThere, "another peer's session is gone");
  }
}

/** Tries one input. `greets`: our hellos are said without being asked for. @throws what is broken */
export const converse = (input: Uint8Array, greets: boolean): ReadonlySet<string> => {
  const records = input[0] === 0x7e && input[1] === 0x77;
  const conversation = new Conversation(greets, records);
  conversation.follow(input);
  conversation.judge(input.length);
  return conversation.found;
};
