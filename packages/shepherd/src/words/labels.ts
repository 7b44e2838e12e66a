/**
 * Labels: what an operator says of a service or a machine beside its name, to pick it out among many. They are the
 * words of whoever configured the shepherd that answers, and never of another machine: one that could say by itself
 * that it is `role=web` would be sent what is meant for those.
 */
import { Malformed } from '../errors.ts';
import { limits } from '../limits.ts';
import { struct, textOf, type Read } from '../read.ts';

/** Texts by their keys, in any order; an empty text is a label that says all by being there. */
export type Labels = Readonly<Record<string, string>>;

const labelForm = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/;
/** Whether a text may be the key of a label: nothing in it means anything to a shell or a selector. */
export const isLabelKey = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= limits.labelCharacters && labelForm.test(value);
/** Whether one may be its text. */
export const isLabelValue = (value: unknown): value is string => value === '' || isLabelKey(value);

/** Labels from elsewhere; what cannot be one here is left out, since a newer peer may know more. @throws Malformed */
export const readLabels: Read<Labels> = (value, what) => {
  struct<object>({}, {})(value, what);
  const found = Object.entries(value as Readonly<Record<string, unknown>>);
  if (found.length > limits.labelCount)
    throw new Malformed(`${what}: ${found.length} labels, at most ${limits.labelCount} are taken`);
  const labels = found.map(([key, text]) => [key, readText(text, `${what}.${key}`)] as const);
  return Object.fromEntries(labels.filter(([key, text]) => isLabelKey(key) && isLabelValue(text)));
};
const readText = textOf(limits.nameCharacters);

/**
 * What has this label is picked out only by a selector that names it: it is held back, as by a taint of Kubernetes. A
 * controller gives it to what comes from a machine of which it is in doubt.
 */
export const doubtLabel = 'in-doubt';
/** Whether something is labelled so. */
export const isDoubted = (labels: Labels = {}): boolean => Object.hasOwn(labels, doubtLabel);

/** The labels as they are typed, the first key first. */
export const labelTexts = (labels: Labels): readonly string[] =>
  Object.entries(labels)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, text]) => (text === '' ? key : `${key}=${text}`));
