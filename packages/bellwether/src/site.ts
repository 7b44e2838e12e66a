/**
 * Where in the configuration something was made, so that a message about it can name the line. The
 * call stack is carried under a symbol that neither JSON nor a spread sees.
 */
const site: unique symbol = Symbol.for('bellwether.site');

/**
 * Notes the line that called `constructor`, and returns the entry. Without V8's stacks nothing is
 * noted.
 */
export const markSite = <T extends object>(
  entry: T,
  constructor: (options: never) => unknown,
): T => {
  const holder: { stack?: string } = {};
  if (typeof Error.captureStackTrace !== 'function') return entry;
  Error.captureStackTrace(holder, constructor);
  return Object.defineProperty(entry, site, { value: holder.stack, enumerable: false });
};

/** The frame of the call that made this entry; undefined for what no constructor made. */
export const siteOf = (entry: object): string | undefined => {
  const stack: unknown = Object.getOwnPropertyDescriptor(entry, site)?.value;
  return typeof stack === 'string' ? stack.split('\n')[1]?.trim() : undefined;
};
