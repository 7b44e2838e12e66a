/**
 * What is sent from outside of a vat by code that knows the interface: methods as they are declared, and not as they
 * stand on the wire, so that the compiler knows both ends.
 */
import { wireName } from './names.ts';
import type { Answer, Args, Frontier, Method, Out, Ref, Value, Vat, Vow } from './types.ts';

/** `Frontier.deliver`, typed. */
export const deliverTo = <J, K extends Method<J> & string>(
  frontier: Pick<Frontier, 'deliver'>,
  to: Ref<J>,
  method: K,
  ...args: Args<J, K>
): Vow<Value<Out<J, K>>> => frontier.deliver(to, wireName(method), args) as Vow<Value<Out<J, K>>>;

/** `Vat.post`, typed. @throws TypeError for what is no ref of this vat */
export const postTo = <J, K extends Method<J> & string>(
  vat: Pick<Vat, 'post'>,
  to: Ref<J>,
  method: K,
  args: Args<J, K>,
  answer?: Answer,
): void => vat.post(to, wireName(method), args, answer);
