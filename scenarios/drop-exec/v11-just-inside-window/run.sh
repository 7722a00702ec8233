# V11: run just before the window closes.
. "${0%/*}/../../lib/witness.sh"

wm_folder
payload=$wm_said/before-$(wm_payload_name).sh

setup() {
  wm_open "$wm_said"
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
  wm_close "$wm_said"
}

wm_main
