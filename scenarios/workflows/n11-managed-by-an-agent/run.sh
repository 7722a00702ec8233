# N11: a managing agent writes a script into a cache and runs it.
. "${0%/*}/../../lib/witness.sh"

agent=$wm_away/lab-mdm-agent
payload=$WM_CACHES/policy-$(wm_payload_name).sh

setup() {
  wm_copy_tool "$(wm_small_shell)" "$agent" -c :
  wm_open "$WM_CACHES"
}

attack() {
  wm_agent_runs "$agent" mark.sh "$payload"
}

cleanup() {
  wm_remove "$payload" "$agent"
  wm_close "$wm_away"
  wm_close "$WM_CACHES"
}

wm_main
