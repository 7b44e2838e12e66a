/**
 * A network of its own for a machine of a test: a namespace of the kernel at the far end of a virtual cable. What
 * happens to it happens to real TCP, which a proxy can only play. Needs root and util-linux, iproute2.
 */
import { execFileSync } from 'node:child_process';
import type { Place } from './programs.ts';

/** A machine's network; the place that it was made for removes it. */
export interface Namespace {
  /** Words before a command that is to run there. */
  readonly through: readonly string[];
  /** The address of the machine in there, as seen from here. */
  readonly host: string;
  /** Pulls the cable: nothing arrives, in no direction, and nobody is told. */
  unplug(): void;
  plug(): void;
  /** What the machine says gets lost; what it is told arrives. */
  mute(): void;
  unmute(): void;
}

const ip = (...words: readonly string[]): void => {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
};

/** Why there can be no namespaces here; undefined where they can be made. */
export const whyNoNamespaces = (): string | undefined => {
  const name = nameOf();
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return undefined;
  } catch (error) {
    const [first = 'ip failed'] = String((error as Error).message)
      .split('\n')
      .slice(-2);
    return `no network namespaces: ${process.getuid?.() === 0 ? first : 'not root'}`;
  }
};

/** Makes one. */
export const makeNamespace = (place: Place): Namespace => {
  const name = nameOf();
  const [here, there] = [`${name}h`, `${name}t`];
  const net = `10.${200 + random(55)}.${random(256)}.${4 * random(64)}`;
  const lastByte = Number(net.slice(net.lastIndexOf('.') + 1));
  const addressOf = (offset: number): string =>
    `${net.slice(0, net.lastIndexOf('.'))}.${lastByte + offset}`;
  const inside = (...words: readonly string[]): void => ip('-n', name, ...words);
  ip('netns', 'add', name);
  place.atEnd(() => ip('netns', 'del', name)); // and with it both ends of the cable
  ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
  ip('addr', 'add', `${addressOf(1)}/30`, 'dev', here);
  ip('link', 'set', here, 'up');
  inside('addr', 'add', `${addressOf(2)}/30`, 'dev', there);
  inside('link', 'set', 'lo', 'up');
  inside('link', 'set', there, 'up');
  return {
    through: ['ip', 'netns', 'exec', name],
    host: addressOf(2),
    unplug: () => inside('link', 'set', there, 'down'),
    plug: () => inside('link', 'set', there, 'up'),
    mute: () => inside('route', 'add', 'blackhole', `${addressOf(1)}/32`),
    unmute: () => inside('route', 'del', 'blackhole', `${addressOf(1)}/32`),
  };
};

const random = (below: number): number => Math.floor(Math.random() * below);
/** The kernel takes 15 characters for the name of an end. */
const nameOf = (): string => `bw${process.pid.toString(36)}${random(36 ** 4).toString(36)}`;
