/* What an operator is: a row in one table (operators.c) that points at its family (op_*.c). A family infers
 * shapes and cost from a step, and runs it with the kernels of a backend. docs/add-an-operator.md walks
 * through adding one. */
#ifndef CM_ENGINE_MODEL_OPERATOR_H
#define CM_ENGINE_MODEL_OPERATOR_H

#include <stddef.h>

#include "engine/model/graph.h"

typedef struct cm_step cm_step;

/* The functions a group of similar operators share. NULL where there is nothing to do. */
typedef struct cm_family {
    /* Fills element, rank and dims of every output (s->y), s->operations, and what run needs
     * (s->parameters). Reads the attributes through cm_attr_*, each it understands: one that is never asked
     * for is refused afterwards. Allocates nothing proportional to a tensor, except that an output which
     * follows from shapes alone may get its content at once (y[i]->data, in s->memory). */
    cm_status (*infer)(cm_step *s, cm_error *err);
    /* Memory that prepare and run will take, into s->packed_bytes and s->scratch_bytes. */
    cm_status (*cost)(cm_step *s, cm_backend *be, cm_error *err);
    cm_status (*prepare)(cm_step *s, cm_backend *be, cm_error *err);
    void (*release)(cm_step *s, cm_backend *be);
    cm_status (*run)(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err);
    bool
        runs_unprepared; /* run works without prepare, only slower, if inputs are aligned to their elements */
} cm_family;

struct cm_operator {
    const char *name;
    const cm_family *family;
    int code;                       /* which of the family */
    int first_opset;                /* in which the operator exists */
    int last_opset;                 /* 0 = it still does */
    int min_x, max_x, min_y, max_y; /* inputs and outputs; max_x -1 = any number */
    const char *note;               /* for docs/operators.md: what is not supported, or "" */
};

/* A node with all shapes fixed. x[i], y[i] are shared with the steps they come from or go to. While planning
 * x[i]->data is set only where the content is known; while running all of it is. */
struct cm_step {
    const cm_node *node;
    const cm_operator *op;
    int opset;
    const cm_model_limits *limits;
    cm_memory *memory; /* of the plan */
    int64_t *budget;   /* of the plan: elements that may still be touched while planning */
    int n_x, n_y;
    cm_tensor **x, **y;         /* x[i] NULL = left out */
    int32_t *x_value, *y_value; /* value numbers; -1 = left out */

    void *parameters;
    double operations;
    uint32_t may_alias;   /* bit i: y[0] may be written over x[i] */
    int view_of;          /* every y is (a part of) x[view_of] under another shape, nothing to run; -1 = no */
    int64_t *view_offset; /* bytes from the start of x[view_of] to each y; NULL = none */
    bool joins;           /* y[0] is x[0], x[1] ... one behind the other in memory; run copies those that are
                             not there yet */
    bool fuses_activation; /* run applies activation last */
    cm_activation activation;
    float alpha;

    int64_t scratch_bytes, packed_bytes;
    cm_conv_plan *packed;

    uint64_t attributes_read; /* bit i: attribute i of the node was asked for */
    cm_status attribute_status;
    cm_error *err; /* for attributes, while infer runs */
};

const cm_operator *cm_operator_find(const char *name);
/* Control flow, sequences, optionals, strings and random numbers: refused by policy, not for lack. */
bool cm_operator_is_banned(const char *name);
/* Row i of the table, sorted by name; NULL past the end. */
const cm_operator *cm_operator_at(int i);

/* -- attributes. A wrong kind is remembered in the step and fails it after infer; the default is returned --
 */
bool cm_attr_has(cm_step *s, const char *name);
int64_t cm_attr_int(cm_step *s, const char *name, int64_t otherwise);
double cm_attr_float(cm_step *s, const char *name, double otherwise);
const char *cm_attr_text(cm_step *s, const char *name, const char *otherwise);
const cm_tensor *cm_attr_tensor(cm_step *s, const char *name); /* NULL when absent */
/* Count, or -1 when absent. */
int64_t cm_attr_ints(cm_step *s, const char *name, const int64_t **items);
int64_t cm_attr_floats(cm_step *s, const char *name, const double **items);
/* Exactly n numbers in [lo, hi] into out; `otherwise` in all n when absent. */
cm_status cm_attr_geometry(cm_step *s, const char *name, int n, int64_t lo, int64_t hi, int64_t otherwise,
                           int64_t *out, cm_error *err);

/* -- inputs -- */
static inline cm_tensor *cm_step_x(const cm_step *s, int i)
{
    return i < s->n_x ? s->x[i] : NULL;
}
/* CM_ERR_UNSUPPORTED unless the content of input i is known: it would depend on the image. what: "shape". */
cm_status cm_step_need_known(const cm_step *s, int i, const char *what, cm_error *err);
/* Input i as whole numbers (int64 or int32, rank <= 1, known): at most max, *n of them. */
cm_status cm_step_ints(const cm_step *s, int i, const char *what, int64_t *out, int max, int *n,
                       cm_error *err);
/* One number of a known one-element input of any type; otherwise when it is left out. */
cm_status cm_step_number(const cm_step *s, int i, const char *what, double otherwise, double *out,
                         cm_error *err);
cm_status cm_step_need_rank(const cm_step *s, int i, int lo, int hi, cm_error *err);
cm_status cm_step_need_float(const cm_step *s, int i, cm_error *err);
/* Element i of a known tensor as a whole number (floats are truncated). */
int64_t cm_known_int(const cm_tensor *t, int64_t i);
double cm_known_number(const cm_tensor *t, int64_t i);

/* -- outputs and answers -- */
void cm_step_set(cm_step *s, int i, cm_element element, int rank, const int64_t *dim);
/* axis counted from the end when negative, into 0..rank-1 (0..rank with open_end). */
cm_status cm_step_axis(const cm_step *s, int64_t axis, int rank, bool open_end, int *out, cm_error *err);
/* Shape that a and b broadcast to. */
cm_status cm_step_broadcast(const cm_step *s, const cm_tensor *a, const cm_tensor *b, int *rank, int64_t *dim,
                            cm_error *err);
/* Before infer touches or keeps `elements` numbers: CM_ERR_LIMIT when the plan has no room for them. */
cm_status cm_step_spend(const cm_step *s, int64_t elements, cm_error *err);
/* parameters of the step: zeroed, size bytes. */
cm_status cm_step_parameters(cm_step *s, int64_t size, void *out, cm_error *err);
/* Refusals, with the node named by the caller: an attribute or form this version lacks; shapes that do not
 * fit. */
cm_status cm_step_unsupported(const cm_step *s, const char *why, const char *next, cm_error *err);
cm_status cm_step_mismatch(const cm_step *s, const char *why, cm_error *err);
cm_status cm_step_bad(const cm_step *s, const char *why,
                      cm_error *err); /* breaks the operator's definition */

/* Count of a tensor whose dims were checked. */
double cm_count_f(const cm_tensor *t);
bool cm_same_shape(const cm_tensor *a, const cm_tensor *b);

/* A matrix on the right of a product that is packed, if its content is known. */
bool cm_matmul_packs(const cm_tensor *b);

/* -- families -- */
extern const cm_family cm_family_convolution, cm_family_pooling, cm_family_global_pooling;
extern const cm_family cm_family_instance_norm, cm_family_batch_norm, cm_family_group_norm,
    cm_family_layer_norm, cm_family_local_response_norm;
extern const cm_family cm_family_unary, cm_family_binary, cm_family_variadic, cm_family_where, cm_family_cast,
    cm_family_clip, cm_family_classify;
extern const cm_family cm_family_softmax, cm_family_hardmax, cm_family_reduce, cm_family_arg;
extern const cm_family cm_family_gemm, cm_family_matmul, cm_family_einsum;
extern const cm_family cm_family_reshape, cm_family_flatten, cm_family_squeeze, cm_family_unsqueeze,
    cm_family_identity, cm_family_shape;
extern const cm_family cm_family_concat, cm_family_split, cm_family_slice, cm_family_transpose,
    cm_family_gather, cm_family_expand, cm_family_tile, cm_family_pad, cm_family_depth_space;
extern const cm_family cm_family_gather_elements, cm_family_gather_nd, cm_family_scatter_elements,
    cm_family_scatter_nd;
extern const cm_family cm_family_topk, cm_family_cumsum, cm_family_trilu, cm_family_one_hot, cm_family_eye,
    cm_family_nonzero;
extern const cm_family cm_family_attention, cm_family_rotary, cm_family_rms_norm;
extern const cm_family cm_family_grid_sample, cm_family_affine_grid;
extern const cm_family cm_family_resize;
extern const cm_family cm_family_branch;
extern const cm_family cm_family_constant, cm_family_constant_of_shape, cm_family_range;

#endif
