/**
 * From whatever a configuration exports to plain data, in the process that evaluated it. JSON would
 * silently drop a function and rename a date: here both are told, with their place.
 */
import { siteOf } from './site.ts';

/**
 * Something that cannot be written down, and where: `services[0].start`. The path of the whole is
 * empty.
 */
export interface Strange {
  readonly path: string;
  readonly found: string;
}
/** A configuration as data. */
export interface Described {
  /** Plain data; undefined where the module has no default export. */
  readonly value: unknown;
  /** The line that made an entry, by the entry's path: one frame of a V8 call stack. */
  readonly sites: Readonly<Record<string, string>>;
  readonly strange: readonly Strange[];
}

// A configuration is five levels deep. Deeper is a mistake, and recursion has an end.
const depthLimit = 32;
// The first few tell the story.
const strangeLimit = 20;

const identifier = /^[A-Za-z_$][\w$]*$/;
const join = (path: string, key: string): string => {
  if (!identifier.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
};

const nameOf = (value: object): string => {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } };
  const name = prototype.constructor?.name;
  return typeof name === 'string' && name !== '' ? `a ${name}` : 'an object of an unknown class';
};
const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

class Walk {
  readonly sites: Record<string, string>;
  readonly strange: Strange[];
  readonly #above: Set<object>;

  constructor() {
    this.sites = {};
    this.strange = [];
    this.#above = new Set();
  }

  copy(value: unknown, path: string): unknown {
    if (value === null) return null;
    switch (typeof value) {
      case 'undefined':
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) ? value : this.#tell(path, String(value));
      case 'object':
        return this.#copyObject(value, path);
      default:
        return this.#tell(path, `a ${typeof value}`);
    }
  }

  #copyObject(value: object, path: string): unknown {
    if (this.#above.has(value)) return this.#tell(path, 'an object that contains itself');
    if (this.#above.size >= depthLimit) return this.#tell(path, 'something nested too deep');
    const site = siteOf(value);
    if (site !== undefined) this.sites[path] = site;
    this.#above.add(value);
    const copy = Array.isArray(value) ? this.#copyList(value, path) : this.#copyRecord(value, path);
    this.#above.delete(value);
    return copy;
  }

  #copyList(list: readonly unknown[], path: string): unknown {
    return Array.from(list, (each, at) => {
      const place = `${path}[${at}]`;
      return each === undefined ? this.#tell(place, 'undefined') : this.copy(each, place);
    });
  }

  #copyRecord(value: object, path: string): unknown {
    if (!isPlain(value)) return this.#tell(path, nameOf(value));
    const pairs = Object.entries(value).map(([key, each]) => [
      key,
      this.copy(each, join(path, key)),
    ]);
    return Object.fromEntries(pairs) as unknown;
  }

  #tell(path: string, found: string): undefined {
    if (this.strange.length < strangeLimit) this.strange.push({ path, found });
    return undefined;
  }
}

/**
 * For the loader of configurations: the default export of a module as data, or what stands in the
 * way.
 */
export const describe = (module: { readonly default?: unknown }): Described => {
  const walk = new Walk();
  const value = walk.copy(module.default, '');
  return { value, sites: walk.sites, strange: walk.strange };
};
