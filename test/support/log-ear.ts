/** Who follows logs in a simulation, and answers as the test says. */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import type { Follower, LogEvent } from '@bellwether/shepherd';

/** A follower whose answers are the test's. */
export class Ear {
  readonly batches: { readonly events: readonly LogEvent[]; readonly sequence: number }[] = [];
  /** Answers a batch that waits, or says that no more is wanted. */
  readonly answers: (() => void)[] = [];
  isPatient = true;
  stop: () => void = () => undefined;
  get lines(): readonly string[] {
    return this.batches.flatMap(({ events }) =>
      events.flatMap((event) => (event.kind === 'line' ? [event.text] : [])),
    );
  }
  get changes(): readonly string[] {
    return this.batches.flatMap(({ events }) =>
      events.flatMap((event) =>
        event.kind === 'change' ? [`${event.service} ${event.what}`] : [],
      ),
    );
  }
  /** Lines as `FROM ABOUT: TEXT`. */
  get tagged(): readonly string[] {
    return this.batches.flatMap(({ events }) =>
      events.flatMap((event) =>
        event.kind === 'line' ? [`${event.from} ${event.about ?? '-'}: ${event.text}`] : [],
      ),
    );
  }
  get notes(): readonly string[] {
    return this.batches.flatMap(({ events }) =>
      events.flatMap((event) => (event.kind === 'note' ? [`${event.what}: ${event.text}`] : [])),
    );
  }
  spawn(turn: Turn): Ref<Follower> {
    return turn.spawn(makeEar, this);
  }
}
const makeEar = (turn: Turn<Follower>, _bcom: Bcom<Follower>, ear: Ear): Behavior<Follower> => {
  const over = turn.inlet<void>();
  ear.stop = () => over.answer.kept(undefined);
  return {
    lines: (turn, events, sequence): Vow<void> => {
      const { vow, answer } = turn.inlet<void>();
      turn.effect(() => {
        ear.batches.push({ events, sequence });
        const take = (): void => answer.kept(undefined);
        if (ear.isPatient) take();
        else ear.answers.push(take);
      });
      return vow;
    },
    over: () => over.vow,
  };
};
