/**
 * What `herd help ACTION` says beyond the table of the grammar: a few sentences, and command lines
 * that can be typed as they stand. Every action has one; a test reads them all.
 */
import { machinePages } from './machine-pages.ts';
import { netPages } from './net-pages.ts';
import { nodePages } from './node-pages.ts';
import { releasePages } from './release-pages.ts';
import { spawnPages } from './spawn-pages.ts';
import type { Page } from './page.ts';

/** By action. */
export const pages: Readonly<Record<string, Page>> = {
  status: {
    text:
      'Without SERVICE it lists every service under what it is doing. With one it tells all that is ' +
      'known of it, with its last log lines; of a fleet it asks every member live, for a second, and ' +
      'says unknown of who does not answer, with the age of what was known. Exit code 4 where the ' +
      'service or a member of it is unknown. With --strict the exit code is how well it is: 0 as it was ' +
      'wished, 1 failed or stopped though wanted, 3 degraded or not ready, 4 unknown. With -l it lists ' +
      'those that have such labels: key=text, key!=text, key, !key, with commas between; all have to ' +
      'hold. A SERVICE beside it is the name of some at many machines, or a fleet, whose members are meant.',
    examples: [
      ['herd status', 'what runs here'],
      ['herd status web-server', 'everything about one service'],
      ["herd status -l 'role=web,!canary'", 'those with these labels'],
      ['herd status web-server-fleet --watch', 'and what changes, as it happens'],
    ],
  },
  'detailed-status': {
    text:
      'The report of every service, one after another, with what it was last started or stopped by, ' +
      'and without log lines unless -n asks for some.',
    examples: [
      ['herd detailed-status', 'everything about everything'],
      ['herd detailed-status web-server -n 20', 'of one, with its last lines'],
    ],
  },
  graph: {
    text:
      'Prints the graph of services for Graphviz: edges lead to what a service requires, bold ones to ' +
      'the members of a fleet. With --mermaid it is for Mermaid, with --tree a tree for people, with what each ' +
      'service is doing. A name that is no service is drawn as such. With SERVICE only what it leads to, and ' +
      'what leads to it; as a tree what is below it.',
    examples: [
      ['herd graph | dot -Tsvg > services.svg', 'as a picture'],
      ['herd graph --tree', 'in the terminal'],
      ['herd graph web-server --json', 'its part, as data'],
    ],
  },
  start: {
    text:
      'Starts what the service requires, then the service, and waits until it is ready. Of a fleet it ' +
      'starts the members, all at once. Arguments are for services that take some. A service that ' +
      'runs already is left as it is, which is no error.',
    examples: [
      ['herd start web-server-fleet', 'start a whole fleet'],
      ['herd start web-server-fleet --min-ready 80%', 'which is well with four members of five'],
      ['herd start web-server-fleet --when-online 2h', 'who is away is started once back'],
      ['herd start web-server --dry-run', 'what that would start along with it'],
    ],
  },
  stop: {
    text:
      'Stops what requires the service, then the service. Of a fleet it stops the members; what they ' +
      'require stays up. Of root it stops everything in order, then the shepherd.',
    examples: [
      ['herd stop web-server-fleet', 'every member of it'],
      ['herd stop web-server-fleet --no-members', 'no member; so nothing is stopped'],
      ['herd stop root', 'everything, and the shepherd'],
    ],
  },
  restart: {
    text:
      'Stops the service and what requires it, then starts again what ran. A changed configuration ' +
      'that was reloaded takes effect here. Of a fleet it restarts all members at once or, with any of ' +
      '--batch, --max-unavailable, --max-failed, --pause and --canary, batch by batch: those that do ' +
      'not serve come first, who does not serve counts as unavailable, and where too much goes wrong ' +
      "the rest is left as it is; 'herd retry' goes on with it then. '--batch 1,25%' is a canary of one, " +
      'then a quarter of them at a time. With -l, as with every action, it is for those that have such ' +
      'labels, who are shown before, and remembered: who gets the label later is not among them. Where ' +
      'nobody has, nothing is done, and the exit code is 2.',
    examples: [
      ['herd restart @web', 'the service behind a ref of yours'],
      ["herd restart web-server -l 'role=web,!canary'", 'at all machines, by their labels'],
      ['herd restart web-server-fleet --batch 25% --max-unavailable 1', 'one down at a time'],
      ['herd restart web-server-fleet --canary --batch 4 --pause 5s', 'one first, then by four'],
    ],
  },
  enable: {
    text: 'Lets a service be started again that was disabled, by hand or since it died too often.',
    examples: [
      ['herd enable web-server', 'allow it to start'],
      ['herd enable @web', 'the service behind a ref of yours'],
    ],
  },
  disable: {
    text: 'Refuses every start of the service from now on, also after a reboot. If it runs, it runs on.',
    examples: [
      ['herd disable web-server', 'no start until it is enabled'],
      ['herd disable web-server --dry-run', 'what that would do'],
    ],
  },
  doc: {
    text:
      'What the service is for, in the words of its configuration, and what its own actions are for. With -l of ' +
      'each that has such labels, what is alike once; SERVICE may be left out then.',
    examples: [
      ['herd doc web-server', 'what it is for'],
      ['herd doc web-server list-actions', 'what it offers'],
      ['herd doc web-server action reload', 'what one action is for'],
      ['herd doc -l role=web list-actions', 'what those with this label offer'],
    ],
  },
  log: {
    text:
      'The last lines of a service; of a fleet those of its members, each with its node. Lines of ' +
      'different members come in the order in which they were read, not in that of their times, ' +
      'which a log does not keep line by line; what is written while you follow comes as it is ' +
      'written. Without SERVICE every change of every service.',
    examples: [
      ['herd log web-server -n 20', 'its last lines'],
      ['herd log web-server-fleet -f --since 10m', 'those of its members, and what comes'],
      ['herd log -l role=web -f', 'those of all with this label'],
    ],
  },
  reload: {
    text:
      'The shepherd reads its configuration again. What is new is there at once, what is gone is ' +
      'stopped, what has changed is replaced at its next start. A configuration with a mistake ' +
      'changes nothing.',
    examples: [
      ['herd reload --dry-run', 'what would change'],
      ['herd reload', 'take it over'],
    ],
  },
  detach: {
    text:
      'Ends the shepherd and leaves its services running. The next shepherd takes them over, so this ' +
      'is how it is upgraded.',
    examples: [
      ['herd detach root', 'before an upgrade'],
      ['herd detach root -s ./a/run/socket', 'another shepherd than the usual one'],
    ],
  },
  check: {
    text:
      'Reads a configuration as the shepherd would, and says with file and line what is wrong with ' +
      'it, and which of its services would listen at one place. Needs no shepherd and starts nothing.',
    examples: [
      ['herd check shepherd.config.ts', 'is it good?'],
      ['herd check --json shepherd.config.ts', 'what a shepherd would make of it'],
    ],
  },
  import: {
    text:
      'Writes a configuration from units of systemd, a Procfile, a configuration of supervisor, or the ' +
      'applications of pm2 as JSON, and says with file and line what was not carried over. Units that ' +
      'are given together may require each other, and a timer takes the place of its service; drop-ins ' +
      'beside a unit, NAME.service.d/*.conf, are read with it. Restart=on-failure brings a service back ' +
      'after an end by any signal, also by those four that are no failure of systemd. Nothing of what ' +
      'is read is run, and no shepherd is asked.',
    examples: [
      ['herd import /etc/systemd/system/*.service', 'to look at'],
      ['herd import -o shepherd.config.ts web.service web.timer', 'into a file'],
      ['herd import --from supervisor programs.ini', 'whose it is, where its name does not tell'],
    ],
    options: {
      from: 'KIND: systemd, procfile, supervisor or pm2; else each file tells by its name or what stands in it',
      force: 'write over the FILE of --out',
      strict: 'end with exit code 1 where there is something to look at',
    },
  },
  do: {
    text:
      'Asks for an action by its name, where the name means something to herd itself. What follows ' +
      "SERVICE is for the action and arrives as typed; herd's own options stand before it, and a " +
      '--dry-run after it is refused unless it comes after --.',
    examples: [
      ['herd do dev web-server', "the service's own action 'dev'"],
      ['herd --dry-run do dev web-server', 'whether it would be done'],
    ],
  },
  'ref mint': {
    text:
      'Makes a reference to one service. It is a secret: whoever has it can use that service, all its ' +
      'actions and its status, and nothing else.',
    examples: [
      ['herd ref mint web-server --out web.ref', 'a ref to that one service, as a file'],
      ['herd ref mint web-server --local --out web.ref', 'for another user of this machine'],
      ['herd ref mint web-server --websocket --out web.ref', 'for a browser, or through a proxy'],
    ],
  },
  'ref add': {
    text: 'Keeps a reference that somebody gave you, under a name of your own.',
    examples: [
      ['herd ref add web < web.ref', 'keep it under your own name'],
      ['herd ref add web --from web.ref --yes', 'in the place of the one before'],
    ],
  },
  'ref ls': {
    text: 'Lists your references and where they lead. A fingerprint tells two apart and opens nothing.',
    examples: [
      ['herd ref ls', 'what you hold'],
      ['herd ref ls --json', 'as data, with the whole address of each'],
    ],
  },
  'ref show': {
    text:
      'Where one reference leads, and, where that can be reached, what it allows, by whom, and the ' +
      'fingerprint of the key of its host.',
    examples: [
      ['herd ref show web', 'without its secret'],
      ['herd ref show web --reveal', 'with it'],
    ],
  },
  'ref rm': {
    text: 'Forgets a reference. What it leads to stays as it is.',
    examples: [
      ['herd ref rm web', 'no more @web'],
      ['herd -q ref rm web-a', 'without a word'],
    ],
  },
  'ref rename': {
    text: 'Gives a reference another name.',
    examples: [
      ['herd ref rename web web-a', '@web is @web-a'],
      ['herd ref rename web-b web --yes', 'in the place of another'],
    ],
  },
  'ref export': {
    text: 'Writes a reference into a file, readable by you alone, to be given away. You keep yours.',
    examples: [
      ['herd ref export web --out web.ref', 'a copy for somebody else'],
      ['herd ref export web --out web.ref --yes', 'over a file that is there'],
    ],
  },
  'ref push': {
    text: "Copies a reference into the store of the shepherd, where ref('web') in its configuration finds it.",
    examples: [
      ['herd ref push web', 'for the configuration'],
      ['herd ref push web --yes', 'in the place of the one before'],
    ],
  },
  retry: {
    text:
      'Asks those services again who failed, could not be reached, were left out, or of whom nobody ' +
      'knows how it ended; who did it is left alone. It is the same operation: a member that had done it ' +
      'unheard says so, and does it no second time. Only where its own shepherd ended in the middle of an ' +
      'action nobody knows; there it is begun again, and herd says so before. Where a later command wants ' +
      'otherwise that one counts, and nothing is done. The id is what op ls, Ctrl-C and -v tell. A command ' +
      'that was given to a ref is tried again through that ref: a grant has to allow it by now, and is used ' +
      'once more.',
    examples: [
      ['herd retry op-1234567890abcdef', 'the rest of it'],
      ['herd retry op-1234567890abcdef --timeout 300', 'with more time than before'],
      ['herd retry op-1234567890abcdef @web', 'of a ref of yours'],
    ],
  },
  'op ls': {
    text:
      'The last commands that this shepherd took on: the id, what was asked, when, by whom, and what came ' +
      'of it. Everything that changes something is in it, also after a restart of the shepherd, for a ' +
      'week. What others ask through a reference is there, too. With @PETNAME: those that were given to ' +
      'that ref, and none of others, not even of those to whom you passed it on.',
    examples: [
      ['herd op ls', 'the last 20'],
      ['herd op ls -n 200 --json', 'more of them, as data'],
      ['herd op ls @web', 'what was asked through a ref of yours'],
    ],
  },
  'op show': {
    text:
      'A row for each service that a command was about or took along: what happened there and why, what ' +
      'failed first; of a restart batch by batch by its batches, with when each began. One that is under ' +
      'way says how far it is. The petname says which ref the command was given to; it may stand before ' +
      'the id.',
    examples: [
      ['herd op show op-1234567890abcdef', 'what became of it'],
      ['herd op show op-1234567890abcdef --json', 'as data, a step for each service'],
      ['herd op show op-1234567890abcdef @web', 'of a ref of yours'],
    ],
  },
  'op watch': {
    text:
      'Shows what a running command says, and ends as it does, with the same exit code: from another ' +
      'terminal, or after Ctrl-C. Of one that is over it tells the end.',
    examples: [
      ['herd op watch op-1234567890abcdef', 'go on where it is'],
      ['herd op watch op-1234567890abcdef --timeout 60', 'for a minute at most'],
      ['herd op watch op-1234567890abcdef @web', 'of a ref of yours'],
    ],
  },
  'op cancel': {
    text:
      'Calls off the steps of a command that have not begun; those that have go on. The id is what ' +
      'Ctrl-C and -v tell. A command that was given to a ref is called off through that ref. A deploy that ' +
      'has switched already is taken back, unless data would be lost by it.',
    examples: [
      ['herd op cancel op-1234567890abcdef', 'of this shepherd'],
      ['herd op cancel op-1234567890abcdef @web', 'of a ref of yours'],
    ],
  },
  grant: {
    text:
      'Makes an invite to a grant: some actions on one service, until a time, and gone when you revoke ' +
      'it. Whoever accepts the invite first, within minutes, holds the grant; it is bound to a key of ' +
      'theirs. Without --allow it is for status alone. A grant ends by itself with --expires; to make ' +
      'one that does not takes --no-expiry. Of @PETNAME it is made at the host of that service, out of ' +
      'what you hold yourself: no more than that, nor for longer, and it ends with it. Of a fleet, ' +
      '--nodes leaves it some members, and no stop that takes others down; so does -l, for those that have such ' +
      'labels now, who are shown before. With --args the arguments of an ' +
      'action are matched one by one, * for anything and ** at the end for any more; without such a rule they ' +
      'are free. With --direct a ' +
      "fleet's members are granted at their own hosts, at all of them or at none: the holder needs no " +
      'controller then, and to revoke it every host has to be told. The shepherd goes on with that by ' +
      'itself where one is away; until then the grant holds there, or until its end. With --lease 15m the ' +
      'hosts end it by themselves 15 minutes after they heard from this shepherd last, for good: so a ' +
      'holder loses it, too, where this shepherd is dead for that long, and what he passes on ends with ' +
      'the lease of that moment.',
    examples: [
      [
        'herd grant web-server --to alice --allow status,restart,log --expires 8h --out alice.invite',
        'eight hours of on-call',
      ],
      [
        'herd grant @web-server --to bot --allow restart --expires 1h --max-uses 3 --out bot.invite',
        'pass on a part of what you hold',
      ],
      [
        "herd grant web-server --to ci --allow deploy,confirm --args 'deploy=rel:*' --no-expiry --out ci.invite",
        'any release, and no further word: not accept-data-loss',
      ],
    ],
  },
  'grant ls': {
    text:
      'The grants that were made at this shepherd, or through @PETNAME those that were made out of ' +
      'what you hold: who may do what, until when, and what of it is used up. Refs that were minted are ' +
      'listed, too, as m-….',
    examples: [
      ['herd grant ls --tree', 'with who passed it on to whom'],
      ['herd grant ls @web-server', 'what you passed on'],
    ],
  },
  'grant revoke': {
    text:
      'Takes a grant back, with all that were made from it: at once, also for what they have asked for ' +
      'already, and for good. What had begun to be done goes on. One that was made with --direct is told ' +
      'to each of its hosts: where one cannot be reached, that is said, with until when the grant holds ' +
      'there (exit code 4), and the shepherd tells it by itself, after a restart, too. Where it has another ' +
      'ref to a host by now, that host alone can end it: once that was done there, --force takes it as ended.',
    examples: [
      ['herd grant revoke g-7f3k --reason off-duty', 'and say why'],
      ['herd grant revoke g-7f3k --dry-run', 'who would lose it'],
      ['herd grant revoke m-0a1b2c3d4e5f', 'a ref that was minted'],
    ],
  },
  'grant confirm': {
    text:
      'After a backup was restored nobody knows which of its grants and minted refs were revoked since. They ' +
      'are not believed until you say so, for some or with --all. A controller that has such a ref waits for ' +
      'that, too. One that was revoked or used up since, as the audit beside the records says, is refused, ' +
      'unless you say --force.',
    examples: [
      ['herd grant confirm g-7f3k', 'that one holds again'],
      ['herd grant confirm --all', 'all of them do that the audit has nothing against'],
    ],
  },
  'grant clock': {
    text:
      'The time by which grants end never goes back by itself, so that nobody gets more of it by setting a clock ' +
      'back. Where the clock of the machine was far ahead once, what had an end has ended too early, and nothing ' +
      'ends while no shepherd runs. With --yes the clock of the machine is believed again: what had ended by the ' +
      'wrong time alone stands again, and what was made since has no more than it had left. So has what can be ' +
      'renewed, and if that has ended it is not back. The audit has it all.',
    examples: [
      ['herd grant clock', 'whether the two differ'],
      ['herd grant clock --yes', 'the clock was wrong, and is right now'],
    ],
  },
  accept: {
    text:
      'Takes a grant by its invite, from standard input or a file, and keeps it as a ref under a name ' +
      'of yours, else under that of the service. It is bound to your key, which is made the first time ' +
      'and stays beside your refs. Whoever gave it to you can tell you the fingerprint of the host, or ' +
      'of their own key where they passed it on: another one means that the invite is not theirs. A file ' +
      'of several invites (of a grant with --direct) gives a ref for each, under the name of the member; ' +
      'with PETNAME they are called PETNAME-MEMBER. What is yours already stays as it is; with --force there ' +
      'is a new ref for it, and the one before is good no longer.',
    examples: [
      ['herd accept < alice.invite', 'and see what you may do'],
      ['herd accept web --from alice.invite', 'as @web'],
    ],
  },
  'who-can': {
    text: 'Everybody who may do something with a service at this shepherd, and who gave them that.',
    examples: [
      ['herd who-can restart web-server', 'grants, refs, and the owner'],
      ['herd who-can stop web-server --json', 'as data'],
    ],
  },
  'state check': {
    text:
      'Reads every record of a shepherd that does not run, and says what there is; with FILE the same ' +
      'of a backup. A shepherd does so at each start. Nothing is changed.',
    examples: [
      ['herd state check', 'is it whole?'],
      ['herd state check --state /var/lib/bellwether', 'that of the system'],
      ['herd state check monday.backup', 'is a backup whole?'],
    ],
  },
  'state backup': {
    text:
      'Writes all records of one moment into a file that you alone may read. A shepherd that runs ' +
      'writes it itself and goes on. It has no secrets, and neither the key of the node nor its refs: ' +
      'those are files in the state folder, which copy as files do.',
    examples: [
      ['herd state backup monday.backup', 'whether it runs or not'],
      ['herd state backup monday.backup --state ./a', 'of a folder that no shepherd uses'],
    ],
  },
  'state restore': {
    text:
      'Reads a whole backup and makes it what the next shepherd begins with. What was there stays ' +
      'beside it. It is known from then on as what was put back: rights that were taken back since the ' +
      'backup was made do not return with it. A backup of another node is refused without --yes.',
    examples: [
      ['herd state restore monday.backup --dry-run', 'what is in it, and whose it is'],
      ['herd state restore monday.backup', 'while no shepherd runs'],
      ['herd state restore monday.backup --state ./a', 'into another folder'],
    ],
  },
  'state repair': {
    text:
      'Where a start is refused for damaged records, and there is no backup: keeps every record that ' +
      'proves to be whole and says which are lost. The damaged database is left where it was.',
    examples: [
      ['herd state repair', 'while no shepherd runs'],
      ['herd state repair --dry-run', 'what would be lost'],
      ['herd state repair --state /var/lib/bellwether', 'that of the system'],
    ],
  },
  audit: {
    text:
      'Everything that was asked of services here and changes something: when, who asked, for what, and ' +
      'what came of it, the newest last. Who asked is told by the reference or the grant that was used, ' +
      'with the grants that it was made from; which person held it, nobody can tell. Arguments are shown ' +
      'where the configuration calls them harmless.',
    examples: [
      ['herd audit web-server', 'who did what to it'],
      ['herd audit --since 2h -n 500', 'all of the last two hours'],
      ['herd audit web-server --json', 'as data, each record with its number'],
    ],
  },
  'audit verify': {
    text:
      'Reads the files of an audit, whether or not a shepherd runs, and says whether every record is the ' +
      'one that was written and follows on the one before it. The head that it tells stands for all of ' +
      'them: noted elsewhere and given back with --head, it shows later whether anything was cut off at ' +
      'the end. Exit code 1 where something does not fit, or no record is there.',
    examples: [
      ['herd audit verify', 'the audit of your shepherd'],
      ['herd audit verify --state /var/lib/bellwether', 'that of the system'],
    ],
  },
  ...machinePages,
  ...netPages,
  ...nodePages,
  ...releasePages,
  ...spawnPages,
  completion: {
    text: 'Prints a script that makes a shell complete command lines of herd, names of services included.',
    examples: [
      ['herd completion bash > ~/.local/share/bash-completion/completions/herd', 'for bash'],
      ['herd completion zsh > ~/.zfunc/_herd', 'for zsh, where $fpath has ~/.zfunc'],
      ['herd completion fish > ~/.config/fish/completions/herd.fish', 'for fish'],
    ],
  },
  help: {
    text: 'Shows help, of everything or of one action.',
    examples: [
      ['herd help ref mint', 'this page of another action'],
      ['herd help grant', 'what a grant can be limited to'],
    ],
  },
};
