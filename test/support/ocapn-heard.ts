/** What somebody who writes his own bytes has heard. */
import { Sym, SyrupRecord } from '@bellwether/ocapn';

/** The records with a label. */
export const labelled = (heard: readonly SyrupRecord[], label: string): readonly SyrupRecord[] =>
  heard.filter((each) => each.label instanceof Sym && each.label.name === label);

/** What a resolver of his was told first: `['fulfill', value]` or `['break', reason]`; undefined: nothing so far. */
export const toldTo = (
  resolver: number,
  heard: readonly SyrupRecord[],
): readonly [verb: string, value: unknown] | undefined => {
  for (const { fields } of labelled(heard, 'op:deliver')) {
    const [to, args] = fields;
    if (!(to instanceof SyrupRecord) || to.fields[0] !== resolver || !Array.isArray(args)) continue;
    const [verb, value]: readonly unknown[] = args;
    return [verb instanceof Sym ? verb.name : String(verb), value];
  }
  return undefined;
};
