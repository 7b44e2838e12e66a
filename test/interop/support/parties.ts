/** Parties to handoffs: who passes on, who is given something, and who has it. */
import type { Answer, Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import type { DialectName, Sturdyref } from '@bellwether/ocapn';
import { makePeer, sturdyrefOf, within } from './peer.ts';

interface Party {
  hear(word: string): number;
  heard(): readonly string[];
  tell(listener: Ref<Party>, word: string): Vow<number>;
  pass(receiver: string, exporter: string, word: string): Vow<number>;
}
const makeParty = (
  turn: Turn<Party>,
  _bcom: Bcom<Party>,
  enliven: (to: Sturdyref) => Vow<Ref<Party>>,
): Behavior<Party> => {
  const heard = turn.cell<readonly string[]>([]);
  const reach = (turn: Turn, uri: string): Vow<Ref<Party>> =>
    turn.ask((answer: Answer) => answer.kept(enliven(sturdyrefOf(uri))));
  return {
    hear: (_turn, word) => {
      heard.set([...heard.get(), word]);
      return heard.get().length;
    },
    heard: () => heard.get(),
    tell: (turn, listener, word) => {
      turn.tell(listener, 'hear', word);
      return turn.send(listener, 'hear', `${word}!`);
    },
    pass: (turn, receiver, exporter, word) =>
      turn.when(reach(turn, exporter), (turn, listener) =>
        turn.send(reach(turn, receiver), 'tell', listener, word),
      ),
  };
};
/** The road on which parties meet, where sockets lie, and how the others spell what they say. */
export interface Place {
  readonly road: string;
  readonly folder: string;
  readonly dialect: DialectName;
}
/** A party in a process, or a vat, of its own. */
export interface Running {
  readonly uri: string;
  end(): void;
}
/** Starts a party of one implementation. */
export type Kind = (at: Place) => Promise<Running>;
/** One of ours, in this process. */
export const ours: Kind = async ({ road, folder, dialect }) => {
  const { vat, router, serve } = makePeer(road, true, folder, dialect);
  const party = await vat.run((turn) =>
    turn.spawn(makeParty, (to: Sturdyref) => router.enliven<Party>(to)),
  );
  return { uri: await serve(party as Ref), end: () => router.close() };
};
/** Two handoffs, or one more to a second receiver; what came of it. */
export const handOff = async (at: Place, starts: readonly Kind[]): Promise<string> => {
  const parties = await Promise.all(starts.map((start) => start(at)));
  const [gifter, receiver, exporter, another = receiver] = parties.map(({ uri }) => uri);
  const { vat, router } = makePeer(at.road, false, at.folder, at.dialect);
  try {
    if (gifter === undefined || receiver === undefined || exporter === undefined) return 'nobody';
    const reach = (uri: string): Vow<Ref<Party>> => router.enliven<Party>(sturdyrefOf(uri));
    const ask = (word: string, to = receiver): Promise<unknown> =>
      within(vat.run((turn) => turn.send(reach(gifter), 'pass', to, exporter, word)));
    const answers = [await ask('first'), await ask('second'), await ask('third', another)];
    const heard = await within(vat.run((turn) => turn.send(reach(exporter), 'heard')));
    const found = JSON.stringify([answers, heard]);
    const wanted = JSON.stringify([
      [2, 4, 6],
      ['first', 'first!', 'second', 'second!', 'third', 'third!'],
    ]);
    return found === wanted ? 'ok' : `FAIL ${found}`;
  } finally {
    router.close();
    for (const party of parties) party.end();
  }
};

/** Each of the two kinds as gifter, receiver and exporter. Prints the table; how many failed. */
export const handOffAll = async (
  at: Place,
  kinds: readonly (readonly [name: string, start: Kind])[],
): Promise<number> => {
  let failedCount = 0;
  process.stdout.write('road          gifter      receiver    exporter\n');
  for (const [gifter, startGifter] of kinds)
    for (const [receiver, startReceiver] of kinds)
      for (const [exporter, startExporter] of kinds) {
        const result = await handOff(at, [startGifter, startReceiver, startExporter]);
        if (!tellHandOff([at.road, gifter, receiver, exporter], result)) failedCount += 1;
      }
  return failedCount;
};
/** Prints one row; whether it is well. */
export const tellHandOff = (names: readonly string[], result: string): boolean => {
  const cells = names.map((name, at) => name.padEnd(at === 0 ? 14 : 12));
  process.stdout.write(`${cells.join('')}${result}\n`);
  return result === 'ok';
};
