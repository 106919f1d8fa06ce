# A rank that hangs (here: is frozen by SIGSTOP) does not hang the job: it ends, and a resume brings the results of a calm run.
set -eu
. "$CM_TEST_DIR/support/launch.sh"
command -v mpirun >/dev/null || { echo "skipped: no mpirun on this machine"; exit 77; }
make_demo 6
limit=4
grep -q '^CM_SANITIZE:STRING=.' "$CM_BUILD_DIR/CMakeCache.txt" && limit=20 # a case takes longer, too
sed "s|<limits[^>]*/>|<limits seconds-per-case=\"$limit\"/>|" demo/segmentation/bench.xml >demo/segmentation/limited.xml
bench=demo/segmentation/limited.xml
"$COHMARK" run "$bench" -o calm --threads 1 -q
results calm/report.xml >calm.results
launch 2 "$COHMARK" run "$bench" -o run --threads 1 -q >run.log 2>&1 &
job=$!
frozen=
for _ in $(seq 1 2000); do
    n=$("$COHMARK" status run --format json 2>/dev/null | sed -n 's/.*"done": \([0-9]*\).*/\1/p')
    if [ -n "$n" ] && [ "$n" -ge 3 ]; then
        for p in $(pgrep -f "$COHMARK run "); do
            tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null | grep -qx 'OMPI_COMM_WORLD_RANK=1' && frozen=$p && kill -STOP "$p" && break
        done
        break
    fi
    sleep 0.02
done
[ -n "$frozen" ] || fail "the run was over before a rank could be frozen"
code=0
wait $job || code=$?
[ "$code" != 0 ] || fail "a job with a frozen rank ended well"
grep -q 'no longer answers' run.log || fail "no word of the frozen rank: $(tail -n 3 run.log)"
kill -KILL "$frozen" 2>/dev/null || true
launch 2 "$COHMARK" run -o run --resume --threads 1 -q >>run.log 2>&1 || fail "the resume ended with $?: $(tail -n 3 run.log)"
results run/report.xml >run.results
cmp calm.results run.results || fail "results after a hung rank and a resume differ"
echo "a hung rank ends the job, and the resume ends the run"
