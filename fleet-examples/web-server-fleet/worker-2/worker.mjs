/** A release that nobody should have built: it ends as soon as it is started. */
console.log('worker 2: working');
throw new Error('there is no queue to take work from');
