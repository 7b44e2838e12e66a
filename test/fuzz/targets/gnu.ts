/**
 * What comes by the door for GNU Shepherd's clients: whatever is read can be written, and is then read as the same; pieces
 * make no difference; a request has an answer that is a datum, whatever it asks for.
 */
import { isDeepStrictEqual } from 'node:util';
import { ActorError } from '@bellwether/actors';
import { DatumReader } from '../../../packages/herd/src/gnu/wire/read.ts';
import { replyText, requestIn } from '../../../packages/herd/src/gnu/wire/request.ts';
import { datumText } from '../../../packages/herd/src/gnu/wire/write.ts';
import type { Datum } from '../../../packages/herd/src/gnu/wire/datum.ts';
import { kindOf, must, type Target } from '../engine/target.ts';
import { bytesOf } from './words.ts';

/** What is read from pieces of so many bytes, as a connection does; words about why there is nothing. */
const readFrom = (bytes: Uint8Array, pieceBytes: number): { datum: Datum } | string => {
  const reader = new DatumReader();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const datum = reader.feed(
        decoder.decode(bytes.subarray(at, at + pieceBytes), { stream: true }),
      );
      if (datum !== undefined) return { datum };
    }
    return 'waits';
  } catch (error) {
    if (error instanceof ActorError) return kindOf(error);
    if (error instanceof TypeError) return 'no UTF-8';
    throw error;
  }
};

const again = (text: string): Datum => {
  const datum = new DatumReader().feed(`${text} `);
  must(datum !== undefined, 'what was written is not whole');
  return datum ?? false;
};

export const gnu: Target = {
  name: 'gnu',
  maxBytes: 4_096,
  blocksPerRun: 3_000,
  blocksPerByte: 120,
  words: [
    '(shepherd-command (version 0) (action status) (service root) (arguments ()) (directory "/"))',
    '(version 0)', '(version 0 1)', '(action start)', '(service web)', '(arguments ("a" "b"))', '(arguments (#:name x))', '(directory "/")',
    '(', ')', '[', ']', '"', '\\"', '\\x41', '\\u202e', '\\U01f600', '\\\n', ' . ', "'", '#(', '#t', '#f', '#:', '#{', '}#', '\\x28;', '#|', '|#',
    '#;', ';', '\n', '#.', '`', ',', '1', '-1', '1.5', '+inf.0', '+nan.0', '1e3', '1/2', '1+2i', '9007199254740993', '+', '...', '.', 'x',
    '\xc3\xa9', '\xf0\x9f\x98\x80', '\xff', '\xef\xbb\xbf',
  ].map(bytesOf), // prettier-ignore
  seeds: () =>
    [
      '(shepherd-command (version 0) (action status) (service root) (arguments ()) (directory "/"))',
      '(shepherd-command (version 0 1) (action hi) (service "x") (arguments ("a" #:log-file "/b" #:#{a b}# ("c=d"))) (directory "/"))',
      "(a . b) ", "#(1 2.5 #t 'x #;y #|z|# . ; \n", '(("\\a\\n\\x41\\u00e9\\U01f600" #{a\\x28;b}# [1 -7 1e3 +inf.0]))',
    ].map(bytesOf), // prettier-ignore
  run: (input) => {
    const found = readFrom(input, input.length + 1);
    const inPieces = readFrom(input, 3);
    if (typeof found === 'string') {
      must(found === inPieces || found === 'no UTF-8', 'pieces make a difference');
      return new Set([found]);
    }
    must(isDeepStrictEqual(found, inPieces) || inPieces === 'no UTF-8', 'pieces make a difference');
    const text = datumText(found.datum);
    must(/^[^\p{Cc}\p{Cf}]*$/u.test(text), 'a control character is written');
    must(isDeepStrictEqual(again(text), found.datum), 'what was written is read as something else');
    const request = requestIn(found.datum);
    if (request === undefined) return new Set(['no request']);
    const { action, service } = request;
    const error = { kind: 'action-not-found', action, service } as const;
    again(replyText({ result: false, error, messages: [text] }));
    return new Set(['request']);
  },
};
