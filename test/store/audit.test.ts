/** The audit on its disk: nothing of it is lost, doubled or changed without a trace. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { auditLimits, type AuditRecord, type ChainLine } from '@bellwether/authority';
import {
  auditFileName,
  auditFolder,
  AuditLog,
  lastOfAudit,
  MemoryAudit,
  storeLimits,
  verifyAudit,
  type AuditPlace,
} from '@bellwether/store';
import { describe, expect, it } from 'vitest';

const record = (operation: string, service = 'web'): AuditRecord => ({
  event: 'asked',
  asker: 'root',
  service,
  operation,
});
const opened = async (
  place: AuditPlace,
  pending: readonly ChainLine[] = [],
  fileBytes?: number,
): Promise<AuditLog> => {
  const log = new AuditLog(place, { wall: () => 0, ...(fileBytes !== undefined && { fileBytes }) });
  await log.mend(pending);
  return log;
};
const write = async (log: AuditLog, ...records: readonly AuditRecord[]) => {
  const lines = log.next(records);
  await log.append(lines);
  return lines;
};
/** A log of so many records, some of them to a file, closed. */
const written = async (count: number, fileBytes?: number): Promise<MemoryAudit> => {
  const place = new MemoryAudit();
  const log = await opened(place, [], fileBytes);
  for (let at = 0; at < count; at += 1) await write(log, record(`op-${at}`));
  await log.close();
  return place;
};
const onlyFile = (place: MemoryAudit): string => [...place.files.keys()][0] ?? '';
const textOf = (place: MemoryAudit): string =>
  [...place.files.keys()]
    .sort()
    .map((file) => place.files.get(file)?.toString('latin1'))
    .join('');
const put = (place: MemoryAudit, text: string): void =>
  void place.files.set(onlyFile(place), Buffer.from(text, 'latin1'));
const whole = { state: { kind: 'whole' } };

describe('an audit on its disk', () => {
  it('goes on where it was', async () => {
    const place = await written(3);
    const log = await opened(place);
    expect(log.head.number).toBe(3);
    await write(log, record('op-3'));
    expect(await verifyAudit(place)).toMatchObject({
      state: { kind: 'whole', last: { number: 4 } },
    });
  });
  it('goes on in another file when one is full, and the chain with it', async () => {
    const lineBytes = textOf(await written(1)).length;
    const place = await written(9, lineBytes * 4);
    expect([...place.files.keys()]).toEqual([1, 5, 9].map(auditFileName));
    for (const bytes of place.files.values())
      expect(bytes.length).toBeLessThanOrEqual(lineBytes * 4);
    const found = await verifyAudit(place);
    expect(found).toMatchObject({ fileCount: 3, state: { kind: 'whole', last: { number: 9 } } });
  });
  it('fills a file to its last byte, and not one more', async () => {
    const bytes = textOf(await written(2)).length;
    expect((await written(2, bytes)).files.size).toBe(1);
    expect((await written(2, bytes - 1)).files.size).toBe(2);
    expect(storeLimits.auditFileBytes).toBe(16 * 1024 * 1024);
  });
  it('goes on after a file that was begun and has nothing in it yet', async () => {
    const place = await written(2);
    place.files.set(auditFileName(3), Buffer.alloc(0));
    await write(await opened(place), record('op-2'));
    expect(await verifyAudit(place)).toMatchObject({
      state: { kind: 'whole', last: { number: 3 } },
    });
  });
  it('lets nobody else write: whoever wrote before is refused, and the log is whole', async () => {
    const place = await written(1);
    const [first, second] = [await opened(place), await opened(place)];
    await write(second, record('of the second'));
    await expect(write(first, record('of the first'))).rejects.toThrow('somebody else');
    expect(first.isReady).toBe(false);
    expect(await verifyAudit(place)).toMatchObject({
      state: { kind: 'whole', last: { number: 2 } },
    });
  });
  it('is readable by its owner alone', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'audit-'));
    try {
      const place = auditFolder(path.join(folder, 'audit'), 'write');
      const log = await opened(place);
      await write(log, record('op'));
      await log.close();
      const file = path.join(folder, 'audit', auditFileName(1));
      expect(fs.statSync(file).mode & 0o777).toBe(0o600);
      expect(fs.statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
      expect(await verifyAudit(auditFolder(path.dirname(file), 'read'))).toMatchObject(whole);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe('an audit that was changed', () => {
  it('is found out wherever a byte is another, gone or one too many', async () => {
    const place = await written(8, 600);
    const files = [...place.files.keys()];
    const before = new Map(place.files);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(files.length - 1),
        fc.nat(),
        fc.constantFrom('other', 'gone', 'more'),
        fc.nat(255),
        async (which, place_, what, byte) => {
          const file = files[which] ?? '';
          const bytes = before.get(file) ?? Buffer.alloc(0);
          const at = place_ % bytes.length;
          if (what !== 'gone' && bytes[at] === byte) return;
          const middle = what === 'gone' ? [] : [byte];
          const rest = bytes.subarray(what === 'more' ? at : at + 1);
          place.files.set(file, Buffer.from([...bytes.subarray(0, at), ...middle, ...rest]));
          const { state } = await verifyAudit(place);
          place.files.set(file, bytes);
          expect(state.kind).toBe('broken');
        },
      ),
      { numRuns: 1_000 },
    );
    expect(await verifyAudit(place)).toMatchObject(whole);
  });
  it('is found out where a file is gone, or called otherwise', async () => {
    const place = await written(8, 600);
    const files = [...place.files.keys()];
    const [, second = ''] = files;
    const bytes = place.files.get(second) ?? Buffer.alloc(0);
    place.files.delete(second);
    expect(await verifyAudit(place)).toMatchObject({ file: files[2], state: { kind: 'broken' } });
    place.files.set(auditFileName(2), bytes);
    expect(await verifyAudit(place)).toMatchObject({ file: auditFileName(2), lineCount: 0 });
  });
  it('is found out where a file was emptied, unless that is the last and the next record would be its first', async () => {
    const place = await written(8, 600);
    const files = [...place.files.keys()];
    for (const file of files.slice(0, -1)) {
      const bytes = place.files.get(file) ?? Buffer.alloc(0);
      place.files.set(file, Buffer.alloc(0));
      expect(await verifyAudit(place)).toMatchObject({
        file,
        lineCount: 0,
        state: { kind: 'broken', number: Number.parseInt(file, 10), misfit: 'no-record' },
      });
      place.files.set(file, bytes);
    }
    const last = files.at(-1) ?? '';
    place.files.set(last, Buffer.alloc(0));
    expect(await verifyAudit(place)).toMatchObject({ state: { kind: 'whole' } });
    place.files.delete(last);
    place.files.set(auditFileName(99), Buffer.alloc(0));
    expect(await verifyAudit(place)).toMatchObject({ state: { kind: 'broken', misfit: 'number' } });
  });
  it('is found out by its head where the end was cut off', async () => {
    const place = await written(5);
    const { state } = await verifyAudit(place);
    const head = state.kind === 'whole' ? state.last.hash : '';
    expect(await verifyAudit(place, head)).toMatchObject({ ...whole, hasHead: true });
    await write(await opened(place), record('later'));
    expect(await verifyAudit(place, head)).toMatchObject({ ...whole, hasHead: true });
    put(place, textOf(place).split('\n').slice(0, 4).join('\n') + '\n');
    expect(await verifyAudit(place, head)).toMatchObject({ ...whole, hasHead: false });
  });
  it('says in which line of which file the first record is that does not fit', async () => {
    const place = await written(4);
    put(place, textOf(place).replace('op-2', 'op-7'));
    expect(await verifyAudit(place)).toEqual({
      state: {
        kind: 'broken',
        number: 3,
        misfit: 'changed',
        before: expect.objectContaining({ kind: 'whole' }),
      },
      fileCount: 1,
      file: auditFileName(1),
      lineCount: 2,
    });
  });
});

describe('the end of an audit', () => {
  /** Three records, of which the state still has the last two. */
  const three = async () => {
    const place = new MemoryAudit();
    const log = await opened(place);
    await write(log, record('op-0'));
    const pending = await write(log, record('op-1'), record('op-2'));
    await log.close();
    return { place, pending, text: textOf(place) };
  };
  it('is finished wherever a write was interrupted, and nothing is noted', async () => {
    const { place, pending, text } = await three();
    const least = text.indexOf('\n') + 1;
    for (let length = least; length <= text.length; length += 1) {
      put(place, text.slice(0, length));
      const notes = await new AuditLog(place, { wall: () => 0 }).mend(pending);
      expect([notes, textOf(place)]).toEqual([[], text]);
    }
    expect(place.aside.size).toBe(0);
  });
  it('gets the newline that a whole line lacks, also where nobody has the line', async () => {
    const { place, text } = await three();
    put(place, text.slice(0, -1));
    expect(await new AuditLog(place, { wall: () => 0 }).mend([])).toEqual([]);
    expect(textOf(place)).toBe(text);
  });
  it('goes on with what the state has behind a line that lacks its newline', async () => {
    const { place, pending, text } = await three();
    const second = text.indexOf('\n', text.indexOf('\n') + 1);
    put(place, text.slice(0, second));
    const notes = await new AuditLog(place, { wall: () => 0 }).mend(pending.slice(-1));
    expect([notes, textOf(place)]).toEqual([[], text]);
  });
  it('is set aside where it is torn, and the chain tells', async () => {
    const { place, text } = await three();
    put(place, text.slice(0, -10));
    const notes = await new AuditLog(place, { wall: () => 0 }).mend([]);
    expect(notes).toMatchObject([{ event: 'alert', asker: 'shepherd', code: 'audit-torn' }]);
    const [name = '', bytes] = [...place.aside][0] ?? [];
    expect(notes[0]?.reason).toContain(name);
    expect(text.slice(0, -10).endsWith(bytes?.toString('latin1') ?? '?')).toBe(true);
    expect(textOf(place)).toContain('audit-torn');
    expect(await verifyAudit(place)).toMatchObject({
      state: { kind: 'whole', last: { number: 3 } },
    });
  });
  it('is set aside and written anew where the last line was changed and the state has it', async () => {
    const { place, pending, text } = await three();
    put(place, text.replace('op-2', 'op-9'));
    const notes = await new AuditLog(place, { wall: () => 0 }).mend(pending);
    expect(notes).toMatchObject([{ code: 'audit-torn' }]);
    expect(textOf(place).startsWith(text)).toBe(true);
    expect([...place.aside.values()][0]?.toString()).toContain('op-9');
    expect(await verifyAudit(place)).toMatchObject(whole);
  });
  it('that was cut off behind the back of the state is noted with what the state knew', async () => {
    const { place, pending, text } = await three();
    put(place, text.slice(0, text.indexOf('\n') + 1));
    const [last] = pending.slice(-1);
    const notes = await new AuditLog(place, { wall: () => 0 }).mend(pending.slice(-1));
    expect(notes).toMatchObject([{ code: 'audit-cut' }]);
    expect(notes[0]?.reason).toContain(last?.hash);
    expect(await verifyAudit(place)).toMatchObject({
      state: { kind: 'whole', last: { number: 2 } },
    });
  });
  it('that is another one than the state knew is noted', async () => {
    const { pending } = await three();
    const place = await written(3);
    const other = pending.slice(-1).map((line) => ({ ...line, hash: 'f'.repeat(64) }));
    expect(await new AuditLog(place, { wall: () => 0 }).mend(other)).toMatchObject([
      { code: 'audit-replaced' },
    ]);
  });
  it('is passed by where the log is ahead of the state: that is an older one', async () => {
    const { place, pending, text } = await three();
    await write(await opened(place), record('op-3'));
    const notes = await new AuditLog(place, { wall: () => 0 }).mend(pending);
    expect(notes).toEqual([]);
    expect(textOf(place).startsWith(text)).toBe(true);
  });
  it('is left as it is where nothing of it fits, and told in the next file', async () => {
    const place = new MemoryAudit();
    const garbage = `${'x'.repeat(auditLimits.lineCharacters)}\n`.repeat(10);
    place.files.set(auditFileName(1), Buffer.from(garbage));
    const log = new AuditLog(place, { wall: () => 0 });
    expect(await log.mend([])).toMatchObject([{ code: 'audit-damaged' }]);
    expect(place.files.get(auditFileName(1))?.toString()).toBe(garbage);
    expect([...place.files.keys()].at(-1)).toBe(auditFileName(12));
    await write(log, record('op'));
    expect((await verifyAudit(place)).state).toMatchObject({ kind: 'broken', number: 1 });
  });
});

describe('a disk that fails at any step', () => {
  it('costs no line that the state has, and leaves nothing doubled', async () => {
    for (let step = 1; ; step += 1) {
      const place = new MemoryAudit();
      const kept: ChainLine[] = [];
      let log = new AuditLog(place, { wall: () => 0, fileBytes: 700 });
      let failureCount = 0;
      place.failAt = { step, byteCount: step % 50 };
      for (let at = 0; at < 6; at += 1) {
        try {
          if (!log.isReady) await log.mend(kept);
          // The state has a line before the log is told of it.
          const lines = log.next([record(`op-${at}`)]);
          kept.push(...lines);
          await log.append(lines);
        } catch {
          failureCount += 1;
          if (at % 2 === 0) log = new AuditLog(place, { wall: () => 0, fileBytes: 700 });
        }
      }
      if (!log.isReady) await log.mend(kept);
      await log.close();
      expect(textOf(place)).toBe(kept.map(({ text }) => `${text}\n`).join(''));
      if (failureCount === 0 && step > place.stepCount) return;
    }
  });
  it('costs no line when the power goes between a write and its sync', async () => {
    const place = new MemoryAudit();
    const log = await opened(place);
    const kept = await write(log, record('op-0'), record('op-1'));
    place.losePower();
    await opened(place, kept);
    expect(textOf(place)).toBe(kept.map(({ text }) => `${text}\n`).join(''));
  });
});

describe('a question to an audit', () => {
  const place = async (): Promise<MemoryAudit> => {
    const made = new MemoryAudit();
    let now = 0;
    const log = new AuditLog(made, { wall: () => (now += 1_000), fileBytes: 4_000 });
    await log.mend([]);
    for (let at = 0; at < 40; at += 1)
      await write(log, record(`op-${at}`, at % 2 === 0 ? 'web' : 'dns'));
    return made;
  };
  const operations = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => (JSON.parse(line) as { operation: string }).operation);
  it('is answered with the newest, oldest first, across files', async () => {
    const made = await place();
    expect(made.files.size).toBeGreaterThan(2);
    const all = await lastOfAudit(made, { count: 1_000 }, 41_000);
    expect(operations(all.lines)).toEqual(Array.from({ length: 40 }, (_, at) => `op-${at}`));
    expect(all.isCut).toBe(false);
    const { lines } = await lastOfAudit(made, { count: 3 }, 41_000);
    expect(operations(lines)).toEqual(['op-37', 'op-38', 'op-39']);
  });
  it('is answered for one service, and since a time', async () => {
    const made = await place();
    const ofOne = await lastOfAudit(made, { count: 2, service: 'dns' }, 41_000);
    expect(operations(ofOne.lines)).toEqual(['op-37', 'op-39']);
    const since = await lastOfAudit(made, { count: 100, sinceMs: 3_000 }, 41_000);
    expect(operations(since.lines)).toEqual(['op-37', 'op-38', 'op-39']);
  });
  it('is answered since a time with what was written before a clock was slow', async () => {
    const search = async (slowCount: number): Promise<number> => {
      const place = new MemoryAudit();
      let nowMs = 50_000;
      const log = new AuditLog(place, { wall: () => nowMs });
      await log.mend([]);
      await write(log, record('just now'));
      nowMs = 1_000;
      await write(log, ...Array.from({ length: slowCount }, (_, at) => record(`slow-${at}`)));
      nowMs = 60_000;
      await write(log, record('now'));
      await log.close();
      return (await lastOfAudit(place, { count: 100, sinceMs: 15_000 }, 60_000)).lines.length;
    };
    expect(await search(auditLimits.olderCount)).toBe(2);
    expect(await search(auditLimits.olderCount + 1)).toBe(1);
  });
  it('is answered with lines of any length, whatever the pieces are that it is read in', async () => {
    const made = new MemoryAudit();
    const log = await opened(made);
    const reasons = [10, 200, 512, 1, 400];
    const chain = Array.from({ length: 16 }, () => ({
      grant: 'é'.repeat(128),
      issuer: 'é'.repeat(128),
    }));
    for (const length of reasons)
      await write(log, { ...record('op'), chain, reason: 'é'.repeat(length) });
    expect(
      (await lastOfAudit(made, { count: 10 }, 0)).lines.map((line) => `${line}\n`).join(''),
    ).toBe(textOf(made));
  });
  it('is answered with as many records and characters as there is room for, and says so', async () => {
    const made = new MemoryAudit();
    const log = await opened(made);
    const { answerCount, answerCharacters } = auditLimits;
    await write(log, ...Array.from({ length: answerCount }, () => record('op')));
    // The most that a daemon lets anybody ask for.
    expect(await lastOfAudit(made, { count: answerCount }, 0)).toMatchObject({ isCut: false });
    await write(log, record('op'));
    for (const count of [answerCount, 99_999]) {
      const many = await lastOfAudit(made, { count }, 0);
      expect([many.lines.length, many.isCut]).toEqual([answerCount, true]);
    }
    const fewer = await lastOfAudit(made, { count: answerCount - 1 }, 0);
    expect([fewer.lines.length, fewer.isCut]).toEqual([answerCount - 1, false]);
    const wide = { ...record('op'), args: Array.from({ length: 16 }, () => 'é'.repeat(256)) };
    await write(log, ...Array.from({ length: 60 }, () => wide));
    const heavy = await lastOfAudit(made, { count: 60 }, 0);
    expect(heavy.isCut).toBe(true);
    expect(heavy.lines.join('').length).toBeLessThanOrEqual(answerCharacters);
    expect(heavy.lines.length).toBeGreaterThan(30);
  });
  it('is looked for as far back as the limit says, and not one byte further', async () => {
    const made = await written(1);
    const [first = ''] = textOf(made).split('\n');
    const fillerOf = (bytes: number): string => {
      const line = `${'x'.repeat(auditLimits.lineCharacters - 1)}\n`;
      return (
        line.repeat(Math.floor(bytes / line.length)) + `${'x'.repeat((bytes % line.length) - 1)}\n`
      );
    };
    const room = auditLimits.lookCharacters - first.length - 1;
    put(made, `${first}\n${fillerOf(room)}`);
    expect(await lastOfAudit(made, { count: 2 }, 0)).toEqual({ lines: [first], isCut: false });
    put(made, `${first}\n${fillerOf(room + 1)}`);
    expect(await lastOfAudit(made, { count: 2 }, 0)).toEqual({ lines: [], isCut: true });
  });
});

describe('a file of the audit that is replaced while it is written to', () => {
  const folderOfOne = async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-audit-'));
    const place = auditFolder(folder, 'write');
    const log = await opened(place);
    const first = await write(log, record('op-1'));
    return { folder, place, log, first, file: path.join(folder, auditFileName(1)) };
  };
  const replace = (file: string): void => {
    const copy = fs.readFileSync(file);
    fs.rmSync(file);
    fs.writeFileSync(file, copy, { mode: 0o600 });
  };
  it('is not written to any more, and goes on where the copy ends', async () => {
    const { folder, log, file } = await folderOfOne();
    replace(file);
    const lines = log.next([record('op-2')]);
    await expect(log.append(lines)).rejects.toThrow('replaced');
    expect(log.isReady).toBe(false);
    await log.mend(lines);
    await log.close();
    expect(fs.readFileSync(file, 'utf8')).toContain('op-2');
    expect(await verifyAudit(auditFolder(folder, 'read'))).toMatchObject(whole);
    fs.rmSync(folder, { recursive: true });
  });
  it('is none where it is gone', async () => {
    const { folder, log, file, first } = await folderOfOne();
    await log.close();
    await log.mend(first);
    fs.rmSync(file);
    await expect(write(log, record('op-2'))).rejects.toThrow('replaced');
    expect(await log.mend(first)).toMatchObject([]);
    await log.close();
    expect(fs.readFileSync(file, 'utf8')).toContain('op-1');
    fs.rmSync(folder, { recursive: true });
  });
  it('has not synced what lies in the one that was removed', async () => {
    const place = new MemoryAudit();
    const log = await opened(place);
    await write(log, record('op-1'));
    await log.close();
    await log.mend([]);
    expect(log.synced).toBe(1);
    let go = (): void => undefined;
    place.slow = new Promise((resolve) => {
      go = resolve;
    });
    await write(log, record('op-2'));
    place.inodes.set(onlyFile(place), 2);
    go();
    await log.close();
    expect([log.synced, log.isReady]).toEqual([1, false]);
  });
});
