# V01: a text file is renamed to a script where it lies, and run.
. "${0%/*}/../../lib/witness.sh"

wm_folder
case $WM_INTERPRETER in
  sh) ending=sh template=mark.sh ;;
  zsh) ending=zsh template=mark.zsh ;;
  python3) ending=py template=mark.py ;;
  osascript) ending=applescript template=mark.applescript ;;
  *) wm_refuse "no payload for interpreter '$WM_INTERPRETER'" ;;
esac
first=$wm_said/notes-$(wm_payload_name).txt
payload=$wm_said/notes-$(wm_payload_name).$ending

setup() {
  wm_open "$wm_said"
}

attack() {
  wm_drop "$first" "$template"
  wm_move "$first" "$payload"
  wm_interpret "$payload" "$WM_INTERPRETER"
}

cleanup() {
  wm_remove "$first" "$payload"
  wm_close "$wm_said"
}

wm_main
