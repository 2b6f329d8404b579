#!/bin/sh
# Builds an AppImage of a program that was built before (`make bundle`): packaging/linux/appimage.sh [PROGRAM]
#
# Needs appimagetool on the path. Where EARSHOT_SIGN_KEY names a key of GnuPG, the AppImage is signed with it.
set -eu

cd "$(dirname "$0")/../.."
program=${1:-dist/cpu/earshot}
python=.venv/bin/python
fail() { printf 'appimage: %s\n' "$*" >&2; exit 1; }

[ -x "$program/earshot-cli" ] || fail "$program: there is no program. Build it with: make bundle"
command -v appimagetool >/dev/null 2>&1 || fail "appimagetool is missing; it is published by the AppImage project"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tree=$folder/Earshot.AppDir
mkdir -p "$tree/opt" "$tree/usr"
cp -a "$program" "$tree/opt/earshot"
PYTHONPATH=packaging/linux QT_QPA_PLATFORM=offscreen "$python" -c \
    'import sys, pathlib, build_deb; build_deb.desktop_files(pathlib.Path(sys.argv[1]))' "$tree/usr/share"
ln -s usr/share/applications/earshot.desktop "$tree/earshot.desktop"
ln -s usr/share/icons/hicolor/256x256/apps/earshot.png "$tree/earshot.png"
ln -s earshot.png "$tree/.DirIcon"
cat >"$tree/AppRun" <<'RUN'
#!/bin/sh
exec "${APPDIR:-$(dirname "$(readlink -f "$0")")}/opt/earshot/earshot-cli" "$@"
RUN
chmod 755 "$tree/AppRun"

version=$("$program/earshot-cli" --version | cut -d ' ' -f 2)
set -- "$tree" "dist/Earshot-$version-$(uname -m).AppImage"
[ -z "${EARSHOT_SIGN_KEY:-}" ] || set -- --sign --sign-key "$EARSHOT_SIGN_KEY" "$@"
ARCH=$(uname -m) appimagetool "$@"
