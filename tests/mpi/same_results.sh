# <results> is byte-identical for 1, 2 and 4 ranks, without a launcher, for 1 and 2 threads, and for the kernels of any CPU.
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
# The kernels of another instruction set are another program for the same arithmetic.
for cpu in scalar avx2; do
    "$COHMARK" run demo/classification/bench.xml -o "cpu-$cpu" --cpu "$cpu" -q || fail "run with $cpu kernels ended with $?"
    results "cpu-$cpu/report.xml" >"cpu-$cpu.results"
    cmp classification-0:1.results "cpu-$cpu.results" || fail "results with $cpu kernels differ"
done
"$COHMARK" run demo/segmentation/bench.xml -o cpu-seg --cpu avx2 -q || fail "run with avx2 kernels ended with $?"
results cpu-seg/report.xml >cpu-seg.results
cmp segmentation-0:1.results cpu-seg.results || fail "segmentation results with avx2 kernels differ"
echo "same results for every number of ranks and threads, and every kernel"
