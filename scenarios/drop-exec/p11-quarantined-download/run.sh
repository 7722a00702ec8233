# P11: a downloaded script, quarantined as a browser would, is made executable and run a moment later.
. "${0%/*}/../../lib/witness.sh"

wm_folder
payload=$wm_said/invoice-$(wm_payload_name).sh

setup() {
  wm_open "$wm_said"
}

attack() {
  wm_drop "$payload"
  wm_quarantine "$payload"
  wm_allow "$payload"
  wm_wait 1
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$wm_said"
}

wm_main
