/** Garbage as Node reports it. */
import type { Reaper } from '@bellwether/ocapn';

/**
 * Tells after the collector has found an object unreachable, some time later or never.
 * `gone` must not hold the object, or it is never called. There is no way to take a watch back: an unregister token
 * costs a tenth more per object, and a late call is easily ignored.
 */
export function nodeReaper(): Reaper {
  const registry = new FinalizationRegistry<() => void>((gone) => gone());
  return { watch: (object, gone) => registry.register(object, gone) };
}
