/* One of ONNX's own tests as it lies in a folder: a model, and arrays that go in and come out of it. */
#ifndef CM_TESTS_CONFORMANCE_SAMPLE_H
#define CM_TESTS_CONFORMANCE_SAMPLE_H

#include "engine/model/onnx.h"
#include "engine/model/operator.h"
#include "tests/support/onnx_write.h"

enum { MOST_ARRAYS = 16 };

/* A file, read whole. */
typedef struct content {
    char *data;
    int64_t size;
} content;

/* What a model is made of, without opening it. */
typedef struct outline {
    int opset;
    int n_inputs, n_outputs; /* inputs: those that are not initialisers */
    cm_model_io inputs[MOST_ARRAYS], outputs[MOST_ARRAYS];
    const cm_operator *used[256]; /* each once */
    int n_used;
    cm_str outside; /* why the test is none of ours; "" when it is */
} outline;

/* Never fails: a model that cannot be read is outside, with the reason. It is inside when all its operators
 * are in the table, its opset is one that is read, and its inputs and outputs are tensors of types that are
 * read: everything else is ours to run or to explain. */
void outline_read(content model, outline *out);

/* An array: type as ONNX numbers it; the content as the engine holds it. */
typedef struct array {
    content file;
    int type;
    cm_tensor tensor;
} array;

/* FOLDER/input_0.pb and so on into list; how many. Errors: those of reading. */
cm_status arrays_read(const char *folder, const char *stem, cm_memory *memory, array *list, int *n,
                      cm_error *err);

/* ONNX 1.12 stored bfloat16 arrays as uint16: such an array of an input or output that is a float gets its
 * type back. Errors: CM_ERR_NOMEM. */
cm_status array_as_declared(const cm_model_io *io, cm_memory *memory, array *a, cm_error *err);

/* The model with arrays given[i] as initialisers of inputs i, and one more input "cohmark_unused" of one
 * float when nothing else is left to be given. given[i] NULL = stays an input. Freed by ow_free. */
ow_buf model_with(content model, const outline *o, const array *const *given);

#endif
