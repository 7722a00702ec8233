# Steps that run a payload. Each leaves the payload's own line of evidence. Sourced by witness.sh.

# wm_ran FILE PID: wait for a payload that was started as PID, and note how it ended.
wm_ran() {
  wait "$2"
  wm_status=$?
  wm_receipt exec "$1" - "$2" "$$" "$wm_status"
  [ "$wm_status" -eq 0 ] || exit "$wm_status"
}

# wm_exec FILE: run a dropped file directly, as a child of this script.
wm_exec() {
  wm_inside "$1"
  "$1" > /dev/null &
  wm_ran "$1" "$!"
}

# wm_exec_relative FILE: change into its folder and run it as ./NAME.
wm_exec_relative() {
  wm_inside "$1"
  (cd "${1%/*}" && exec "./${1##*/}" > /dev/null) &
  wm_ran "$1" "$!"
}

# wm_interpret FILE INTERPRETER [ARGUMENT...]: give the file to an interpreter as its operand.
wm_interpret() {
  wm_inside "$1"
  wm_file=$1
  shift
  "$@" "$wm_file" > /dev/null &
  wm_ran "$wm_file" "$!"
}

# wm_interpret_relative FILE INTERPRETER: the same from the file's folder, by its bare name.
wm_interpret_relative() {
  wm_inside "$1"
  (cd "${1%/*}" && exec "$2" "${1##*/}" > /dev/null) &
  wm_ran "$1" "$!"
}

# wm_interpret_as FILE SPELLING INTERPRETER: the same by another spelling of the file's path, if that
# leads to this very file.
wm_interpret_as() {
  wm_inside "$1"
  [ "$1" -ef "$2" ] || wm_fail "$2 is not $1"
  "$3" "$2" > /dev/null &
  wm_ran "$1" "$!"
}

# wm_read_as_input FILE: a shell reads the file as its standard input; no command line names it.
wm_read_as_input() {
  wm_inside "$1"
  sh -s "$WM_MARK" < "$1" > /dev/null &
  wm_ran "$1" "$!"
}

# wm_pipe_in FILE: another program reads the file and a shell reads that program.
wm_pipe_in() {
  wm_inside "$1"
  cat "$1" | sh -s "$WM_MARK" > /dev/null &
  wm_ran "$1" "$!"
}

# wm_pipe_url URL INTERPRETER: curl feeds an interpreter; nothing is written to disk.
wm_pipe_url() {
  [ $? -ne 127 ] || wm_unfound
  case $1 in file:///*) ;; *) wm_refuse "$1 is not a file: URL" ;; esac
  wm_program=$(wm_path "$2") || exit 69
  curl -q -f -s "$1" | "$wm_program" -s "$WM_MARK" > /dev/null &
  wm_pid=$!
  wait "$wm_pid"
  wm_status=$?
  wm_receipt pipe - - "$$" "$PPID" "$wm_status"
  wm_receipt spawn "$wm_program" - "$wm_pid" "$$" "$wm_status"
  [ "$wm_status" -eq 0 ] || exit "$wm_status"
}

# wm_source FILE: a shell that runs already (this one, forked) reads the file; nothing is executed.
wm_source() {
  wm_inside "$1"
  (. "$1") > /dev/null
  wm_status=$?
  wm_receipt source "$1" - "$$" "$PPID" "$wm_status"
  [ "$wm_status" -eq 0 ] || exit "$wm_status"
}

# wm_told: the one process that left this phase's line of evidence, as wm_told_pid, wm_told_ppid.
wm_told() {
  wm_told_pid=
  [ -f "$WM_EVIDENCE" ] || return 1
  while read -r wm_mark wm_cpid wm_cppid; do
    [ "$wm_mark" = "$WM_MARK" ] || continue
    wm_told_pid=$wm_cpid
    wm_told_ppid=$wm_cppid
  done < "$WM_EVIDENCE"
  [ -n "$wm_told_pid" ]
}

# wm_needs_wrapper WRAPPER: it is there (and sudo asks for nothing), or the case does not apply.
wm_needs_wrapper() {
  wm_wrapper=$(wm_path "$1") || exit 69
  [ "$1" != sudo ] || "$wm_wrapper" -n -u "$(id -un)" true > /dev/null 2>&1 || {
    printf 'missing: sudo without a password\n' >&2
    exit 69
  }
}

# wm_wrap FILE WRAPPER: `sh FILE` behind a wrapper. Some wrappers become their operand, some start
# it as a child: which process it was, the payload itself tells.
wm_wrap() {
  wm_inside "$1"
  wm_wrapper=$(wm_path "$2") || exit 69
  case $2 in
    env | nohup | nice | time | arch) "$wm_wrapper" sh "$1" > /dev/null 2>&1 & ;;
    caffeinate) "$wm_wrapper" -i sh "$1" > /dev/null & ;;
    xargs) printf '%s\0' "$1" | "$wm_wrapper" -0 sh > /dev/null & ;;
    sudo)
      "$wm_wrapper" -n -u "$(id -un)" "$(wm_path env)" \
        "WM_MARK=$WM_MARK" "WM_EVIDENCE=$WM_EVIDENCE" sh "$1" > /dev/null &
      ;;
    launchctl)
      # launchd starts it, in an environment of its own, and again until it is removed.
      "$wm_wrapper" submit -l "org.$WM_MARK" -- "$(wm_path env)" \
        "WM_MARK=$WM_MARK" "WM_EVIDENCE=$WM_EVIDENCE" /bin/sh "$1" &
      ;;
    *) wm_refuse "unknown wrapper '$2'" ;;
  esac
  wm_pid=$!
  wait "$wm_pid"
  wm_status=$?
  [ "$2" != launchctl ] || wm_launched "$wm_wrapper"
  wm_receipt wrapper "$wm_wrapper" - "$wm_pid" "$$" "$wm_status"
  [ "$wm_status" -eq 0 ] || exit "$wm_status"
  wm_told || wm_fail "what $2 wraps left no evidence"
  wm_receipt exec "$1" - "$wm_told_pid" "$wm_told_ppid" 0
}

# wm_launched LAUNCHCTL: wait for the job's line of evidence, at most ten seconds; remove the job.
wm_launched() {
  for wm_second in 1 2 3 4 5 6 7 8 9 10; do
    wm_told && break
    sleep 1
  done
  "$1" remove "org.$WM_MARK"
}

# wm_wait SECONDS: wait; WM_WINDOW is the drop-exec window in whole seconds.
wm_wait() {
  [ $? -ne 127 ] || wm_unfound
  sleep "$1"
  wm_receipt wait - - "$$" "$PPID" "$?"
}

# wm_clock: note the time, in whole seconds.
wm_clock() {
  [ $? -ne 127 ] || wm_unfound
  wm_began=$(date +%s)
}

# wm_in_time SECONDS: end with exit 75 if more have passed since wm_clock: a case that must run inside
# the window proves nothing on a host too busy to be in time.
wm_in_time() {
  [ $? -ne 127 ] || wm_unfound
  [ "$(($(date +%s) - wm_began))" -le "$1" ] || {
    printf 'failed: this host was too busy to run it within %s s\n' "$1" >&2
    exit 75
  }
}
