/* Einsum: read once into a short list of sums, matrix products and rearrangements, which run then.
 *
 * Operands are taken from left to right, two at a time. A dimension that only one of the two has and nobody
 * needs later is summed first; what both have and nobody needs later is the inner dimension of a matrix
 * product, what both have and somebody needs is its batch. A view knows its steps, so that turning, a
 * diagonal or a broadcast dimension cost nothing until a kernel needs the numbers in order. */
#include <ctype.h>
#include <string.h>

#include "engine/model/operator.h"

enum {
    MOST_OPERANDS = 8,
    MOST_ACTIONS = 8 * MOST_OPERANDS, /* a product may need two sums and four rearrangements before it */
    ELLIPSIS = 64, /* labels from here on: dimensions under "...", numbered from the last */
    LABELS = ELLIPSIS + CM_MAX_RANK,
    IN_SCRATCH = -1, /* where of a view; 0, 1, ... = an operand */
    IN_OUTPUT = -2
};

/* Numbers that lie somewhere, one label per dimension, no label twice. */
typedef struct view {
    int where;
    int64_t offset; /* bytes, in the scratch */
    int n;
    int label[CM_MAX_RANK];
    int64_t dim[CM_MAX_RANK], step[CM_MAX_RANK];
} view;

typedef enum action_kind { ACTION_SUM, ACTION_PRODUCT, ACTION_REARRANGE } action_kind;
typedef struct action {
    action_kind kind;
    view a, b, y;           /* b: of a product */
    uint32_t axes;          /* of a sum, in a */
    bool turn_a, turn_b;    /* of a product: the matrix lies the other way round */
    int64_t batch, m, n, k; /* of a product */
} action;

/* What run needs. */
typedef struct script {
    int64_t scratch_bytes;
    int n_actions;
    action *actions;
} script;

/* While it is made. */
typedef struct einsum {
    int n_actions, n_operands;
    action actions[MOST_ACTIONS];
    view operands[MOST_OPERANDS];
    int n_out;
    int out[CM_MAX_RANK];
    int64_t extent[LABELS]; /* 0 = not used */
    int64_t scratch_bytes;
    double operations;
} einsum;

/* -- the equation -- */

/* One term into labels; "..." stands for `hidden` dimensions. *at ends at ',' or '-' or the end. */
static cm_status read_term(const cm_step *s, const char **at, int hidden, int *label, int *n, cm_error *err)
{
    *n = 0;
    bool seen_dots = false;
    for (; **at && **at != ',' && **at != '-'; (*at)++) {
        const char c = **at;
        if (c == ' ') continue;
        int first = c - 'A', count = 1;
        if (c == '.' && !strncmp(*at, "...", 3) && !seen_dots) {
            first = ELLIPSIS + hidden - 1;
            count = hidden;
            seen_dots = true;
            *at += 2;
        } else if (!isalpha((unsigned char)c)) {
            return cm_step_bad(s, "the equation is not one", err);
        }
        for (int i = 0; i < count; i++) {
            if (*n == CM_MAX_RANK) return cm_step_bad(s, "a term of the equation is too long", err);
            label[(*n)++] = first - i;
        }
    }
    return CM_OK;
}

static int letters_of(const char *at)
{
    int n = 0;
    for (; *at && *at != ',' && *at != '-'; at++)
        n += isalpha((unsigned char)*at) != 0;
    return n;
}

/* The operand as a view: equal labels become a diagonal; a broadcast dimension of one is left out. */
static cm_status take_operand(const cm_step *s, einsum *e, int which, const int *label, int n, cm_error *err)
{
    const cm_tensor *x = s->x[which];
    view *v = &e->operands[which];
    *v = (view){.where = which};
    if (n != x->rank)
        return cm_step_mismatch(s, cm_strf("a term names %d dimensions, the input has %d", n, x->rank).s,
                                err);
    int64_t step = 1;
    for (int d = n - 1; d >= 0; step *= x->dim[d], d--) {
        int64_t *extent = &e->extent[label[d]];
        int at = 0;
        if (x->dim[d] < 1) return cm_step_unsupported(s, "an empty input", NULL, err);
        if (!*extent || (label[d] >= ELLIPSIS && *extent == 1)) *extent = x->dim[d];
        if (label[d] >= ELLIPSIS && x->dim[d] == 1) continue;
        if (*extent != x->dim[d])
            return cm_step_mismatch(
                s, cm_strf("one label for %lld and %lld", (long long)*extent, (long long)x->dim[d]).s, err);
        while (at < v->n && v->label[at] != label[d])
            at++;
        if (at == v->n) {
            v->label[at] = label[d];
            v->dim[at] = x->dim[d];
            v->n++;
        }
        v->step[at] += step;
    }
    for (int i = 0, j = v->n - 1; i < j; i++, j--) { /* they were found from the last on */
        view t = *v;
        v->label[i] = t.label[j], v->dim[i] = t.dim[j], v->step[i] = t.step[j];
        v->label[j] = t.label[i], v->dim[j] = t.dim[i], v->step[j] = t.step[i];
    }
    return CM_OK;
}

/* Without an arrow: what "..." stands for, then every letter that occurs once, in the order of the alphabet
 * (capitals first). */
static cm_status implicit_output(const cm_step *s, einsum *e, const int *times, int hidden, cm_error *err)
{
    for (int i = hidden - 1; i >= 0; i--)
        e->out[e->n_out++] = ELLIPSIS + i;
    for (int l = 0; l < ELLIPSIS; l++) {
        if (times[l] != 1) continue;
        if (e->n_out == CM_MAX_RANK) return cm_step_bad(s, "the result has too many dimensions", err);
        e->out[e->n_out++] = l;
    }
    return CM_OK;
}

static cm_status check_output(const cm_step *s, const einsum *e, cm_error *err)
{
    bool seen[LABELS] = {false};
    for (int i = 0; i < e->n_out; i++) {
        const int l = e->out[i];
        if (!e->extent[l] || seen[l])
            return cm_step_bad(s, "a label of the result is in no term, or twice in the result", err);
        seen[l] = true;
    }
    return CM_OK;
}

static cm_status read_equation(cm_step *s, einsum *e, cm_error *err)
{
    const char *at = cm_attr_text(s, "equation", "");
    int times[LABELS] = {0}, hidden_most = 0, n = 0, label[CM_MAX_RANK];
    cm_status st = CM_OK;
    for (int i = 0; !st && i < s->n_x; i++) {
        const int hidden = s->x[i]->rank - letters_of(at);
        if (strstr(at, "...") && hidden > hidden_most) hidden_most = hidden;
        st = read_term(s, &at, hidden < 0 ? 0 : hidden, label, &n, err);
        if (!st) st = take_operand(s, e, i, label, n, err);
        for (int k = 0; !st && k < n; k++)
            times[label[k]]++;
        if (!st && (*at == ',') != (i + 1 < s->n_x))
            st = cm_step_bad(s, "the equation has another number of terms than there are inputs", err);
        at += *at == ',';
    }
    if (st) return st;
    hidden_most = 0;
    while (hidden_most < CM_MAX_RANK && e->extent[ELLIPSIS + hidden_most])
        hidden_most++;
    if (!*at)
        st = implicit_output(s, e, times, hidden_most, err);
    else if (at[0] != '-' || at[1] != '>')
        st = cm_step_bad(s, "the equation is not one", err);
    else {
        at += 2;
        st = read_term(s, &at, hidden_most, e->out, &e->n_out, err);
        if (!st && *at) st = cm_step_bad(s, "the equation goes on after its result", err);
    }
    return st ? st : check_output(s, e, err);
}

/* -- the list of actions -- */

static int find_label(const view *v, int label)
{
    for (int i = 0; i < v->n; i++)
        if (v->label[i] == label) return i;
    return -1;
}

static bool is_output(const einsum *e, int label)
{
    for (int i = 0; i < e->n_out; i++)
        if (e->out[i] == label) return true;
    return false;
}

/* In the result or in an operand from `next` on. */
static bool is_needed(const einsum *e, int label, int next)
{
    for (int i = next; i < e->n_operands; i++)
        if (find_label(&e->operands[i], label) >= 0) return true;
    return is_output(e, label);
}

/* Dimensions in the order of `order`, one behind the other. */
static bool is_plain(const view *v, const int *order)
{
    int64_t step = 1;
    for (int i = v->n - 1; i >= 0; i--) {
        const int at = find_label(v, order[i]);
        if (v->dim[at] > 1 && v->step[at] != step) return false;
        step *= v->dim[at];
    }
    return true;
}

static void set_plain(view *v)
{
    int64_t step = 1;
    for (int i = v->n - 1; i >= 0; i--) {
        v->step[i] = step;
        step *= v->dim[i];
    }
}

/* Labels and extents of y are known: a place of its own in the scratch, in order. */
static cm_status place_view(const cm_step *s, einsum *e, view *y, cm_error *err)
{
    int64_t bytes = sizeof(float), end = 0;
    for (int i = 0; i < y->n; i++)
        if (!cm_mul_i64(bytes, y->dim[i], &bytes)) bytes = INT64_MAX / 2;
    if (bytes > s->limits->tensor_bytes || e->scratch_bytes > INT64_MAX / 4)
        return CM_FAIL(err, CM_ERR_LIMIT,
                       .what = "a product within operator Einsum is larger than is allowed",
                       .next = "See docs/limits.md");
    end = e->scratch_bytes + (bytes + 63) / 64 * 64;
    y->where = IN_SCRATCH;
    y->offset = e->scratch_bytes;
    e->scratch_bytes = end;
    set_plain(y);
    return CM_OK;
}

static cm_status rearrange(const cm_step *s, einsum *e, view *v, const int *order, cm_error *err)
{
    if (is_plain(v, order) && !memcmp(v->label, order, (size_t)v->n * sizeof *order)) return CM_OK;
    view y = {.n = v->n}, from = *v;
    for (int i = 0; i < v->n; i++) { /* the source, in the order of the target */
        const int at = find_label(v, order[i]);
        y.label[i] = from.label[i] = order[i];
        y.dim[i] = from.dim[i] = v->dim[at];
        from.step[i] = v->step[at];
    }
    const cm_status st = place_view(s, e, &y, err);
    if (!st) e->actions[e->n_actions++] = (action){.kind = ACTION_REARRANGE, .a = from, .y = y};
    *v = y;
    return st;
}

static double count_of(const view *v)
{
    double n = 1;
    for (int i = 0; i < v->n; i++)
        n *= (double)v->dim[i];
    return n;
}

/* Sums away what neither `other` (NULL = nobody) has nor anybody from operand `next` on needs. */
static cm_status sum_alone(const cm_step *s, einsum *e, view *v, const view *other, int next, cm_error *err)
{
    view y = {.n = 0};
    uint32_t axes = 0;
    for (int i = 0; i < v->n; i++) {
        if ((other && find_label(other, v->label[i]) >= 0) || is_needed(e, v->label[i], next)) {
            y.label[y.n] = v->label[i];
            y.dim[y.n++] = v->dim[i];
        } else {
            axes |= 1u << i;
        }
    }
    if (!axes) return CM_OK;
    view plain = *v;
    cm_status st = rearrange(s, e, &plain, v->label, err);
    if (!st) st = place_view(s, e, &y, err);
    if (st) return st;
    e->actions[e->n_actions++] = (action){.kind = ACTION_SUM, .a = plain, .y = y, .axes = axes};
    e->operations += count_of(&plain);
    *v = y;
    return CM_OK;
}

/* The labels of v that belong to a part of a product, appended to order. */
static int64_t append(const view *v, const bool *wanted, int *order, int *n)
{
    int64_t product = 1;
    for (int i = 0; i < v->n; i++)
        if (wanted[v->label[i]]) {
            order[(*n)++] = v->label[i];
            product *= v->dim[i];
        }
    return product;
}

/* v as [batch][outer][inner] or, where it lies so, [batch][inner][outer]. */
static cm_status as_matrices(const cm_step *s, einsum *e, view *v, const int *batch, int n_batch,
                             const int *outer, int n_outer, const int *inner, int n_inner, bool *turned,
                             cm_error *err)
{
    int straight[CM_MAX_RANK], other[CM_MAX_RANK];
    memcpy(straight, batch, (size_t)n_batch * sizeof *batch);
    memcpy(other, batch, (size_t)n_batch * sizeof *batch);
    memcpy(straight + n_batch, outer, (size_t)n_outer * sizeof *outer);
    memcpy(straight + n_batch + n_outer, inner, (size_t)n_inner * sizeof *inner);
    memcpy(other + n_batch, inner, (size_t)n_inner * sizeof *inner);
    memcpy(other + n_batch + n_inner, outer, (size_t)n_outer * sizeof *outer);
    *turned = !is_plain(v, straight) && is_plain(v, other);
    if (is_plain(v, straight) || *turned) return CM_OK;
    return rearrange(s, e, v, straight, err);
}

/* a = a times b, with what is needed from operand `next` on kept. */
static cm_status multiply(const cm_step *s, einsum *e, view *a, view *b, int next, cm_error *err)
{
    bool batch[LABELS] = {false}, inner[LABELS] = {false}, only_a[LABELS] = {false}, only_b[LABELS] = {false};
    int ob[CM_MAX_RANK], om[CM_MAX_RANK], on[CM_MAX_RANK], ok[CM_MAX_RANK];
    int nb = 0, nm = 0, nn = 0, nk = 0;
    cm_status st = sum_alone(s, e, a, b, next, err);
    if (!st) st = sum_alone(s, e, b, a, next, err);
    if (st) return st;
    for (int i = 0; i < a->n; i++) {
        const int l = a->label[i];
        bool *part = find_label(b, l) < 0 ? only_a : is_needed(e, l, next) ? batch : inner;
        part[l] = true;
    }
    for (int i = 0; i < b->n; i++)
        only_b[b->label[i]] = find_label(a, b->label[i]) < 0;
    action p = {.kind = ACTION_PRODUCT};
    p.batch = append(a, batch, ob, &nb);
    p.m = append(a, only_a, om, &nm);
    p.n = append(b, only_b, on, &nn);
    p.k = append(a, inner, ok, &nk);
    if (nb + nm + nn > CM_MAX_RANK)
        return cm_step_unsupported(s, "a product of more than 8 dimensions", NULL, err);
    bool turned_b = false;
    st = as_matrices(s, e, a, ob, nb, om, nm, ok, nk, &p.turn_a, err);
    if (!st) st = as_matrices(s, e, b, ob, nb, on, nn, ok, nk, &turned_b, err);
    if (st) return st;
    p.turn_b = !turned_b; /* [n][k] is the other way round for the right factor */
    p.a = *a;
    p.b = *b;
    const int *parts[3] = {ob, om, on};
    const int counts[3] = {nb, nm, nn};
    for (int part = 0; part < 3; part++)
        for (int i = 0; i < counts[part]; i++) {
            p.y.label[p.y.n] = parts[part][i];
            p.y.dim[p.y.n++] = e->extent[parts[part][i]];
        }
    st = place_view(s, e, &p.y, err);
    e->operations += 2 * (double)p.batch * (double)p.m * (double)p.n * (double)p.k;
    e->actions[e->n_actions++] = p;
    *a = p.y;
    return st;
}

/* The last action writes into the output if it gives the numbers in its order; else one more brings them
 * there. Labels that are broadcast from 1 in every operand are not in the view at all. */
static void finish(einsum *e, const view *v)
{
    int order[CM_MAX_RANK], n = 0;
    for (int i = 0; i < e->n_out; i++)
        if (find_label(v, e->out[i]) >= 0) order[n++] = e->out[i];
    if (v->where == IN_SCRATCH && !memcmp(v->label, order, (size_t)n * sizeof *order)) {
        action *last = &e->actions[e->n_actions - 1];
        e->scratch_bytes = last->y.offset; /* it was placed last */
        last->y.where = IN_OUTPUT;
        return;
    }
    action p = {.kind = ACTION_REARRANGE, .a = *v, .y = {.where = IN_OUTPUT, .n = n}};
    for (int i = 0; i < n; i++) {
        const int at = find_label(v, order[i]);
        p.a.label[i] = p.y.label[i] = order[i];
        p.a.dim[i] = p.y.dim[i] = v->dim[at];
        p.a.step[i] = v->step[at];
    }
    e->actions[e->n_actions++] = p;
}

static cm_status keep_script(cm_step *s, const einsum *e, cm_error *err)
{
    script *p = NULL;
    cm_status st = cm_step_parameters(s, sizeof *p, &p, err);
    if (!st) st = cm_memory_take(s->memory, e->n_actions, sizeof *p->actions, &p->actions, err);
    if (st) return st;
    p->scratch_bytes = e->scratch_bytes;
    p->n_actions = e->n_actions;
    memcpy(p->actions, e->actions, (size_t)e->n_actions * sizeof *e->actions);
    return CM_OK;
}

static cm_status plan_actions(cm_step *s, einsum *e, cm_error *err)
{
    e->n_operands = s->n_x;
    cm_status st = read_equation(s, e, err);
    view v = e->operands[0];
    for (int i = 1; !st && i < s->n_x; i++) {
        view b = e->operands[i];
        st = multiply(s, e, &v, &b, i + 1, err);
    }
    if (!st) st = sum_alone(s, e, &v, NULL, s->n_x, err);
    if (!st) finish(e, &v);
    return st;
}

static cm_status infer(cm_step *s, cm_error *err)
{
    einsum e = {0};
    cm_status st = CM_OK;
    if (s->n_x > MOST_OPERANDS)
        return cm_step_unsupported(s, "more than 8 operands", "Split the einsum", err);
    for (int i = 0; !st && i < s->n_x; i++)
        st = s->x[i] ? cm_step_need_float(s, i, err) : cm_step_bad(s, "an operand is left out", err);
    if (!st) st = plan_actions(s, &e, err);
    if (!st) st = keep_script(s, &e, err);
    if (st) return st;
    int64_t dim[CM_MAX_RANK];
    for (int i = 0; i < e.n_out; i++)
        dim[i] = e.extent[e.out[i]];
    cm_step_set(s, 0, CM_ELEMENT_F32, e.n_out, dim);
    s->operations = e.operations;
    return CM_OK;
}

static cm_status cost(cm_step *s, cm_backend *be, cm_error *err)
{
    (void)be, (void)err;
    s->scratch_bytes = ((const script *)s->parameters)->scratch_bytes;
    return CM_OK;
}

/* -- running -- */

static cm_tensor tensor_of(const cm_step *s, const view *v, void *scratch)
{
    cm_tensor t = {.element = CM_ELEMENT_F32, .rank = v->n};
    memcpy(t.dim, v->dim, sizeof t.dim);
    t.data = v->where == IN_OUTPUT    ? s->y[0]->data
             : v->where == IN_SCRATCH ? (char *)scratch + v->offset
                                      : s->x[v->where]->data;
    return t;
}

static cm_status run_product(const cm_step *s, const action *p, cm_backend *be, void *scratch,
                             const cm_stop *stop, cm_error *err)
{
    cm_tensor a = tensor_of(s, &p->a, scratch), b = tensor_of(s, &p->b, scratch),
              y = tensor_of(s, &p->y, scratch);
    a.rank = b.rank = y.rank = 3;
    a.dim[0] = b.dim[0] = y.dim[0] = p->batch;
    a.dim[1 + p->turn_a] = y.dim[1] = p->m;
    a.dim[2 - p->turn_a] = b.dim[1 + p->turn_b] = p->k;
    b.dim[2 - p->turn_b] = y.dim[2] = p->n;
    return be->ops->matmul(be, &a, p->turn_a, &b, p->turn_b, 1, NULL, 0, &y, stop, err);
}

static cm_status run(cm_step *s, cm_backend *be, void *scratch, const cm_stop *stop, cm_error *err)
{
    const script *e = s->parameters;
    cm_status st = CM_OK;
    for (int i = 0; !st && i < e->n_actions; i++) {
        const action *p = &e->actions[i];
        cm_tensor a = tensor_of(s, &p->a, scratch), y = tensor_of(s, &p->y, scratch);
        st = cm_stop_due(stop);
        if (st) break;
        if (p->kind == ACTION_PRODUCT)
            st = run_product(s, p, be, scratch, stop, err);
        else if (p->kind == ACTION_SUM)
            st = be->ops->reduce(be, CM_REDUCE_SUM, &a, p->axes, &y, err);
        else {
            /* the source may be a diagonal: to the kernel it is all that lies behind its first number */
            cm_tensor from = a;
            if (p->a.where >= 0) from = *s->x[p->a.where];
            st = be->ops->rearrange(be, p->a.step, &from, &y, err);
        }
    }
    return st;
}

const cm_family cm_family_einsum = {.infer = infer, .cost = cost, .run = run};
