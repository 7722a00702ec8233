# Prints what the suite must know of a host before it acts, as key=value lines. Changes nothing.
set -u
printf 'os=%s\n' "$(uname -s)"
printf 'machine=%s\n' "$(uname -m)"
printf 'user=%s\n' "$(id -un)"
printf 'home=%s\n' "$HOME"
if command -v sw_vers > /dev/null 2>&1; then
  printf 'os_version=%s\n' "$(sw_vers -productVersion)"
  printf 'os_build=%s\n' "$(sw_vers -buildVersion)"
else
  printf 'os_version=%s\n' "$(uname -r)"
fi
for tool in sh bash zsh dash ksh csh tcsh python3 perl ruby php node osascript tclsh xattr; do
  if command -v "$tool" > /dev/null 2>&1; then printf 'have=%s\n' "$tool"; fi
done
if [ -n "${WM_BROWSER:-}" ] && [ -x "$WM_BROWSER" ]; then printf 'have=browser\n'; fi
if [ "$(uname -s)" = Darwin ]; then printf 'have=macos\n'; fi
if [ "$(id -u)" = 0 ]; then printf 'have=root\n'; fi
