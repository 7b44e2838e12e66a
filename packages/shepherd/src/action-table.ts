/**
 * Every word that means something as an action, in one table: what a configuration may call its own
 * actions, what a service does and what its planner knows are read from it. How herd's own are typed
 * stands in herd's grammar, which asks here whose a word is.
 *
 *     by        who carries it out                     a configuration's own action of that name
 *     service   every service                          is refused
 *     herd      herd itself, by looking                is refused
 *     shepherd  the shepherd itself (`root`) alone     is reached with its SERVICE, as any other
 *     slot      slots, whose agent has it; for some    is reached with `herd do`
 *               herd has a way of its own to ask
 *     nobody    kept for herd                          is reached with `herd do`
 */

/** What is to be known of one action. */
export interface ActionFacts {
  readonly by: 'service' | 'herd' | 'shepherd' | 'slot' | 'nobody';
  /** The shepherd itself has it, too: `herd ACTION root`. */
  readonly isOfRoot?: true;
  /** Wants its services to run in the end: refused while a shepherd ends. */
  readonly isStart?: true;
  /**
   * It takes its service down for a while, so that an aggregate may be asked for it batch by batch: where somebody
   * wants that, or in any case, since another release runs afterwards.
   */
  readonly batches?: 'if-asked' | 'always';
  /** Says how its service shall be, so that it may be said twice; anything else is done once. */
  readonly isRepeatable?: true;
  /** What `herd doc root` says of it. */
  readonly about?: string;
}

const facts = {
  start: { by: 'service', isStart: true, isRepeatable: true },
  stop: {
    by: 'service',
    isOfRoot: true,
    isRepeatable: true,
    about: 'Stop every service in order, then end the shepherd.',
  },
  restart: { by: 'service', isStart: true, batches: 'if-asked' },
  enable: { by: 'service', isRepeatable: true },
  disable: { by: 'service', isRepeatable: true },

  status: {
    by: 'herd',
    isOfRoot: true,
    about: 'Say which shepherd this is, and where it listens.',
  },
  'detailed-status': { by: 'herd' },
  doc: { by: 'herd', isOfRoot: true, about: 'Say this.' },
  log: { by: 'herd' },
  audit: { by: 'herd' },
  graph: { by: 'herd' },
  top: { by: 'herd' },
  why: { by: 'herd' },
  help: { by: 'herd' },
  import: { by: 'herd' },
  check: { by: 'herd' },
  completion: { by: 'herd' },
  do: { by: 'herd' },
  net: { by: 'herd' },
  node: { by: 'herd' },
  op: { by: 'herd' },
  ref: { by: 'herd' },
  spawn: { by: 'herd' },
  schedule: { by: 'herd' },
  release: { by: 'herd' },
  retry: { by: 'herd' },
  state: { by: 'herd' },
  accept: { by: 'herd' },
  grant: { by: 'herd' },
  'who-can': { by: 'herd' },

  reload: {
    by: 'shepherd',
    isOfRoot: true,
    about: 'Read the configuration again, and take over what has changed in it.',
  },
  detach: {
    by: 'shepherd',
    isOfRoot: true,
    about: 'End the shepherd and leave the services running for the next one.',
  },

  activate: { by: 'slot', batches: 'always' },
  deploy: { by: 'slot', batches: 'always' },
  rollback: { by: 'slot', batches: 'always' },
  stage: { by: 'slot' },

  can: { by: 'nobody' },
  dashboard: { by: 'nobody' },
  dev: { by: 'nobody' },
} as const satisfies Readonly<Record<string, ActionFacts>>;

/** All of these words. */
export const actionNames: readonly string[] = Object.keys(facts);

type Facts = typeof facts;
/** An action that every service has. */
export type BuiltIn = {
  [N in keyof Facts]: Facts[N]['by'] extends 'service' ? N : never;
}[keyof Facts];

/** The facts of a word; undefined for a word that means nothing by itself. */
export const actionFacts = (action: string): ActionFacts | undefined =>
  Object.hasOwn(facts, action) ? facts[action as keyof Facts] : undefined;

/** Whether a slot takes a release in this action, which has to be there. */
export const takesRelease = (action: string): boolean => action === 'stage' || action === 'deploy';

/** Whether every service has this action. None of these takes arguments. */
export const isBuiltIn = (action: string): action is BuiltIn =>
  actionFacts(action)?.by === 'service';

/** Whether a configuration may not call an action of its own so. */
export const isTaken = (action: string): boolean => {
  const by = actionFacts(action)?.by;
  return by === 'service' || by === 'herd';
};

/** Whether it wants its services to run in the end. */
export const isStart = (action: string): boolean => actionFacts(action)?.isStart === true;

/** Whether an aggregate may be asked for it batch by batch. */
export const hasBatches = (action: string): boolean => actionFacts(action)?.batches !== undefined;

/** Whether another release runs afterwards: an aggregate is asked for it batch by batch in any case. */
export const isSwitch = (action: string): boolean => actionFacts(action)?.batches === 'always';

/** Those that an aggregate may be asked for batch by batch. */
export const batchActions: readonly string[] = actionNames.filter(hasBatches);

/** Whether it may be asked for anew where nobody knows whether it was done. */
export const isRepeatable = (action: string): boolean => actionFacts(action)?.isRepeatable === true;

/** What the shepherd itself does and says: names and what each is for. */
export const rootActions: readonly { readonly name: string; readonly documentation: string }[] =
  Object.entries<ActionFacts>(facts).flatMap(([name, { isOfRoot, about }]) =>
    isOfRoot === true ? [{ name, documentation: about ?? '' }] : [],
  );

/** GNU's two names for the shepherd itself; no service may be called so. */
export const rootNames: readonly string[] = ['root', 'shepherd'];
/** What commands that are run once require, by the action that asks for one; a shepherd has these by itself. */
export const parents = { spawn: 'transient', schedule: 'timer' } as const;
/** All of these names: no other service may be called so. */
export const keptNames: readonly string[] = [...rootNames, ...Object.values(parents)];
