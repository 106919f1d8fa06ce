/* report.xml: any bytes are verified, found broken, or refused; never a bug of ours, also when every number
 * is computed again from what the file says. */
#include "engine/report/verify.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cm_error err = {0};
    cm_remarks remarks = {0};
    cm_verify_options options = {.threads = 1};
    cm_status st = cm_verify(fuzz_path(data, size), &options, &remarks, &err);
    FUZZ_CHECK(st ? err.status == st && err.what[0] : remarks.n > 0);
    FUZZ_CHECK(st != CM_ERR_INTERNAL);
    for (int k = 0; k < remarks.n; k++)
        FUZZ_CHECK(remarks.list[k].text[0] && remarks.list[k].topic[0]);
    cm_remarks_fini(&remarks);
    return 0;
}
