/** The labels of CapTP's records. */
import { encodedAtom } from '../syrup/text.ts';
import { Sym } from '../syrup/values.ts';

/**
 * Every label that the reader looks for. `op:deliver-only` is none: no current peer sends or
 * understands it, a one-way send is an `op:deliver` that asks for nothing.
 */
export const LABELS = {
  startSession: new Sym('op:start-session'),
  deliver: new Sym('op:deliver'),
  listen: new Sym('op:listen'),
  get: new Sym('op:get'),
  index: new Sym('op:index'),
  untag: new Sym('op:untag'),
  gcExports: new Sym('op:gc-exports'),
  gcAnswers: new Sym('op:gc-answers'),
  abort: new Sym('op:abort'),
  importObject: new Sym('desc:import-object'),
  importPromise: new Sym('desc:import-promise'),
  export: new Sym('desc:export'),
  answer: new Sym('desc:answer'),
  sigEnvelope: new Sym('desc:sig-envelope'),
} as const;

/** The first bytes of a record with this label: `<` and the symbol. */
const recordHead = (label: Sym): Uint8Array => {
  const atom = encodedAtom(label.name, "'");
  const head = new Uint8Array(atom.length + 1);
  head[0] = 0x3c;
  head.set(atom, 1);
  return head;
};

/** The first bytes of what is written and looked for most. */
export const HEADS = {
  'import-object': recordHead(LABELS.importObject),
  'import-promise': recordHead(LABELS.importPromise),
  export: recordHead(LABELS.export),
  answer: recordHead(LABELS.answer),
  deliver: recordHead(LABELS.deliver),
  listen: recordHead(LABELS.listen),
  'gc-exports': recordHead(LABELS.gcExports),
  'gc-answers': recordHead(LABELS.gcAnswers),
  abort: recordHead(LABELS.abort),
} as const;

/** A head holds the record itself and its label. */
export const HEAD_VALUES = 2;
