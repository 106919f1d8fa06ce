# What a run says when things do not go well: limits, folders that exist, changed files, wrong arguments.
set -eu
. "$CM_TEST_DIR/support/launch.sh"
make_demo 3
cd demo/segmentation
# expect CODE COMMAND...
expect() {
    local wanted=$1 code=0
    shift
    "$@" >out.txt 2>err.txt || code=$?
    [ "$code" = "$wanted" ] || fail "exit code $code, not $wanted: $* ($(tail -n 1 err.txt))"
}
state() {
    xmllint --xpath "sum(//*[local-name()='outcome']/*[local-name()='state'][@name='$2']/@cases)" "$1/report.xml"
}

sed 's|<limits[^>]*/>||' bench.xml >plain.xml
with_limits() {
    sed "s|<openebench|<limits $1/>&|" plain.xml >"$2"
}
items=$("$COHMARK" run plain.xml --dry-run | grep -c GFLOP)
items=$((items * 3))

with_limits 'seconds-per-case="0.000001"' late.xml
expect 4 "$COHMARK" run late.xml -o late -q
[ "$(state late timeout)" = "$items" ] || fail "$(state late timeout) timeouts, not $items"
# a case that fails has the worst distance there could be, the diagonal of its image; it used to be 0, the best
diagonal=$(xmllint --xpath "string(//*[local-name()='result'][@metric='HD95.vox.maxdir'][1]/*/*[local-name()='summary']/@mean)" late/report.xml)
awk -v d="$diagonal" 'BEGIN { exit !(d > 10) }' || fail "failed cases have a mean HD95 of $diagonal mm"
grep -q 'depends-on-machine="true"' late/report.xml || fail "a timeout is not marked as depending on the machine"

with_limits 'memory-bytes="200000"' small.xml
expect 4 "$COHMARK" run small.xml -o small -q
[ "$(state small memory-limit)" -gt 0 ] || fail "no case reached the memory limit"

expect 0 "$COHMARK" run plain.xml -o run --smoke 2 -q
expect 3 "$COHMARK" run plain.xml -o run -q
grep -q 'exists already' err.txt || fail "no word that the folder exists: $(cat err.txt)"
grep -q 'code="trial-run"' run/report.xml || fail "a trial run does not say so"
results run/report.xml >before
if command -v flock >/dev/null; then
    flock run sleep 3 &
    sleep 0.5
    expect 3 "$COHMARK" run -o run --resume -q
    grep -q 'another cohmark' err.txt || fail "two processes on one run folder: $(cat err.txt)"
    wait
fi
expect 0 "$COHMARK" run -o run --resume -q
results run/report.xml >after
cmp before after || fail "resuming a complete run changed its results"
expect 0 "$COHMARK" status run --format json
grep -q '"running": false' out.txt || fail "status says that a complete run is running"

expect 0 "$COHMARK" run plain.xml -o run --resume -q
expect 3 "$COHMARK" run late.xml -o run --resume -q
grep -q 'not the one this run began with' err.txt || fail "another bench on resume is not noticed: $(cat err.txt)"

echo ' ' >>run/bench.xml
expect 3 "$COHMARK" run -o run --resume -q
expect 3 "$COHMARK" report run
grep -q 'has changed since the run' err.txt || fail "a changed bench.xml is not noticed: $(cat err.txt)"

expect 2 "$COHMARK" run plain.xml
expect 2 "$COHMARK" run plain.xml -o x --threads 0
expect 2 "$COHMARK" run plain.xml -o x --cpu sse9
expect 2 "$COHMARK" run -o run --resume --smoke 1
expect 3 "$COHMARK" run missing.xml -o x
[ ! -e x ] || fail "a refused run left its folder"
expect 3 "$COHMARK" run plain.xml -o x -t missing-tool
[ ! -e x ] || fail "a refused run left its folder"
expect 3 "$COHMARK" status source

expect 0 "$COHMARK" bench check plain.xml

# soft Dice is of probabilities, which a run does not keep
sed 's|</metrics>|<metric id="SDSC"/>&|' plain.xml >soft.xml
expect 3 "$COHMARK" run soft.xml -o x
grep -q 'SDSC cannot be computed in a run' err.txt || fail "soft Dice in a run: $(cat err.txt)"
[ ! -e x ] || fail "a refused run left its folder"
expect 3 "$COHMARK" bench check soft.xml
expect 0 "$COHMARK" bench show plain.xml
expect 0 "$COHMARK" bench init new.xml
expect 3 "$COHMARK" bench init new.xml
expect 3 "$COHMARK" bench check new.xml
echo "limits, folders and arguments as they should be"
