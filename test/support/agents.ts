/** An agent of a service that notes what it is asked, and answers as a test says. */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import type {
  Agent,
  Asker,
  Lines,
  LocalService,
  Offer,
  Offered,
  Outcome,
  Piece,
  Put,
  Request,
  Result,
  ServiceConfig,
} from '@bellwether/shepherd';
import { program, requestOf } from './shepherd-machine.ts';

/** What an agent was asked, and what it answers: read anew at each question. */
export interface AgentScript {
  readonly asked: {
    readonly action: string;
    readonly operation: string;
    readonly asker: Asker;
    readonly isRepeat: boolean;
    readonly args: readonly string[];
  }[];
  readonly offers: { readonly asker: Asker; readonly offer: unknown }[];
  readonly pieces: { readonly asker: Asker; readonly piece: Piece }[];
  readonly attached: string[];
  /** What was called off, by whom it was asked for, and whether what was begun is to be taken back. */
  readonly cancels: (readonly [operation: string, principal: string, isTakenBack: boolean])[];
  /** Absent: changed at once. */
  perform?: (
    turn: Turn,
    service: Ref<LocalService>,
    request: Request,
    lines: Ref<Lines>,
    asker: Asker,
  ) => Vow<Outcome>;
  /** Absent: nobody has begun anything. */
  owns?: (action: string, principal: string) => boolean;
  /** Absent: nothing is missing. */
  offer?: (turn: Turn, offer: Offer) => Vow<Offered>;
  /** Absent: a piece is there at once. */
  put?: (turn: Turn, piece: Piece) => Vow<Put>;
}
export const agentScript = (given: Partial<AgentScript> = {}): AgentScript => ({
  asked: [],
  offers: [],
  pieces: [],
  attached: [],
  cancels: [],
  ...given,
});

export const makeScripted = (
  _turn: Turn<Agent>,
  _bcom: Bcom<Agent>,
  script: AgentScript,
): Behavior<Agent> => ({
  attach: (turn, service) => {
    const name = turn.call(service, 'canonicalName');
    turn.effect(() => void script.attached.push(name));
  },
  perform: (turn, service, request, asker, lines) => {
    const { action, operation, args, isRepeat = false } = request;
    turn.effect(() => void script.asked.push({ action, operation, asker, isRepeat, args }));
    if (script.perform !== undefined) return script.perform(turn, service, request, lines, asker);
    return turn.kept(outcome(request.member));
  },
  rest: () => undefined,
  turned: () => undefined,
  cancel: (turn, ...cancelled) => turn.effect(() => void script.cancels.push(cancelled)),
  owns: (_turn, action, principal) => script.owns?.(action, principal) ?? false,
  describe: (_turn, config) => config,
  offer: (turn, offer, asker) => {
    turn.effect(() => void script.offers.push({ asker, offer }));
    if (script.offer !== undefined) return script.offer(turn, offer);
    return turn.kept({ missing: [], missingCount: 0, missingBytes: 0 });
  },
  put: (turn, piece, asker) => {
    turn.effect(() => void script.pieces.push({ asker, piece }));
    if (script.put !== undefined) return script.put(turn, piece);
    return turn.kept({ have: piece.offset + piece.bytes.length });
  },
});

/** How an agent says that it ended. */
export const outcome = (member: string, result: Result = 'changed'): Outcome => ({
  member,
  result,
  rows: [],
});
/** A service whose `deploy`, `stage` and `confirm` are those of an agent. */
export const slotConfig = (given: Partial<ServiceConfig> = {}): ServiceConfig => ({
  ...program({ provision: ['web', 'www'] }),
  actions: {
    deploy: { kind: 'agent', documentation: '', takesArguments: true },
    stage: { kind: 'agent', documentation: '', takesArguments: true, areArgumentsHarmless: true },
    confirm: { kind: 'agent', documentation: '' },
  },
  ...given,
});
/** A stop or a start as an agent asks its service for it. */
export const own = (
  turn: Turn,
  service: Ref<LocalService>,
  action: 'start' | 'stop',
  lines: Ref<Lines>,
  asker: Asker,
): Vow<Outcome> =>
  turn.send(
    service,
    'perform',
    requestOf({ action, member: 'web', operation: `own-${action}` }),
    lines,
    asker,
  );
/** A digest that is well formed. */
export const release = (digit: string): string => `rel:sha256-${digit.repeat(64)}`;
export const sha256 = (digit: string): string => digit.repeat(64);
