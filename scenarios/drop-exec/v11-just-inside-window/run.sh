# V11: run just before the window closes.
. "${0%/*}/../../lib/witness.sh"

payload=$WM_DOWNLOADS/before-$(wm_payload_name).sh

setup() {
  wm_open "$WM_DOWNLOADS"
}

attack() {
  wm_clock
  wm_drop "$payload"
  wm_allow "$payload"
  wm_wait "$((WM_WINDOW - 2))"
  wm_exec "$payload"
  wm_in_time "$((WM_WINDOW - 1))"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$WM_DOWNLOADS"
}

wm_main
