/** From a place in the bundle, where V8 sees an error, to the line that a person wrote. */
import { SourceMap, type SourceMapPayload } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Position } from './config-error.ts';

/** The name under which the bundle is evaluated; it stands in the frames of call stacks. */
export const bundleName = 'bellwether-config.cjs';

/** The first frame of a stack that lies in a file of the configuration. */
export type Locate = (stack: string) => Required<Position> | undefined;

const frame = /bellwether-config\.cjs:(\d+):(\d+)/g;

/**
 * `map` is the bundle's source map, as JSON; its sources are relative to `folder`. Frames in
 * `hidden` are passed by.
 */
export const makeLocate = (map: string, folder: string, hidden: string): Locate => {
  const sourceMap = new SourceMap(JSON.parse(map) as SourceMapPayload);
  const locate = (line: number, column: number): Required<Position> | undefined => {
    const found = sourceMap.findEntry(line - 1, column - 1);
    if (!('originalSource' in found)) return undefined;
    const { originalSource, originalLine, originalColumn } = found;
    if (originalSource.startsWith('<') || originalSource.endsWith('<stdin>')) return undefined;
    const file = originalSource.startsWith('file:')
      ? fileURLToPath(originalSource)
      : path.resolve(folder, originalSource);
    if (file.startsWith(hidden)) return undefined;
    return { file, line: originalLine + 1, column: originalColumn + 1 };
  };
  return (stack) => {
    for (const [, line, column] of stack.matchAll(frame)) {
      const found = locate(Number(line), Number(column));
      if (found !== undefined) return found;
    }
    return undefined;
  };
};
