/** Reads what a start, a stop or a disabling came from: from another machine, and from the disk. */
import { readCount, readTrue, struct, wordOf, type Read } from '../read.ts';
import { promptKinds, type Prompt } from './prompt-types.ts';

/** A kind that is not known here is `unknown`. Its texts are cut as others are. */
export const promptReader = (text: Read<string>): Read<Prompt> =>
  struct<Prompt>(
    { kind: wordOf(promptKinds, 'unknown'), atMs: readCount },
    {
      asker: text,
      operation: text,
      action: text,
      service: text,
      reason: text,
      isYours: readTrue,
      adoptedMs: readCount,
    },
  );
