/**
 * What of a service is shown through a grant, beside what a facet leaves out: the actions that it
 * allows, log lines where it allows the log, and of an aggregate the members that it is narrowed to.
 */
import type { GrantFacts } from '@bellwether/authority';
import {
  BadRequest,
  checkedRequest,
  isBuiltIn,
  unknownStatus,
  type Event,
  type LogEvent,
  type MemberStatus,
  type OperationReport,
  type Outcome,
  type Request,
  type Row,
  type Status,
} from '@bellwether/shepherd';
import { judge } from '../aggregate/health.ts';

/** What of a grant decides about that. */
export type Terms = Pick<GrantFacts, 'actions' | 'members'>;

/** Whether something is known to have no members; of what is elsewhere that is known once it was heard of. */
export const isNoFleet = (status: Status): boolean =>
  status.kind === 'local' ||
  (status.kind === 'exported' && status.ageMs !== undefined && status.members === undefined);

/** The status as it is shown through a grant. */
export const grantedStatus = (terms: Terms, status: Status): Status => {
  // Whoever watches some members of a fleet is told nothing of what has its name by now.
  if (terms.members !== undefined && isNoFleet(status))
    return unknownStatus(status.provision[0] ?? '', 'it is no fleet any more');
  const actions = status.actions.filter(({ name }) => terms.actions.includes(name));
  const { members } = status.kind === 'local' ? { members: undefined } : status;
  const narrowed = terms.members !== undefined && members !== undefined;
  const whole: Status = narrowed ? narrowedStatus(terms, status, members) : status;
  if (whole.kind === 'fleet') return { ...whole, actions };
  if (terms.actions.includes('log')) return { ...whole, actions };
  const { recentLines: _recentLines, ...silent } = whole;
  return { ...silent, actions };
};

/** How well the whole of it is would tell of the others: it is what the members are that are shown. */
const narrowedStatus = (terms: Terms, status: Status, all: readonly MemberStatus[]): Status => {
  if (status.kind === 'local') return status;
  const members = all.filter(({ name }) => sees(terms, name));
  const { length: neededCount } = members;
  const seen = members.map((member) => ({ ...member, provision: [member.name] as const }));
  const { stage, runningCount, isWanted } = judge(seen, { neededCount, settleMs: Infinity });
  const { health: _health, blame: _blame, unservedMs: _unservedMs, ...whole } = status;
  const { isWanted: _isWanted, unknownReason: _unknownReason, ...rest } = whole;
  const counts = { members, neededCount, runningCount };
  // Of what is elsewhere that may be all there is to tell.
  if (status.kind === 'exported' && status.stage === 'unknown') return { ...whole, ...counts };
  const unknownCount = members.filter((member) => member.stage === 'unknown').length;
  const doubt = `${unknownCount} of ${neededCount} members are unknown`;
  return {
    ...rest,
    ...counts,
    stage,
    isReady: runningCount >= neededCount,
    ...(isWanted !== undefined && { isWanted }),
    ...(stage === 'unknown' && { unknownReason: doubt }),
  };
};

/** Whether a member, or the way to something below it, is among those of a grant. */
const sees = ({ members }: Terms, way: string): boolean =>
  members === undefined || members.includes(way.split('/', 1)[0] ?? '');

/** Whether an event of a followed log is shown. */
export const grantedEvent =
  (terms: Terms) =>
  (event: LogEvent): boolean =>
    event.kind === 'change' ? false : terms.members === undefined || sees(terms, event.about ?? '');

/** An outcome with the rows that are shown. */
export const grantedOutcome = (terms: Terms, action: string, outcome: Outcome): Outcome => ({
  ...grantedRow(terms, action, outcome),
  ...(outcome.isLate === true && { isLate: true }),
  rows: outcome.rows
    .filter(({ member }) => sees(terms, member))
    .map((row) => grantedRow(terms, action, row)),
});

/** What is told of an operation, as it is shown. Of which members, the facet behind the grant knows. */
export const grantedReport = (terms: Terms, report: OperationReport): OperationReport => ({
  ...report,
  steps: report.steps.map(({ row, ...step }) =>
    row === undefined ? step : { ...step, row: grantedRow(terms, step.action, row) },
  ),
});

/** An event of an operation as it is shown. Which members it may speak of, the facet behind the grant knows. */
export const grantedRowEvent = (terms: Terms, action: string, event: Event): Event =>
  event.kind === 'row' ? { kind: 'row', row: grantedRow(terms, action, event.row) } : event;

/** What a command says is its answer; what a service says that did not start stands in its log. */
const grantedRow = (terms: Terms, action: string, row: Row): Row => {
  const { output, ...silent } = row;
  const isLogged = isBuiltIn(action) && !terms.actions.includes('log');
  return isLogged || output === undefined ? silent : { ...silent, output };
};

/**
 * The request for the service of a grant, of its members alone: of those that it was narrowed to, as far as the
 * service has them still. @throws BadRequest, also where that is none
 */
export const grantedRequest = (
  { members }: Terms,
  service: string,
  request: Request,
  status: Status,
): Request => {
  const checked = checkedRequest({ ...request, member: service });
  if (members === undefined) return checked;
  const there = status.kind === 'local' ? undefined : status.members?.map(({ name }) => name);
  const known = there === undefined ? members : members.filter((each) => there.includes(each));
  const { onlyMembers: asked = known } = checked;
  const onlyMembers = asked.filter((each) => members.includes(each));
  // Nothing that is done to nobody has gone well.
  if (onlyMembers.length === 0)
    throw new BadRequest(
      `none of the members that this is for can be reached: the grant is for ${members.join(', ')}`,
    );
  return { ...checked, onlyMembers };
};
