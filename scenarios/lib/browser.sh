# Steps that need the lab browser or another ancestor. Sourced by witness.sh.

# wm_needs_browser: WM_BROWSER is there, or the case does not apply.
wm_needs_browser() {
  [ -x "${WM_BROWSER:-}" ] || { printf 'missing: browser\n' >&2; exit 69; }
}

# wm_inline INTERPRETER: how it takes inline code, as wm_flag and wm_code. Every code writes one line
# of evidence: mark, pid, parent's pid. tclsh takes code on its standard input only (flag "-").
wm_inline() {
  [ $? -ne 127 ] || wm_unfound
  wm_flag=-c
  wm_code_of=$1
  case $1 in
    sh | bash | zsh | dash | ksh) wm_code_of=sh ;;
    csh | tcsh) wm_flag=-fc wm_code_of=csh ;;
    perl | ruby | node | osascript) wm_flag=-e ;;
    php) wm_flag=-r ;;
    tclsh) wm_flag=- ;;
    python3) ;;
    *) wm_refuse "no inline code for interpreter '$1'" ;;
  esac
  wm_code=$(wm_print "inline.$wm_code_of")
}

# wm_spawned BROWSER_PID STATUS FILE: the receipts of the browser and of what it spawned.
wm_spawned() {
  wm_receipt browser "$WM_BROWSER" - "$1" "$$" "$2"
  [ "$2" -eq 0 ] || exit "$2"
  wm_told || wm_fail "the browser's child left no evidence"
  [ "$wm_told_ppid" = "$1" ] || wm_fail "$3 says that its parent is $wm_told_ppid, not the browser"
  wm_receipt spawn "$3" - "$wm_told_pid" "$wm_told_ppid" 0
}

# wm_browser_runs INTERPRETER: the lab browser starts an interpreter with inline code and stays its
# parent. The mark is in argv; nothing of the run is in the browser's own command line before it.
wm_browser_runs() {
  wm_program=$(wm_path "$1") || exit 69
  wm_inline "$1"
  # shellcheck disable=SC2016
  case $wm_flag in
    -) wm_start='printf "%s\n" "$2" | "$0" "$1" "$3"; exit $?' ;;
    *) wm_start='"$0" "$1" "$2" "$3"; exit $?' ;;
  esac
  "$WM_BROWSER" -c "$wm_start" "$wm_program" "$wm_flag" "$wm_code" "$WM_MARK" > /dev/null &
  wm_pid=$!
  wait "$wm_pid"
  wm_spawned "$wm_pid" "$?" "$wm_program"
}

# wm_browser_leaves: the lab browser forks, its child forks again and waits, the browser and the
# child end; only then does the orphan become a shell with inline code. Two pipes keep the order.
wm_browser_leaves() {
  wm_go=$wm_away/go
  wm_over=$wm_away/over
  mkfifo "$wm_go" "$wm_over" || wm_fail "cannot make the pipes"
  wm_inline sh
  # shellcheck disable=SC2016
  "$WM_BROWSER" -c '( ( read -r wm_word < "$3"; exec sh -c "$0; exit 0" sh "$1" > "$2" ) & )' \
    "$wm_code" "$WM_MARK" "$wm_over" "$wm_go" &
  wm_pid=$!
  wait "$wm_pid"
  wm_status=$?
  wm_receipt browser "$WM_BROWSER" - "$wm_pid" "$$" "$wm_status"
  [ "$wm_status" -eq 0 ] || exit "$wm_status"
  printf 'go\n' > "$wm_go"
  while read -r wm_word; do :; done < "$wm_over"
  wm_told || wm_fail "the orphan left no evidence"
  wm_receipt spawn "$(wm_path sh)" - "$wm_told_pid" "$wm_told_ppid" 0
}

# wm_parent_runs PROGRAM NAME: PROGRAM, called NAME where that is not its own, starts sh with inline
# code and stays its parent; PROGRAM is no browser, whatever it is called.
wm_parent_runs() {
  wm_inline sh
  # shellcheck disable=SC2016
  bash -c 'exec -a "$0" "$1" -c "\"\$0\" -c \"\$1\" sh \"\$2\"; exit \$?" sh "$2" "$3"' \
    "$2" "$1" "$wm_code" "$WM_MARK" > /dev/null &
  wm_pid=$!
  wait "$wm_pid"
  wm_status=$?
  wm_receipt parent "$1" - "$wm_pid" "$$" "$wm_status"
  [ "$wm_status" -eq 0 ] || exit "$wm_status"
  wm_told || wm_fail "what $2 started left no evidence"
  wm_receipt spawn "$(wm_path sh)" - "$wm_told_pid" "$wm_told_ppid" 0
}

# wm_small_shell: dash where the host has it, else sh.
wm_small_shell() {
  if command -v dash > /dev/null 2>&1; then printf dash; else printf sh; fi
}

# wm_agent_runs AGENT TEMPLATE FILE: a managing agent writes a payload, allows it and runs it.
wm_agent_runs() {
  wm_new "$3"
  # shellcheck disable=SC2016
  "$1" -c 'while IFS= read -r wm_line; do printf "%s\n" "$wm_line"; done < "$0" > "$1"
    chmod u+x "$1"; "$1" > /dev/null; exit $?' "$WM_HOME/pack/lib/payloads/$2" "$3" &
  wm_pid=$!
  wait "$wm_pid"
  wm_status=$?
  wm_receipt agent "$1" - "$wm_pid" "$$" "$wm_status"
  wm_receipt drop "$3" - "$wm_pid" "$$" "$wm_status"
  [ "$wm_status" -eq 0 ] || exit "$wm_status"
  wm_told || wm_fail "what the agent ran left no evidence"
  wm_receipt exec "$3" - "$wm_told_pid" "$wm_told_ppid" 0
}
