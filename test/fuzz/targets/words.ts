/** Bytes that mean something to OCapN. */
import { LABELS } from '../../../packages/ocapn/src/wire/labels.ts';
import { encode, Sym } from '@bellwether/ocapn';

export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
export const joinedBytes = (...parts: readonly (Uint8Array | string)[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? bytesOf(part) : part))),
  );

/** Values of Syrup, small ones and odd ones. */
export const SYRUP_WORDS: readonly Uint8Array[] = [
  't', 'f', '0+', '1+', '7-', '0-', '007+', '0"', '1"a', '2"\xc3\xa4', '3"\xed\xa0\x80', '2"\xff\xfe', '0\'', '1\'x', '0:',
  '3:abc', '32:01234567890123456789012345678901', '[]', '{}', '#$', '<>', '[1+2+]', '{1"a1+}', '{1"b1+2"aa2+}',
  '{1"a1+1"a2+}', '{1+2+}', '#1+2+$', '#2+1+1+$', '<1\'x>', '<1+2+>', '<4\'void>', '<4\'null>', '9"__proto__', '11"constructor',
  'D\x7f\xf8\0\0\0\0\0\0', 'D\x80\0\0\0\0\0\0\0', 'D\x7f\xf0\0\0\0\0\0\0', 'D\x40\x34\0\0\0\0\0\0', 'D\xff\xff\xff\xff\xff\xff\xff\xff',
  'F\0\0\0\0', '9999999999:', '9007199254740992+', '9007199254740993-', '[', ']', '{', '}', '<', '>', '#', '$', '"', ':', "'",
  '<11\'desc:tagged1\'x1+>', '<11\'user-record1\'x1+>', '<10\'desc:error4"text>', "<16'exn:fail:mystery>",
].map(bytesOf); // prettier-ignore

/** Labels, operations and references. */
export const CAPTP_WORDS: readonly Uint8Array[] = [
  ...Object.values(LABELS).map((label) => encode(label)),
  ...[
    "<11'desc:export0+>", "<11'desc:export1+>", "<11'desc:export2+>", "<11'desc:answer0+>", "<11'desc:answer1+>",
    "<18'desc:import-object0+>", "<18'desc:import-object7+>", "<19'desc:import-promise8+>", "<18'desc:import-object9+>",
    "5'fetch", "7'fulfill", "5'break", "12'deposit-gift", "13'withdraw-gift", '3:zoo', "4'echo", "4'call", "4'make",
    "4'keep", "4'pass", "4'poke", "4'pair", "4'when", "4'fail",
    "<10'op:deliver<11'desc:export0+>[5'fetch3:zoo]0+<18'desc:import-object1+>>",
    "<10'op:deliver<11'desc:answer0+>[4'echo1+]1+<18'desc:import-object2+>>",
    "<10'op:deliver<11'desc:answer0+>[]ff>", "<10'op:deliver<11'desc:export1+>[7'fulfill1+]ff>",
    "<9'op:listen<11'desc:answer0+><18'desc:import-object5+>f>", "<6'op:get<11'desc:answer0+>1\"a3+>",
    "<8'op:index<11'desc:answer0+>0+4+>", "<8'op:untag<11'desc:answer0+>1\"x5+>", "<13'op:gc-exports[1+][1+]>",
    "<13'op:gc-answers[0+1+]>", "<8'op:abort4\"text>", "<12'op:gc-export1+1+>", "<15'op:deliver-only<11'desc:export0+>[]>",
  ].map(bytesOf),
]; // prettier-ignore

/** What locations are made of. */
export const LOCATOR_WORDS: readonly Uint8Array[] = [
  encode(new Sym('ocapn-peer')), encode(new Sym('ocapn-sturdyref')), encode(new Sym('my-location')),
  ...[
    "<10'ocapn-peer3'sim7\"malloryf>", "<10'ocapn-peer7'tcp-tls4\"peer{4\"host9\"127.0.0.14\"port5\"22045}>",
    "<15'ocapn-sturdyref<10'ocapn-peer3'sim1\"xf>3:zoo>", 'ocapn://', '/s/', '?', '&', '=', '.', '..', '#', '%', '%20', '%ff',
    '+', '/', 'AAAA', 'SmFk', '__proto__=1', 'host=127.0.0.1', 'port=22045', 'tcp-tls', 'websocket', '4"host', '4"port',
  ].map(bytesOf),
]; // prettier-ignore
