/** Actors that the tests of sessions and routers talk to. */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';

export interface Desk {
  /** What it was told, in order. */
  heard(): readonly unknown[];
  hear(what: unknown): number;
  echo(value: unknown): unknown;
  /** A new desk. */
  open(): Ref<Desk>;
  /** Sends `hear` on. */
  pass(to: Ref<Desk> | Vow<Ref<Desk>>, what: unknown): Vow<number>;
  /** Never answers. */
  wait(): Vow<never>;
  /** Records, and answers. */
  keep(what: unknown): string;
}
export const makeDesk = (turn: Turn<Desk>, _bcom: Bcom<Desk>): Behavior<Desk> => {
  const heard = turn.cell<readonly unknown[]>([]);
  const hear = (what: unknown): number => {
    heard.set([...heard.get(), what]);
    return heard.get().length;
  };
  return {
    heard: () => heard.get(),
    hear: (_turn, what) => hear(what),
    echo: (_turn, value) => value,
    open: (turn) => turn.spawn(makeDesk),
    pass: (turn, to, what) => turn.send(to, 'hear', what),
    wait: (turn) => turn.vow<never>().vow,
    keep: (turn, what) => {
      turn.record(what);
      return `kept ${String(what)}`;
    },
  };
};
