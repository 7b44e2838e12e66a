/**
 * What a shepherd has in memory of operations. A client chooses the id of its operation; an id means
 * something only together with who asked, so that nobody can ask for, block or push out what
 * somebody else remembers:
 *
 *     asked                       answer
 *     first time                  is carried out
 *     again, under way            the same answer, and what is said from now on
 *     again, over                 the recorded outcome; who failed or was not reached is asked again first
 *     again, in doubt             who could not tell is asked again, under the same id
 *     again, with other words     refused: an id means one thing for a member
 *
 * Memory is counted as weight: the characters of texts, and 16 for each value. Each asker has a quota,
 * and all have one together; where it is full, the operation that has been over for the longest goes
 * first, of the asker himself or of the one who fills the most. The disk has it still (ledger.ts). A
 * step gets room for its plan and for a short outcome before anything is done; an outcome that finds no
 * room for more than that is kept without its details.
 */
import {
  Limit,
  type JournalCell,
  type JournalMap,
  type Ref,
  type Resolver,
  type Turn,
} from '@bellwether/actors';
import { Conflict } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { weightOf } from '../../read.ts';
import type { Step } from '../plan/plan.ts';
import type { MemberTurn } from '../plan/rolling.ts';
import type { StepPhase } from '../../words/vocabulary.ts';
import { cutText } from '../../text.ts';
import type { Attempt, Outcome, Prompting, Request, Row } from '../../words/types.ts';
import type { Lines, Writer } from '../../words/types.ts';
import type { Saying } from '../../words/wording.ts';
import type { Principal } from '../../words/principal.ts';

/** The writer that an operation hands to its services; told/listeners.ts makes it. */
export interface Listeners extends Lines {
  /** What there is to say of one step: lines of this shepherd's own, and the row of a member behind them. */
  tell(sayings: readonly Saying[], row?: Row): void;
  /** From now on this one hears what is said, too. */
  add(writer: Ref<Lines>): void;
  /** This one hears nothing any more; its stream stays as it is. */
  remove(writer: Ref<Lines>): void;
}

/** A request as an operation keeps it. */
export interface KeptRequest extends Request {
  /** Wall clock, milliseconds since 1970, until which who is away is waited for; it goes with `queueMs`. */
  readonly queueUntilMs?: number;
  /** As of an Asker, in memory alone: what it says means nothing to another life. */
  readonly sinceMs?: number;
  /** What it comes from, where that is not whoever asks: in memory alone, since the shepherd's own are. */
  readonly prompting?: Prompting;
}
/** A step of a plan on its way: plain data. */
export interface StepRecord {
  readonly step: Step;
  /** The member of the request that brought it. */
  readonly by: string;
  readonly phase: StepPhase;
  /** How many steps of `after` are not over. */
  readonly openCount: number;
  /** Keys of the steps that have this one in `after`. */
  readonly followers: readonly string[];
  /** How it ended, or how it ended last before it is tried again. */
  readonly outcome?: Outcome;
  /** Why nothing was done; whoever asked for just this step is refused in the same words. */
  readonly refusal?: { readonly code: string; readonly message: string };
  /** Of a gate: when it was opened, wall clock, milliseconds since 1970. */
  readonly atMs?: number;
  /** It may have been asked for by an earlier life, so that it is not to be begun anew. */
  readonly isAgain?: true;
  /** It has waited for its machine; how it ends is told although nobody waits any more. */
  readonly wasQueued?: true;
  /**
   * Of one that waits, or has waited: its own shepherd has it, and waits for a machine there; that was told to call it
   * off, or has to be.
   */
  readonly passedOn?: 'waits' | 'called-off';
}
/** Somebody who waits for the outcome of a step. */
export interface Caller {
  readonly key: string;
  readonly resolver: Resolver<Outcome>;
  /** Goes off at this one's own deadline. */
  readonly timer: { cancel(): void };
  /** Whether he waits on where the operation waits for a machine that is away. */
  readonly staysOn: boolean;
  /** Absent: nobody listens. */
  readonly writer?: Ref<Writer>;
}
/** What is known of the members of all aggregates that an operation asks batch by batch; see muster.ts. */
export interface Muster {
  readonly rolls: JournalMap<string, Roll>;
  /** Keys of steps that are to be looked at again. */
  readonly moved: JournalMap<string, true>;
  /** Up to where it is known who was touched. */
  readonly touchedCount: JournalCell<number>;
}
/** The members of one aggregate, by their names. */
export interface Roll {
  /** What they are asked for. */
  readonly action: string;
  readonly members: JournalMap<string, Mustered>;
  readonly bad: JournalMap<string, true>;
  readonly asked: JournalMap<string, true>;
  /** Neither asked nor serving. */
  readonly idle: JournalMap<string, true>;
}
/** One of them. */
export interface Mustered {
  readonly turn: MemberTurn;
  /** Key of its gate. */
  readonly gate: string;
  /** In the order of the plan. */
  readonly place: number;
}
/** How a step ends. */
export interface StepEnd {
  readonly outcome: Attempt;
  readonly refusal?: { readonly code: string; readonly message: string };
  /** What it rests on is in doubt, so that its outcome is. */
  readonly isInDoubt?: boolean;
  /** Whatever it is, nobody will ever know more: it is not asked for again by a mere repeat. */
  readonly isFinal?: true;
  /** It was called off before it began. */
  readonly isCancelled?: true;
}
/** One command with all its steps at this shepherd. The steps are the record; the rest lives with it. */
export interface Operation {
  readonly principal: Principal;
  readonly id: string;
  readonly steps: JournalMap<string, StepRecord>;
  /** By member: what was asked, as it was asked last. */
  readonly requests: JournalMap<string, KeptRequest>;
  readonly callers: JournalMap<number, Caller>;
  readonly account: JournalCell<Account>;
  /** Apart from the account, since each step of a thousand changes them twice. */
  readonly counts: JournalCell<Counts>;
  /** Gates that are at their turn and not open yet, by their keys. */
  readonly gates: JournalMap<string, Gating>;
  /** Absent before a gate is looked at. */
  readonly muster: JournalCell<Muster | undefined>;
  /** Absent while nothing is under way. */
  readonly listeners: JournalCell<Ref<Listeners> | undefined>;
  /** Keys of steps about which something is different from what the disk says; see durable.ts. */
  readonly unsaved: JournalMap<string, true>;
  readonly saving: JournalCell<Saving>;
}
/** How long a gate waits; monotonic milliseconds. */
export interface Gating {
  /** The end of the pause. */
  readonly notBeforeMs: number;
  /** When it gives up on those who do not serve; absent while there are not too many. */
  readonly settledAtMs?: number | undefined;
  /** When it is looked at again, if nothing is over before. */
  readonly timer?: { cancel(): void } | undefined;
}
/** When what is unsaved is to be written down. */
export interface Saving {
  /** With this turn. */
  readonly isDue: boolean;
  /** Absent: nobody waits for it. */
  readonly timer?: { cancel(): void };
}
/** How far the steps of an operation are. */
interface Counts {
  /** Steps that are not over. */
  readonly openCount: number;
  /** Of these, those under way, and those that wait for a machine that is away. */
  readonly actingCount: number;
  readonly queuedCount: number;
  /** Of these, those that wait for nothing but a turn of their own. */
  readonly dueCount: number;
}
interface Account {
  readonly weight: number;
  /** Monotonic milliseconds: the latest of all deadlines. */
  readonly deadlineAtMs: number;
  readonly lastCaller: number;
  /** It was called off: what has not begun is not to begin any more, here or elsewhere. */
  readonly isCancelled: boolean;
  /** Who asked for what is done now: whose it is, or whoever had it tried again. */
  readonly by: Principal;
}
/** The operations of one asker. */
export interface Book {
  /** With work under way. */
  readonly open: JournalMap<string, Operation>;
  /** Over, the longest first. */
  readonly over: JournalMap<string, Operation>;
  readonly weight: JournalCell<number>;
}
/** The part of a shepherd's state that is its memory of operations. */
export interface Memory {
  /** By asker. */
  readonly books: JournalMap<Principal, Book>;
  /** Of all books together. */
  readonly weight: JournalCell<number>;
}

/** The operation of this asker under this id, if it is remembered. */
export const recalled = (
  memory: Memory,
  principal: Principal,
  id: string,
): Operation | undefined => {
  const book = memory.books.get(principal);
  return book?.open.get(id) ?? book?.over.get(id);
};

/** Who has something under way. */
export const openAskersIn = ({ books }: Memory): readonly Principal[] =>
  [...books.entries()].flatMap(([asker, { open }]) => (open.size === 0 ? [] : [asker]));
/** What is under way, of one asker or of all. */
export const openIn = ({ books }: Memory, asker?: Principal): readonly Operation[] => {
  const wanted = asker === undefined ? [...books.values()] : [books.get(asker)];
  return wanted.flatMap((book) => (book === undefined ? [] : [...book.open.values()]));
};

/**
 * The operation of this asker under this id, remembered or new.
 * @throws Limit when there is no room, and nothing that could be forgotten
 */
export const operationOf = (
  memory: Memory,
  turn: Turn,
  principal: Principal,
  id: string,
): Operation => {
  const before = recalled(memory, principal, id);
  if (before !== undefined) return before;
  const book = memory.books.get(principal) ?? {
    open: turn.map<string, Operation>(),
    over: turn.map<string, Operation>(),
    weight: turn.cell(0),
  };
  memory.books.set(principal, book);
  if (book.open.size + book.over.size >= limits.operationCount && !forgetOne(memory, principal))
    throw new Limit(`${limits.operationCount} operations are under way: operation ${id} must wait`);
  const operation: Operation = {
    principal,
    id,
    steps: turn.map(),
    requests: turn.map(),
    callers: turn.map(),
    account: turn.cell({
      weight: 0,
      deadlineAtMs: 0,
      lastCaller: 0,
      isCancelled: false,
      by: principal,
    }),
    counts: turn.cell<Counts>({ openCount: 0, actingCount: 0, queuedCount: 0, dueCount: 0 }),
    gates: turn.map(),
    muster: turn.cell<Muster | undefined>(undefined),
    listeners: turn.cell<Ref<Listeners> | undefined>(undefined),
    unsaved: turn.map(),
    saving: turn.cell<Saving>({ isDue: false }),
  };
  book.open.set(id, operation);
  if (!hasRoom(memory, operation, limits.operationWeight)) throw full(id);
  weigh(memory, operation, limits.operationWeight);
  return operation;
};

/**
 * What an id means for a member: the request itself, hops and deadline aside.
 * @throws Conflict when it means something else already
 */
export const checkClaim = ({ id, requests }: Operation, request: Request): void => {
  const before = requests.get(request.member);
  if (before === undefined) return;
  const { action, member, args } = before;
  const words = `operation ${id} is a ${action} of ${member}`;
  if (request.action !== action)
    throw new Conflict(`${words}: a ${request.action} needs an id of its own`);
  const isSame =
    (request.withMembers ?? true) === (before.withMembers ?? true) &&
    request.minReady === before.minReady &&
    JSON.stringify(request.rolling) === JSON.stringify(before.rolling) &&
    // No name has a slash.
    request.onlyMembers?.join('/') === before.onlyMembers?.join('/') &&
    request.args.length === args.length &&
    request.args.every((each, at) => each === args[at]);
  if (!isSame) throw new Conflict(`${words} in other words: this one needs an id of its own`);
};

/**
 * Keeps a request as the last word on what is asked of its member, hops and deadline included.
 * @throws Limit when there is no room for it
 */
export const keepRequest = (memory: Memory, operation: Operation, request: KeptRequest): void => {
  const before = operation.requests.get(request.member);
  const weight = weightOf(request) - (before === undefined ? 0 : weightOf(before));
  if (!hasRoom(memory, operation, weight)) throw full(operation.id);
  weigh(memory, operation, weight);
  operation.requests.set(request.member, request);
};

/**
 * Whether nothing of an operation goes on before a machine that is away is there: some of its steps wait for one, and
 * all others that are not over for those.
 */
export const isAtRest = ({ counts }: Operation): boolean => {
  const { actingCount, queuedCount, dueCount } = counts.get();
  return queuedCount > 0 && actingCount === 0 && dueCount === 0;
};

/** Puts a step into another phase, one that is not over, and counts it there. */
export const move = (
  { steps, counts }: Operation,
  record: StepRecord,
  phase: 'waiting' | 'acting' | 'queued',
): void => {
  const { key } = record.step;
  const before = steps.get(key)?.phase;
  const { openCount, actingCount, queuedCount, dueCount } = counts.get();
  counts.set({
    openCount,
    dueCount,
    actingCount: actingCount + Number(phase === 'acting') - Number(before === 'acting'),
    queuedCount: queuedCount + Number(phase === 'queued') - Number(before === 'queued'),
  });
  steps.set(key, { ...record, phase });
};
/** Moves an operation between those that are open and those that are over. */
export const refile = (memory: Memory, operation: Operation): void => {
  const book = memory.books.get(operation.principal);
  if (book === undefined) return;
  const isOpen = operation.counts.get().openCount > 0;
  const [from, to] = isOpen ? [book.over, book.open] : [book.open, book.over];
  if (from.delete(operation.id)) to.set(operation.id, operation);
};

/** Keeps room for steps. @throws Limit when there is none */
export const reserve = (memory: Memory, operation: Operation, steps: readonly Step[]): void => {
  const weight = steps.reduce((sum, step) => sum + weightOf(step) + limits.outcomeWeight, 0);
  if (!hasRoom(memory, operation, weight)) throw full(operation.id);
  weigh(memory, operation, weight);
};
const full = (id: string): Limit =>
  new Limit(`operation ${id}: there is no room for it while others are under way`);

/** The outcome as it is kept: whole where there is room for it. The one before it is given up. */
export const kept = (
  memory: Memory,
  operation: Operation,
  outcome: Outcome,
  before: Outcome | undefined,
): Outcome => {
  if (before !== undefined) weigh(memory, operation, -beyond(before));
  const weight = beyond(outcome);
  if (weight === 0) return outcome;
  if (hasRoom(memory, operation, weight)) {
    weigh(memory, operation, weight);
    return outcome;
  }
  const { member, result, reason = '', plainReason, stage, pid, queuedUntilMs } = outcome;
  const short = (text: string): string =>
    `${cutText(text, 256)} (the rest was too long to keep)`.trim();
  return {
    member,
    result,
    reason: short(reason),
    ...(plainReason === undefined ? {} : { plainReason: short(plainReason) }),
    ...(stage === undefined ? {} : { stage }),
    ...(pid === undefined ? {} : { pid }),
    ...(queuedUntilMs === undefined ? {} : { queuedUntilMs }),
    rows: [],
  };
};
/** What an outcome weighs beyond the room that every step has. */
const beyond = (outcome: Outcome): number => Math.max(0, weightOf(outcome) - limits.outcomeWeight);

const weigh = (memory: Memory, operation: Operation, weight: number): void => {
  const book = memory.books.get(operation.principal);
  book?.weight.set(book.weight.get() + weight);
  memory.weight.set(memory.weight.get() + weight);
  const account = operation.account.get();
  operation.account.set({ ...account, weight: account.weight + weight });
};

/** Makes room by what is over, but for the operation that it is for; whether there is enough then. */
const hasRoom = (memory: Memory, operation: Operation, weight: number): boolean => {
  const { principal } = operation;
  const weightIn = (): number => memory.books.get(principal)?.weight.get() ?? 0;
  while (weightIn() + weight > limits.principalWeight)
    if (!forgetOne(memory, principal, operation)) return false;
  while (memory.weight.get() + weight > limits.memoryWeight) {
    const heaviest = heaviestIn(memory, operation);
    if (heaviest === undefined || !forgetOne(memory, heaviest, operation)) return false;
  }
  return true;
};
/** Who fills the most, of those with something to forget. Linear in the askers who are remembered. */
const heaviestIn = ({ books }: Memory, spared: Operation): Principal | undefined => {
  let heaviest: Principal | undefined;
  let most = 0;
  for (const [principal, book] of books.entries()) {
    if (book.weight.get() <= most || oldestIn(book, spared) === undefined) continue;
    most = book.weight.get();
    heaviest = principal;
  }
  return heaviest;
};

/** Forgets the operation of this asker that has been over for the longest. */
const forgetOne = (memory: Memory, principal: Principal, spared?: Operation): boolean => {
  const oldest = oldestIn(memory.books.get(principal), spared);
  if (oldest !== undefined) drop(memory, oldest);
  return oldest !== undefined;
};
const oldestIn = (book: Book | undefined, spared?: Operation): Operation | undefined => {
  for (const operation of book?.over.values() ?? []) if (operation !== spared) return operation;
  return undefined;
};
/** Forgets an operation that is over. */
export const drop = (memory: Memory, { principal, id, account }: Operation): void => {
  const book = memory.books.get(principal);
  if (book?.over.delete(id) !== true) return;
  const { weight } = account.get();
  book.weight.set(book.weight.get() - weight);
  memory.weight.set(memory.weight.get() - weight);
  if (book.over.size === 0 && book.open.size === 0) memory.books.delete(principal);
};
