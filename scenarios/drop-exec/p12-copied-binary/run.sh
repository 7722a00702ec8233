# P12: a small compiled program is copied into a monitored folder and run.
. "${0%/*}/../../lib/witness.sh"

wm_folder
payload=$wm_said/updater-$(wm_payload_name)

setup() {
  wm_copy_tool echo "$wm_away/program" wm
  wm_open "$wm_said"
}

attack() {
  wm_copy_in "$wm_away/program" "$payload"
  wm_exec_binary "$payload"
}

cleanup() {
  wm_remove "$wm_away/program"
  wm_close "$wm_away"
  wm_remove "$payload"
  wm_close "$wm_said"
}

wm_main
