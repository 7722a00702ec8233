# V11: run just after the window has closed.
. "${0%/*}/../../lib/witness.sh"

wm_folder
payload=$wm_said/after-$(wm_payload_name).sh

setup() {
  wm_open "$wm_said"
}

attack() {
  wm_drop "$payload"
  wm_allow "$payload"
  wm_wait "$((WM_WINDOW + 1))"
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$wm_said"
}

wm_main
