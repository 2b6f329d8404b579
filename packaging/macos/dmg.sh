#!/bin/sh
# Signs, notarises and packs Earshot.app into a disk image, on macOS, after `make bundle`: packaging/macos/dmg.sh
#
# EARSHOT_MAC_IDENTITY    the signing identity ("Developer ID Application: ..."); without it the app is signed ad hoc
#                         and macOS warns whoever opens it. To be set for `make bundle`, too.
# EARSHOT_NOTARY_PROFILE  a keychain profile made with `xcrun notarytool store-credentials`; without it nothing is
#                         notarised.
set -eu

cd "$(dirname "$0")/../.."
app=dist/cpu/Earshot.app
identity=${EARSHOT_MAC_IDENTITY:--}
fail() { printf 'dmg: %s\n' "$*" >&2; exit 1; }

[ "$(uname -s)" = Darwin ] || fail "disk images are made on macOS"
[ -d "$app" ] || fail "$app: there is no program. Build it with: make bundle"

version=$(/usr/libexec/PlistBuddy -c 'Print CFBundleShortVersionString' "$app/Contents/Info.plist")
image=dist/Earshot-$version-$(uname -m).dmg

if [ "$identity" = - ]; then
    codesign --force --deep --sign - "$app"
else
    codesign --force --deep --options runtime --timestamp \
        --entitlements packaging/macos/entitlements.plist --sign "$identity" "$app"
fi
codesign --verify --deep --strict "$app"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -R "$app" "$folder/"
ln -s /Applications "$folder/Applications"
hdiutil create -volname Earshot -srcfolder "$folder" -fs HFS+ -format UDZO -ov "$image"

if [ "$identity" != - ]; then
    codesign --timestamp --sign "$identity" "$image"
fi
if [ -n "${EARSHOT_NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$image" --keychain-profile "$EARSHOT_NOTARY_PROFILE" --wait
    xcrun stapler staple "$image"
fi
printf '%s\n' "$image"
