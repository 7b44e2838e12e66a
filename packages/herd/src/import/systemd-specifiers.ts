/** Specifiers of systemd: what a `%` and a letter stand for in a unit. */

/** What those of one unit stand for that mean the same everywhere: `%n`, `%N`, `%p`, `%i`, `%I`, `%j` and `%%`. */
export type Specifiers = Readonly<Record<string, string>>;

/** By the name of a unit, with its suffix. A template has no instance, so that what names one stands for nothing. */
export const specifiersOf = (unit: string): Specifiers => {
  const plain = unit.replace(/\.[a-z]+$/, '');
  const [prefix = '', instance] = plain.split(/@(.*)/s);
  const last = prefix.slice(prefix.lastIndexOf('-') + 1);
  const always = { '%': '%', p: prefix, j: last };
  if (instance === '') return always;
  return { ...always, n: unit, N: plain, i: instance ?? '', I: unescaped(instance ?? '') };
};
/** As systemd-escape(1) has it: a hyphen is a slash. */
const unescaped = (text: string): string =>
  text
    .replaceAll('-', '/')
    .replaceAll(/\\x([0-9a-f]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));

/** A text with all of them filled in; undefined where one is not known. */
export const filledIn = (text: string, known: Specifiers): string | undefined => {
  let isStrange = false;
  const filled = text.replaceAll(/%(.?)/gs, (_all, letter: string) => {
    isStrange ||= !Object.hasOwn(known, letter);
    return known[letter] ?? '';
  });
  return isStrange ? undefined : filled;
};
/** What is told of one that is not. */
export const unknownSpecifier = 'it names something of systemd by a %';
