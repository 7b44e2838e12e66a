/**
 * What `dist/herd.cjs` and `dist/shepherd.cjs` are: runs the bundle beside it with the code that V8 made of it at build
 * time. `herd status` takes 1.41 times as long as `node -e 0` with that cache and 1.58 times without
 * (`npm run bench -- herd-start 15`, medians, Node 20 on two cores shared with other work), and `shepherd` takes
 * 0.74 s of CPU until it is ready and 1.05 s without (`npm run bench -- shepherd-start 9`, where `node` takes 0.16 s).
 * A cache of another Node is refused by V8, which then compiles as always.
 */
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const program = path.basename(__filename, '.cjs');
const filename = path.join(__dirname, `${program}.bundle.js`);

const readCache = () => {
  try {
    return fs.readFileSync(path.join(__dirname, `${program}.cache`));
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
