# P07: a browser process starts a shell with inline code.
. "${0%/*}/../../lib/witness.sh"

setup() {
  [ -x "${WM_BROWSER:-}" ] || { printf 'missing: browser\n' >&2; exit 69; }
  wm_need "$WM_INTERPRETER"
}

attack() {
  wm_browser_runs "$(command -v "$WM_INTERPRETER")"
}

cleanup() {
  :
}

wm_main
