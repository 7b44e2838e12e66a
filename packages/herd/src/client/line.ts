/**
 * One line to one peer: a vat of our own, a router that only dials, and the reference behind a
 * sturdyref. The command line is the outermost edge, so here vows become promises.
 *
 *     open ──► question queued ──► hello ──► fetch and question in one write ──► answer
 *               │ no hello in time: OutOfReach        │ session ends: NoAnswer
 *               └ Ctrl-C: Detached              └ Ctrl-C: Detached, it goes on;  time up: NoAnswer
 *
 * The first question rides on the fetch: an exchange is one round trip after the hello.
 */
import { createVat, fateOf, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { createRouter, type Netlayer, type Router, type Sturdyref } from '@bellwether/ocapn';
import type { Event } from '@bellwether/shepherd';
import { Detached, NoAnswer, OutOfReach } from './errors.ts';
import { connectMs } from './limits.ts';
import { makeClientSink } from './sink.ts';

/** How to reach a peer. */
export interface LineOptions {
  readonly ref: Sturdyref;
  /** One that dials the transport of the ref. Owned by the line from now on. */
  readonly netlayer: Netlayer;
  /** Who we are, where the netlayer proves it; else random. */
  readonly designator?: string;
}
/**
 * One question: a message to the peer, how long to wait for its answer, and who else may end the
 * waiting.
 */
export interface Question {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly waitMs: number;
  /** Given where the message takes a sink as its last argument. Must not throw. */
  readonly events?: (events: readonly Event[]) => void;
  /** Calls back at Ctrl-C; the result takes that back. */
  readonly onInterrupt?: (told: () => void) => () => void;
}

/** Asks the peer behind one sturdyref. Whoever opens a line closes it. */
export interface Line {
  /**
   * The answer, of unknown shape. Rejects with OutOfReach, NoAnswer or Detached, or with the
   * refusal of the peer: a Remote with the peer's code and message.
   */
  ask(question: Question): Promise<unknown>;
  /** Ends the session and leaves no timer. */
  close(): void;
}

/** A line of which one knows whether it leads anywhere. */
export interface OpenLine extends Line {
  /** Whether the peer has answered that it knows no such ref, whatever was asked through it. */
  readonly isRefused: boolean;
}

/** Opens a line; the dial begins with the first question. */
export const openLine = ({ ref, netlayer, designator }: LineOptions): OpenLine => {
  const clock = nodeClock();
  const { vat: scheduler, flush } = nodeSchedulers();
  const vat = createVat({ name: 'herd', clock, scheduler, eventCount: 0 });
  // From the hello on the question may be with the peer, whatever we hear of it.
  let isOpen = false;
  const router: Router = createRouter({
    vat,
    netlayers: [netlayer],
    crypto: nodeCrypto(),
    clock,
    scheduler: flush,
    reaper: nodeReaper(),
    opened: () => {
      isOpen = true;
    },
    // A client has no log; what concerns its user comes as the reason of a break.
    log: () => undefined,
    fetch: () => undefined,
    // Nothing that a peer says makes this client dial.
    mayDial: (_to, because) => because === 'asked',
    ...(designator === undefined ? {} : { designator }),
  });
  let isRefused = false;
  const reach = (): Vow<Ref> => {
    const found = router.enliven(ref);
    vat.run(() => found).catch((reason: unknown) => (isRefused = fateOf(reason) === 'refused'));
    return found;
  };
  let root: Vow<Ref> | undefined;
  return {
    get isRefused() {
      return isRefused;
    },
    ask: (question) => {
      const target = (root ??= reach());
      const send = (turn: Turn): Vow<unknown> =>
        turn.forward(target, question.method, argsOf(turn, question));
      return settle(() => isOpen, vat.run(send), question);
    },
    close: () => {
      router.close();
      vat.halt();
    },
  };
};

const argsOf = (turn: Turn, { args, events }: Question): readonly unknown[] =>
  events === undefined ? args : [...args, turn.spawn(makeClientSink, events)];

/**
 * The first of: the answer, the connect deadline, the deadline of the question, Ctrl-C. Leaves no
 * timer. `isOpen` decides what may be said where nobody answers: that nothing was asked, or that its
 * end is not known.
 */
const settle = (
  isOpen: () => boolean,
  answer: Promise<unknown>,
  question: Question,
): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const release: (() => void)[] = [];
    const end = (act: () => void): void => {
      for (const each of release.splice(0)) each();
      act();
    };
    const fail = (reason: Error): void => end(() => reject(reason));
    const timer = (ms: number, due: () => void): void => {
      const id = setTimeout(due, ms);
      release.push(() => clearTimeout(id));
    };
    timer(Math.min(connectMs, question.waitMs), () => {
      if (!isOpen()) fail(new OutOfReach('no answer in time'));
    });
    timer(question.waitMs, () => fail(new NoAnswer('no answer in time', true)));
    const off = question.onInterrupt?.(() => fail(new Detached(isOpen())));
    if (off !== undefined) release.push(off);
    answer.then(
      (value) => end(() => resolve(value)),
      (reason: unknown) => fail(explained(reason)),
    );
  });

/**
 * What the peer refuses stays as it is; that its session ended says nothing about what was asked.
 */
const explained = (reason: unknown): Error => {
  switch (fateOf(reason)) {
    case 'not-sent':
      return new OutOfReach(messageOf(reason), { cause: reason });
    case 'in-doubt':
      return new NoAnswer(`the session ended: ${messageOf(reason)}`, false, { cause: reason });
    default:
      return reason instanceof Error ? reason : new NoAnswer(messageOf(reason), false);
  }
};
const messageOf = (reason: unknown): string =>
  reason instanceof Error ? reason.message : String(reason);
