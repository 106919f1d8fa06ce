/* Normalisations at inference. */
#include <math.h>
#include <string.h>

#include "engine/model/fusion.h"

/* Inputs first..last are float lists of exactly `count` numbers (NULL may be left out). */
static cm_status check_lists(const cm_step *s, int first, int last, int64_t count, cm_error *err)
{
    cm_status st = CM_OK;
    for (int i = first; !st && i <= last; i++) {
        const cm_tensor *t = cm_step_x(s, i);
        st = cm_step_need_float(s, i, err);
        if (!st && t && cm_tensor_count(t) != count)
            st = cm_step_mismatch(s,
                                  cm_strf("input %d has %lld numbers, expected %lld", i,
                                          (long long)cm_tensor_count(t), (long long)count)
                                      .s,
                                  err);
    }
    return st;
}

/* Same shape as x, over which y may be written. */
static void like_input(cm_step *s, double operations_per_element)
{
    cm_step_set(s, 0, CM_ELEMENT_F32, s->x[0]->rank, s->x[0]->dim);
    s->operations = operations_per_element * cm_count_f(s->x[0]);
    s->may_alias = 1;
}

static const float *floats(const cm_step *s, int i)
{
    return cm_step_x(s, i) ? s->x[i]->data : NULL;
}

typedef struct norm {
    float epsilon;
    double epsilon_given; /* of a batch norm, which is computed in double */
    int axis;
    int64_t groups;
    float *scale, *bias; /* per channel, where they are made here */
} norm;

static cm_status infer_instance(cm_step *s, cm_error *err)
{
    norm *p = NULL;
    cm_status st = cm_step_need_rank(s, 0, 3, 5, err);
    if (!st) st = cm_step_need_float(s, 0, err);
    if (!st) st = check_lists(s, 1, 2, s->x[0]->dim[1], err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    p->epsilon = (float)cm_attr_float(s, "epsilon", 1e-5);
    like_input(s, 8);
    s->fuses_activation = true;
    return CM_OK;
}

static cm_status run_instance(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const norm *p = s->parameters;
    return be->ops->instance_norm(be, s->x[0], floats(s, 1), floats(s, 2), p->epsilon, s->activation,
                                  s->alpha, s->y[0], err);
}

const cm_family cm_family_instance_norm = {.infer = infer_instance, .run = run_instance};

/* y = a x + b with a = scale / sqrt(variance + epsilon), b = bias - a mean, both computed in double. */
void cm_batch_norm_map(const cm_step *s, int64_t c, double *a, double *b)
{
    const norm *p = s->parameters;
    *a = (double)floats(s, 1)[c] / sqrt((double)floats(s, 4)[c] + p->epsilon_given);
    *b = (double)floats(s, 2)[c] - *a * (double)floats(s, 3)[c];
}

/* Statistics of the batch itself are of training, but also how exporters write convolution weights that are
 * standardised in every run: those are constant and a batch of one, so each channel is an instance. The other
 * statistics, inputs 3 and 4, are not read. */
static cm_status become_instance(cm_step *s, double epsilon, cm_error *err)
{
    norm *p = NULL;
    if (!s->x[0]->data || s->x[0]->dim[0] != 1 || s->x[0]->rank < 3 || s->x[0]->rank > 5)
        return cm_step_unsupported(s, "training mode", "Export the model in evaluation mode", err);
    cm_fusion_become(s, "InstanceNormalization");
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    p->epsilon = (float)epsilon;
    s->n_x = 3;
    like_input(s, 8);
    s->fuses_activation = true;
    return CM_OK;
}

static cm_status infer_batch(cm_step *s, cm_error *err)
{
    norm *p = NULL;
    cm_status st = cm_step_need_rank(s, 0, 2, CM_MAX_RANK, err);
    const int64_t channels = s->x[0]->dim[1];
    if (!st) st = cm_step_need_float(s, 0, err);
    if (!st) st = check_lists(s, 1, 4, channels, err);
    if (st) return st;
    const double epsilon = cm_attr_float(s, "epsilon", 1e-5);
    cm_attr_float(s, "momentum", 0.9); /* of training */
    cm_attr_int(s, "spatial", 1);
    if (s->opset < 7 ? !cm_attr_int(s, "is_test", 0) : cm_attr_int(s, "training_mode", 0))
        return become_instance(s, epsilon, err);
    for (int i = 1; !st && i <= 4; i++)
        st = cm_step_need_known(s, i, "statistics", err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_memory_take(s->memory, channels, sizeof(float), &p->scale, err);
    if (!st) st = cm_memory_take(s->memory, channels, sizeof(float), &p->bias, err);
    if (st) return st;
    p->epsilon_given = epsilon;
    for (int64_t c = 0; c < channels; c++) {
        double a, b;
        cm_batch_norm_map(s, c, &a, &b);
        p->scale[c] = (float)a;
        p->bias[c] = (float)b;
    }
    like_input(s, 2);
    s->fuses_activation = true;
    return CM_OK;
}

static cm_status run_batch(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const norm *p = s->parameters;
    return be->ops->affine_channels(be, s->x[0], p->scale, p->bias, s->activation, s->alpha, s->y[0], err);
}

const cm_family cm_family_batch_norm = {.infer = infer_batch, .run = run_batch};

/* Opset 18 has scale and bias per group, 21 per channel, which is what the kernel takes. */
static cm_status infer_group(cm_step *s, cm_error *err)
{
    norm *p = NULL;
    const int64_t groups = cm_attr_int(s, "num_groups", 0);
    cm_status st = cm_step_need_rank(s, 0, 3, CM_MAX_RANK, err);
    const int64_t channels = s->x[0]->dim[1];
    if (!st && (groups < 1 || groups > channels || channels % groups))
        st = cm_step_bad(s, cm_strf("%lld channels in %lld groups", (long long)channels, (long long)groups).s,
                         err);
    if (!st) st = cm_step_need_float(s, 0, err);
    if (!st) st = check_lists(s, 1, 2, s->opset < 21 ? groups : channels, err);
    for (int i = 1; !st && i <= 2; i++)
        st = cm_step_need_known(s, i, "scale or bias", err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_memory_take(s->memory, channels, sizeof(float), &p->scale, err);
    if (!st) st = cm_memory_take(s->memory, channels, sizeof(float), &p->bias, err);
    if (st) return st;
    p->groups = groups;
    p->epsilon = (float)cm_attr_float(s, "epsilon", 1e-5);
    cm_attr_int(s, "stash_type", 1); /* statistics are in double whatever it says */
    for (int64_t c = 0; c < channels; c++) {
        const int64_t i = s->opset < 21 ? c / (channels / groups) : c;
        p->scale[c] = floats(s, 1)[i];
        p->bias[c] = floats(s, 2)[i];
    }
    like_input(s, 8);
    s->fuses_activation = true;
    return CM_OK;
}

static cm_status run_group(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const norm *p = s->parameters;
    return be->ops->group_norm(be, s->x[0], p->groups, p->scale, p->bias, p->epsilon, s->activation, s->alpha,
                               s->y[0], err);
}

const cm_family cm_family_group_norm = {.infer = infer_group, .run = run_group};

static cm_status infer_layer(cm_step *s, cm_error *err)
{
    norm *p = NULL;
    const cm_tensor *x = s->x[0];
    cm_status st = cm_step_need_rank(s, 0, 1, CM_MAX_RANK, err);
    if (!st) st = cm_step_need_float(s, 0, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_step_axis(s, cm_attr_int(s, "axis", -1), x->rank, false, &p->axis, err);
    int64_t count = 1;
    for (int i = p ? p->axis : 0; !st && i < x->rank; i++)
        count *= x->dim[i]; /* part of a tensor whose size was checked */
    if (!st) st = check_lists(s, 1, 2, count, err);
    if (st) return st;
    p->epsilon = (float)cm_attr_float(s, "epsilon", 1e-5);
    cm_attr_int(s, "stash_type", 1);
    like_input(s, 8);
    int64_t dim[CM_MAX_RANK];
    for (int i = 0; i < x->rank; i++)
        dim[i] = i < p->axis ? x->dim[i] : 1;
    for (int i = 1; i < s->n_y; i++) /* mean, inverse deviation */
        cm_step_set(s, i, CM_ELEMENT_F32, x->rank, dim);
    return CM_OK;
}

static cm_status run_layer(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const norm *p = s->parameters;
    const float *scale = p->scale ? p->scale : floats(s, 1), *bias = p->scale ? p->bias : floats(s, 2);
    cm_tensor *mean = s->n_y > 1 && s->y[1]->data ? s->y[1] : NULL;
    cm_tensor *deviation = s->n_y > 2 && s->y[2]->data ? s->y[2] : NULL;
    cm_status st = CM_OK;
    if (mean || deviation) /* first: y may be x */
        st = be->ops->moments(be, s->x[0], p->axis, p->epsilon, mean, deviation, err);
    if (st || !s->y[0]->data) return st;
    return be->ops->layer_norm(be, s->x[0], p->axis, scale, bias, p->epsilon, s->y[0], err);
}

static cm_status run_rms(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const norm *p = s->parameters;
    return be->ops->rms_norm(be, s->x[0], p->axis, floats(s, 1), p->epsilon, s->y[0], err);
}

const cm_family cm_family_rms_norm = {.infer = infer_layer, .run = run_rms}; /* the same shapes */

const cm_family cm_family_layer_norm = {.infer = infer_layer, .run = run_layer};

typedef struct response_norm {
    int64_t size;
    float alpha, beta, bias;
} response_norm;

static cm_status infer_response(cm_step *s, cm_error *err)
{
    response_norm *p = NULL;
    cm_status st = cm_step_need_rank(s, 0, 2, CM_MAX_RANK, err);
    if (!st) st = cm_step_need_float(s, 0, err);
    if (!st) st = cm_step_parameters(s, sizeof *p, &p, err);
    if (st) return st;
    p->size = cm_attr_int(s, "size", 0);
    p->alpha = (float)cm_attr_float(s, "alpha", 0.0001);
    p->beta = (float)cm_attr_float(s, "beta", 0.75);
    p->bias = (float)cm_attr_float(s, "bias", 1);
    if (p->size < 1 || p->size > INT32_MAX)
        return cm_step_bad(s, cm_strf("size = %lld", (long long)p->size).s, err);
    const double channels = (double)s->x[0]->dim[1];
    like_input(s, 10 + 2 * ((double)p->size < channels ? (double)p->size : channels));
    s->may_alias = 0; /* the neighbours of a channel are still to be read */
    return CM_OK;
}

static cm_status run_response(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    (void)scratch, (void)stop;
    const response_norm *p = s->parameters;
    return be->ops->local_response_norm(be, p->size, p->alpha, p->beta, p->bias, s->x[0], s->y[0], err);
}

const cm_family cm_family_local_response_norm = {.infer = infer_response, .run = run_response};

/* -- normalisations put together from other nodes (fuse_norm.c) -- */

double cm_norm_epsilon(const cm_step *s)
{
    return (double)((const norm *)s->parameters)->epsilon;
}

static cm_status take_norm(cm_step *s, const char *name, int64_t count, const float *scale, const float *bias,
                           norm **out, cm_error *err)
{
    cm_fusion_become(s, name);
    cm_status st = cm_step_parameters(s, sizeof **out, out, err);
    if (!st) st = cm_memory_take(s->memory, count, sizeof *scale, &(*out)->scale, err);
    if (!st) st = cm_memory_take(s->memory, count, sizeof *bias, &(*out)->bias, err);
    if (st) return st;
    memcpy((*out)->scale, scale, (size_t)count * sizeof *scale);
    memcpy((*out)->bias, bias, (size_t)count * sizeof *bias);
    like_input(s, 8);
    return CM_OK;
}

cm_status cm_step_as_group_norm(cm_step *s, int64_t groups, double epsilon, const float *scale,
                                const float *bias, cm_error *err)
{
    norm *p = NULL;
    cm_status st = take_norm(s, "GroupNormalization", s->x[0]->dim[1], scale, bias, &p, err);
    if (st) return st;
    p->groups = groups;
    p->epsilon = (float)epsilon;
    s->fuses_activation = true;
    return CM_OK;
}

cm_status cm_step_as_layer_norm(cm_step *s, int axis, double epsilon, const float *scale, const float *bias,
                                cm_error *err)
{
    norm *p = NULL;
    int64_t count = 1;
    for (int i = axis; i < s->x[0]->rank; i++)
        count *= s->x[0]->dim[i]; /* part of a tensor whose size was checked */
    cm_status st = take_norm(s, "LayerNormalization", count, scale, bias, &p, err);
    if (st) return st;
    p->axis = axis;
    p->epsilon = (float)epsilon;
    return CM_OK;
}
