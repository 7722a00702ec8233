# V17: a copied shell under another name runs a dropped script.
. "${0%/*}/../../lib/witness.sh"

stub=$WM_CACHES/com.apple.update
payload=$WM_CACHES/task-$(wm_payload_name).sh

setup() {
  wm_need "$WM_INTERPRETER"
  wm_copy_as_is "$WM_INTERPRETER" "$wm_away/stub" -c :
  wm_open "$WM_CACHES"
}

attack() {
  wm_copy_in "$wm_away/stub" "$stub"
  wm_drop "$payload"
  wm_interpret "$payload" "$stub"
}

cleanup() {
  wm_remove "$payload" "$stub" "$wm_away/stub"
  wm_close "$wm_away"
  wm_close "$WM_CACHES"
}

wm_main
