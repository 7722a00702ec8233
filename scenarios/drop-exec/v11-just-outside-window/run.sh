# V11: run just after the window has closed.
. "${0%/*}/../../lib/witness.sh"

payload=$WM_DOWNLOADS/after-$(wm_payload_name).sh

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
