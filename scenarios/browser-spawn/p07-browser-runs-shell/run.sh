# P07: a browser process starts an interpreter with inline code.
. "${0%/*}/../../lib/witness.sh"

setup() {
  wm_needs_browser
  wm_path "$WM_INTERPRETER" > /dev/null || exit 69
}

attack() {
  wm_browser_runs "$WM_INTERPRETER"
}

cleanup() {
  :
}

wm_main
