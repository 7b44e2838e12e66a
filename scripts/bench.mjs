process.argv.splice(2, 0, 'bench');
await import('./bundled.mjs');
