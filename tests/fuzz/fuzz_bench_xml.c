/* bench.xml: any text is read or refused with a place. */
#include <string.h>

#include "engine/run/bench.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cm_bench *bench = NULL;
    cm_error err = {0};
    cm_status st = cm_bench_read(fuzz_path(data, size), &bench, &err);
    FUZZ_CHECK(st ? !bench && err.status == st && err.what[0] : bench != NULL);
    FUZZ_CHECK(st != CM_ERR_INTERNAL);
    if (bench) {
        FUZZ_CHECK(bench->id[0] && bench->n_metrics > 0 && bench->ranking_metric[0]);
        FUZZ_CHECK(bench->seconds_per_case >= 0 && bench->minimum_cell >= 0);
    }
    cm_bench_destroy(bench);
    return 0;
}
