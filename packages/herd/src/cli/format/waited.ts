/** Who was waited for longer than usual. */
import { fewNames } from './names.ts';
import { spanText } from './times.ts';

/** Who made a wait longer. A document of `--json` has it as it is. */
export interface WaitedFor {
  readonly members: readonly string[];
  /** Milliseconds since the command was given. */
  readonly waitedMs: number;
  /** The first of them, where it had said how long it may take, and how long that was. */
  readonly slowest?: string;
  readonly slowestMs?: number;
}

/** The same for people; lines. */
export const waitedLines = (waitedFor: WaitedFor | undefined): readonly string[] => {
  if (waitedFor === undefined) return [];
  const { members, waitedMs, slowestMs } = waitedFor;
  const waited = `Waited ${spanText(waitedMs)} for ${fewNames(members)}`;
  if (slowestMs === undefined) return [`  ${waited}.`];
  const claim = `had said that it may take ${spanText(slowestMs)}`;
  return [
    members.length === 1 ? `  ${waited}, which ${claim}.` : `  ${waited}; the first ${claim}.`,
  ];
};
