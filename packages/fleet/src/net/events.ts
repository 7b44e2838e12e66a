/** The event ring of a vat as plain data: what crossed a session gets the word that names it at both ends. */
import type { CrossingEvent, TurnEvent, VatEvent } from '@bellwether/actors';
import type { NetCause, NetEvent } from './types.ts';

/** The last `count` of some events; what they name as their cause may be older than those. */
export const netEvents = (events: readonly VatEvent[], count: number): readonly NetEvent[] => {
  const arrivals = new Map<number, string>();
  for (const event of events) if (event.kind === 'got') arrivals.set(event.arrival, linkOf(event));
  const causeOf = (cause: number): NetCause => {
    if (cause > 0) return { turn: cause };
    const message = arrivals.get(-cause);
    return message === undefined ? {} : { message };
  };
  return events
    .slice(Math.max(0, events.length - count))
    .map((event) => (event.kind === 'turn' ? turnOf(event, causeOf) : crossingOf(event, causeOf)));
};

type CauseOf = (cause: number) => NetCause;
const turnOf = (event: TurnEvent, causeOf: CauseOf): NetEvent => {
  const { turn, what, outcome, cause, woken } = event;
  return { kind: 'turn', turn, what, outcome, cause: causeOf(cause), woken: causeOf(woken) };
};
const crossingOf = (event: CrossingEvent, causeOf: CauseOf): NetEvent => {
  const { kind, line, number, what, cause } = event;
  const from = senderOf(event);
  const link = linkOf(event);
  return { kind, session: line, from, number, link, what, cause: causeOf(cause) };
};

/** What says which end has sent a message. */
interface Crossed {
  readonly kind: 'got' | 'sent';
  readonly isDialler: boolean;
}
const senderOf = ({ kind, isDialler }: Crossed): 'dialler' | 'accepter' =>
  (kind === 'sent') === isDialler ? 'dialler' : 'accepter';

/**
 * Names a message alike at both ends of its session: `s-k7qm2xzf/d17` is the 17th that the end has sent that dialled,
 * `s-k7qm2xzf/a17` that of the other one.
 */
export const linkOf = (
  crossed: Crossed & { readonly line: string; readonly number: number },
): string => `${crossed.line}/${senderOf(crossed) === 'dialler' ? 'd' : 'a'}${crossed.number}`;
