/**
 * Method names: camelCase where they are declared in code, kebab-case symbols on the wire.
 *
 *   code `addNow`  ──wireName──►  symbol `add-now`       (what a catch-all and a far actor get)
 * symbol `add-now`  ──declaredName──►  code `addNow`   (what an actor's own methods answer to)
 * `addNow`, `add--now`, `Add`, `a_b`  ──declaredName──►  undefined: no declared name is written so
 *
 * Between camelCase names and symbols the mapping is one to one: two spellings never reach one
 * method.
 */
const symbolShape = /^[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*$/;
const upper = /[A-Z]/g;
const dashed = /-([a-z])/g;

/** The wire symbol of a name that was written in code. */
export const wireName = (name: string): string =>
  isOneWord(name) ? name : name.replace(upper, (letter) => `-${letter.toLowerCase()}`);

/** The same of types: what is written so is the symbol of a method that there is, or no program. */
export type WireName<N extends string> = N extends `${infer One}${infer Rest}`
  ? `${One extends Lowercase<One> ? One : `-${Lowercase<One>}`}${WireName<Rest>}`
  : N;

/** The declared name that a wire symbol stands for; undefined where none can be meant. */
export const declaredName = (symbol: string): string | undefined => {
  if (isOneWord(symbol)) return symbol;
  if (!symbolShape.test(symbol)) return undefined;
  return symbol.replace(dashed, (_, letter: string) => letter.toUpperCase());
};

/** Defined by whoever bundles these sources (scripts/build.mjs), and nowhere else. */
declare const namesAreRenamed: true;
const isBundled = typeof namesAreRenamed !== 'undefined';

/**
 * The name that was written, of a function or a class. A bundler tells equal names apart by a number at the
 * end, or an underscore in front; that is taken off where there was one, and where there was none a digit is
 * a part of the name. In a bundle nobody can tell the two apart, so no class and no constructor of this
 * repository ends in a digit (test/tidy.test.ts). Having the bundler keep names by itself (keepNames) costs
 * a call for every closure that is made: `npm run bench -- fanout` 2.07 instead of 1.86.
 */
export const writtenName = (name: string, isRenamed = isBundled): string =>
  isRenamed ? name.replace(/^_|\d+$/g, '') : name;

/** `^exported-service` for the constructor `makeExportedService`. */
export const actorLabel = (maker: string): string =>
  `^${wireName(writtenName(maker).replace(/^make/, '')).replace(/^-/, '') || 'actor'}`;

/** `[a-z][a-z0-9]*`, which is spelled the same on both sides: a loop takes a tenth of a pattern. */
const isOneWord = (name: string): boolean => {
  for (let at = 0; at < name.length; at += 1) {
    const unit = name.charCodeAt(at);
    const isLetter = unit >= 0x61 && unit <= 0x7a;
    const isDigit = unit >= 0x30 && unit <= 0x39;
    if (!isLetter && (at === 0 || !isDigit)) return false;
  }
  return name !== '';
};

/** `^service.start`, as it is written in logs. */
export const whatOf = (maker: string, step: string): string =>
  step === '' ? actorLabel(maker) : `${actorLabel(maker)}.${wireName(step)}`;
