/** Who watches, and notes of each push whether it wants no answer. */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import type { Observer } from '@bellwether/shepherd';

/** `note` is told what was said of it: undefined or true. */
export const makeNotingObserver = (
  _turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  note: (isOneWay: unknown) => void,
): Behavior<Observer> => ({
  observed: (turn, _sequence, _statuses, isOneWay) => turn.effect(() => note(isOneWay)),
});
