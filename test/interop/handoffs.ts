/**
 * Handoffs among Bellwether and Guile Goblins 0.18: each of the two as gifter, receiver and exporter, every party a peer of its
 * own, on every road that both have. Prints a table; ends with 1 where anything is other than it should.
 *
 *     npm run interop -- handoffs ROOT
 *
 * ROOT: see test/interop/support/goblins.ts.
 */
import type { Answer, Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import type { Sturdyref } from '@bellwether/ocapn';
import { type At, printedRef, rootFrom, sharedFolder, startGuile } from './support/goblins.ts';
import { makePeer, sturdyrefOf, within } from './support/peer.ts';
import { makeCertificate, roads } from './support/roads.ts';

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
/** A party in a process, or a vat, of its own. */
interface Running {
  readonly uri: string;
  end(): void;
}
const startOurs = async ({ road, folder }: At): Promise<Running> => {
  const { vat, router, serve } = makePeer(road, true, folder);
  const party = await vat.run((turn) =>
    turn.spawn(makeParty, (to: Sturdyref) => router.enliven<Party>(to)),
  );
  return { uri: await serve(party as Ref), end: () => router.close() };
};
const startGoblins = async (at: At): Promise<Running> => {
  const { child, lines } = startGuile(at, 'party');
  return { uri: await printedRef(lines), end: () => void child.kill('SIGKILL') };
};

/** Two handoffs, or one more to a second receiver; what came of it. */
const handOff = async (
  at: At,
  starts: readonly ((at: At) => Promise<Running>)[],
): Promise<string> => {
  const parties = await Promise.all(starts.map((start) => start(at)));
  const [gifter, receiver, exporter, another = receiver] = parties.map(({ uri }) => uri);
  const { vat, router } = makePeer(at.road, false, at.folder);
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

const kinds = [
  ['Bellwether', startOurs],
  ['Goblins', startGoblins],
] as const;
const root = rootFrom('handoffs');
const { folder, end } = sharedFolder(root);
let failedCount = 0;
const tell = (names: readonly string[], result: string): void => {
  if (result !== 'ok') failedCount += 1;
  process.stdout.write(
    `${names.map((name, at) => name.padEnd(at === 0 ? 14 : 12)).join('')}${result}\n`,
  );
};
try {
  makeCertificate(folder);
  process.stdout.write('road          gifter      receiver    exporter\n');
  for (const road of roads.keys()) {
    const at = { root, road, folder };
    for (const [gifter, startGifter] of kinds)
      for (const [receiver, startReceiver] of kinds)
        for (const [exporter, startExporter] of kinds)
          tell(
            [road, gifter, receiver, exporter],
            await handOff(at, [startGifter, startReceiver, startExporter]),
          );
    // Goblins has one count for all receivers of a gifter: the second one of them is behind it, and asks once more.
    for (const [gifter, startGifter] of kinds)
      tell(
        [road, gifter, 'two of ours', 'Goblins'],
        await handOff(at, [startGifter, startOurs, startGoblins, startOurs]),
      );
  }
} finally {
  end();
}
process.exit(failedCount === 0 ? 0 : 1);
