# V02: a download is moved out of the monitored folder and run elsewhere.
. "${0%/*}/../../lib/witness.sh"

wm_folder
first=$wm_said/tool-$(wm_payload_name).sh
payload=$wm_away/tool-$(wm_payload_name).sh

setup() {
  wm_open "$wm_said"
  wm_open "$wm_away"
}

attack() {
  wm_drop "$first"
  wm_move "$first" "$payload"
  wm_allow "$payload"
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$first" "$payload"
  wm_close "$wm_away"
  wm_close "$wm_said"
}

wm_main
