/**
 * A user's own shepherd, which keeps an editor running in the background: Emacs, or what EDITOR_COMMAND says, as a list
 * in JSON.
 */
import { defineShepherd, exec, service } from 'bellwether';

const usual = JSON.stringify(['emacs', '--fg-daemon']);
const [program = 'emacs', ...words] = JSON.parse(
  process.env['EDITOR_COMMAND'] ?? usual,
) as readonly string[];

export default defineShepherd({
  name: 'me',
  services: [
    service({
      provision: ['emacs'],
      documentation: 'Emacs in the background: emacsclient opens a window at once.',
      start: exec([program, ...words]),
      ready: { log: 'Starting Emacs daemon.', timeoutSeconds: 30 },
      respawn: true,
      autoStart: true,
    }),
  ],
});
