/* tool.xml: any text is read or refused, and what is read can be described. */
#include <string.h>

#include "engine/model/tool_describe.h"
#include "engine/model/tool_spec.h"
#include "tests/fuzz/fuzz.h"

static void use(const cm_tool_spec *spec)
{
    int axis[3];
    size_t total = strlen(cm_input_text(spec).s) + strlen(cm_output_text(spec).s);
    for (int i = 0; i < spec->n_steps; i++)
        total += strlen(cm_step_text(spec, i).s);
    for (int i = 0; i < spec->n_cleanups; i++)
        total += strlen(cm_cleanup_text(spec, i).s);
    cm_tool_spec_tensor_axes(&spec->input, axis);
    FUZZ_CHECK(total > 0);
    FUZZ_CHECK(axis[0] + axis[1] + axis[2] == 3);
    FUZZ_CHECK(spec->n_steps <= CM_MAX_STEPS && spec->n_models <= CM_MAX_MODELS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cm_tool_spec *spec = NULL;
    cm_error err = {0};
    cm_problems *problems = calloc(1, sizeof *problems);
    char *text = malloc(size + 1); /* the reader is promised a NUL behind the text */
    FUZZ_CHECK(problems && text);
    memcpy(text, data, size);
    text[size] = '\0';
    cm_status st = cm_tool_spec_parse(text, (int64_t)size, "tool.xml", &spec, problems, &err);
    FUZZ_CHECK(st ? !spec && err.status == st && err.what[0] : spec != NULL);
    FUZZ_CHECK(st != CM_ERR_INTERNAL);
    FUZZ_CHECK(problems->count >= 0 && problems->count <= CM_MAX_PROBLEMS);
    if (spec) use(spec);
    cm_tool_spec_destroy(spec);
    free(problems);
    free(text);
    return 0;
}
