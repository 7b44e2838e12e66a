/** As much of the peers as is used here: they are installed when a benchmark is asked for, not before. */
declare module 'capnweb' {
  export class RpcTarget {}
  export interface RpcTransport {
    send(message: string): void | Promise<void>;
    receive(): Promise<string>;
    abort?(reason: unknown): void;
  }
  export class RpcSession<T> {
    constructor(transport: RpcTransport, main?: object);
    getRemoteMain(): T;
  }
}
declare module 'nact' {
  /** Without a brand here; the package has one. */
  export type Ref<T> = { readonly takes?: T };
  export const start: () => Ref<never>;
  export const stop: (system: Ref<never>) => void;
  export const spawnStateless: (
    parent: Ref<never>,
    take: (message: string, context: { readonly self: Ref<string> }) => void,
  ) => Ref<string>;
  export const dispatch: (to: Ref<string>, message: string) => void;
}
