/**
 * What `dist/herd.cjs` is: runs the bundle beside it with the code that V8 made of it at build time.
 * `herd status` takes 1.41 times as long as `node -e 0` with that cache and 1.58 times without
 * (`npm run bench -- herd-start 15`, medians, Node 20 on two cores shared with other work). A cache
 * of another Node is refused by V8, which then compiles as always.
 */
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const filename = path.join(__dirname, 'herd.bundle.js');

const readCache = () => {
  try {
    return fs.readFileSync(path.join(__dirname, 'herd.cache'));
  } catch {
    return undefined; // The build could not make one: slower, and nothing else.
  }
};

// The bundle is ASCII, and a function of what a CommonJS module has.
const script = new vm.Script(fs.readFileSync(filename, 'latin1'), {
  filename,
  cachedData: readCache(),
});
script.runInThisContext()(exports, require, module, filename, __dirname);
