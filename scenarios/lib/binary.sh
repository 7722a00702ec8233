# Compiled payloads and stubs: copies of the host's own small programs. Sourced by witness.sh.

# wm_copy_as_is PROGRAM FILE PROOF...: copy a program into the case's own folder outside every
# monitored directory, and see that it still runs: a copy of a system program may not be allowed to,
# and then the case does not apply.
wm_copy_as_is() {
  wm_copied "$1" "$2"
  shift
  wm_runs "$@"
}

# wm_copy_tool PROGRAM FILE PROOF...: the same, signed ad hoc where the host can (codesign).
wm_copy_tool() {
  wm_copied "$1" "$2"
  if command -v codesign > /dev/null 2>&1; then
    codesign -f -s - -i "org.witnessmark.${2##*/}" "$2" > /dev/null 2>&1
    wm_receipt sign "$2" - "$$" "$PPID" "$?"
  fi
  shift
  wm_runs "$@"
}

wm_copied() {
  wm_from=$(wm_path "$1") || exit 69
  wm_open "$wm_away"
  wm_new "$2"
  cp "$wm_from" "$2" || wm_fail "cannot copy $1"
  chmod u+wx "$2"
}

wm_runs() {
  "$@" > /dev/null 2>&1 && return
  wm_status=$?
  wm_remove "$1"
  wm_close "$wm_away"
  printf 'missing: a copy of a system program that runs, %s ended with %s\n' "${1##*/}" "$wm_status" >&2
  exit 69
}

# wm_exec_binary FILE: run a copy of echo. A shell starts, notes its own pid in echo's words, and
# becomes echo (exec keeps the pid): the line of evidence is then written by the payload itself.
wm_exec_binary() {
  wm_inside "$1"
  # shellcheck disable=SC2016
  sh -c 'exec "$1" "$WM_MARK $$ $PPID" >> "$WM_EVIDENCE"' sh "$1" &
  wm_ran "$1" "$!"
}
