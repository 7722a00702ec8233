# P13: curl writes a script into a monitored folder; stripped, allowed, run.
. "${0%/*}/../../lib/witness.sh"

wm_folder
payload=$wm_said/update-$(wm_payload_name)

setup() {
  wm_need curl
  wm_url "$wm_away" > /dev/null || exit 69
  wm_open "$wm_away"
  wm_drop "$wm_away/origin-$(wm_payload_name)"
  wm_open "$wm_said"
}

attack() {
  wm_fetch "$(wm_url "$wm_away/origin-$(wm_payload_name)")" "$payload"
  wm_strip "$payload"
  wm_allow "$payload"
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$wm_away/origin-$(wm_payload_name)"
  wm_close "$wm_away"
  wm_remove "$payload"
  wm_close "$wm_said"
}

wm_main
