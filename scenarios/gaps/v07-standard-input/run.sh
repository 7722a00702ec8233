# V07: a dropped script reaches a shell as standard input.
. "${0%/*}/../../lib/witness.sh"

payload=$WM_DOWNLOADS/read-$(wm_payload_name).sh

setup() {
  wm_open "$WM_DOWNLOADS"
}

attack() {
  wm_drop "$payload"
  case $WM_INPUT in
    redirected) wm_read_as_input "$payload" ;;
    piped) wm_pipe_in "$payload" ;;
    *) wm_refuse "unknown input '$WM_INPUT'" ;;
  esac
}

cleanup() {
  wm_remove "$payload"
  wm_close "$WM_DOWNLOADS"
}

wm_main
