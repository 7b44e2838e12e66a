/** Credit: what is sent, what waits, what is dropped. */
import {
  createVat,
  World,
  type Behavior,
  type Bcom,
  type Connector,
  type Ref,
  type Resolver,
  type Turn,
} from '@bellwether/actors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  limits,
  makeWriter,
  type Event,
  type Row,
  type Sink,
  type Writer,
} from '@bellwether/shepherd';
import { bytesOf } from '../../../packages/shepherd/src/streams/event-bytes.ts';

interface Batch {
  readonly events: readonly Event[];
  readonly sequence: number;
}
/** A sink that answers when the test says so. */
interface SlowSink extends Sink {
  answer(isGood: boolean): void;
}
const makeSlowSink = (
  turn: Turn<SlowSink>,
  _bcom: Bcom<SlowSink>,
  took: (batch: Batch) => void,
): Behavior<SlowSink> => {
  const waiting = turn.map<number, Resolver<undefined>>();
  return {
    rows: (turn, events, sequence) => {
      const { vow, resolver } = turn.vow<undefined>();
      waiting.set(sequence, resolver);
      turn.effect(() => took({ events, sequence }));
      return vow as unknown as undefined;
    },
    answer: (_turn, isGood) => {
      const [next] = waiting.entries();
      if (next === undefined) return;
      waiting.delete(next[0]);
      if (isGood) next[1].kept(undefined);
      else next[1].broken('no more');
    },
  };
};

class Rig {
  readonly world = new World(1);
  readonly batches: Batch[] = [];
  readonly logged: unknown[] = [];
  /** What else the log was told. */
  readonly events: string[] = [];
  readonly complaints: string[] = [];
  readonly #vat = createVat({
    name: 'writer',
    clock: this.world.clock(),
    scheduler: this.world.scheduler(),
    rehearse: true,
    log: (event, fields) => void this.complaints.push(`${event} ${JSON.stringify(fields)}`),
  });
  #writer: Ref<Writer> | undefined;
  #sink: Ref<SlowSink> | undefined;
  constructor(hasSink = true) {
    this.run((turn) => {
      const sink = turn.spawn(makeSlowSink, (batch: Batch) => void this.batches.push(batch));
      const log = (event: string, fields: Readonly<Record<string, unknown>>): void => {
        if (event === 'operation.line') this.logged.push(fields['text']);
        else this.events.push(`${event} ${JSON.stringify(fields)}`);
      };
      this.#sink = sink;
      this.#writer = turn.spawn(makeWriter, { node: 'A', log, ...(hasSink ? { sink } : {}) });
    });
  }
  run(body: (turn: Turn) => void): void {
    void this.#vat.run(body);
    this.world.run();
  }
  write(body: (turn: Turn, writer: Ref<Writer>) => void): void {
    const writer = this.#writer;
    if (writer !== undefined) this.run((turn) => body(turn, writer));
  }
  line(text: string): void {
    this.write((turn, writer) => turn.call(writer, 'line', text));
  }
  answer(isGood = true): void {
    const sink = this.#sink;
    if (sink !== undefined) this.run((turn) => turn.tell(sink, 'answer', isGood));
  }
  get sent(): readonly Event[] {
    return this.batches.flatMap(({ events }) => events);
  }
}
const lineOf = (text: string): Event => ({ kind: 'line', from: 'A', text });
const rowOf = (member: string, given: Partial<Row> = {}): Event => ({
  kind: 'row',
  row: { member, result: 'ok', ...given },
});
const longLine = 'x'.repeat(4_000);

describe('the writer', () => {
  it('stamps its own lines, keeps the origin of others, and numbers its batches', () => {
    const rig = new Rig();
    rig.line('one');
    rig.write((turn, writer) =>
      turn.call(writer, 'pass', [{ kind: 'line', from: 'B', text: 'two' }, rowOf('web')]),
    );
    expect(rig.batches).toEqual([
      { events: [lineOf('one')], sequence: 0 },
      { events: [{ kind: 'line', from: 'B', text: 'two' }, rowOf('web')], sequence: 1 },
    ]);
    expect(rig.logged).toEqual(['one']);
  });
  it('sends what is said in one turn together, after that turn', () => {
    const rig = new Rig();
    rig.write((turn, writer) => {
      for (const text of ['one', 'two', 'three']) turn.call(writer, 'line', text);
    });
    expect(rig.batches).toEqual([
      { events: [lineOf('one'), lineOf('two'), lineOf('three')], sequence: 0 },
    ]);
  });
  it('marks what it is finished with, and waits for no answer to it', () => {
    const sent: { readonly args: readonly unknown[]; readonly isAsked: boolean }[] = [];
    const wire: Connector = {
      deliver: (_to, _method, args, answer) => {
        sent.push({ args, isAsked: answer !== undefined });
      },
      listen: () => undefined,
      release: () => undefined,
      onSever: () => () => undefined,
    };
    const world = new World(1);
    const [clock, scheduler] = [world.clock(), world.scheduler()];
    const vat = createVat({ name: 'writer', clock, scheduler });
    const sink = vat.far(wire, { slot: 1 }) as Ref<Sink>;
    const log = () => undefined;
    void vat.run((turn) => {
      const writer = turn.spawn(makeWriter, { node: 'A', log, sink });
      turn.tell(writer, 'line', 'first');
      turn.after(10, (turn) => {
        turn.call(writer, 'line', 'last');
        turn.call(writer, 'finish');
      });
    });
    world.run();
    expect(sent).toEqual([
      { args: [[lineOf('first')], 0], isAsked: true },
      { args: [[lineOf('last')], 1, true], isAsked: false },
    ]);
  });
  it(`has at most ${limits.batchCount} batches unanswered, and one more for each answer`, () => {
    const rig = new Rig();
    for (let at = 0; at < 20; at += 1) rig.line(`${at}`);
    expect(rig.batches).toHaveLength(limits.batchCount);
    rig.answer();
    expect(rig.batches).toHaveLength(limits.batchCount + 1);
    // What waited travels together.
    expect(rig.batches.at(-1)?.events).toHaveLength(20 - limits.batchCount);
    expect(rig.sent).toEqual(Array.from({ length: 20 }, (_, at) => lineOf(`${at}`)));
    expect(rig.complaints).toEqual([]);
  });
  it('fills a batch up to 64 KiB, and no further', () => {
    const rig = new Rig();
    for (let at = 0; at < limits.batchCount; at += 1) rig.line('first');
    for (let at = 0; at < 40; at += 1) rig.line(longLine);
    rig.answer();
    const perBatch = Math.floor(limits.batchBytes / (32 + 1 + 4_000));
    expect(rig.batches.at(-1)?.events).toHaveLength(perBatch);
    rig.answer();
    expect(rig.batches.at(-1)?.events).toHaveLength(perBatch);
  });
  it('drops lines beyond the backlog with a count, never rows', () => {
    const rig = new Rig();
    for (let at = 0; at < limits.batchCount; at += 1) rig.line('first');
    const room = Math.floor(limits.backlogBytes / (32 + 1 + 4_000));
    for (let at = 0; at < room + 7; at += 1) rig.line(longLine);
    rig.write((turn, writer) => turn.call(writer, 'pass', [rowOf('web')]));
    for (let at = 0; at < 30; at += 1) rig.answer();
    expect(rig.sent.slice(limits.batchCount)).toEqual([
      ...Array<Event>(room).fill(lineOf(longLine)),
      rowOf('web'),
      { kind: 'dropped', count: 7 },
    ]);
    expect(rig.logged).toHaveLength(limits.batchCount + room + 7);
  });
  it('parts what came together where it is more than a batch, or than there is room for', () => {
    const perBatch = Math.floor(limits.batchBytes / (32 + 1 + 4_000));
    const room = Math.floor(limits.backlogBytes / (32 + 1 + 4_000));
    for (const count of [perBatch + 1, room + 7]) {
      const rig = new Rig();
      for (let at = 0; at < limits.batchCount; at += 1) rig.line('first');
      const together = [...Array<Event>(count).fill(lineOf(longLine)), rowOf('web')];
      rig.write((turn, writer) => turn.call(writer, 'pass', together));
      for (let at = 0; at < 30; at += 1) rig.answer();
      expect(rig.batches[limits.batchCount]?.events).toHaveLength(perBatch);
      expect(rig.sent.slice(limits.batchCount)).toEqual([
        ...Array<Event>(Math.min(count, room)).fill(lineOf(longLine)),
        rowOf('web'),
        ...(count > room ? [{ kind: 'dropped', count: 7 }] : []),
      ]);
    }
  });
  it('keeps of what came together what there is still room for', () => {
    const rig = new Rig();
    for (let at = 0; at < limits.batchCount; at += 1) rig.line('first');
    const room = Math.floor(limits.backlogBytes / (32 + 1 + 4_000));
    for (let at = 0; at < room - 1; at += 1) rig.line(longLine);
    const together = [lineOf(longLine), lineOf(longLine)];
    rig.write((turn, writer) => turn.call(writer, 'pass', together));
    for (let at = 0; at < 30; at += 1) rig.answer();
    const sent = rig.sent.slice(limits.batchCount);
    expect([sent.length, sent.at(-1)]).toEqual([room + 1, { kind: 'dropped', count: 1 }]);
  });
  it('keeps what came together with a word of what was dropped', () => {
    const rig = new Rig();
    const together = [lineOf('one'), { kind: 'dropped' as const, count: 2 }, rowOf('web')];
    rig.write((turn, writer) => turn.call(writer, 'pass', together));
    expect(rig.sent).toEqual([lineOf('one'), rowOf('web'), { kind: 'dropped', count: 2 }]);
  });
  it('adds up what others have dropped', () => {
    const rig = new Rig();
    const dropped = (count: number): Event => ({ kind: 'dropped', count });
    rig.write((turn, writer) => turn.call(writer, 'pass', [dropped(2), dropped(3)]));
    expect(rig.sent).toEqual([dropped(5)]);
  });
  it('counts no further than numbers do, so that one who lies about it ends no stream', () => {
    const rig = new Rig();
    const dropped = (count: number): Event => ({ kind: 'dropped', count });
    const most = dropped(Number.MAX_SAFE_INTEGER);
    rig.write((turn, writer) => turn.call(writer, 'pass', [most, most]));
    expect(rig.sent).toEqual([most]);
  });
  it('sends what waits when it is finished, without credit, and nothing afterwards', () => {
    const rig = new Rig();
    for (let at = 0; at < 20; at += 1) rig.line(`${at}`);
    rig.write((turn, writer) => turn.call(writer, 'finish'));
    expect(rig.sent).toHaveLength(20);
    rig.line('late');
    rig.answer();
    expect(rig.sent).toHaveLength(20);
    expect(rig.logged.at(-1)).toBe('late');
  });
  it('ends its stream when the sink breaks, and still logs', () => {
    const rig = new Rig();
    rig.line('one');
    rig.answer(false);
    rig.line('two');
    expect(rig.sent).toEqual([lineOf('one')]);
    expect(rig.logged).toEqual(['one', 'two']);
    expect(rig.events).toEqual(['stream.refused {"code":"broken"}']);
    expect(rig.complaints).toEqual([]);
  });
  const full = (rig: Rig): void => {
    for (let at = 0; at < limits.batchCount; at += 1) rig.line('first');
  };
  const taken = (rig: Rig): readonly Event[] => {
    for (let before = -1; before !== rig.batches.length;) {
      before = rig.batches.length;
      for (let at = 0; at < limits.batchCount; at += 1) rig.answer();
    }
    return rig.sent.slice(limits.batchCount);
  };
  const say = (rig: Rig, events: readonly Event[], from?: string): void =>
    rig.write((turn, writer) => turn.call(writer, 'pass', events, from));
  /** One that weighs so many bytes. */
  const rowOfBytes = (member: string, bytes: number): Event => {
    const output = (length: number): Event => rowOf(member, { output: ['x'.repeat(length)] });
    return output(bytes - bytesOf(output(0)));
  };
  const rowsIn = (events: readonly Event[]): readonly Row[] =>
    events.flatMap((event) => (event.kind === 'row' ? [event.row] : []));
  const cutOff = 'Not all that liar says is told: it is more than the share of one machine.';

  it('tells of a machine as many bytes of rows as it may have, and not one more', () => {
    for (const over of [0, 1]) {
      const rig = new Rig();
      const part = limits.machineRowBytes / limits.batchCount;
      const last = limits.batchCount - 1;
      // Taken at once: what counts is all that one machine tells, and not what waits.
      for (let at = 0; at < last; at += 1) say(rig, [rowOfBytes('liar/x', part)], 'liar');
      say(rig, [rowOfBytes('liar/y', part + over)], 'liar');
      for (let at = 0; at < last; at += 1) rig.answer();
      say(rig, [rowOfBytes('web', part)], 'honest');
      const members = rowsIn(rig.sent).map(({ member }) => member);
      const said = [...Array<string>(last).fill('liar/x'), ...(over === 0 ? ['liar/y'] : [])];
      expect(members).toEqual([...said, 'web']);
      const ends = rig.sent.filter(({ kind }) => kind !== 'row');
      expect(ends).toEqual(over === 0 ? [] : [lineOf(cutOff), { kind: 'dropped', count: 1 }]);
      expect(rig.events).toEqual(over === 0 ? [] : ['stream.left-out {"origin":"liar"}']);
    }
  });
  it('keeps room for whoever says little, with however many names others fill it', () => {
    const rig = new Rig();
    full(rig);
    // Rows of this side tell what services of one machine have answered, who are as many as it likes.
    for (let at = 0; at < 64; at += 1) say(rig, [rowOfBytes(`liar-${at}`, 90_000)]);
    for (let at = 0; at < 64; at += 1)
      for (let n = 0; n < 20; n += 1) say(rig, [rowOfBytes(`x${at}/y`, 40_000)], `liar-${at}`);
    const output = Array.from({ length: 25 }, (_, at) => `${at}: no such file or directory`);
    say(rig, [rowOf('web', { output })]);
    say(rig, [rowOf('all/web', { output })], 'honest');
    const rows = rowsIn(taken(rig));
    expect(rows.filter(({ member }) => member.endsWith('web'))).toEqual([
      { member: 'web', result: 'ok', output },
      { member: 'all/web', result: 'ok', output },
    ]);
    // What became of each of them is told all the same.
    for (let at = 0; at < 64; at += 1)
      expect(rows).toContainEqual(expect.objectContaining({ member: `liar-${at}`, result: 'ok' }));
    const bytes = rows.reduce((sum, row) => sum + bytesOf({ kind: 'row', row }), 0);
    expect(bytes).toBeLessThanOrEqual(limits.rowBytes);
  });
  it('takes lines of a machine only where others have room, and all that is left of this side', () => {
    const rig = new Rig();
    full(rig);
    const room = limits.backlogBytes / (32 + 8 + 8 + 1 + 3 + 4_000);
    for (let at = 0; at < 2 * room; at += 1)
      say(rig, [{ kind: 'line', from: 'liar', text: longLine }], 'liar');
    say(rig, [lineOf('of an honest one')], 'honest');
    rig.line('of this side');
    const sent = taken(rig);
    const liarCount = sent.filter((event) => event.kind === 'line' && event.from === 'liar').length;
    expect(liarCount).toBeGreaterThan(0.45 * room);
    expect(liarCount).toBeLessThan(0.5 * room);
    const texts = sent.flatMap((event) => (event.kind === 'line' ? [event.text] : []));
    expect(texts.filter((text) => text === cutOff)).toHaveLength(1);
    expect(texts.slice(-2)).toEqual(['of an honest one', 'of this side']);
    expect(sent.at(-1)).toEqual({ kind: 'dropped', count: Math.ceil(2 * room) - liarCount });
  });
  it('never has more waiting than there is room for, whoever says what', () => {
    const sayer = fc.record({
      from: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
      member: fc.constantFrom('m', 'n', 'o', 'p'),
      bytes: fc.integer({ min: 200, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(sayer, { minLength: 10, maxLength: 40 }), (all) => {
        const rig = new Rig();
        full(rig);
        for (const { from, member, bytes } of all) say(rig, [rowOfBytes(member, bytes)], from);
        const sent = taken(rig);
        const waited = sent.reduce((sum, one) => sum + (one.kind === 'row' ? bytesOf(one) : 0), 0);
        expect(waited).toBeLessThanOrEqual(limits.rowBytes);
        const own = all.filter(({ from }) => from === undefined);
        expect(rowsIn(sent).length).toBeGreaterThanOrEqual(own.length);
        const lostCount = sent.reduce(
          (sum, one) => sum + (one.kind === 'dropped' ? one.count : 0),
          0,
        );
        expect(rowsIn(sent).length + lostCount).toBe(all.length);
        // What was sent is nobody's share any more.
        const share = Math.floor(limits.sharedRowBytes / 129);
        say(rig, [rowOfBytes('late', share)]);
        expect(rowsIn(taken(rig)).at(-1)?.output).toBeDefined();
      }),
      { numRuns: 20 },
    );
  });
  it('tells rows without their details where there is no room for those, and counts what has none at all', () => {
    const rig = new Rig();
    full(rig);
    const long = 'y'.repeat(limits.bareRowCharacters + 1);
    const short = `${'y'.repeat(limits.bareRowCharacters - 1)}…`;
    const nameOf = (at: number): string => `m${`${at}`.padStart(127, '0')}`;
    const details = { output: [longLine.repeat(22)], also: ['x'], reason: long, dependsOn: long };
    const count = 46_000;
    rig.write((turn, writer) => {
      for (let at = 0; at < count; at += 1)
        turn.call(writer, 'pass', [
          rowOf(nameOf(at), at < 200 ? { ...details } : { reason: long, also: ['x'] }),
        ]);
    });
    const sent = taken(rig);
    const rows = rowsIn(sent);
    expect(rows.at(0)).toMatchObject(details);
    expect(rows.at(199)).toEqual({
      member: nameOf(199),
      result: 'ok',
      reason: short,
      dependsOn: short,
    });
    const bytes = rows.reduce((sum, row) => sum + bytesOf({ kind: 'row', row }), 0);
    const last = bytesOf(rowOf(nameOf(0), { reason: short }));
    expect(bytes).toBeLessThanOrEqual(limits.rowBytes);
    expect(bytes + last).toBeGreaterThan(limits.rowBytes);
    expect(sent.at(-1)).toEqual({ kind: 'dropped', count: count - rows.length });
    expect(rig.events).toHaveLength(count - rows.length);
    expect(rig.events.at(-1)).toBe(`stream.row-left-out {"member":"${nameOf(count - 1)}"}`);
  });
  it('cuts a line that is too long', () => {
    const rig = new Rig();
    rig.line('y'.repeat(limits.lineCharacters + 1));
    rig.write((turn, writer) =>
      turn.call(writer, 'pass', [lineOf('y'.repeat(limits.lineCharacters + 1))]),
    );
    const cut = `${'y'.repeat(limits.lineCharacters - 1)}…`;
    expect(rig.sent).toEqual([lineOf(cut), lineOf(cut)]);
  });
  it('only logs where nobody listens', () => {
    const rig = new Rig(false);
    rig.line('one');
    rig.write((turn, writer) => turn.call(writer, 'finish'));
    expect(rig.logged).toEqual(['one']);
    expect(rig.batches).toEqual([]);
  });
});
