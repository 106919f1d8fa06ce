# <results> is byte-identical for 1, 2 and 4 ranks, without a launcher, and for 1 and 2 threads.
set -eu
. "$CM_TEST_DIR/support/launch.sh"
command -v mpirun >/dev/null || { echo "skipped: no mpirun on this machine"; exit 77; }
make_demo 6
for task in segmentation classification; do
    bench=demo/$task/bench.xml
    for how in 0:1 0:2 1:1 2:1 4:1 2:2; do
        launch "${how%:*}" "$COHMARK" run "$bench" -o "$task-$how" --threads "${how#*:}" -q || fail "run $how ended with $?"
        results "$task-$how/report.xml" >"$task-$how.results"
        [ "$(wc -c <"$task-$how.results")" -gt 2000 ] || fail "no results in $task-$how/report.xml"
        cmp "$task-0:1.results" "$task-$how.results" || fail "$task: results differ between alone with 1 thread and ranks:threads $how"
    done
done
echo "same results for every number of ranks and threads"
