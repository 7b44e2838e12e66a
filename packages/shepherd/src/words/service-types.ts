/** What a shepherd says to what it has: services of its own and elsewhere, aggregates, and who is told of them. */
import type { Ref, Vow } from '@bellwether/actors';
import type { Offer, Offered, Piece, Put, SlotFacts } from './agent-types.ts';
import type { Follow, LogQuery } from './log-types.ts';
import type { Attempt, Event, LineTopic, MinReady, Outcome, Request } from './messages.ts';
import type { Asker } from './observation.ts';
import type { Principal } from './principal.ts';
import type { Run } from './process-types.ts';
import type { Prompting, Prompts } from './prompt-types.ts';
import type { ServiceConfig } from './service-config.ts';
import type { KeptChange, LocalStatus, Status } from './status-types.ts';
import type { TimerMemory } from './timer-types.ts';
import type { Stage } from './vocabulary.ts';

/** Whoever is told what an operation says. */
export interface Lines {
  /**
   * One line of this shepherd's own, stamped with its node name; it goes to the daemon's log too.
   */
  line(text: string, about?: LineTopic): void;
  /** Events of this side; with `from` those of the machine that the operator calls so, as far as its share goes. */
  pass(events: readonly Event[], from?: string): void;
}
/** The `^writer`: the sender's end of a Sink, one for each operation at each shepherd. */
export interface Writer extends Lines {
  /** Flushes a last batch without waiting for credit; nothing is sent afterwards. */
  finish(): void;
}

/** What has names and a place in the graph: a service, or an aggregate of some. */
export interface Provider {
  canonicalName(): string;
  /** All names, the canonical one first. */
  provision(): readonly string[];
  requirement(): readonly string[];
  /** What is known now; never waits. */
  status(): Status;
  /**
   * Asks afresh where knowing takes asking; a local service answers as `status`. `hops` is the way
   * that the question came, its own hop the last.
   */
  probe(timeoutMs: number, hops?: readonly string[]): Vow<Status>;
}
/** A service as its own shepherd sees it; an exported service is one, too. */
export interface Service extends Provider {
  /**
   * start, stop and custom actions of this one service. The graph around it is the shepherd's
   * affair. One elsewhere asks under an id made from the principal and that of the request, so that it hears again what
   * came of one that it has sent before; of those at home the shepherd knows. `prompting`: what it comes from, for one
   * at home; absent: this request.
   */
  perform(request: Request, writer: Ref<Lines>, asker: Asker, prompting?: Prompting): Vow<Attempt>;
  /** Lines of its log, oldest first, as far as one answer has room for them. */
  log(query: LogQuery): Vow<readonly string[]>;
  /** Kept when nothing comes any more, or nobody wants it; broken with what keeps it from coming. */
  follow(follow: Follow): Vow<void>;
}
/** A service that is at home at another shepherd, as this one sees it. */
export interface ServiceElsewhere extends Service {
  /**
   * Calls off there what has not begun; kept once that is heard, or cannot be. `goesOn`: as of a facet's.
   */
  cancel(operation: string, principal: Principal, goesOn: boolean): Vow<void>;
  /**
   * How a command ends that it answered with `isPending`, and the same once more where it is not over yet. Broken where
   * that cannot be heard for now: it is to be asked again with the next contact.
   */
  settle(request: Request, writer: Ref<Lines>, asker: Asker): Vow<Attempt>;
  /**
   * Kept while there is contact with its machine, else with the next; broken once nobody here wants any. It is of this
   * life and this configuration alone.
   */
  contact(): Vow<void>;
  /** What the slot that it is lacks of a release; broken with what keeps that from being known, and what it refuses. */
  offer(offer: Offer): Vow<Offered>;
  /** Passes a piece of one on to it. Broken likewise. */
  put(piece: Piece): Vow<Put>;
  /** It was taken in: from now on it finds out by itself how it is. */
  enter(): void;
  /** It was taken out: nobody wants to know any more. */
  leave(): void;
}
/**
 * Services of one shepherd under one name. It has no process and no state, and requires nothing;
 * the shepherd carries out its actions on each of its members.
 */
export interface Aggregate extends Provider {
  /** Names at this shepherd; a name may stand there twice. */
  members(): readonly string[];
  /**
   * The outcome of an action, from those of the members in their order, by the policy of the
   * aggregate or by the one that is given. Changes nothing.
   */
  sum(action: string, outcomes: readonly Outcome[], minReady?: MinReady): Outcome;
}
/** Whether a service of this machine is up, and may be started. */
export interface Standing {
  readonly stage: Stage;
  readonly isEnabled: boolean;
  /** It was transient, and is over. */
  readonly hasEnded: boolean;
  /** It is a one-shot that was run since the machine was switched on; see prompts.ts. */
  readonly isSpent: boolean;
}
/** A service that is at home in this shepherd: what only its own shepherd says to it. */
export interface LocalService extends Service {
  /**
   * Takes over a process that outlived the daemon. @throws Refused unless the service is stopped.
   */
  adopt(run: Run): void;
  status(): LocalStatus;
  /** What of that is asked of a thousand at once, before a command. */
  standing(): Standing;
  /** Shows the last explicit wish that was accepted for it; does nothing about it. */
  wish(isWanted: boolean): void;
  /**
   * Ends starts and respawning for good, also those of custom actions' commands; `why` is the sentence
   * that refuses them. Undefined takes that back. `by`: what it comes from; absent: a reload.
   */
  retire(why: string | undefined, by?: Prompting): void;
  /** What it was started, stopped and disabled by last. */
  prompts(): Prompts;
  /** Of a start that the records know nothing was found, once all others were adopted. */
  unfound(): void;
  /** Describes it anew, under the same canonical name; how it is run changes once no process runs. */
  revise(config: ServiceConfig): void;
  /** From now on its status tells this of the slot that it is; undefined: nothing. */
  showSlot(facts: SlotFacts | undefined): void;
  /** Its schedule has changed, or has come to its end: then it stops by itself. */
  timed(isOver: boolean): void;
  /** One that it has accepted has a service by this name, from this address where there is one; it is over. */
  connected(name: string, source: string | undefined): void;
  disconnected(name: string): void;
  /** What its schedule leaves behind; undefined where it has none. */
  timerMemory(): TimerMemory | undefined;
  /** Its last status changes, oldest first. */
  history(): readonly KeptChange[];
}
/** The `^chronicle`: status changes of services elsewhere and of aggregates, as they were observed. */
export interface Chronicle {
  /** Something may be different about the service of this canonical name. */
  service(name: string): void;
  /** The same of an aggregate, which is looked at a little later. */
  aggregate(name: string): void;
  /** The last changes, oldest first. */
  history(): readonly KeptChange[];
}
