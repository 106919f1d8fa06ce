# A rank is killed (SIGKILL) in the middle of a run, several times over; --resume ends it each time with the results of a run
# that nobody disturbed. SIGTERM ends a run early with exit code 75, and it goes on as well.
set -eu
. "$CM_TEST_DIR/support/launch.sh"
command -v mpirun >/dev/null || { echo "skipped: no mpirun on this machine"; exit 77; }
make_demo 8
bench=demo/segmentation/bench.xml
"$COHMARK" run "$bench" -o calm --threads 1 -q
results calm/report.xml >calm.results
total=$("$COHMARK" status calm --format json | sed -n 's/.*"total": \([0-9]*\).*/\1/p')

done_now() {
    "$COHMARK" status "$1" --format json 2>/dev/null | sed -n 's/.*"done": \([0-9]*\).*/\1/p'
}
# kill_when RUN COUNT SIGNAL: waits until COUNT items are done, then signals one process of the run.
kill_when() {
    for _ in $(seq 1 2000); do
        n=$(done_now "$1")
        [ -n "$n" ] && [ "$n" -ge "$2" ] && break
        sleep 0.03
    done
    pid=$(for p in $(pgrep -f "$COHMARK run "); do tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q "^$COHMARK run .*-o $1 " && echo "$p"; done | tail -n 1)
    [ -n "$pid" ] && kill "-$3" "$pid"
}

interrupted=0
for round in 1 2 3; do
    run=killed$round
    ranks=$((round == 3 ? 4 : round))
    launch "$ranks" "$COHMARK" run "$bench" -o "$run" --threads 1 -q >"$run.log" 2>&1 &
    kill_when "$run" $((round * 4)) KILL || true
    wait $! && true
    before=$(done_now "$run")
    [ "$before" -lt "$total" ] && interrupted=$((interrupted + 1))
    launch 2 "$COHMARK" run -o "$run" --resume --threads 1 -q >>"$run.log" 2>&1 || fail "resume of $run ended with $?: $(tail -n 3 "$run.log")"
    results "$run/report.xml" >"$run.results"
    cmp calm.results "$run.results" || fail "results after a kill at $before of $total and a resume differ"
done
[ "$interrupted" -gt 0 ] || fail "no run was interrupted: the test has proved nothing"

"$COHMARK" run "$bench" -o asked --threads 1 -q >asked.log 2>&1 &
child=$!
for _ in $(seq 1 2000); do
    n=$(done_now asked)
    [ -n "$n" ] && [ "$n" -ge 3 ] && break
    sleep 0.03
done
kill -TERM $child 2>/dev/null || true
code=0
wait $child || code=$?
[ "$code" = 75 ] || fail "SIGTERM gave exit code $code, not 75"
"$COHMARK" run -o asked --resume --threads 2 -q
results asked/report.xml >asked.results
cmp calm.results asked.results || fail "results after SIGTERM and a resume differ"
echo "same results after $interrupted kills and one polite stop"
