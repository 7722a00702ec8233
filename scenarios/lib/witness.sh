# The step library that every scenario sources. POSIX sh; runs on macOS's bash 3.2 and on dash.
# Each step really does one thing and then writes one receipt line of what happened:
#   v=1 TAB step TAB path TAB to TAB pid TAB ppid TAB status
# Builtins are used where they can be, so that the suite adds little noise of its own.
# Exit status: 0 done, 64 safety refusal, 69 a need is missing, anything else failed.

set -u
umask 077

wm_phase=${1:-}
WM_EVIDENCE=$WM_HOME/evidence/$WM_MARK
export WM_EVIDENCE

wm_refuse() {
  printf 'refused: %s\n' "$1" >&2
  exit 64
}

wm_fail() {
  printf 'failed: %s\n' "$1" >&2
  exit 1
}

wm_need() {
  command -v "$1" > /dev/null 2>&1 || { printf 'missing: %s\n' "$1" >&2; exit 69; }
}

# wm_receipt STEP PATH TO PID PPID STATUS
wm_receipt() {
  printf 'v=1\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "$6" >> "$WM_RECEIPT" \
    || wm_refuse "the receipt $WM_RECEIPT cannot be written"
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
}

# wm_inside PATH: only the run's own folders may be touched, and never through a symlink or "..".
wm_inside() {
  wm_roots
  case $1 in
    */../* | */.. | *"
"*) wm_refuse "$1 is not a plain path" ;;
    "$WM_DOWNLOADS"/* | "$WM_CACHES"/* | "$WM_HOME"/*) ;;
    *) wm_refuse "$1 lies outside this run's folders" ;;
  esac
  [ ! -L "$1" ] || wm_refuse "$1 is a symbolic link"
  wm_dir=${1%/*}
  while [ "$wm_dir" != "$HOME" ] && [ -n "$wm_dir" ] && [ "$wm_dir" != "${wm_dir%/*}" ]; do
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

# wm_drop FILE: write the inert payload, marked for this run, under its final name.
wm_drop() {
  wm_inside "$1"
  if [ -e "$1" ] || [ -L "$1" ]; then wm_refuse "$1 exists already"; fi
  wm_template=$WM_HOME/pack/lib/payloads/mark.sh
  set -C
  {
    while IFS= read -r wm_line; do printf '%s\n' "$wm_line"; done < "$wm_template"
    printf '# %s\n' "$WM_MARK"
  } > "$1"
  wm_status=$?
  set +C
  wm_receipt drop "$1" - "$$" "$PPID" "$wm_status"
  [ "$wm_status" -eq 0 ] || wm_fail "cannot write $1"
}

# wm_allow FILE: make a dropped file executable.
wm_allow() {
  wm_inside "$1"
  chmod u+x "$1"
  wm_status=$?
  wm_receipt chmod "$1" - "$$" "$PPID" "$wm_status"
  [ "$wm_status" -eq 0 ] || wm_fail "cannot chmod $1"
}

# wm_quarantine FILE: mark a file as downloaded (0081), where the host has xattr(1).
# Enrichment only: no rule requires it, so a host without xattr gets a receipt with status 69.
wm_quarantine() {
  wm_inside "$1"
  if command -v xattr > /dev/null 2>&1; then
    xattr -w com.apple.quarantine "0081;00000000;witnessmark;" "$1"
    wm_receipt quarantine "$1" - "$$" "$PPID" "$?"
  else
    wm_receipt quarantine "$1" - "$$" "$PPID" 69
  fi
}

# wm_exec FILE: run a dropped file directly, as a child of this script.
wm_exec() {
  wm_inside "$1"
  "$1" > /dev/null &
  wm_pid=$!
  wait "$wm_pid"
  wm_status=$?
  wm_receipt exec "$1" - "$wm_pid" "$$" "$wm_status"
  [ "$wm_status" -eq 0 ] || exit "$wm_status"
}

# wm_browser_runs INTERPRETER: the lab browser starts INTERPRETER -c with inline code and stays its
# parent. The mark is in argv; nothing of the run is in the browser's own command line before it.
wm_browser_runs() {
  wm_inline='printf "%s %s %s\n" "$WM_MARK" "$$" "$PPID" >> "$WM_EVIDENCE"; :'
  # shellcheck disable=SC2016
  "$WM_BROWSER" -c '"$0" -c "$1" "$2"; exit $?' "$1" "$wm_inline" "$WM_MARK" > /dev/null &
  wm_pid=$!
  wait "$wm_pid"
  wm_status=$?
  wm_receipt browser "$WM_BROWSER" - "$wm_pid" "$$" "$wm_status"
  [ "$wm_status" -eq 0 ] || exit "$wm_status"
  wm_child=
  while read -r wm_mark wm_cpid wm_cppid; do
    [ "$wm_mark" = "$WM_MARK" ] && [ "$wm_cppid" = "$wm_pid" ] && wm_child=$wm_cpid
  done < "$WM_EVIDENCE"
  [ -n "$wm_child" ] || wm_fail "the browser's child left no evidence"
  wm_receipt spawn "$1" - "$wm_child" "$wm_pid" 0
}

# wm_wait SECONDS
wm_wait() {
  sleep "$1"
  wm_receipt wait - - "$$" "$PPID" "$?"
}

# wm_remove FILE...: remove what this case dropped, and say so.
wm_remove() {
  for wm_file in "$@"; do
    wm_inside "$wm_file"
    rm -f "$wm_file"
    wm_receipt remove "$wm_file" - "$$" "$PPID" "$?"
  done
}

# wm_close DIR: remove a payload folder of the case once empty. The folders above it are the run's:
# other cases may be using them, and teardown removes them.
wm_close() {
  wm_inside "$1/."
  [ ! -d "$1" ] || rmdir "$1" 2> /dev/null
  wm_receipt close "$1" - "$$" "$PPID" 0
}

# The payload's name carries the attack phase's mark, so that every phase finds the same file.
wm_payload_name() {
  case $wm_phase in
    attack) printf '%s' "$WM_MARK" ;;
    *) printf '%sa' "${WM_MARK%?}" ;;
  esac
}

# wm_main: calls setup, attack or cleanup, which the scenario defines. Which process this is was
# written down before: if the controller dies, it is this one that must be ended (sweep.sh).
wm_main() {
  printf '%s\n' "$$" > "${WM_RECEIPT%.tsv}.pid" || wm_refuse "$WM_RECEIPT cannot be written beside"
  case $wm_phase in
    setup | attack | cleanup) "$wm_phase" ;;
    *) wm_refuse "say setup, attack or cleanup, not '$wm_phase'" ;;
  esac
}
