/**
 * Method names: camelCase where they are declared in code, kebab-case symbols on the wire.
 *
 *   code `addNow`  ──wireName──►  symbol `add-now`       (what a catch-all and a far actor get)
 *   symbol `add-now`  ──declaredName──►  code `addNow`   (what an actor's own methods answer to)
 *   symbol `addNow`, `add--now`, `Add`  ──declaredName──►  undefined: no declared name is written so
 *
 * The mapping is one to one, so that two spellings never reach one method.
 */
const hasUpper = /[A-Z]/;
const upper = /[A-Z]/g;
const dashed = /-([a-z])/g;

/** The wire symbol of a name that was written in code. */
export const wireName = (name: string): string =>
  hasUpper.test(name) ? name.replace(upper, (letter) => `-${letter.toLowerCase()}`) : name;

/** The declared name that a wire symbol stands for; undefined where none can be meant. */
export const declaredName = (symbol: string): string | undefined => {
  if (hasUpper.test(symbol)) return undefined;
  if (!symbol.includes('-')) return symbol;
  const name = symbol.replace(dashed, (_, letter: string) => letter.toUpperCase());
  return wireName(name) === symbol ? name : undefined;
};

/** `^exported-service` for the constructor `makeExportedService`. */
export const actorLabel = (maker: string): string =>
  `^${wireName(maker.replace(/^make/, '')).replace(/^-/, '') || 'actor'}`;
