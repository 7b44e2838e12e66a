/** A small web server: says which machine it is, and whether it is well. Reads MACHINE and PORT. */
import http from 'node:http';

const { MACHINE = 'nowhere', PORT = '8080' } = process.env;
const started = Date.now();

const server = http.createServer((request, response) => {
  if (request.url === '/health') return response.end('well\n');
  console.log(`${request.method} ${request.url}`);
  response.end(`Hello from ${MACHINE}, up ${Math.round((Date.now() - started) / 1000)} s\n`);
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${PORT}`));
process.on('SIGTERM', () => server.close(() => process.exit(0)) && server.closeAllConnections());
