/** What the events of a stream weigh, in bytes of UTF-8, and a row without what may be long in it. */
import { limits } from '../limits.ts';
import { cutText, utf8Bytes } from '../text.ts';
import type { Event, Row } from '../words/types.ts';

/**
 * A row with what became of its member alone: the fields by which a facet decides what it shows all stay, with other
 * names and reasons cut.
 */
export const withoutDetails = ({ row }: Extract<Event, { readonly kind: 'row' }>): Event => {
  const { output: _output, also: _also, sharedWith: _shared, cause, ...rest } = row;
  const { reason, plainReason, dependsOn } = rest;
  return {
    kind: 'row',
    row: {
      ...rest,
      ...(reason !== undefined && { reason: short(reason) }),
      ...(plainReason !== undefined && { plainReason: short(plainReason) }),
      ...(dependsOn !== undefined && { dependsOn: short(dependsOn) }),
      ...(cause !== undefined && { cause: { member: short(cause.member) } }),
    },
  };
};
const short = (text: string): string => cutText(text, limits.bareRowCharacters);

/** What an event takes on the wire, roughly: its texts, and a few bytes for each of its parts. */
export const bytesOf = (event: Event): number => {
  switch (event.kind) {
    case 'line':
      return (
        32 +
        textBytes(event.from) +
        textBytes(event.text) +
        textBytes(event.about) +
        textBytes(event.what) +
        textBytes(event.on) +
        textBytes(event.plainText)
      );
    case 'row':
      return 64 + rowBytesOf(event.row);
    case 'deadline':
      return 32 + textBytes(event.slowest);
    case 'dropped':
    case 'alone':
      return 32;
  }
};
const rowBytesOf = (row: Row): number =>
  textBytes(row.member) +
  textBytes(row.result) +
  textBytes(row.reason) +
  textBytes(row.plainReason) +
  textBytes(row.dependsOn) +
  textBytes(row.lostTo?.action) +
  textBytes(row.lostTo?.operation) +
  textBytes(row.stage) +
  textBytes(row.cause?.member) +
  textBytes(row.cause?.reason) +
  textBytes(row.cause?.plainReason) +
  listBytes(row.also) +
  listBytes(row.output) +
  listBytes(row.sharedWith);
const listBytes = (texts: readonly string[] = []): number =>
  texts.reduce((sum, text) => sum + textBytes(text), 0);
const textBytes = (text: string | undefined): number =>
  text === undefined ? 0 : 8 + utf8Bytes(text);
