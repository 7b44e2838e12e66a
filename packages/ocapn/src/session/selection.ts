/**
 * op:get, op:index, op:untag: a part of what a promise becomes, bound to an answer of its own.
 * Goblins and Endo send them for `<-hashmap-ref` and its like. A part that is not there breaks;
 * Goblins fulfils with false instead, which cannot be told from a field that is false.
 */
import { type Frontier, Refused, type Vow } from '@bellwether/actors';
import { isStruct } from '../syrup/values.ts';
import { taggedFrom } from '../wire/dialect.ts';
import type { Select } from '../wire/operations.ts';
import { vowFrom } from './vow-from.ts';

/** What a part is looked for with. */
export type Selector = Pick<Select, 'op' | 'selector'>;

interface Part {
  readonly value: unknown;
}

/** The part of a value, or undefined when it has none such. */
export const partOf = (value: unknown, { op, selector }: Selector): Part | undefined => {
  if (op === 'get') return fieldOf(value, selector);
  if (op === 'index') return itemOf(value, selector);
  return taggedBy(value, selector);
};
const fieldOf = (value: unknown, name: string | number): Part | undefined =>
  isStruct(value) && Object.hasOwn(value, name) ? { value: value[name] } : undefined;
const itemOf = (value: unknown, index: string | number): Part | undefined =>
  Array.isArray(value) && typeof index === 'number' && index < value.length
    ? { value: value[index] }
    : undefined;
const taggedBy = (value: unknown, name: string | number): Part | undefined => {
  const tagged = taggedFrom(value);
  return tagged?.tag === name ? { value: tagged.value } : undefined;
};

/** A vow of a part of what `whole` becomes. */
export const selected = (frontier: Frontier, whole: Vow, wanted: Selector): Vow =>
  vowFrom(frontier, (answer) =>
    frontier.listen(whole, {
      kept: (value) => {
        const part = partOf(value, wanted);
        if (part !== undefined) answer.kept(part.value);
        else answer.broken(new Refused(`captp: op:${wanted.op} found no such part`));
      },
      broken: (reason) => answer.broken(reason),
    }),
  );
