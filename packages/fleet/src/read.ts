/** What is read of peers here: cut and bounded, since it is kept. See shapes.ts of shepherd. */
import { list, makeReader, readName } from '@bellwether/shepherd';
import { LIMITS } from './limits.ts';

export { readCount, readName, readUpTo, weightOf } from '@bellwether/shepherd';

/** Everything that a peer says passes here. */
export const reader = makeReader({ cut: LIMITS.textLength, weight: LIMITS.answerWeight });
/** What a member tells who watches it. */
export const readPushed = list(reader.status, LIMITS.pushStatusCount);
/** Names in a question about status. */
export const readStatusNames = list(readName, LIMITS.statusNameCount);
