/** A release: a worker that works on, and says so. */
console.log('worker 1: working');
setInterval(() => undefined, 60_000);
