# V12: a download's times are forged before it is run.
. "${0%/*}/../../lib/witness.sh"

wm_folder
payload=$wm_said/old-$(wm_payload_name).sh

setup() {
  wm_open "$wm_said"
}

attack() {
  wm_drop "$payload"
  wm_forge "$payload"
  wm_allow "$payload"
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$wm_said"
}

wm_main
