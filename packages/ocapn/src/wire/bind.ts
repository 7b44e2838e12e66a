/**
 * A frame takes effect whole or not at all: first every reference in it is checked, then every one
 * is bound. Both are skipped for frames in which the reader saw no reference.
 */
import { Dictionary, isStruct, SyrupRecord, SyrupSet } from '../syrup/values.ts';
import { Descriptor, Envelope } from './operations.ts';

/** What a session does with the references of a frame. */
export interface Binder {
  /** First pass: throws when the reference may not stand there. Changes nothing. */
  check(reference: Descriptor | Envelope): void;
  /** Second pass: the live reference for one that was checked. Does not throw. */
  bind(reference: Descriptor | Envelope): unknown;
}

/** First pass over a tree as it was read. @throws what the binder throws */
export const check = (value: unknown, binder: Binder): void => {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (value instanceof Descriptor || value instanceof Envelope) return binder.check(value);
  for (const part of partsOf(value)) check(part, binder);
};

/**
 * Second pass: gives back the tree with live references in it. Lists and structs are changed in
 * place, for the reader made them for this frame alone; what is read-only is made anew.
 */
export const bind = (value: unknown, binder: Binder): unknown => {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (value instanceof Descriptor || value instanceof Envelope) return binder.bind(value);
  const bound = (part: unknown): unknown => bind(part, binder);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = bind(value[i], binder);
    return value;
  }
  if (value instanceof SyrupRecord) {
    if (value.came !== undefined) return value;
    return new SyrupRecord(bound(value.label), value.fields.map(bound));
  }
  if (value instanceof SyrupSet) return new SyrupSet(value.items.map(bound));
  if (value instanceof Dictionary) {
    return new Dictionary(value.entries.map(([key, item]) => [bound(key), bound(item)] as const));
  }
  if (isStruct(value)) for (const key of Object.keys(value)) value[key] = bind(value[key], binder);
  return value;
};

/** Every value inside a container, in the order in which it was read. */
const partsOf = (value: object): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  if (value instanceof SyrupRecord)
    return value.came === undefined ? [value.label, ...value.fields] : [];
  if (value instanceof SyrupSet) return value.items;
  if (value instanceof Dictionary) return value.entries.flat(1);
  return isStruct(value) ? Object.values(value) : [];
};
