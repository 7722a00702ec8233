# C01: the positive control of branch B: a drop that is run at once.
. "${0%/*}/../../lib/witness.sh"

payload=$WM_DOWNLOADS/pulse-$(wm_payload_name).sh

setup() {
  wm_open "$WM_DOWNLOADS"
}

attack() {
  wm_drop "$payload"
  wm_allow "$payload"
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$WM_DOWNLOADS"
}

wm_main
