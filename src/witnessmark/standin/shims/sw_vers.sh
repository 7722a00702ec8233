#!/bin/sh
# sw_vers(1): reads the host's own SystemVersion.plist, which says that it is a stand-in.
plist=@ROOT@/System/Library/CoreServices/SystemVersion.plist
key=
while read -r line; do
    line=${line#<*>}
    value=${line%%<*}
    case $key in
        ProductName) name=$value ;;
        ProductVersion) version=$value ;;
        ProductBuildVersion) build=$value ;;
    esac
    key=$value
done < "$plist"
case ${1-} in
    '') printf 'ProductName:\t\t%s\nProductVersion:\t\t%s\nBuildVersion:\t\t%s\n' \
        "$name" "$version" "$build" ;;
    -productName | --productName) printf '%s\n' "$name" ;;
    -productVersion | --productVersion) printf '%s\n' "$version" ;;
    -buildVersion | --buildVersion) printf '%s\n' "$build" ;;
    *)
        printf 'usage: sw_vers [--productName|--productVersion|--buildVersion]\n' >&2
        exit 1
        ;;
esac
