/** Who comes to the sockets of a simulated machine: the queues of its kernel, and its keeper, outlive its daemon. */
import { StartFailed, type Arrival, type ProcessBackend, type Start } from '@bellwether/shepherd';
import type { Answer } from '@bellwether/actors';

/** Those of one machine. */
export class Arrivals {
  /** Numbers of those who were turned away. */
  readonly dropped: number[] = [];
  /** Which process was given whom. */
  readonly given: { readonly service: string; readonly number: number }[] = [];
  readonly #queues = new Map<string, Arrival[]>();
  #waiting = new Map<string, Answer>();
  #last = 0;

  /** Somebody comes from there; without an address, to a path. His number. */
  come(service: string, host?: string): number {
    this.#last += 1;
    const number = this.#last;
    const arrival: Arrival =
      host === undefined
        ? { number, peer: { family: 'unix', host: '', port: 0 } }
        : {
            number,
            peer: { family: host.includes(':') ? 6 : 4, host, port: 40_000 + number },
            local: { family: 4, host: '192.0.2.80', port: 80 },
          };
    const queue = this.#queues.get(service);
    // Nobody listens there.
    if (queue === undefined) this.dropped.push(number);
    else this.#queues.set(service, [...queue, arrival]);
    this.#tell(service);
    return number;
  }
  /** The first who waits is told, and stays the first until he is given to a process, or turned away. */
  #tell(service: string): void {
    const [next] = this.#queues.get(service) ?? [];
    const answer = this.#waiting.get(service);
    if (next === undefined || answer === undefined) return;
    this.#waiting.delete(service);
    answer.kept(next);
  }
  /** Whether he was still there. */
  #take(number: number): boolean {
    for (const [service, queue] of this.#queues) {
      const rest = queue.filter((each) => each.number !== number);
      this.#queues.set(service, rest);
      if (rest.length < queue.length) return true;
    }
    return false;
  }
  /** What keeps a start from being given its connection; undefined: nothing. */
  give({ service, connection }: Start): StartFailed | undefined {
    if (connection === undefined) return undefined;
    const { number } = connection.arrival;
    if (!this.#take(number)) return new StartFailed('he is gone', { summary: 'he is gone' });
    this.given.push({ service, number });
    return undefined;
  }
  /** What one life of the daemon sees. */
  view(
    say: (ms: number, task: () => void) => void,
  ): Pick<ProcessBackend, 'listen' | 'unlisten' | 'connection' | 'drop'> {
    this.#waiting = new Map();
    return {
      listen: (service, _sockets, answer) => {
        this.#queues.set(service, this.#queues.get(service) ?? []);
        say(1, () => answer.kept(undefined));
      },
      unlisten: (service, answer) => {
        const waiting = this.#waiting.get(service);
        this.#waiting.delete(service);
        // Whom nobody has accepted is turned away by the kernel.
        for (const { number } of this.#queues.get(service) ?? []) this.dropped.push(number);
        this.#queues.delete(service);
        say(1, () => {
          waiting?.broken(new StartFailed('they were closed'));
          answer.kept(undefined);
        });
      },
      connection: (service, answer) => {
        this.#waiting.set(service, {
          kept: (value) => say(1, () => answer.kept(value)),
          broken: (reason) => say(1, () => answer.broken(reason)),
        });
        this.#tell(service);
      },
      drop: (number) => {
        if (this.#take(number)) this.dropped.push(number);
      },
    };
  }
}
