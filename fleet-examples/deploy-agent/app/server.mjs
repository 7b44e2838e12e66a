/** What is deployed: a server that says which version it is. */
import http from 'node:http';
import fs from 'node:fs';

const version = fs.readFileSync(new URL('version', import.meta.url), 'utf8').trim();
const port = Number(process.env['PORT']);
// The version that nobody should have built.
if (version === '2') throw new Error('version 2 needs a database, and there is none');
http
  .createServer((_question, answer) => answer.end(`version ${version}\n`))
  .listen(port, '127.0.0.1', () => console.log(`version ${version} on port ${port}`));
