# Prints how a host protects itself, as key=value lines. Asks only, changes nothing.
# A key without a value says that the host did not tell.
set -u

# ask KEY TOOL WORD...: the first line that a tool of the system says.
ask() {
  key=$1
  tool=$2
  shift 2
  [ -x "$tool" ] || tool=${tool##*/}
  printf '%s=%s\n' "$key" "$("$tool" "$@" 2> /dev/null | head -n 1)"
}

# preference FILE-OR-DOMAIN: Safari's own word on files it takes for safe, if it has one.
preference() {
  tool=/usr/bin/defaults
  [ -x "$tool" ] || tool=defaults
  "$tool" read "$1" AutoOpenSafeDownloads 2>&1 | head -n 1
}

# Safari keeps its settings in a container that only a session with Full Disk Access may read.
# Without that right a missing key means nothing.
safari() {
  for managed in "/Library/Managed Preferences/$(id -un)" "/Library/Managed Preferences"; do
    [ -r "$managed/com.apple.Safari.plist" ] || continue
    said=$(preference "$managed/com.apple.Safari")
    case $said in
      0 | 1)
        printf '%s' "$said"
        return 0
        ;;
    esac
  done
  said=$(preference com.apple.Safari)
  case $said in
    0 | 1) printf '%s' "$said" ;;
    *"does not exist"*)
      box=$HOME/Library/Containers/com.apple.Safari
      if [ ! -e "$box" ] || head -c 1 "$box/Data/Library/Preferences/com.apple.Safari.plist" > /dev/null 2>&1; then
        printf 'absent'
      fi
      ;;
  esac
}

# What a host calls itself: a store of several Macs names them so.
ask name /bin/hostname
ask name /usr/sbin/scutil --get LocalHostName
ask name /usr/sbin/scutil --get ComputerName
tool=/usr/sbin/ioreg
[ -x "$tool" ] || tool=ioreg
"$tool" -rd1 -c IOPlatformExpertDevice 2> /dev/null | while IFS= read -r line; do
  case $line in
    *'"IOPlatformSerialNumber" = "'*'"' | *'"IOPlatformUUID" = "'*'"')
      line=${line%\"}
      printf 'name=%s\n' "${line##*\"}"
      ;;
  esac
done
ask chip /usr/sbin/sysctl -n machdep.cpu.brand_string
ask gatekeeper /usr/sbin/spctl --status
ask sip /usr/bin/csrutil status
if [ -x /usr/bin/log ]; then ask log_config /usr/bin/log config --status; fi
# XProtect's rules are part of what a Mac blocks; its endpoint sensors are system extensions.
ask xprotect /usr/bin/defaults read \
  /Library/Apple/System/Library/CoreServices/XProtect.bundle/Contents/Info CFBundleShortVersionString
tool=/usr/bin/systemextensionsctl
[ -x "$tool" ] || tool=systemextensionsctl
"$tool" list 2> /dev/null | while IFS= read -r line; do
  case $line in
    *'[activated enabled]'*) printf 'extension=%s\n' "$(printf '%s' "$line" | tr -s '\t' ' ')" ;;
  esac
done
printf 'safari_safe_downloads=%s\n' "$(safari)"
exit 0
