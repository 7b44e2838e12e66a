/**
 * One line to one peer: a vat of our own, a router that only dials, and the reference behind a
 * sturdyref. The command line is the outermost edge, so here vows become promises.
 *
 *     line ──► question queued ──► hello ──► fetch and question in one write ──► answer
 *               │ no hello in time: OutOfReach        │ session ends: NoAnswer
 *               └ Ctrl-C: Detached              └ Ctrl-C: Detached, it goes on;  time up: NoAnswer
 *
 * The first question rides on the fetch: an exchange is one round trip after the hello. A stream is a
 * question whose answer has no deadline once there is a session: Ctrl-C and `close` end it well, and
 * the end of the session ends it with NoAnswer, whether it was answered by then or not.
 */
import {
  type Answer,
  createVat,
  fateOf,
  messageOf,
  type Method,
  type Ref,
  type Turn,
  type Vat,
  type Vow,
  type WireName,
} from '@bellwether/actors';
import type { Invite } from '@bellwether/authority';
import type { HeldService, LocalRoot } from '@bellwether/fleet';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { createRouter, type Netlayer, type Router, type Sturdyref } from '@bellwether/ocapn';
import { Detached, NoAnswer, OutOfReach } from './errors.ts';
import { connectMs } from './limits.ts';

/** What dials a transport, and proves nothing but that we are nobody in particular. Owned by whoever closes it. */
export interface Dialler {
  readonly netlayer: Netlayer;
  /** Who we are, where the netlayer proves it; else random. */
  readonly designator?: string;
}
/** How to reach a peer: by what dials the transport of the ref, which the line owns from now on. */
export interface LineOptions extends Dialler {
  readonly ref: Sturdyref;
}
/** A message to the peer. */
export interface Message {
  readonly method: WireName<Method<LocalRoot> | Method<HeldService> | Method<Invite>>;
  /** A function where an argument is an actor of ours: made in the turn that sends. */
  readonly args: readonly unknown[] | ((turn: Turn) => readonly unknown[]);
}
/** How long an answer is waited for, and who else may end the waiting. */
export interface Patience {
  readonly waitMs: number;
  /** Calls back at Ctrl-C; the result takes that back. */
  readonly onInterrupt?: OnInterrupt;
  /** Given what makes the waiting longer: so many milliseconds from the call on, if nothing ended it yet. */
  readonly onExtend?: (extend: (waitMs: number) => void) => void;
}
/** Registers for Ctrl-C; the result takes that back. */
export type OnInterrupt = (told: () => void) => () => void;
/** A message that is answered once. */
export interface Question extends Message, Patience {}
/** A message that begins a stream to an actor among its arguments. */
export interface StreamQuestion extends Message {
  /** False where the answer only says that the stream has begun. */
  readonly endsWithAnswer: boolean;
  /** Told the answer, before `done` settles. A throw rejects that. */
  readonly answered?: (answer: unknown) => void;
  /** Absent: only `close` ends it from here. */
  readonly onInterrupt?: OnInterrupt;
}
/** A stream that was asked for. What comes in it goes to the actor in the message. */
export interface Stream {
  /**
   * How it ended: `over` at its own end, `closed` by Ctrl-C or `close`. Rejects with OutOfReach,
   * with NoAnswer when the session ends, or with the refusal of the peer.
   */
  readonly done: Promise<'over' | 'closed'>;
  /** Waits no longer. The peer hears of it when its session ends, or when the actor refuses. */
  close(): void;
}

/** Asks the peer behind one sturdyref. Whoever opens a line closes it. */
export interface Line {
  /**
   * The answer, of unknown shape. Rejects with OutOfReach, NoAnswer or Detached, or with the
   * refusal of the peer: a Remote with the peer's code and message.
   */
  ask(question: Question): Promise<unknown>;
  /** Begins a stream. */
  open(question: StreamQuestion): Stream;
  /** Closes what streams there are, ends the session and leaves no timer. */
  close(): void;
}

/** A line of which one knows whether it leads anywhere. */
export interface OpenLine extends Line {
  /** Whether the peer has answered that it knows no such ref, whatever was asked through it. */
  readonly isRefused: boolean;
}

/** A line whose errors say more: `explain` turns each into what is thrown, perhaps after a while. */
export const explaining = (line: Line, explain: (error: unknown) => unknown): Line => {
  const explained = async (error: unknown): Promise<never> => {
    throw await explain(error);
  };
  return {
    ask: (question) => line.ask(question).catch(explained),
    open: (question) => {
      const { done, close } = line.open(question);
      return { done: done.catch(explained), close };
    },
    close: () => line.close(),
  };
};

/** What the ref leads to, and when it is known whether the peer takes it. */
interface Reached {
  readonly target: Vow<Ref>;
  readonly judged: Promise<void>;
}

/** Opens a line; the dial begins with the first question. */
export const openLine = (options: LineOptions): OpenLine => {
  const { ref } = options;
  // From then on the question may be with the peer, whatever we hear of it.
  let isAsked = false;
  const { vat, router } = clientOf(options, () => (isAsked = true));
  let isRefused = false;
  const reach = (): Reached => {
    const target = router.enliven(ref);
    const judged = vat
      .run(() => target)
      .then(ignored, (reason: unknown) => {
        isRefused = fateOf(reason) === 'refused';
      });
    return { target, judged };
  };
  const streams = new Set<() => void>();
  let root: Reached | undefined;
  const send = (message: Message): Promise<unknown> => {
    const { target } = (root ??= reach());
    const answer = vat.run((turn) => turn.forward(target, message.method, argsOf(turn, message)));
    return answer.catch(
      (reason: unknown) => new Promise((_done, fail) => onceJudged(() => fail(reason as Error))),
    );
  };
  /** Whoever hears why something failed can ask at once whether the ref itself was refused. */
  const onceJudged = (tell: () => void): void => void root?.judged.then(tell);
  return {
    get isRefused() {
      return isRefused;
    },
    ask: (question) => {
      const { waitMs, onInterrupt, onExtend } = question;
      return first(
        send(question),
        (fail) => connectTimer(() => isAsked, waitMs, fail),
        (fail) => longTimer(waitMs, () => fail(new NoAnswer('no answer in time', true)), onExtend),
        (fail) => onInterrupt?.(() => fail(new Detached(isAsked))),
      );
    },
    open: (question) => {
      const lost = (broken: Answer['broken']): (() => void) =>
        router.dial(
          ref,
          { kept: ignored, broken: ignored },
          { kept: ignored, broken: (reason) => onceJudged(() => broken(reason)) },
        );
      const stream = streamOf(send(question), question, () => isAsked, lost);
      streams.add(stream.close);
      const forget = (): void => void streams.delete(stream.close);
      stream.done.then(forget, forget);
      return stream;
    },
    close: () => {
      for (const each of streams) each();
      router.close();
      vat.halt();
    },
  };
};

/** A vat, and a router that does nothing but dial. */
const clientOf = (
  { netlayer, designator }: Dialler,
  asks: () => void,
): { readonly vat: Vat; readonly router: Router } => {
  const clock = nodeClock();
  const { vat: scheduler, flush } = nodeSchedulers();
  const vat = createVat({ name: 'herd', clock, scheduler });
  const router = createRouter({
    vat,
    netlayers: [netlayer],
    crypto: nodeCrypto(),
    clock,
    scheduler: flush,
    reaper: nodeReaper(),
    asks,
    // A client has no log; what concerns its user comes as the reason of a break.
    log: () => undefined,
    fetch: () => undefined,
    // Nothing that a peer says makes this client dial.
    mayDial: (_to, because) => because === 'asked',
    ...(designator === undefined ? {} : { designator }),
  });
  return { vat, router };
};

const argsOf = (turn: Turn, { args }: Message): readonly unknown[] =>
  typeof args === 'function' ? args(turn) : args;

type Fail = (reason: Error) => void;
/** Something that may end a waiting; the result takes it back. */
type Guard<T> = (fail: Fail, finish: (value: T) => void) => (() => void) | undefined;

/** The answer, or what the first guard says that ends the waiting. Leaves no guard behind. */
const first = <T>(answer: Promise<T>, ...guards: readonly Guard<T>[]): Promise<T> =>
  new Promise((resolve, reject) => {
    const release: (() => void)[] = [];
    let isOver = false;
    const end = (act: () => void): void => {
      isOver = true;
      for (const each of release.splice(0)) each();
      act();
    };
    const fail: Fail = (reason) => end(() => reject(reason));
    const finish = (value: T): void => end(() => resolve(value));
    answer.then(finish, (reason: unknown) => fail(explained(reason)));
    for (const guard of guards) {
      const off = guard(fail, finish);
      if (isOver) off?.();
      else if (off !== undefined) release.push(off);
    }
  });

const timer = (ms: number, due: () => void): (() => void) => {
  const id = setTimeout(due, ms);
  return () => clearTimeout(id);
};
const longTimer = (ms: number, due: () => void, onExtend: Patience['onExtend']): (() => void) => {
  let off: (() => void) | undefined = timer(ms, due);
  onExtend?.((longerMs) => {
    if (off === undefined) return;
    off();
    off = timer(longerMs, due);
  });
  return () => {
    off?.();
    off = undefined;
  };
};
/** `isAsked` decides what may be said where nobody answers: that nothing was asked, or nothing yet. */
const connectTimer = (isAsked: () => boolean, waitMs: number, fail: Fail): (() => void) =>
  timer(Math.min(connectMs, waitMs), () => {
    if (!isAsked()) fail(new OutOfReach('no answer in time', {}, Math.min(connectMs, waitMs)));
  });

const ignored = (): void => undefined;

/** `lost` calls back when the session of the stream ends; its result takes that back. */
const streamOf = (
  answer: Promise<unknown>,
  { endsWithAnswer, answered, onInterrupt }: StreamQuestion,
  isAsked: () => boolean,
  lost: (told: (reason: unknown) => void) => () => void,
): Stream => {
  let close = ignored;
  const over = answer.then((value): 'over' | Promise<never> => {
    answered?.(value);
    return endsWithAnswer ? 'over' : new Promise(ignored);
  });
  const done = first<'over' | 'closed'>(
    over,
    (fail) => connectTimer(isAsked, connectMs, fail),
    (fail) => lost((reason) => fail(explained(reason))),
    (_fail, finish) => {
      close = () => finish('closed');
      return onInterrupt?.(close);
    },
  );
  return { done, close };
};

/**
 * What the peer refuses stays as it is; that its session ended says nothing about what was asked.
 */
const explained = (reason: unknown): Error => {
  switch (fateOf(reason)) {
    case 'not-sent':
      return new OutOfReach(messageOf(reason), { cause: reason });
    case 'in-doubt':
      return new NoAnswer(`the session ended: ${endOf(reason)}`, false, { cause: reason });
    default:
      return reason instanceof Error ? reason : new NoAnswer(messageOf(reason), false);
  }
};
/** Why a session ended, without the words of the protocol about who said so. */
const endOf = (reason: unknown): string =>
  messageOf(reason).replace(/^(aborted by the peer: )?(captp: )?/, '');
