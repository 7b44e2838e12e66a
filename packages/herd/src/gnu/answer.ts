/**
 * What a request of a GNU Shepherd client comes to. Whatever changes something is an operation of this shepherd like
 * any other; how it ended is told in the shapes that `herd` 1.0.9 expects:
 *
 *     action                    result                            where it does not go well
 *     status                    (SERVICE)                         service-not-found
 *     start                     SERVICE                           #f, and why among the messages
 *     stop                      (name …), what stopped first      exception
 *     restart                   (#t)                              exception
 *     enable, disable, doc, log ("#<unspecified>")                exception, action-not-found
 *     spawn, schedule           (name), of what was made          exception
 *     any other                 (#t), its output as messages      (#f), its output and why as messages
 */
import { ActorError, isRemote, messageOf } from '@bellwether/actors';
import { isBuiltIn, isGood, type Outcome, type Status } from '@bellwether/shepherd';
import {
  changesByService,
  unknownMessages,
  unspecified,
  type AnswerPowers,
  type NamedRequest,
} from './asked.ts';
import { codeIn } from '../client/errors.ts';
import { requestWords } from './arguments.ts';
import { docMessages } from './doc.ts';
import { Heard, troubleIn } from './heard.ts';
import { logLineCount, messageCount, statusMs } from './limits.ts';
import { answerRoot } from './root-answer.ts';
import { serviceRecord } from './service-record.ts';
import { shown } from './shown.ts';
import { sym, Sym, type Datum } from './wire/datum.ts';
import type { GnuReply, GnuRequest } from './wire/request.ts';

/** Answers a request. 'end': nothing is said, since the shepherd has ended. Never rejects. */
export const answer = async (
  powers: AnswerPowers,
  request: GnuRequest,
): Promise<GnuReply | 'end'> => {
  const { action, service } = request;
  if (!(service instanceof Sym))
    return { result: false, error: { kind: 'service-not-found', service } };
  const isRoot = service.name === 'root' || service.name === 'shepherd';
  try {
    if (!(action instanceof Sym)) return notAnAction(action, isRoot ? sym('root') : service);
    const asked = {
      action: action.name,
      service: service.name,
      args: requestWords(action.name, request.args),
    };
    return isRoot ? await answerRoot(powers, asked) : await answerService(powers, asked);
  } catch (error) {
    return failed(powers, action, isRoot ? sym('root') : service, error);
  }
};
const answerService = (powers: AnswerPowers, asked: NamedRequest): Promise<GnuReply> => {
  switch (asked.action) {
    case 'status':
      return statusOf(powers, asked.service);
    case 'doc':
      return document(powers, asked);
    case 'log':
      return lastLines(powers, asked.service);
    default:
      return perform(powers, asked);
  }
};

/** One service. */
const statusOf = async (powers: AnswerPowers, name: string): Promise<GnuReply> => {
  const status = await powers.ask((turn, root) => turn.send(root, 'status', name, statusMs));
  const result = [await recordOf(powers, status)];
  return { result, messages: unknownMessages([status]) };
};
/** The record of one, with its history. */
const recordOf = async (powers: AnswerPowers, status: Status): Promise<Datum> => {
  const changes = await powers.ask((turn, root) => turn.send(root, 'history'));
  return serviceRecord(status, {
    changes: changesByService(changes).get(status.provision[0] ?? '') ?? [],
  });
};
const document = async (
  powers: AnswerPowers,
  { service, args }: NamedRequest,
): Promise<GnuReply> => {
  const status = await powers.ask((turn, root) => turn.send(root, 'status', service, statusMs));
  const { documentation, actions, provision } = status;
  return docMessages(args, { name: provision[0] ?? service, documentation, actions });
};

const lastLines = async (powers: AnswerPowers, name: string): Promise<GnuReply> => {
  const lines = await powers.ask((turn, root) =>
    turn.send(root, 'log', name, { lineCount: logLineCount }),
  );
  return { result: unspecified, messages: lines.map(shown) };
};

const perform = async (
  powers: AnswerPowers,
  { action, service, args }: NamedRequest,
): Promise<GnuReply> => {
  const heard = new Heard(powers.node);
  const request = {
    operation: powers.operation(),
    member: service,
    action,
    args,
    // As long as it takes: GNU Shepherd knows no other.
    remainingMs: dayMs,
    hops: [],
  };
  const outcome = await powers.ask((turn, root) =>
    turn.send(root, 'perform', request, powers.sink(turn, heard.take)),
  );
  if (action === 'spawn' || action === 'schedule') return spawned(action, outcome, heard);
  return isBuiltIn(action) ? done(powers, action, outcome, heard) : acted(action, outcome, heard);
};
const dayMs = 86_400_000;

const done = async (
  powers: AnswerPowers,
  action: string,
  outcome: Outcome,
  heard: Heard,
): Promise<GnuReply> => {
  const messages = heard.messages(action);
  const trouble = troubleIn(outcome);
  const { member, also = [] } = outcome;
  if (action === 'start') {
    if (trouble !== undefined) return { result: false, messages: withTrouble(messages, trouble) };
    const result = await powers
      .ask((turn, root) => turn.send(root, 'status', member, statusMs))
      .then((status) => recordOf(powers, status));
    return { result, messages };
  }
  if (trouble !== undefined) throw new ActorError('failed', trouble);
  switch (action) {
    case 'stop':
      return { result: outcome.result === 'ok' ? [] : [member, ...also].map(sym), messages };
    case 'restart':
      return { result: [true], messages };
    default:
      return { result: unspecified, messages };
  }
};
/** Most reasons were said while it was done. */
const withTrouble = (messages: readonly string[], trouble: string): readonly string[] =>
  messages.some((line) => line.includes(trouble)) ? messages : [...messages, trouble];

/** A service that was made, by its name; GNU Shepherd gives a timer itself, of which `herd` reads nothing. */
const spawned = (action: string, outcome: Outcome, heard: Heard): GnuReply => {
  const trouble = troubleIn(outcome);
  if (trouble !== undefined) throw new ActorError('failed', trouble);
  return { result: (outcome.output ?? []).map(sym), messages: heard.messages(action) };
};

/** A custom action: what it printed, of a fleet each line with whose it is, then why it failed. */
const acted = (action: string, outcome: Outcome, heard: Heard): GnuReply => {
  const trouble = troubleIn(outcome);
  const said = [...printed(outcome), ...heard.messages(action)];
  return {
    result: [isGood(outcome)],
    messages: trouble === undefined ? said : withTrouble(said, trouble),
  };
};

/** Many members may have printed as much as one may: of all together it is as much as an operation may say. */
const printed = ({ output = [], rows }: Outcome): readonly string[] => {
  const below = rows.flatMap(({ member, output = [] }) =>
    output.map((line) => (line === '' ? `${member}:` : `${member}: ${line}`)),
  );
  const restCount = below.length - messageCount;
  const lines = [...output, ...below.slice(0, messageCount)].map(shown);
  return restCount > 0 ? [...lines, `… and ${restCount} lines more`] : lines;
};

const notAnAction = (action: Datum, service: Datum): GnuReply => ({
  result: false,
  error: { kind: 'action-not-found', action, service },
});
const failed = async (
  powers: AnswerPowers,
  action: Datum,
  service: Sym,
  error: unknown,
): Promise<GnuReply> => {
  const code = isRemote(error) ? undefined : codeIn(error);
  if (code === 'unknown-service')
    return { result: false, error: { kind: 'service-not-found', service } };
  const named = service.name === 'root' ? service : sym(await canonical(powers, service.name));
  if (code === 'unknown-action') return notAnAction(action, named);
  const text = messageOf(error);
  return {
    result: false,
    error: { kind: 'exception', action, service: named, text: shown(text) },
  };
};
/** GNU Shepherd speaks of a service by its first name. */
const canonical = (powers: AnswerPowers, name: string): Promise<string> =>
  powers
    .ask((turn, root) => turn.send(root, 'status', name, statusMs))
    .then(
      ({ provision: [first = name] }) => first,
      () => name, // it is gone meanwhile
    );
