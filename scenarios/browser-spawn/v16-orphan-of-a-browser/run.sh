# V16: a browser's grandchild runs code after the browser has quit.
. "${0%/*}/../../lib/witness.sh"

setup() {
  wm_needs_browser
  wm_open "$wm_away"
}

attack() {
  wm_browser_leaves
}

cleanup() {
  wm_remove "$wm_away/go" "$wm_away/over"
  wm_close "$wm_away"
}

wm_main
