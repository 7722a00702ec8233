# V06: a script is unpacked from an archive in a monitored folder and run.
. "${0%/*}/../../lib/witness.sh"

wm_folder
tree=tree-$(wm_payload_name)
payload=$wm_said/$tree/start-$(wm_payload_name).sh
archive=$wm_said/tree-$(wm_payload_name).archive

setup() {
  wm_needs_archiver "$WM_TOOL"
  wm_open "$wm_said"
  wm_open "$wm_away/$tree"
  wm_drop "$wm_away/$tree/start-$(wm_payload_name).sh"
  wm_allow "$wm_away/$tree/start-$(wm_payload_name).sh"
  wm_forge "$wm_away/$tree/start-$(wm_payload_name).sh"
  wm_archive "$WM_TOOL" "$wm_away/packed.archive" "$wm_away/$tree"
}

attack() {
  wm_copy_in "$wm_away/packed.archive" "$archive"
  wm_extract "$WM_TOOL" "$archive" "$payload"
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$payload" "$archive" "$wm_away/packed.archive" "$wm_away/$tree/start-$(wm_payload_name).sh"
  wm_remove_folder "$wm_said/$tree" "$wm_away/$tree"
  wm_close "$wm_away"
  wm_close "$wm_said"
}

wm_main
