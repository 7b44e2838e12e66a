// What the peer of endo.ts calls: the counter that is there, in Endo.
const makeCounter = (start) => {
  let count = start;
  let kept;
  return Far('counter', {
    echo: (value) => value,
    add: (n) => (count += n),
    'add-and-fail': () => {
      throw Error('on purpose, before anything has changed: Endo takes nothing back');
    },
    fail: () => {
      throw Error('on purpose');
    },
    self: () => makeCounter(100n),
    keep: (object) => (kept = object),
    'is-kept': (object) => object === kept,
    'when-there': (value) => value,
    tell: (listener, word) => E(listener).hear(word),
  });
};
serve(makeCounter(0n));
