/** A release that nobody should have built: it ends before it works. */
throw new Error('there is no queue to take work from');
