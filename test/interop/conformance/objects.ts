/**
 * The objects that OCapN's conformance suite fetches, as its README describes them. Their swissnums are ASCII, and
 * known to everybody: they guard nothing.
 */
import {
  catchAll,
  isRef,
  isVow,
  Refused,
  type Answer,
  type Behavior,
  type Bcom,
  type Constructor,
  type Forwarder,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { type Sturdyref, sturdyrefFrom, Sym } from '@bellwether/ocapn';

/** What the objects may do beyond their vat. */
export interface ObjectPowers {
  /** Something was dropped: the collector should look for it soon. */
  readonly collect: () => void;
  /** Reaches what a sturdyref names. */
  readonly enliven: (to: Sturdyref) => Vow;
}

/** An object that is a function: the suite sends it lists of values without a method. */
const answering =
  (answer: (turn: Turn, args: readonly unknown[]) => unknown): Constructor<unknown> =>
  (): Forwarder<unknown> => ({
    // A symbol in front is an argument like any other here.
    [catchAll]: (turn, method, args) =>
      answer(turn, method === undefined ? args : [new Sym(method), ...args]),
  });

const makeCar = (color: string, model: string): Constructor<unknown> =>
  answering(() => `Vroom! I am a ${color} ${model} car!`);

const makeFactory = answering((turn, [spec]) => {
  const [color, model, ...rest]: readonly unknown[] = Array.isArray(spec) ? spec : [];
  if (!(color instanceof Sym) || !(model instanceof Sym) || rest.length > 0)
    throw new Refused('a car is specified by a list of two symbols, its color and its model');
  return turn.spawn(makeCar(color.name, model.name));
});

const makeFactoryBuilder = answering((turn) => turn.spawn(makeFactory));

const makeEcho = ({ collect }: ObjectPowers): Constructor<unknown> =>
  answering((turn, args) => {
    turn.effect(collect);
    return args;
  });

const makeGreeter = ({ collect }: ObjectPowers): Constructor<unknown> =>
  answering((turn, [guest]) => {
    if (!isRef(guest) && !isVow(guest)) throw new Refused('nobody to greet');
    const greeted = turn.forward(guest as Ref | Vow<Ref>, undefined, ['Hello']);
    const isOver = (over: Turn): void => over.effect(collect);
    turn.when(greeted, isOver, isOver);
  });

interface Settler {
  fulfill(value: unknown): void;
  break(reason: unknown): void;
}
const makePromiser = answering((turn) => {
  const { vow, resolver } = turn.vow<unknown>();
  const makeSettler = (_turn: Turn<Settler>, _bcom: Bcom<Settler>): Behavior<Settler> => ({
    fulfill: (_settling, value) => (isVow(value) ? resolver.follow(value) : resolver.kept(value)),
    break: (_settling, reason) => resolver.broken(reason),
  });
  return [vow, turn.spawn(makeSettler)];
});

const makeEnlivener = ({ enliven }: ObjectPowers): Constructor<unknown> =>
  answering((turn, [sturdyref]) => {
    const to = sturdyrefFrom(sturdyref);
    return turn.ask((answer: Answer) => answer.kept(enliven(to)));
  });

/** Makes the objects; each under the swissnum that the suite knows it by. */
export const makeObjects = (turn: Turn, powers: ObjectPowers): ReadonlyMap<string, Ref> =>
  new Map([
    ['JadQ0++RzsD4M+40uLxTWVaVqM10DcBJ', turn.spawn(makeFactoryBuilder)],
    ['IO58l1laTyhcrgDKbEzFOO32MDd6zE5w', turn.spawn(makeEcho(powers))],
    ['VMDDd1voKWarCe2GvgLbxbVFysNzRPzx', turn.spawn(makeGreeter(powers))],
    ['IokCxYmMj04nos2JN1TDoY1bT8dXh6Lr', turn.spawn(makePromiser)],
    ['gi02I1qghIwPiKGKleCQAOhpy3ZtYRpB', turn.spawn(makeEnlivener(powers))],
  ]);
