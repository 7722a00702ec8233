# N14: a user runs a downloaded script only after the window has passed (the next day, in life).
. "${0%/*}/../../lib/witness.sh"

payload=$WM_DOWNLOADS/notes-$(wm_payload_name).sh

setup() {
  wm_open "$WM_DOWNLOADS"
}

attack() {
  wm_drop "$payload"
  wm_allow "$payload"
  wm_wait "$((WM_WINDOW + 1))"
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$WM_DOWNLOADS"
}

wm_main
