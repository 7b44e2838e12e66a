/**
 * Descriptors that somebody sends along to a shared socket are refused, where the kernel can (Linux 6.16): else it
 * closes them in the thread of the shepherd, which takes as long as their sender wants it to. Node cannot say so to a
 * socket, so the keeper's program does (packages/keeper/src/refuse.c).
 */
import { spawnSync } from 'node:child_process';
import type { Log } from '@bellwether/actors';

/** Milliseconds for a program that makes one system call. */
const patienceMs = 5_000;

/** What refuses them for a listening socket, by its descriptor. Where it cannot be done, that is in the log. */
export const refuserOfDescriptors =
  (keeper: string, log: Log) =>
  (listener: number): void => {
    // Behind 0 to 2: libuv makes those blocking for a child, and so for whoever shares them.
    const stdio = ['ignore', 'ignore', 'ignore', listener] as const;
    const how = { stdio: [...stdio], env: {}, timeout: patienceMs };
    const { status, error } = spawnSync(keeper, ['refuse'], how);
    if (status === 0) return;
    const why = error?.message ?? 'the kernel cannot refuse them (Linux before 6.16)';
    log('socket.takes-descriptors', { why });
  };
