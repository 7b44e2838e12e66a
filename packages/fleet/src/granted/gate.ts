/**
 * The `^gate`: what ends with a grant. Answers that are still to come and streams are entered here when
 * they begin, and leave when they are over by themselves.
 *
 *     cut        everything that is entered ends, in the turn in which the grant does
 *     an answer  comes through only while the grant holds
 */
import {
  ActorError,
  Limit,
  type Bcom,
  type Behavior,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import type { Cut, GrantBook } from '@bellwether/authority';
import { isSwitch } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';

/** Ends something that is under way. Runs near, in the turn in which the grant ends: it must not throw. */
export type OnCut = (turn: Turn, why: ActorError) => void;
/** Near only. */
export interface Gate extends Cut {
  /** Enters something that ends with the grant; the number is what it leaves by. @throws Limit */
  enter(end: OnCut): number;
  /** It is over by itself. */
  leave(number: number): void;
}

/** Makes a gate with nothing behind it, which will hear of the end of its grant. */
export const makeGate = (
  turn: Turn<Gate>,
  _bcom: Bcom<Gate>,
  { book, grant, openCount = LIMITS.grantOpenCount }: BookedGrant & { readonly openCount?: number },
): Behavior<Gate> => {
  const open = turn.map<number, OnCut>();
  const last = turn.cell(0);
  const isHeld = turn.cell(false);
  return {
    enter: (turn, end) => {
      if (open.size >= openCount)
        throw new Limit(`grant ${grant}: ${openCount} answers and streams are under way already`);
      // Only now: who is dead has nothing to hear of, and may hold once more after a confirmation.
      if (!isHeld.get()) turn.call(book, 'hold', grant, turn.self);
      isHeld.set(true);
      last.set(last.get() + 1);
      open.set(last.get(), end);
      return last.get();
    },
    leave: (_turn, number) => void open.delete(number),
    cut: (turn, why) => {
      isHeld.set(false);
      for (const [number, end] of [...open.entries()]) {
        open.delete(number);
        end(turn, why);
      }
    },
  };
};

/** A grant, with the book that knows whether it holds. */
export interface BookedGrant {
  readonly book: Ref<GrantBook>;
  readonly grant: string;
}
/** Why nothing passes any more; undefined while the grant holds. */
export const closedBy = ({ book, grant }: BookedGrant, turn: Turn): ActorError | undefined =>
  turn.call(book, 'judge', grant, {});

/**
 * The answer, as long as the grant holds. `end` is called where it is cut before, and `told` says what breaks
 * the answer then. @throws Limit where too much of this grant is under way
 */
export const untilCut = <T>(
  { gate, ...booked }: BookedGrant & { readonly gate: Ref<Gate> },
  turn: Turn,
  answer: Vow<T>,
  end: OnCut = () => undefined,
  told: (why: ActorError) => ActorError = (why) => why,
): Vow<T> => {
  const { vow, resolver } = turn.vow<T>();
  const number = turn.call(gate, 'enter', (turn, why) => {
    end(turn, why);
    resolver.broken(told(why));
  });
  turn.when(
    answer,
    (turn, value) => {
      turn.call(gate, 'leave', number);
      const why = closedBy(booked, turn);
      if (why === undefined) resolver.kept(value);
      else resolver.broken(told(why));
    },
    (turn, reason) => {
      turn.call(gate, 'leave', number);
      resolver.broken(reason);
    },
  );
  return vow;
};

/** The same of the answer to a command: nobody takes back what has begun of it. @throws Limit as above */
export const commandUntilCut = <T>(
  booked: BookedGrant & { readonly gate: Ref<Gate> },
  turn: Turn,
  answer: Vow<T>,
  action = '',
): Vow<T> => untilCut(booked, turn, answer, undefined, (why) => underWay(why, action));
/** The code stays: whoever asked decides by that. */
const underWay = ({ code, message }: ActorError, action: string): ActorError =>
  new ActorError(code, `${message}; what had begun goes on${isSwitch(action) ? tried : ''}`);
const tried = ', and a release that waits to be confirmed is taken back unless others confirm it';
