/**
 * What the daemon is configured with: read once at its start, and again at each reload. The last good one is
 * what its next lives are made of. Its name and where it listens stay those of its start.
 */
import type { Answer, Log } from '@bellwether/actors';
import type { Loaded, PlannedService } from '@bellwether/fleet';
import { canonicalText, stopMs } from '@bellwether/shepherd';
import { toServiceConfigs, type Description, type Here } from '../config/index.ts';

/** What a configuration is read with. */
export interface ConfigurationPowers {
  /** Reads the file; rejects with ConfigError for one that cannot be used. */
  readonly read: () => Promise<Description>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly here: () => Here;
  readonly log: Log;
}

/** The configuration of one daemon. */
export class Configuration {
  /** Of what it was started with: nobody asks for the rest, which takes a kilobyte for each service. */
  readonly #first: Pick<Description, 'name' | 'listen'>;
  readonly #powers: ConfigurationPowers;
  #services: readonly PlannedService[];
  #graceMs: number;

  /** `first` is what the daemon starts with. */
  constructor(first: Description, powers: ConfigurationPowers) {
    this.#first = { name: first.name, listen: first.listen };
    this.#powers = powers;
    this.#services = toServiceConfigs(first, powers.env, powers.here);
    this.#graceMs = graceMsOf(this.#services);
  }

  get name(): string {
    return this.#first.name;
  }
  get listen(): Description['listen'] {
    return this.#first.listen;
  }
  /** What the next life has. */
  get services(): readonly PlannedService[] {
    return this.#services;
  }
  /**
   * Milliseconds: no order of stopping takes longer than one service after the other, each with its whole
   * grace. The largest there was, since a process may be of an earlier configuration.
   */
  get graceMs(): number {
    return this.#graceMs;
  }

  /** Reads the file again and answers with what it says; nothing is changed by that. */
  readonly load = (answer: Answer): void => {
    const loaded = this.#powers.read().then((description) => this.#loaded(description));
    loaded.then(
      (found) => answer.kept(found),
      (error: unknown) => {
        this.#powers.log('configuration.refused', { error });
        answer.broken(error);
      },
    );
  };

  /** From now on lives are made of these services. */
  readonly keep = (services: readonly PlannedService[]): void => {
    this.#services = services;
    this.#graceMs = Math.max(this.#graceMs, graceMsOf(services));
    this.#powers.log('configuration.taken', { serviceCount: services.length });
  };

  #loaded(description: Description): Loaded {
    const parts = ['name', 'listen'] as const;
    return {
      planned: toServiceConfigs(description, this.#powers.env, this.#powers.here),
      atRestart: parts.filter(
        (part) => canonicalText(description[part]) !== canonicalText(this.#first[part]),
      ),
    };
  }
}

const graceMsOf = (services: readonly PlannedService[]): number =>
  services.reduce((sum, one) => sum + ('config' in one ? stopMs(one.config.stop) : 0), 0);
