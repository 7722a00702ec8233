# C02: the positive control of branch A: a browser starts a shell.
. "${0%/*}/../../lib/witness.sh"

setup() {
  [ -x "${WM_BROWSER:-}" ] || { printf 'missing: browser\n' >&2; exit 69; }
}

attack() {
  wm_browser_runs "$(command -v sh)"
}

cleanup() {
  :
}

wm_main
