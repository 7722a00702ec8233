# The step library that every scenario sources; the steps themselves are in the files beside it.
# POSIX sh; runs on macOS's bash 3.2 and on dash.
# Each step really does one thing and then writes one receipt line of what happened:
#   v=1 TAB step TAB path TAB to TAB pid TAB ppid TAB status
# Builtins are used where they can be, so that the suite adds little noise of its own.
# Exit status: 0 done, 64 safety refusal, 69 a need is missing, anything else failed.

set -u
umask 077

wm_phase=${1:-}
WM_EVIDENCE=$WM_HOME/evidence/$WM_MARK
export WM_EVIDENCE

# wm_refuse WHY: stop with exit 64, because it would not be safe to go on.
wm_refuse() {
  printf 'refused: %s\n' "$1" >&2
  exit 64
}

# wm_fail WHY: stop with exit 1, because a step did not work.
wm_fail() {
  printf 'failed: %s\n' "$1" >&2
  exit 1
}

# wm_unfound: the shell could not find a command just before this step, so that something that the
# phase says was not done: it fails. Cleaning up goes on.
wm_unfound() {
  printf 'failed: a command before this step was not found\n' >&2
  [ "$wm_phase" = cleanup ] || exit 127
}

# wm_need COMMAND: it is there, or the case does not apply (exit 69).
wm_need() {
  [ $? -ne 127 ] || wm_unfound
  command -v "$1" > /dev/null 2>&1 || { printf 'missing: %s\n' "$1" >&2; exit 69; }
}

# wm_path NAME: the file that PATH finds for a command; never a word of the shell's own (time).
wm_path() {
  wm_ifs=$IFS
  IFS=:
  for wm_dir in $PATH; do
    [ -n "$wm_dir" ] && [ -f "$wm_dir/$1" ] && [ -x "$wm_dir/$1" ] || continue
    IFS=$wm_ifs
    printf '%s' "$wm_dir/$1"
    return 0
  done
  IFS=$wm_ifs
  printf 'missing: %s\n' "$1" >&2
  exit 69
}

# wm_unwritten WHY: nothing is played that nobody can tell of; but cleaning up goes on without a
# receipt, since a disk that is full is no reason to leave a payload lying there.
wm_unwritten() {
  [ "$wm_phase" = cleanup ] || wm_refuse "$1"
}

# wm_receipt STEP PATH TO PID PPID STATUS: write one receipt line; - stands for no path.
wm_receipt() {
  printf 'v=1\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "$6" >> "$WM_RECEIPT" \
    || wm_unwritten "the receipt $WM_RECEIPT cannot be written"
}

# wm_roots: the run's folder and the case's two are where they must be, whatever the environment says.
wm_roots() {
  wm_run=${WM_HOME##*/}
  case $wm_run in
    '' | *[!0-9a-z-]*) wm_refuse "WM_HOME $WM_HOME does not end in a run" ;;
  esac
  case $HOME in
    /*) ;;
    *) wm_refuse "HOME $HOME is not absolute" ;;
  esac
  [ "$WM_HOME" = "$HOME/.witnessmark/$wm_run" ] \
    || wm_refuse "WM_HOME $WM_HOME is not this run's folder below $HOME/.witnessmark"
  wm_case=${WM_DOWNLOADS##*/}
  case $wm_case in
    '' | *[!0-9]*) wm_refuse "WM_DOWNLOADS $WM_DOWNLOADS does not end in a case's number" ;;
  esac
  [ "$WM_DOWNLOADS" = "$HOME/Downloads/witnessmark/$wm_run/$wm_case" ] \
    || wm_refuse "WM_DOWNLOADS $WM_DOWNLOADS is not this run's folder below $HOME/Downloads"
  [ "$WM_CACHES" = "$HOME/Library/Caches/org.witnessmark/$wm_run/$wm_case" ] \
    || wm_refuse "WM_CACHES $WM_CACHES is not this run's folder below $HOME/Library/Caches"
  [ -z "${WM_TMP:-}" ] || wm_tmp_root
}

# wm_tmp_root: WM_TMP is the case's folder in /private/tmp of this very host, as wm_prefix/private/tmp.
wm_tmp_root() {
  wm_prefix=${WM_TMP%/private/tmp/org.witnessmark."$wm_run.$wm_case"}
  [ "$WM_TMP" = "$wm_prefix/private/tmp/org.witnessmark.$wm_run.$wm_case" ] \
    || wm_refuse "WM_TMP $WM_TMP is not this case's folder in /private/tmp"
  case $HOME in
    "$wm_prefix"/*) ;;
    *) wm_refuse "WM_TMP $WM_TMP is not on the host whose home is $HOME" ;;
  esac
}

# wm_inside PATH: only the run's own folders may be touched, and never through a symlink or "..".
wm_inside() {
  [ $? -ne 127 ] || wm_unfound
  wm_roots
  case $1 in
    */../* | */.. | *"
"*) wm_refuse "$1 is not a plain path" ;;
    "$WM_DOWNLOADS"/* | "$WM_CACHES"/* | "$WM_HOME"/*) wm_top=$HOME ;;
    "${WM_TMP:-$WM_HOME}"/*) wm_top=$wm_prefix/private ;;
    *) wm_refuse "$1 lies outside this run's folders" ;;
  esac
  [ ! -L "$1" ] || wm_refuse "$1 is a symbolic link"
  wm_dir=${1%/*}
  while [ "$wm_dir" != "$wm_top" ] && [ -n "$wm_dir" ] && [ "$wm_dir" != "${wm_dir%/*}" ]; do
    [ ! -L "$wm_dir" ] || wm_refuse "$wm_dir is a symbolic link"
    wm_dir=${wm_dir%/*}
  done
}

# wm_open DIR: make one of the case's payload folders. A folder above the run's that was not there is
# noted in WM_HOME/made, a line each: only those are removed with the run. Cases may run side by
# side, so that another may make the same folder at this very moment.
wm_open() {
  wm_inside "$1/."
  for wm_shared in "${WM_DOWNLOADS%/*/*}" "${WM_CACHES%/*/*}"; do
    case $1 in "$wm_shared"/*) ;; *) continue ;; esac
    [ ! -d "$wm_shared" ] || continue
    if mkdir "$wm_shared" 2> /dev/null; then
      printf '%s\n' "$wm_shared" >> "$WM_HOME/made" || wm_fail "cannot note $wm_shared"
    else
      [ -d "$wm_shared" ] || wm_fail "cannot make $wm_shared"
    fi
  done
  mkdir -p "$1" || wm_fail "cannot make $1"
  wm_receipt folder "$1" - "$$" "$PPID" 0
}

# wm_open_tmp: make the case's folder in /private/tmp, where everybody may write: it must be new, and
# that this run made it is noted in WM_HOME/made before anything can be put there.
wm_open_tmp() {
  [ -n "${WM_TMP:-}" ] && [ -d "${WM_TMP%/*}" ] || { printf 'missing: /private/tmp\n' >&2; exit 69; }
  wm_inside "$WM_TMP/."
  mkdir "$WM_TMP" 2> /dev/null || wm_refuse "$WM_TMP exists already"
  printf '%s\n' "$WM_TMP" >> "$WM_HOME/made" || wm_fail "cannot note $WM_TMP"
  wm_receipt folder "$WM_TMP" - "$$" "$PPID" 0
}

# wm_close_tmp: remove it again once empty, if this run made it.
wm_close_tmp() {
  wm_inside "$WM_TMP/."
  [ -f "$WM_HOME/made" ] || return 0
  while IFS= read -r wm_line; do
    [ "$wm_line" != "$WM_TMP" ] || rmdir "$WM_TMP" 2> /dev/null
  done < "$WM_HOME/made"
  wm_receipt close "$WM_TMP" - "$$" "$PPID" 0
}

# wm_tmp_alias FILE: the same file through /tmp.
wm_tmp_alias() {
  printf '%s' "$wm_prefix/tmp${1#"$wm_prefix/private/tmp"}"
}

# wm_close DIR: remove a payload folder of the case once empty. The folders above it are the run's:
# other cases may be using them, and teardown removes them.
wm_close() {
  wm_inside "$1/."
  [ ! -d "$1" ] || rmdir "$1" 2> /dev/null
  wm_receipt close "$1" - "$$" "$PPID" 0
}

# wm_payload_name: print a name that carries the attack phase's mark, so that every phase finds the
# same file.
wm_payload_name() {
  case $wm_phase in
    attack) printf '%s' "$WM_MARK" ;;
    *) printf '%sa' "${WM_MARK%?}" ;;
  esac
}

# wm_main: call setup, attack or cleanup, which the scenario defines. Which process this is was
# written down before: if the controller dies, it is this one that must be ended (sweep.sh).
wm_main() {
  printf '%s\n' "$$" > "${WM_RECEIPT%.tsv}.pid" || wm_unwritten "$WM_RECEIPT cannot be written beside"
  case $wm_phase in
    setup | attack | cleanup) "$wm_phase" ;;
    *) wm_refuse "say setup, attack or cleanup, not '$wm_phase'" ;;
  esac
}

wm_roots
# The case's own folder outside every monitored directory: what is not a payload yet, or no more.
wm_away=$WM_HOME/away/$wm_case
for wm_lib in files binary runs browser images; do
  . "$WM_HOME/pack/lib/$wm_lib.sh"
done
