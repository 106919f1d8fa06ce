/* The CPU backend: which instruction set runs, and the table of its operations. */
#include "kernels/cpu/cpu_internal.h"
#include "kernels/cpu/variants.h"

#include <stdlib.h>

static const cm_backend_ops operations = {
    .name = "cpu",
    .conv_prepare = cm_cpu_conv_prepare,
    .conv_transposed_prepare = cm_cpu_conv_transposed_prepare,
    .conv_workspace_bytes = cm_cpu_conv_workspace_bytes,
    .conv_plan_bytes = cm_cpu_conv_plan_bytes,
    .conv_kernel = cm_cpu_conv_kernel,
    .conv_run = cm_cpu_conv_run,
    .conv_plan_destroy = cm_cpu_conv_plan_destroy,
    .conv_cost = cm_cpu_conv_cost,
    .pool = cm_cpu_pool,
    .instance_norm = cm_cpu_instance_norm,
    .group_norm = cm_cpu_group_norm,
    .layer_norm = cm_cpu_layer_norm,
    .affine_channels = cm_cpu_affine_channels,
    .unary = cm_cpu_unary,
    .binary = cm_cpu_binary,
    .add = cm_cpu_add,
    .where = cm_cpu_where,
    .cast = cm_cpu_cast,
    .softmax = cm_cpu_softmax,
    .reduce = cm_cpu_reduce,
    .matmul = cm_cpu_matmul,
    .matmul_packed_count = cm_cpu_matmul_packed_count,
    .matmul_pack = cm_cpu_matmul_pack,
    .matmul_packed = cm_cpu_matmul_packed,
    .resize = cm_cpu_resize,
    .resize_axis = cm_cpu_resize_axis,
    .pad = cm_cpu_pad,
    .concat = cm_cpu_concat,
    .slice = cm_cpu_slice,
    .transpose = cm_cpu_transpose,
    .gather = cm_cpu_gather,
    .expand = cm_cpu_expand,
    .tile = cm_cpu_tile,
    .copy = cm_cpu_copy,
    .rearrange = cm_cpu_rearrange,
    .gather_elements = cm_cpu_gather_elements,
    .gather_nd = cm_cpu_gather_nd,
    .scatter_elements = cm_cpu_scatter_elements,
    .scatter_nd = cm_cpu_scatter_nd,
    .classify = cm_cpu_classify,
    .hardmax = cm_cpu_hardmax,
    .local_response_norm = cm_cpu_local_response_norm,
    .cumulative_sum = cm_cpu_cumulative_sum,
    .triangle = cm_cpu_triangle,
    .topk = cm_cpu_topk,
    .one_hot = cm_cpu_one_hot,
    .grid_sample = cm_cpu_grid_sample,
    .affine_grid = cm_cpu_affine_grid,
    .pool_indices = cm_cpu_pool_indices,
    .moments = cm_cpu_moments,
    .rms_norm = cm_cpu_rms_norm,
    .rotary = cm_cpu_rotary,
    .joint_histogram = cm_cpu_joint_histogram,
    .mask_surface = cm_cpu_mask_surface,
    .mask_dilate = cm_cpu_mask_dilate,
    .distance_squared = cm_cpu_distance_squared,
    .distance_squared_at = cm_cpu_distance_squared_at,
    .mask_within = cm_cpu_mask_within,
    .components = cm_cpu_components,
    .resample_axis = cm_cpu_resample_axis,
    .sample_rows = cm_cpu_sample_rows,
    .sample_argmax = cm_cpu_sample_argmax,
};

/* Best first; the last runs anywhere. */
static const cm_cpu_variant variants[] = {
#if defined(__x86_64__)
    {"avx512", CM_CPU_AVX512, &cm_cpu_loops_avx512, &cm_cpu_conv_avx512, &cm_cpu_winograd_avx512,
     &cm_cpu_winograd4_avx512, &cm_cpu_gemm_avx512},
    {"avx2", CM_CPU_AVX2, &cm_cpu_loops_avx2, &cm_cpu_conv_avx2, &cm_cpu_winograd_avx2,
     &cm_cpu_winograd4_avx2, &cm_cpu_gemm_avx2},
#elif defined(__aarch64__)
    {"neon", CM_CPU_NEON, &cm_cpu_loops_neon, &cm_cpu_conv_neon, &cm_cpu_winograd_neon,
     &cm_cpu_winograd4_neon, &cm_cpu_gemm_neon},
#endif
    {"scalar", CM_CPU_SCALAR, &cm_cpu_loops_scalar, NULL, NULL, NULL, NULL},
};

/* The compiler's helper asks for saved registers, too. */
int cm_cpu_features(void)
{
    int found = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found |= CM_CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("fma"))
        found |= CM_CPU_AVX512;
#elif defined(__aarch64__)
    found |= CM_CPU_NEON;
#endif
    return found;
}

cm_status cm_backend_cpu_create(cm_threads *pool, int allowed, cm_backend **out, cm_error *err)
{
    const int known = CM_CPU_AVX2 | CM_CPU_AVX512 | CM_CPU_NEON;
    if (allowed != -1 && (allowed & ~known))
        return CM_FAIL(err, CM_ERR_ARG, .what = "unknown CPU feature in the allowed set",
                       .why = cm_strf("bits %#x are known, the set is %#x", known, allowed).s);
    const int usable = cm_cpu_features() & (allowed == -1 ? known : allowed);
    cm_backend *be = calloc(1, sizeof *be);
    if (!be) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the CPU backend");
    const cm_cpu_variant *v = variants;
    while ((v->feature & usable) != v->feature)
        v++;
    be->ops = &operations;
    be->pool = pool;
    be->device = v;
    *out = be;
    return CM_OK;
}

void cm_backend_destroy(cm_backend *be)
{
    free(be);
}

const char *cm_backend_variant(const cm_backend *be)
{
    return cm_cpu_get_variant(be)->name;
}
