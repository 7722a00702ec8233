# N20: a script is dropped in /private/tmp and run through /tmp.
. "${0%/*}/../../lib/witness.sh"

payload=$WM_TMP/update-$(wm_payload_name).sh

setup() {
  wm_open_tmp
}

attack() {
  wm_drop "$payload"
  wm_interpret_as "$payload" "$(wm_tmp_alias "$payload")" sh
}

cleanup() {
  wm_remove "$payload"
  wm_close_tmp
}

wm_main
