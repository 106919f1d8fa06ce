# Sourced by test scripts. launch N COMMAND...: the command on N ranks on this machine; N = 0: without a launcher.
launch() {
    local ranks=$1
    shift
    if [ "$ranks" = 0 ]; then
        "$@"
        return
    fi
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl=self,vader OMPI_MCA_pml=ob1 \
        OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 mpirun -n "$ranks" --oversubscribe "$@"
}
# results REPORT.xml: the part that must be the same whatever the ranks, threads and interruptions.
results() {
    sed -n '/<results[ >]/,/<\/results>/p' "$1"
}
fail() {
    echo "FAIL: $*" >&2
    exit 1
}
# make_demo CASES: demo/segmentation and demo/classification with cohort, tools and bench, not yet run.
make_demo() {
    "$COHMARK" demo demo --cases "$1" --images 24 --source-only >/dev/null || fail "the demo could not be written"
    for task in segmentation classification; do
        "$COHMARK" cohort ingest demo/$task/source -o demo/$task/cohort 2>/dev/null >/dev/null || fail "the demo cohort of $task could not be ingested"
    done
}
