/**
 * Confirms a release once it waits for that, through connections that were made after the switch:
 *
 *     every `confirmLookMs` ──► a connection of its own ──► status ──► is this release awaiting-confirm?
 *                                                              │          └ yes ──► confirm, through the same one
 *                                                              └ it may not be seen ──► confirm, refused until then
 *
 * Of a fleet all members are looked at, of one in another, too, until all is over. Those elsewhere are asked by the
 * shepherd that is asked here, over a session of its own: it is the one that has to get through to them.
 *
 * What stands in the way is no failure: the machine goes back by itself if it lasts, and then it is told.
 *
 * A shepherd that confirms (confirming.ts of fleet) shares no machine with this: it is told of changes, of one slot for
 * each command, and waits longer with each try, since it may do so for a day. This here asks by itself, at an even pace
 * while somebody watches, and each look is about all members at once, however deep, so that it remembers none of them.
 * What both do is to compare a phase and a digest.
 */
import { isRemote, messageOf } from '@bellwether/actors';
import { isDenial } from '@bellwether/fleet';
import type { Digest } from '@bellwether/deploy';
import {
  isGood,
  type FleetStatus,
  type Request,
  type SlotFacts,
  type Status,
} from '@bellwether/shepherd';
import { codeIn } from '../../client/errors.ts';
import { visible } from '../../client/escape.ts';
import { confirmBlindMs, confirmLookMs, probeMs, questionMs } from '../../client/limits.ts';
import type { Line } from '../../client/line.ts';
import { serviceClient, statusesOf, type ServiceClient } from '../../client/service.ts';
import { type Context, isPetnameWord, overLine } from '../context.ts';
import { pause } from '../terminal/pause.ts';
import { freshOperation } from '../operation/request.ts';

/** The confirming of one release. Whoever begins it ends it. */
export class Confirming {
  readonly #context: Context;
  readonly #service: string;
  readonly #digest: Digest;
  readonly #names: readonly string[] | undefined;
  #isOver = true;
  /** How it is may not be seen: each look is a command then, which is written down there. */
  #isBlind = false;
  #trouble: unknown;
  #release: () => void = () => undefined;
  /** `names`: of those alone, members of a fleet elsewhere, or services of the shepherd that is asked. */
  constructor(context: Context, service: string, digest: Digest, names?: readonly string[]) {
    this.#context = context;
    this.#service = service;
    this.#digest = digest;
    this.#names = names;
  }

  /** Looks, and confirms, until the end of it or Ctrl-C. */
  begin(): void {
    this.#isOver = false;
    this.#release = this.#context.terminal.onInterrupt(() => this.end());
    void this.#go();
  }
  end(): void {
    this.#isOver = true;
    this.#release();
  }
  /** What stood in the way last. */
  troubleLines(): readonly string[] {
    const reason = this.#trouble;
    if (reason === undefined) return [];
    return [`herd: it could not be confirmed from here: ${visible(messageOf(reason))}`];
  }

  async #go(): Promise<void> {
    while (!this.#isOver) {
      await pause(this.#context, this.#waitMs());
      if (this.#isOver) return;
      try {
        const isDone = await overLine(this.#context, this.#service, (line) => this.#look(line));
        this.#trouble = undefined;
        if (isDone) return;
      } catch (reason) {
        this.#trouble = reason;
      }
    }
  }
  #waitMs(): number {
    const { confirm = Infinity } = this.#context.options;
    return Math.min(this.#isBlind ? confirmBlindMs : confirmLookMs, confirm / 4);
  }
  /** Whether nothing is left to be confirmed. */
  async #look(line: Line): Promise<boolean> {
    if (this.#names !== undefined && !isPetnameWord(this.#service))
      return this.#lookAtAll(line, this.#names);
    if (isPetnameWord(this.#service))
      return this.#lookAt(serviceClient(line), this.#service.slice(1), () => undefined);
    return this.#lookAt(serviceClient(line, this.#service), this.#service, (name) =>
      serviceClient(line, name),
    );
  }
  /** Services that were picked out are confirmed together, as what they are commanded as. */
  async #lookAtAll(line: Line, names: readonly string[]): Promise<boolean> {
    const patience = { waitMs: questionMs };
    const statuses = await statusesOf(line, names, probeMs, patience);
    const nameOf = ({ provision: [name = ''] }: Status): string => name;
    const waiting = statuses.filter((each) => each.kind !== 'fleet' && this.#isAwaited(each.slot));
    const onlyMembers = waiting.map(nameOf);
    if (this.#isOver) return false;
    if (onlyMembers.length > 0)
      await this.#confirm(serviceClient(line, this.#service), this.#service, { onlyMembers });
    for (const status of statuses)
      if (status.kind === 'fleet' && !this.#isOver)
        await this.#lookThrough(
          serviceClient(line, nameOf(status)),
          nameOf(status),
          status,
          (name) => serviceClient(line, name),
        );
    return false;
  }
  /** `at` leads to a member of a fleet, where that can be asked by its name. */
  async #lookAt(client: ServiceClient, name: string, at: At): Promise<boolean> {
    const status = await this.#seen(client);
    if (this.#isOver) return false;
    if (status?.kind === 'fleet') {
      const { members } = status;
      const chosen = members.filter((member) => this.#names?.includes(member.name) ?? true);
      await this.#lookThrough(client, name, { ...status, members: chosen }, at);
      return false;
    }
    if (status !== undefined && !this.#isAwaited(status.slot)) return false;
    await this.#confirm(client, name);
    return true;
  }
  async #lookThrough(client: ServiceClient, name: string, { members }: FleetStatus, at: At) {
    const waiting = members.filter(({ slot }) => this.#isAwaited(slot));
    const onlyMembers = waiting.map((member) => member.name);
    if (onlyMembers.length > 0) await this.#confirm(client, name, { onlyMembers });
    for (const member of members) {
      const inner = member.slot === undefined ? at(member.name) : undefined;
      if (inner === undefined || this.#isOver) continue;
      const status = await this.#seen(inner);
      if (status?.kind === 'fleet') await this.#lookThrough(inner, member.name, status, at);
    }
  }
  async #confirm(client: ServiceClient, member: string, given: Partial<Request> = {}) {
    const request: Request = {
      // A refusal is remembered under its id.
      operation: freshOperation(),
      member,
      action: 'confirm',
      args: [this.#digest],
      remainingMs: questionMs,
      hops: [],
      ...given,
    };
    const outcome = await client.perform(request, () => undefined, { waitMs: questionMs });
    if (!isGood(outcome)) throw new Error(outcome.reason ?? `the confirmation: ${outcome.result}`);
  }
  #isAwaited(slot: SlotFacts | undefined): boolean {
    return slot?.phase === 'awaiting-confirm' && slot.target?.startsWith(this.#digest) === true;
  }
  /** Undefined where it may not be seen: to confirm is tried then. */
  async #seen(client: ServiceClient): Promise<Status | undefined> {
    try {
      return await client.status(probeMs, { waitMs: questionMs });
    } catch (reason) {
      this.#isBlind = isRemote(reason) && isDenial(codeIn(reason));
      if (this.#isBlind) return undefined;
      throw reason;
    }
  }
}
/** Leads to a service by its name, where that is possible. */
type At = (name: string) => ServiceClient | undefined;
