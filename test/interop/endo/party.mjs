// A party of endo.ts to handoffs: it passes on what it is told to, and says what it has heard.
const heard = [];
serve(
  Far('party', {
    hear: (word) => BigInt(heard.push(word)),
    heard: () => harden([...heard]),
    tell: (listener, word) => {
      E(listener).hear(word);
      return E(listener).hear(`${word}!`);
    },
    pass: async (receiver, exporter, word) => {
      const listener = await reach(exporter);
      return E(reach(receiver)).tell(listener, word);
    },
  }),
);
