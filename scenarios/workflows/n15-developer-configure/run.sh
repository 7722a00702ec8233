# N15: a developer runs the configure script of a fresh source tree.
. "${0%/*}/../../lib/witness.sh"

folder=$WM_DOWNLOADS/project-$(wm_payload_name)
payload=$folder/configure

setup() {
  wm_open "$folder"
}

attack() {
  wm_drop_as_is "$payload" configure.sh
  wm_allow "$payload"
  wm_exec_relative "$payload"
}

cleanup() {
  wm_remove "$payload"
  wm_remove_folder "$folder"
  wm_close "$WM_DOWNLOADS"
}

wm_main
