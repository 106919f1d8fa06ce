/* Where the weights of a model lie: in the mapped file, as long as nobody needs them elsewhere. */
#define _DEFAULT_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "engine/model/onnx.h"
#include "engine/model/operator.h"

/* Input 1 of a convolution, or of the product of something that is no constant: op_conv.c and op_matrix.c
 * copy weights that are not aligned while they pack them. */
static bool packs(const cm_model *m, const cm_node *node, int input)
{
    const cm_family *f = node->op->family;
    if (input != 1) return false;
    if (f == &cm_family_convolution) return true;
    const cm_tensor *b = m->values[node->inputs[1]].constant;
    return (f == &cm_family_gemm || f == &cm_family_matmul) && b && cm_matmul_packs(b) &&
           node->inputs[0] >= 0 && !m->values[node->inputs[0]].constant;
}

static cm_status find_other_uses(const cm_model *m, cm_memory *scratch, bool **used, cm_error *err)
{
    cm_status st = cm_memory_take(scratch, m->n_values, sizeof **used, used, err);
    for (int64_t n = 0; !st && n < m->n_nodes; n++)
        for (int i = 0; i < m->nodes[n].n_inputs; i++)
            if (m->nodes[n].inputs[i] >= 0 && !packs(m, &m->nodes[n], i))
                (*used)[m->nodes[n].inputs[i]] = true;
    for (int i = 0; !st && i < m->n_outputs; i++)
        (*used)[m->output_values[i]] = true;
    return st;
}

cm_status cm_model_align_constants(cm_model *m, cm_error *err)
{
    cm_memory scratch = {0};
    bool *used = NULL;
    cm_status st = find_other_uses(m, &scratch, &used, err);
    for (int64_t v = 0; !st && v < m->n_values; v++) {
        const cm_tensor *from = m->values[v].constant;
        cm_tensor *to = NULL;
        if (!from || (!used[v] && from->element == CM_ELEMENT_F32)) continue;
        st = cm_memory_take(&m->memory, 1, sizeof *to, &to, err);
        if (st) break;
        *to = *from;
        m->values[v].constant = to;
        st = cm_onnx_align_tensor(to, &m->memory, err);
    }
    cm_memory_fini(&scratch);
    return st;
}

void cm_model_give_back(const cm_model *m, const void *data, int64_t bytes)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), file = (uintptr_t)m->file;
    const uintptr_t at = (uintptr_t)data;
    if (!m->is_mapped || at < file || at + (uintptr_t)bytes > file + (uintptr_t)m->file_bytes) return;
    const uintptr_t first = (at + page - 1) / page * page, end = (at + (uintptr_t)bytes) / page * page;
    if (end > first) madvise((void *)first, end - first, MADV_DONTNEED);
}
