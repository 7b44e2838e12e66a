/** The frames between a daemon and its keeper. */
import { describe, expect, it } from 'vitest';
import {
  answerBytes,
  argumentCount,
  startBytes,
} from '../../packages/shepherd/src/node/keeper/limits.ts';
import {
  BrokenFrame,
  FrameReader,
  FrameTooLong,
  FrameWriter,
  tags,
  types,
} from '../../packages/shepherd/src/node/keeper/protocol.ts';
import { startFrame } from '../../packages/shepherd/src/node/keeper/start-frame.ts';

const stateFrame = (id: string): Buffer =>
  new FrameWriter(types.saysState)
    .text(tags.id, id)
    .numbers(tags.state, [4])
    .numbers(tags.pid, [1234])
    .numbers(tags.time, [987_654_321])
    .numbers(tags.status, [7 << 8])
    .numbers(tags.source, [1])
    .frame();
const state = {
  kind: 'state',
  id: 'w-1',
  state: 'ended',
  pid: 1234,
  startTime: '987654321',
  status: 7 << 8,
  source: 'reaped',
  step: '',
  error: 0,
};
/** The head of a frame that says that it has so many bytes. */
const headOf = (length: number): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(length, 0);
  head.writeUInt32LE(types.saysTold, 4);
  return head;
};

describe('frames that are put together side by side', () => {
  it('have nothing of each other, whichever is done first, nor has one that goes on', () => {
    const alone = (id: string): string => stateFrame(id).toString('hex');
    const told = (id: string): FrameWriter => new FrameWriter(types.saysState).text(tags.id, id);
    const [wanted, other] = [alone('w-1'), alone('w-2')];
    const rest = (frame: FrameWriter): FrameWriter =>
      frame
        .numbers(tags.state, [4])
        .numbers(tags.pid, [1234])
        .numbers(tags.time, [987_654_321])
        .numbers(tags.status, [7 << 8])
        .numbers(tags.source, [1]);
    const [one, two] = [told('w-1'), told('w-2')];
    const early = one.frame();
    const before = early.toString('hex');
    const three = told('w-3');
    expect(rest(two).frame().toString('hex')).toBe(other);
    expect(rest(one).frame().toString('hex')).toBe(wanted);
    expect(rest(three).frame().toString('hex')).toBe(alone('w-3'));
    expect(early.toString('hex')).toBe(before);
  });
  it('are as long as they say where one took much room before', () => {
    const long = 'x'.repeat(20_000);
    const frame = new FrameWriter(types.start).text(tags.arg, long).frame();
    expect(frame.length).toBe(frame.readUInt32LE(0));
    expect(frame.subarray(16, 20_016).toString()).toBe(long);
    expect(stateFrame('w-1').length).toBe(stateFrame('w-1').readUInt32LE(0));
  });
});

describe('a frame of the keeper', () => {
  it('is read back, wherever it was cut', () => {
    const bytes = Buffer.concat([stateFrame('w-1'), headOf(8), stateFrame('w-1')]);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const reader = new FrameReader();
      const said = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))];
      expect(said).toEqual([state, { kind: 'told' }, state]);
    }
  });
  it('tells who has come, by his number and both addresses', () => {
    const frame = (more: (writer: FrameWriter) => FrameWriter): Buffer =>
      more(new FrameWriter(types.saysConnection).text(tags.id, 's')).frame();
    const read = (bytes: Buffer) => new FrameReader().push(bytes);
    expect(read(frame((writer) => writer))).toEqual([{ kind: 'connection', id: 's' }]);
    const whole = frame((writer) =>
      writer
        .numbers(tags.connection, [7])
        .numbers(tags.peer, [6, 4711], '::1')
        .numbers(tags.local, [1, 0], ''),
    );
    expect(read(whole)).toEqual([
      {
        ...{ kind: 'connection', id: 's' },
        arrival: {
          number: 7,
          peer: { family: 6, host: '::1', port: 4711 },
          local: { family: 'unix', host: '', port: 0 },
        },
      },
    ]);
    const unknown = frame((writer) =>
      writer.numbers(tags.connection, [7]).numbers(tags.peer, [9, 1], 'x'),
    );
    expect(read(unknown)).toEqual([{ kind: 'connection', id: 's', arrival: { number: 7 } }]);
    const broken = frame((writer) =>
      writer.numbers(tags.connection, [7]).numbers(tags.peer, [1, 1]),
    );
    expect(() => read(broken)).toThrow(BrokenFrame);
  });
  it('is passed over where this end does not know its type', () => {
    const unknown = new FrameWriter(200).text(tags.id, 'w-1').frame();
    expect(new FrameReader().push(Buffer.concat([unknown, stateFrame('w-1')]))).toEqual([state]);
  });
  it(`may have ${answerBytes} bytes, and no more`, () => {
    const whole = Buffer.concat([
      headOf(answerBytes),
      new FrameWriter(0)
        .text(99, 'x'.repeat(answerBytes - 17))
        .frame()
        .subarray(8),
    ]);
    expect(new FrameReader().push(whole)).toEqual([{ kind: 'told' }]);
    expect(() => new FrameReader().push(headOf(answerBytes + 1))).toThrow(BrokenFrame);
  });
  it.each([0, 7])('that says it has %i bytes is broken', (length) => {
    expect(() => new FrameReader().push(headOf(length))).toThrow(BrokenFrame);
  });
  it('with half a field, or a field that is longer than it, is broken', () => {
    const frame = stateFrame('w-1');
    const shorter = Buffer.from(frame.subarray(0, frame.length - 1));
    shorter.writeUInt32LE(shorter.length, 0);
    expect(() => new FrameReader().push(shorter)).toThrow(BrokenFrame);
    expect(() => new FrameReader().push(Buffer.concat([headOf(12), Buffer.alloc(4)]))).toThrow(
      BrokenFrame,
    );
  });
});

describe('a frame for the keeper', () => {
  it(`may have ${startBytes} bytes, and no more`, () => {
    const text = 'x'.repeat(startBytes - 17);
    expect(new FrameWriter(types.start).text(tags.arg, text).frame()).toHaveLength(startBytes);
    expect(() => new FrameWriter(types.start).text(tags.arg, `${text}x`)).toThrow(FrameTooLong);
  });
  it('counts bytes, not characters', () => {
    const text = '€'.repeat((startBytes - 18) / 3 + 1);
    expect(() => new FrameWriter(types.start).text(tags.arg, text)).toThrow(FrameTooLong);
    const fitting = '€'.repeat(Math.floor((startBytes - 17) / 3));
    expect(() => new FrameWriter(types.start).text(tags.arg, fitting)).not.toThrow();
  });
  const making = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => ({
    startId: 'w-1',
    service: 'web',
    program: { file: '/bin/true', argv0: 'true', args, cwd: '/', env },
    umask: 0o022,
    logFile: '/log',
    uid: 0,
  });
  it(`takes ${argumentCount} arguments and variables, and no more`, () => {
    const most = Array<string>(argumentCount - 1).fill('x');
    expect(() => startFrame(making(most))).not.toThrow();
    expect(() => startFrame(making([...most, 'x']))).toThrow('too long together (E2BIG)');
    const variables = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`V${at}`, 'x']));
    expect(() => startFrame(making([], variables(argumentCount)))).not.toThrow();
    expect(() => startFrame(making([], variables(argumentCount + 1)))).toThrow('(E2BIG)');
  });
  it('has no text with a NUL in it', () => {
    expect(() => startFrame(making(['a\0b']))).toThrow('null bytes');
    expect(() => startFrame(making([], { A: 'a\0b' }))).toThrow('null bytes');
  });
});
