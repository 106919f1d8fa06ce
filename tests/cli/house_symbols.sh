# Every symbol a library of the project shows to others begins with cm_.
set -eu
command -v nm >/dev/null || { echo "nm is not installed"; exit 77; }
libraries=$(find "$CM_BUILD_DIR" -name 'libcm_*.a' ! -path '*/tests/*')
[ -n "$libraries" ] || { echo "FAILED: no libraries below $CM_BUILD_DIR"; exit 1; }
# Sanitizers add symbols of their own.
nm -g --defined-only $libraries 2>/dev/null | awk 'NF == 3 { print $3 }' | grep -Ev '^(__asan|__odr_asan|__ubsan|\.L)' >symbols
n=$(wc -l <symbols)
[ "$n" -gt 50 ] || { echo "FAILED: only $n symbols seen"; exit 1; }
if grep -v '^cm_' symbols; then
    echo "FAILED: these symbols do not begin with cm_"
    exit 1
fi
