import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ref, Turn } from '@bellwether/actors';
import { limits, type Event, type Follower, type Sink } from '@bellwether/shepherd';
import { openLog } from '../../../packages/herd/src/client/follower.ts';
import { isNoAnswer } from '../../../packages/herd/src/client/errors.ts';
import type { Line, Stream, StreamQuestion } from '../../../packages/herd/src/client/line.ts';
import { openRoot } from '../../../packages/herd/src/client/root.ts';
import { makeClientSink } from '../../../packages/herd/src/client/sink.ts';
import { type Answers, type FakeShepherd, startFakeShepherd } from '../cli/fake-shepherd.ts';

const event = { kind: 'line', from: 'A', text: 'hello' } as const;
const user = { env: {}, uid: process.getuid?.() ?? 0 };
let shepherd: FakeShepherd;
let line: Line;
let heard: Event[];
beforeEach(() => (heard = []));
afterEach(async () => {
  line.close();
  await shepherd.stop();
});
const serve = async (perform: NonNullable<Answers['perform']>): Promise<void> => {
  shepherd = await startFakeShepherd({ perform });
  line = await openRoot(user, shepherd.socket);
};
const question = (more: Partial<StreamQuestion> = {}): StreamQuestion => ({
  method: 'perform',
  args: (turn) => [{}, turn.spawn(makeClientSink, (events) => heard.push(...events))],
  endsWithAnswer: true,
  ...more,
});
/** Sends one batch; `then` says what becomes of the answer once it has arrived. */
const pushing =
  (then: (turn: Turn) => unknown) =>
  (turn: Turn, _request: unknown, sink: unknown): unknown =>
    turn.when(turn.send(sink as Ref<Sink>, 'rows', [event], 0), then);
const never = (turn: Turn): unknown => turn.vow().vow;

describe('a question', () => {
  it('is waited for longer once something says so, and not for ever', async () => {
    await serve((turn) => turn.when(turn.within(300, turn.vow().vow), never, () => 'late'));
    const asked = { method: 'perform', args: [], waitMs: 50 } as const;
    const inTime = line.ask({ ...asked, onExtend: (extend) => extend(5_000) });
    await expect(inTime).resolves.toBe('late');
    await expect(line.ask({ ...asked, onExtend: (extend) => extend(60) })).rejects.toSatisfy(
      isNoAnswer,
    );
  });
});

describe('a stream', () => {
  it('is over with its answer, after what it brought', async () => {
    await serve(pushing(() => null));
    await expect(line.open(question()).done).resolves.toBe('over');
    expect(heard).toEqual([event]);
  });
  it('whose answer only says that it has begun goes on until it is closed', async () => {
    await serve((turn, _request, sink) => {
      turn.when(turn.kept(0), (turn) => turn.tell(sink as Ref<Sink>, 'rows', [event], 0));
      return 0;
    });
    const stream = await new Promise<Stream>((resolve) => {
      const begun = line.open({
        ...question({ endsWithAnswer: false }),
        args: (turn) => [{}, turn.spawn(makeClientSink, () => resolve(begun))],
      });
    });
    let isDone = false;
    void stream.done.then(() => (isDone = true));
    // A question that is answered later than this was: the stream is not over by then.
    await line.open(question()).done;
    expect(isDone).toBe(false);
    line.close();
    await expect(stream.done).resolves.toBe('closed');
  });
  it('is closed by whoever opened it, and the line stays', async () => {
    await serve(pushing(never));
    const stream = line.open(question());
    stream.close();
    await expect(stream.done).resolves.toBe('closed');
  });
  it('ends well at Ctrl-C, and takes its handler back', async () => {
    let handlers: (() => void)[] = [];
    await serve(pushing(never));
    const stream = line.open({
      ...question({
        onInterrupt: (told) => {
          handlers = [told];
          return () => (handlers = []);
        },
      }),
      args: (turn) => [{}, turn.spawn(makeClientSink, () => handlers.forEach((each) => each()))],
    });
    await expect(stream.done).resolves.toBe('closed');
    expect(handlers).toEqual([]);
  });
  it.each([true, false])(
    'whose session ends is lost, in words (endsWithAnswer %s)',
    async (endsWithAnswer) => {
      await serve((turn) => {
        turn.after(0, (turn) => turn.effect(() => shepherd.sever()));
        return endsWithAnswer ? undefined : 0;
      });
      const reason: unknown = await line
        .open(question({ endsWithAnswer }))
        .done.catch((error: unknown) => error);
      expect(isNoAnswer(reason) && reason.isTimeUp).toBe(false);
      expect(String(reason)).toMatch(/the session ended: .*killed by the test/);
    },
  );
  it('that is refused says so in the words of the peer', async () => {
    await serve(() => {
      throw new Error('not today');
    });
    await expect(line.open(question()).done).rejects.toThrow();
  });
  it('to where nobody is rejects before its deadline would be over', async () => {
    await serve(never);
    await shepherd.stop();
    await expect(line.open(question()).done).rejects.toThrow(/no shepherd answers/);
  });
});

describe('a log', () => {
  it('that comes faster than it is read is refused beyond its credit, and kept no further', async () => {
    const all = limits.followBatchCount + 1;
    let fates: readonly string[] = [];
    let read = (): void => undefined;
    const isRead = new Promise<void>((resolve) => (read = resolve));
    shepherd = await startFakeShepherd({
      followHistory: (turn, _query, follower) => {
        const sent = Array.from({ length: all }, (_none, at) =>
          turn.when(
            turn.send(follower as Ref<Follower>, 'lines', [event], at),
            () => 'taken',
            (turn) => {
              turn.effect(read);
              return 'refused';
            },
          ),
        );
        for (const [at, fate] of sent.entries())
          turn.when(fate, (turn, said) => turn.effect(() => (fates = fates.with(at, said))));
        fates = Array.from({ length: all }, () => 'open');
      },
    });
    line = await openRoot(user, shepherd.socket);
    let batches = 0;
    const told = (): Promise<void> => {
      batches += 1;
      return isRead;
    };
    openLog(line, 'follow-history', [], {}, told, () => () => undefined);
    await isRead;
    await expect
      .poll(() => fates)
      .toEqual([...Array.from({ length: all - 1 }, () => 'taken'), 'refused']);
    expect(batches).toBe(all - 1);
  });
});
