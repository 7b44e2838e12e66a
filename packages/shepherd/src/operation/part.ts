/** The part of a request that one step of it hands to its service. */
import { limits } from '../limits.ts';
import { localRoot } from '../words/principal.ts';
import type { KeptRequest, Operation, StepRecord } from './kept/memory.ts';
import type { Host } from './host.ts';
import type { Prompting, Request } from '../words/types.ts';
import { leftFor } from './trail.ts';

/** What a service is asked in its step. */
export const partOf = (
  host: Host,
  operation: Operation,
  { step, by, isAgain }: StepRecord,
): Request => {
  const request = operation.requests.get(by);
  if (request === undefined) throw new Error(`operation ${operation.id}: no request for ${by}`);
  const hop = host.hop(step.name);
  const { deadlineAtMs, isCancelled } = operation.account.get();
  const leftMs = Math.max(1, leftFor(deadlineAtMs, host.clock.now()));
  // How long others wait is their affair: it must not be they who choose when a command of the owner is killed.
  const isBounded = host.own(step.name) === undefined || operation.principal === localRoot;
  const part = {
    ...asAsked(host, step.name === by ? request : withoutPolicy(request)),
    member: step.name,
    action: step.action,
    // The arguments are meant for what was asked for, not for what is pulled in along with it.
    args: step.isAsked ? request.args : [],
    remainingMs: isBounded ? leftMs : limits.commandMs,
    hops: hop === undefined ? request.hops : [...request.hops, hop],
  };
  // Who is in doubt says what came of it, and does nothing anew.
  return repeated(part, (isCancelled && step.gate === undefined) || isAgain === true);
};
/** An instant, of whichever clock, means something here alone; what is left until then does elsewhere, too. */
const asAsked = (host: Host, request: KeptRequest): Request => {
  const { queueUntilMs, sinceMs, prompting } = request;
  if ((queueUntilMs ?? sinceMs ?? prompting) === undefined) return request;
  const { queueMs: _whole, ...whole } = request;
  const { queueUntilMs: _until, sinceMs: _sinceMs, prompting: _prompting, ...rest } = whole;
  if (queueUntilMs === undefined) return rest;
  const queueMs = Math.floor(queueUntilMs - host.clock.wall());
  return queueMs < 1 ? rest : { ...rest, queueMs: Math.min(queueMs, limits.queueMs) };
};
/** What a step comes from, for a service of this machine. */
export const promptingOf = (
  { principal, id, requests }: Operation,
  { step, by }: StepRecord,
): Prompting | undefined => {
  const request = requests.get(by);
  if (request === undefined) return undefined;
  const { prompting, action, member: service } = request;
  if (prompting !== undefined) return prompting;
  const kind = step.isAsked ? 'command' : 'along';
  return { kind, asker: principal, operation: id, action, service };
};
/** A policy is meant for what was asked for: its own shepherd judges by it, where that is another. */
const withoutPolicy = (request: Request): Request => {
  const { minReady, onlyMembers, rolling } = request;
  if (minReady === undefined && onlyMembers === undefined && rolling === undefined) return request;
  const { minReady: _minReady, onlyMembers: _onlyMembers, rolling: _rolling, ...rest } = request;
  return rest;
};
const repeated = (request: Request, isRepeat: boolean): Request => {
  if (isRepeat) return { ...request, isRepeat };
  if (request.isRepeat === undefined) return request;
  const { isRepeat: _isRepeat, ...rest } = request;
  return rest;
};
