/* Packed tools: any bytes are an archive or refused, and each member lies inside them. */
#include <string.h>

#include "engine/model/tool_pack.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cm_pack pack;
    cm_error err = {0};
    cm_status st = cm_pack_read(data, (int64_t)size, "x.tool", 1 << 20, &pack, &err);
    FUZZ_CHECK(err.status == st && st != CM_ERR_INTERNAL);
    for (int i = 0; !st && i < pack.n_members; i++) {
        const cm_pack_member *m = &pack.member[i];
        FUZZ_CHECK(m->bytes >= 0 && m->data >= data && m->bytes <= data + size - m->data);
        FUZZ_CHECK(cm_pack_find(&pack, m->name) == m); /* no name twice */
        FUZZ_CHECK(m->name[0] && !strchr(m->name, '/'));
    }
    return 0;
}
