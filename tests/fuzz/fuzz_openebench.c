/* openebench.json: any text is checked or refused with a line; what passes the check leads back to XML or is
 * refused for its ids. */
#include <stdlib.h>
#include <string.h>

#include "engine/report/openebench_check.h"
#include "engine/report/openebench_mapped.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *file = NULL;
    cm_error err = {0};
    cm_remarks remarks = {0};
    cm_status st = cm_openebench_parse((const char *)data, (int64_t)size, "input", &file, &err);
    FUZZ_CHECK(st ? !file && err.status == st && err.what[0] : file != NULL);
    FUZZ_CHECK(st != CM_ERR_INTERNAL);
    if (st) return 0;
    cm_openebench_check(file, &remarks);
    const bool sound = !remarks.count[CM_REMARK_BROKEN];
    FUZZ_CHECK(sound == (remarks.count[CM_REMARK_HOLDS] == 1));
    FUZZ_CHECK(remarks.n > 0 && !remarks.out_of_memory);
    for (int k = 0; k < remarks.n; k++)
        FUZZ_CHECK(remarks.list[k].text[0] && remarks.list[k].topic[0]);
    if (sound) {
        char *text = NULL;
        st = cm_mapped_from_openebench(file, &text, &err);
        FUZZ_CHECK(st ? st == CM_ERR_FORMAT && !text : text && strstr(text, "</openebench>"));
        free(text);
    }
    cm_remarks_fini(&remarks);
    json_decref(file);
    return 0;
}
