# Hostile models: each refused with the exit code of its rule, fast and small. The files are not part of the project.
set -eu
fail() { echo "FAILED: $*" >&2; exit 1; }
hostile=${CM_SHARED:-}/models/hostile
[ -d "$hostile" ] || { echo "skipped: CM_SHARED holds no models/hostile"; exit 77; }

check() { # check FILE-PREFIX EXIT [OPTIONS]
    local file=("$hostile/$1"-*.onnx) want=$2 got=0
    shift 2
    ( ulimit -t 5; exec "$COHMARK" tool check "${file[0]}" "$@" ) >out.txt 2>err.txt || got=$?
    [ "$got" = "$want" ] || { cat out.txt err.txt >&2; fail "${file[0]##*/} exits $got, not $want"; }
    [ "$want" = 0 ] || [ -s err.txt ] || fail "${file[0]##*/} is refused without a word"
}

for prefix in 01 02 08 09 10 11; do check $prefix 3; done
for prefix in 03 06; do check $prefix 5; done
for prefix in 04 05 07; do check $prefix 6; done
check 12 3
grep -q 'y, y2' err.txt || fail "the outputs to choose from are named"
check 12 0 --output y

# Time and memory of the whole dozen; not where a sanitizer keeps its own books.
grep -q '^CM_SANITIZE:STRING=.' "$CM_BUILD_DIR/CMakeCache.txt" && exit 0
command -v python3 >/dev/null || exit 0
python3 - "$COHMARK" "$hostile" <<'P' || fail "time or memory"
import pathlib, resource, subprocess, sys, time
for model in sorted(pathlib.Path(sys.argv[2]).glob("*.onnx")):
    begin = time.monotonic()
    subprocess.run([sys.argv[1], "tool", "check", model], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    took = time.monotonic() - begin
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    # a second each; some slack for a machine that is busy with other tests
    assert took < 3 and peak < 200e6, (model.name, took, peak)
P
