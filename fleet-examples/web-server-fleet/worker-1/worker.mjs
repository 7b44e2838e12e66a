/** A release: a worker that says which version it is, and works on. */
console.log('worker 1: working');
setInterval(() => undefined, 60_000);
