/**
 * Keeps the memory of a program, with keys and refs in it, out of core dumps. RLIMIT_CORE would not: Linux ignores it
 * where core_pattern is a pipe, as under systemd-coredump (core(5)), and Node cannot set it. The filter of what is
 * dumped binds both ways of dumping, and a process sets its own; with 0 a dump holds registers and no memory.
 */
import fs from 'node:fs';
import type { Log } from '@bellwether/actors';

const file = '/proc/self/coredump_filter';

/**
 * Sets the filter; on systems without one a line in the log is all. Children inherit it.
 * @returns what it was before, as it is written, to be given back to children.
 */
export const keepMemoryOutOfDumps = (log: Log): string | undefined => {
  try {
    const before = fs.readFileSync(file, 'utf8').trim();
    fs.writeFileSync(file, '0');
    return `0x${before}`;
  } catch (error) {
    log('daemon.dumps-memory', { error });
    return undefined;
  }
};
