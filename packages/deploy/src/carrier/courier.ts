/**
 * The `^courier`: brings one release to one service elsewhere. What is to be sent next a pure machine says
 * (sending.ts); who may send at all is the affair of the line (line.ts).
 *
 *     no answer for a while         another one goes first; it goes on when an answer comes
 *     contact is lost, or late      it lets another one go first and waits for the next contact; then all is asked anew
 *     the other side forgot the     asked anew
 *       offer, or has no room
 *     it refuses anything else      over
 *     what is to be sent is gone    over, and its carrier is told
 */
import {
  ActorError,
  codeOf,
  fateOf,
  type Bcom,
  type Behavior,
  type JournalCell,
  type Ref,
  type Resolver,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import type { Carried, Courier, Errand, Offer } from '@bellwether/shepherd';
import { bytesText } from '../release/bytes-text.ts';
import { carrierLimits as limits } from './limits.ts';
import type { Line, Queuer } from './line.ts';
import {
  beginSending,
  nextStep,
  offerAnswered,
  pieceAnswered,
  sendAgain,
  type PieceToSend,
  type Sending,
  type Sizes,
} from './sending.ts';
import type { CarrierOptions, Shelf } from './types.ts';

/** What makes one. */
export interface CourierOptions extends Errand, Pick<CarrierOptions, 'clock'> {
  readonly offer: Offer;
  /** As it is told to people. */
  readonly release: string;
  /** Of all contents of the release, by SHA-256: bytes. */
  readonly sizes: Vow<Sizes>;
  readonly shelf: Pick<Shelf, 'piece'>;
  readonly line: Ref<Line>;
  readonly carrier: Ref<CourierKeeper>;
}
/** Who sends couriers. Near only. */
export interface CourierKeeper {
  /** One of a release is back. `isGone`: some of the release is not here any more. */
  back(release: string, isGone: boolean): void;
}

type Inner = Courier & Queuer;
interface Timer {
  cancel(): void;
}
interface Held extends CourierOptions {
  /** Undefined before its contents are known, and when it is over. */
  readonly sending: JournalCell<Sending | undefined>;
  /** Undefined before it has begun. */
  readonly resolver: JournalCell<Resolver<Carried> | undefined>;
  /** Whether it may send: it is in the line, and at its turn. */
  readonly place: JournalCell<'out' | 'waits' | 'in'>;
  /** An offer, or a piece that is read. */
  readonly isBusy: JournalCell<boolean>;
  /** Counts the contacts: what comes back of an earlier one is an old story. */
  readonly era: JournalCell<number>;
  readonly lossCount: JournalCell<number>;
  readonly isOver: JournalCell<boolean>;
  readonly isTold: JournalCell<boolean>;
  /** Goes off when nothing was answered for long. */
  readonly stall: JournalCell<Timer | undefined>;
}

/** Makes one that does nothing before `run`. */
export const makeCourier = (
  turn: Turn<Inner>,
  _bcom: Bcom<Inner>,
  options: CourierOptions,
): Behavior<Inner> => {
  const held: Held = {
    ...options,
    sending: turn.cell<Sending | undefined>(undefined),
    resolver: turn.cell<Resolver<Carried> | undefined>(undefined),
    place: turn.cell<'out' | 'waits' | 'in'>('out'),
    isBusy: turn.cell(false),
    era: turn.cell(0),
    lossCount: turn.cell(0),
    isOver: turn.cell(false),
    isTold: turn.cell(false),
    stall: turn.cell<Timer | undefined>(undefined),
  };
  return {
    run: (turn) => {
      // Called off while its way was being found.
      if (held.isOver.get()) return turn.kept(sentIn(held));
      const { vow, resolver } = turn.vow<Carried>();
      held.resolver.set(resolver);
      turn.when(
        held.sizes,
        (turn, sizes) => {
          if (held.isOver.get()) return;
          held.sending.set(beginSending(sizes));
          enter(held, turn);
        },
        (turn, reason) => unread(held, turn, reason),
      );
      return vow;
    },
    cancel: (turn) => over(held, turn, (resolver) => resolver.kept(sentIn(held))),
    go: (turn) => {
      // It has left the line meanwhile, and the line will hear of it.
      if (held.place.get() !== 'waits') return;
      held.place.set('in');
      pump(held, turn);
    },
  };
};

const sentIn = ({ sending }: Held): Carried => {
  const { pieceCount = 0, byteCount = 0 } = sending.get() ?? {};
  return { pieceCount, byteCount };
};

const pump = (held: Held, turn: Turn<Inner>): void => {
  const sending = held.sending.get();
  if (sending === undefined || held.isBusy.get() || held.place.get() !== 'in') return;
  const found = stepOf(sending);
  if (found instanceof Error) return fail(held, turn, found);
  const [step, next] = found;
  held.sending.set(next);
  switch (step.kind) {
    case 'done':
      return over(held, turn, (resolver) => resolver.kept(sentIn(held)));
    case 'wait':
      return stallLater(held, turn);
    case 'offer':
      return ask(held, turn, step.after);
    case 'piece':
      return send(held, turn, step);
  }
};
const stepOf = (sending: Sending): ReturnType<typeof nextStep> | ActorError => {
  try {
    return nextStep(sending);
  } catch (reason) {
    if (reason instanceof ActorError) return reason;
    throw reason;
  }
};

const ask = (held: Held, turn: Turn<Inner>, after: string | undefined): void => {
  const { to, offer } = held;
  held.isBusy.set(true);
  stallLater(held, turn);
  const answer = turn.send(to, 'offer', { ...offer, ...(after !== undefined && { after }) });
  inEra(held, turn, answer, (turn, offered, sending) => {
    held.isBusy.set(false);
    let next: Sending;
    try {
      next = offerAnswered(sending, offered);
    } catch (reason) {
      if (reason instanceof ActorError) return fail(held, turn, reason);
      throw reason;
    }
    held.sending.set(next);
    tellOnce(held, turn, next);
    goOn(held, turn);
  });
};
/** How much is brought where, once the files are known and some are missing. */
const tellOnce = (held: Held, turn: Turn<Inner>, { allBytes, phase, page }: Sending): void => {
  const isManifest = page.length === 1 && page[0]?.sha256 === held.offer.release.slice(-64);
  if (held.isTold.get() || phase !== 'send' || isManifest) return;
  held.isTold.set(true);
  const { writer, name, release } = held;
  const text = `Service ${name}: ${bytesText(allBytes)} of ${release} are brought to it.`;
  turn.tell(writer, 'line', text, { about: name });
};

const send = (held: Held, turn: Turn<Inner>, piece: PieceToSend): void => {
  const { sha256, offset, byteCount } = piece;
  const era = held.era.get();
  held.isBusy.set(true);
  const read = turn.ask<Uint8Array>((answer) =>
    held.shelf.piece(sha256, offset, byteCount, answer),
  );
  turn.when(
    read,
    (turn, bytes) => {
      if (held.era.get() !== era || held.sending.get() === undefined) return;
      held.isBusy.set(false);
      if (bytes.length !== byteCount)
        return fail(held, turn, new ActorError('not-here', `${sha256}: has become shorter`), true);
      put(held, turn, piece, bytes);
      pump(held, turn);
    },
    (turn, reason) => unread(held, turn, reason),
  );
};
const put = (held: Held, turn: Turn<Inner>, piece: PieceToSend, bytes: Uint8Array): void => {
  const { sha256, offset } = piece;
  const askedMs = held.clock.now();
  const answer = turn.send(held.to, 'put', { sha256, offset, bytes });
  inEra(held, turn, answer, (turn, { have }, sending) => {
    held.sending.set(pieceAnswered(sending, piece, have, held.clock.now() - askedMs));
    goOn(held, turn);
  });
};
/** What comes of a question, if it is of this contact and anybody wants it. */
const inEra = <T>(
  held: Held,
  turn: Turn<Inner>,
  answer: Vow<T>,
  kept: (turn: Turn<Inner>, value: T, sending: Sending) => void,
): void => {
  const era = held.era.get();
  turn.when(
    answer,
    (turn, value) => {
      const sending = held.sending.get();
      if (sending !== undefined && held.era.get() === era) kept(turn, value, sending);
    },
    (turn, reason) => {
      if (held.sending.get() !== undefined && held.era.get() === era) lost(held, turn, reason);
    },
  );
};
/** An answer came. */
const goOn = (held: Held, turn: Turn<Inner>): void => {
  held.lossCount.set(0);
  unstall(held);
  if (held.place.get() === 'out') enter(held, turn);
  else pump(held, turn);
};

const enter = (held: Held, turn: Turn<Inner>): void => {
  held.place.set('waits');
  turn.tell(held.line, 'enter', turn.self);
};
const exit = (held: Held, turn: Turn<Inner>): void => {
  unstall(held);
  if (held.place.get() === 'out') return;
  held.place.set('out');
  turn.tell(held.line, 'exit', turn.self);
};
const stallLater = (held: Held, turn: Turn<Inner>): void => {
  if (held.stall.get() !== undefined) return;
  held.stall.set(
    turn.after(limits.stallMs, (turn) => {
      held.stall.set(undefined);
      exit(held, turn);
    }),
  );
};
const unstall = ({ stall }: Held): void => {
  stall.get()?.cancel();
  stall.set(undefined);
};

/** Refusals that say nothing of the release: what was offered is forgotten, or others are at it. */
const passing: readonly string[] = ['not-offered', 'limit'];
const lost = (held: Held, turn: Turn<Inner>, reason: Error): void => {
  const isPassing = fateOf(reason) !== 'refused' || passing.includes(codeOf(reason));
  const lossCount = held.lossCount.get() + 1;
  if (!isPassing || lossCount > limits.lossCount) return fail(held, turn, reason);
  const era = held.era.get() + 1;
  held.era.set(era);
  held.lossCount.set(lossCount);
  held.isBusy.set(false);
  const sending = held.sending.get();
  if (sending !== undefined) held.sending.set(sendAgain(sending));
  exit(held, turn);
  turn.after(limits.againMs * lossCount, (turn) => {
    const isOld = (): boolean => held.era.get() !== era || held.sending.get() === undefined;
    if (isOld()) return;
    turn.when(
      turn.within(limits.awayMs, turn.send(held.to, 'contact')),
      (turn) => (isOld() ? undefined : enter(held, turn)),
      (turn) => (isOld() ? undefined : fail(held, turn, reason)),
    );
  });
};

/** What is to be sent cannot be read here. A disk that fails once has it all the same. */
const unread = (held: Held, turn: Turn<Inner>, reason: Error): void =>
  fail(held, turn, reason, goneCodes.has(codeOf(reason)));
const goneCodes: ReadonlySet<string> = new Set(['not-here', 'wrong-content', 'bad-release']);
const fail = (held: Held, turn: Turn<Inner>, reason: Error, isGone = false): void =>
  over(held, turn, (resolver) => resolver.broken(reason), isGone);
const over = (
  held: Held,
  turn: Turn<Inner>,
  settle: (resolver: Resolver<Carried>) => void,
  isGone = false,
): void => {
  if (held.isOver.get()) return;
  held.isOver.set(true);
  const resolver = held.resolver.get();
  if (resolver !== undefined) settle(resolver);
  held.sending.set(undefined);
  exit(held, turn);
  turn.tell(held.carrier, 'back', held.offer.release, isGone);
};
