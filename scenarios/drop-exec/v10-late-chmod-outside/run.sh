# V10: made executable inside the window, run after it.
. "${0%/*}/../../lib/witness.sh"

payload=$WM_DOWNLOADS/later-$(wm_payload_name).sh

setup() {
  wm_open "$WM_DOWNLOADS"
}

attack() {
  wm_drop "$payload"
  wm_wait "$((WM_WINDOW - 2))"
  wm_allow "$payload"
  wm_wait 3
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$WM_DOWNLOADS"
}

wm_main
