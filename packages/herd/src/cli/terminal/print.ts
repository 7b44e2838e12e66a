/**
 * What is printed where. People get lines; with `--json` standard output has one document and
 * nothing else; a command that goes on until it is ended prints one a line:
 *
 *     { "schema": 1, "kind": …, … }
 *
 *     kind        also has
 *     status      services, as they describe themselves (times in ms since 1970, ages in ms)
 *                 with --watch a line for each push, with those that changed
 *     silence     silentMs: with --watch, nothing was heard of the shepherd for so long
 *     about       name, version, pid, locations, shut: the shepherd itself
 *     outcome     operation, action, service, exitCode, outcome: result, reason, rows, …; waitedFor, where members
 *                 made the wait longer than usual: members, waitedMs, slowest and slowestMs: how long that one had
 *                 said that it may take
 *     plan        action, service, exitCode, steps: what --dry-run found, in order;
 *                 endsShepherd: the shepherd itself would end after them
 *     cancel      operation; result where it was over before, and nothing was called off
 *     operations  operations: operation, asker, action, service, atMs, endedMs and result where it is over;
 *                 worst, the worst of a member, where it is degraded
 *     operation   the same of one; args, steps: service, action, phase, isAsked, isAnswer, row
 *     version     version
 *     help        topic, text
 *     history     changes: service, what, at, reason
 *     line        from, service, text, at where it is known: one of a log, always JSON lines
 *     note        from, service, what, text: why lines of a log do not come, or come again
 *     change      service, what, at: with --follow, as a JSON line
 *     graph       services, edges: from, to, kind (requirement or member)
 *     doc         service, documentation, actions; with --selector services, with these of each
 *     reload      isDryRun, exitCode, difference: added, changed (name, paths), removed, …;
 *                 pending: what a restart upgrades; outcome, where something was done
 *     detach      the shepherd ends, and its services go on
 *     state       what: checked, backed-up, restored, repaired; state or file, counts, epoch, restored; processes
 *                 where a folder was checked; store, former where another database counts now; lost, lostCount
 *     why         service, verdict, sentences, log, next, below: the same of what has a part in it; with --selector
 *                 services, with these of each
 *     top         atMs, cpuCount, memoryBytes, availableBytes, services: service, pid, cpuPercent, rssBytes, …
 *     audit       records, as they stand in the audit, each with its number; isCut: there is more
 *     audit-verified  folder, isGood, recordCount, fileCount, first, last (number, at; hash), hasHead; misfit:
 *                 number, what, file, line of the first record that does not fit
 *     release     what: built, shown, signed; file, digest, signatures, manifest; contentBytes of one that is shown,
 *                 emptyFolders that one that is built was made without
 *     release-difference  before, after: digests; added, removed, changed, fields, newBytes
 *     release-key  key: the public half; file
 *     releases    service, exitCode, releases: digest, app, version, bytes, state; of a fleet and with --selector
 *                 members: member, result, reason, releases where it told them
 *     left-slots  slots: slot, releaseCount, byteCount of what slots that are gone have left
 *     freed-slot  the same of one, which was removed
 *     machines    file, release, exitCode, machines: name, system, operation, result, reason, … of each
 *     machines-plan  the same with --dry-run: name, system, send (byteCount, isAtMost), steps, problem
 *     completion  shell, script
 *     import      config: its text; file with --out; services: names; notes: file, line, text
 *     config      file, description: what `herd check` read, in its canonical form
 *     ref         petname or service, peer, fingerprint, file; uri only with --reveal; id of one that was minted;
 *                 of one that is shown: allows, host
 *     grant       grant: id, service, actions, …; host, inviteExpiresMs, file, doubt; invite only with --reveal; spec
 *                 with --dry-run
 *     grants      grants; confirmed: grants that hold again
 *     revoked     grant, revoked: all that ended with it, or would with --dry-run
 *     grant-clock nowMs, by which grants end; wallMs, of the machine; isTakenBack; returned: grants that stand again
 *     accepted    petname, fingerprint, host, grant; isKept where it was held before; ended: the petname of a ref that
 *                 is good no longer
 *     who-can     action, service, grants, minted: ids of refs
 *     refs        refs: petname and peer and fingerprint, or petname and problem
 *     node-invite node, host: the controller's key; expiresMs; file, or invite where it was printed
 *     nodes       nodes: name, state, labels, serviceCount, designator, isConnected, alertCount, …
 *     node        node: whose labels were changed, or which was approved
 *     machine-key  fingerprint, designator: of the machine that was asked
 *     node-removed  name, isTold; with --dry-run node; of several nodes, with the same of each
 *     home        home: of this machine: designator, state, name, controller, labels, services, serviceCount, …
 *                 with --dry-run designator, spec, and home where it is known
 *     homes       homes
 *     home-left   home, as it was
 *     net         links: session, peer, transport, direction, state, ageMs, silentMs, questions, …; dials: peer, state,
 *                 failureCount, nextMs, error; with --watch a line for each look
 *     session     session: one of these links
 *     events      events: of kind turn (turn, what, outcome, cause, woken), got and sent (link, session, from, number,
 *                 what, cause)
 *     message     of a trace, always JSON lines: link, at, way, op, to, method, args, byteCount, answer, resolver
 *     dropped     of a trace: droppedCount messages are missing in its place, for which there was no room
 *     trace       how a trace ended, if the shepherd said so: why (time, bytes, ended or closed), messageCount,
 *                 droppedCount
 *     error       code, isRemote (a peer says so), message, hint, exitCode
 *
 * Within a schema fields are only added.
 */
import { jsonLine, jsonText } from '../../client/escape.ts';
import type { Context } from '../context.ts';

const schema = 1;

/** Prints lines for people, or the document for programs. */
export const print = (
  { terminal, options }: Context,
  lines: readonly string[],
  document: Readonly<Record<string, unknown>>,
): void => {
  if (options.json === true) printJson(terminal, document);
  else if (lines.length > 0) terminal.out(`${lines.join('\n')}\n`);
};

/** Prints the one document of a `--json` run; `schema` comes first. */
export const printJson = (
  terminal: Context['terminal'],
  document: Readonly<Record<string, unknown>>,
): void => terminal.out(`${jsonText({ schema, ...document })}\n`);

/**
 * As `print`, for one of many: with `--json` each document is one line (JSON lines), and each has
 * its `schema`.
 */
export const printOne = (
  { terminal, options }: Context,
  lines: readonly string[],
  document: Readonly<Record<string, unknown>>,
): void => {
  if (options.json === true) terminal.out(`${jsonLine({ schema, ...document })}\n`);
  else if (lines.length > 0) terminal.out(`${lines.join('\n')}\n`);
};

/** Prints lines to standard error. */
export const printErrors = ({ terminal }: Context, lines: readonly string[]): void => {
  if (lines.length > 0) terminal.err(`${lines.join('\n')}\n`);
};
