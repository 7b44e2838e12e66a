/**
 * The scripts that `herd completion` prints. Each only asks `herd` itself what may come next, and
 * shows it as its shell does: what is completed is decided in one place, and a new herd completes
 * anew without a new script. What is printed there: a line for each candidate, with a tab before what
 * it is for; or the one line `:files`.
 */

/** The shells that there is a script for. */
export const shells = ['bash', 'zsh', 'fish'] as const;
/** One of them. */
export type Shell = (typeof shells)[number];

/**
 * bash takes `@`, `:` and `=` for ends of words, so the line is split here, and what stands before the
 * last of these is taken off again. Written for 3.2, which macOS has.
 */
const bash = `# bash completion for herd: source <(herd completion bash)
_herd() {
  local line="\${COMP_LINE:0:COMP_POINT}" current='' candidate about rest
  local -a words
  read -r -a words <<< "$line"
  case "$line" in *[[:space:]]) words[\${#words[@]}]='' ;; esac
  current="\${words[\${#words[@]}-1]}"
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate about; do
    if [ "$candidate" = ':files' ]; then
      compopt -o filenames 2> /dev/null
      while IFS= read -r rest; do
        COMPREPLY[\${#COMPREPLY[@]}]="$rest"
      done < <(compgen -f -- "$current")
      return
    fi
    COMPREPLY[\${#COMPREPLY[@]}]="$candidate"
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2> /dev/null)
  local before="\${current%"\${current##*[@:=]}"}" at
  if [ -n "$before" ]; then
    for at in "\${!COMPREPLY[@]}"; do
      COMPREPLY[at]="\${COMPREPLY[at]#"$before"}"
    done
  fi
}
complete -F _herd herd
`;

const zsh = `#compdef herd
# zsh completion for herd: source <(herd completion zsh), or as _herd in a folder of $fpath
_herd() {
  local -a candidates
  local line word about
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT-1]}" "$PREFIX" 2> /dev/null)}"; do
    if [[ $line == ':files' ]]; then
      _files
      return
    fi
    word="\${line%%$'\\t'*}"
    about="\${line#*$'\\t'}"
    [[ -z $word ]] && continue
    word="\${word//:/\\\\:}"
    if [[ $line == *$'\\t'* ]]; then candidates+=("$word:$about"); else candidates+=("$word"); fi
  done
  _describe -t herd 'herd' candidates
}
if [[ \${funcstack[1]-} == _herd ]]; then _herd "$@"; else compdef _herd herd; fi
`;

const fish = `# fish completion for herd: herd completion fish | source
function __herd_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in (command $program __complete -- $words "$current" 2> /dev/null)
        if test "$line" = ':files'
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c herd -f -a '(__herd_complete)'
`;

/** The script of a shell, to be sourced by it. */
export const scriptOf = (shell: Shell): string => ({ bash, zsh, fish })[shell];
