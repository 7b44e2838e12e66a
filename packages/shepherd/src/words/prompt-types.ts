/**
 * Why a service is as it is: what its last start, its last stop and its being disabled came from. It is written down
 * when that happens, so nobody has to guess it from what is seen later.
 */

/** Everything that a start, a stop or a disabling may come from. */
export const promptKinds = [
  // Somebody asked for it by its own name, or as a member of what was asked for; or for another that took it along.
  'command',
  'along',
  // The shepherd itself: at its beginning and its end, at a reload, by the releases of a slot.
  'boot',
  'shutdown',
  'reload',
  'deploy',
  // What it requires was lost, or is there again; another has failed, and that one is to be started then.
  'requirement-lost',
  'requirement-back',
  'failure-hook',
  // It was to be started again; somebody came to its socket, or was accepted by another service.
  'respawn',
  'socket',
  'connection',
  // By itself: it has done its work, its process has ended, or its start failed.
  'done',
  'timer-over',
  'ended',
  'ended-away',
  'lost',
  'not-alive',
  'start-failed',
  'respawn-limit',
  // It was found running, and no record says by whom it was started.
  'adopted',
  // Said by a newer shepherd.
  'unknown',
] as const;
/** What something came from. */
export type PromptKind = (typeof promptKinds)[number];
/** The word as it was written down, perhaps by a newer shepherd. */
export const promptKindOf = (word: string): PromptKind =>
  promptKinds.find((kind) => kind === word) ?? 'unknown';
/** What one start, stop or disabling came from, as it is written down: plain data, of bounded size. */
export interface NotedPrompt {
  readonly kind: PromptKind;
  /** Wall clock of its machine, milliseconds since 1970. */
  readonly atMs: number;
  /** Of a command: who asked (as in the facts of an operation), under which id, and for which action. */
  readonly asker?: string;
  readonly operation?: string;
  readonly action?: string;
  /** The service that was asked for, that was lost or came back, that has failed, or that has accepted somebody. */
  readonly service?: string;
  /** What was found, in words, without the paths of this machine; at most `promptReasonCharacters`. */
  readonly reason?: string;
}
/** The same as a status tells it. */
export interface Prompt extends NotedPrompt {
  /** Through a reference: it was asked for through that one, under this id. Who else has asked is not said there. */
  readonly isYours?: true;
  /** Wall clock when the daemon that answers took over the process of that start, which is older than itself. */
  readonly adoptedMs?: number;
}
/** What is remembered of one service. */
export interface Prompts {
  readonly started?: Prompt;
  readonly stopped?: NotedPrompt;
  /** In which boot of the machine that was, where it is known, and for good: ShepherdOptions.boot. */
  readonly stoppedIn?: string;
  /** Of the last disabling; absent where it is enabled. */
  readonly disabled?: NotedPrompt;
}
/** On the disk one record of each service; that it is disabled is said by another. */
export interface PromptRecord {
  readonly service: string;
  readonly started?: NotedPrompt;
  readonly stopped?: NotedPrompt;
  readonly stoppedIn?: string;
}
/** The part of one that whoever prompts it says; when that is, is noted where it happens. */
export type Prompting = Omit<NotedPrompt, 'atMs'>;
