# C02: the positive control of branch A: a browser starts a shell.
. "${0%/*}/../../lib/witness.sh"

setup() {
  wm_needs_browser
}

attack() {
  wm_browser_runs sh
}

cleanup() {
  :
}

wm_main
