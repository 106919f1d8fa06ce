/* Checking a stored cohort: every pixel is read, hashed and looked at; then cases are compared with each
 * other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cohort/cases_internal.h"
#include "engine/cohort/store_internal.h"
#include "engine/image/geometry.h"

struct checker {
    const cm_cohort *cohort;
    cm_finding_sink report;
    void *context;
    int64_t errors;
    cm_status worst; /* CM_ERR_DAMAGED before CM_ERR_MISMATCH */
    uint8_t is_label[65536];
};

enum severity { WARNING, DAMAGED, MISMATCH };

static void found(struct checker *k, enum severity severity, const char *code, const cm_case *c,
                  const char *text)
{
    const cm_finding finding = {
        .is_error = severity != WARNING, .code = code, .case_id = c ? c->id : "", .text = text};
    if (k->report) k->report(k->context, &finding);
    if (severity == WARNING) return;
    k->errors++;
    if (k->worst != CM_ERR_DAMAGED) k->worst = severity == DAMAGED ? CM_ERR_DAMAGED : CM_ERR_MISMATCH;
}

/* Errors that say something about the stored case; others (memory, reading) end the check. */
static bool about_the_case(cm_status st)
{
    return st == CM_ERR_DAMAGED || st == CM_ERR_FORMAT || st == CM_ERR_MISMATCH || st == CM_ERR_NOT_FOUND ||
           st == CM_ERR_POLICY || st == CM_ERR_TRUNCATED || st == CM_ERR_UNSUPPORTED || st == CM_ERR_LIMIT;
}

/* ---- one case ---- */

static void check_geometry(struct checker *k, const cm_case *c)
{
    const cm_geometry *g = &c->geometry;
    const bool unknown = cm_cohort_get_info(k->cohort)->geometry_unknown;
    if (unknown && (g->spacing_known || g->orientation_known))
        found(k, MISMATCH, "geometry", c, "the cohort declares its geometry unknown, the case has one");
    if (!g->spacing_known || !g->orientation_known) return;
    const cm_vec3 s = cm_affine_spacing(&g->affine);
    const double have[3] = {g->spacing_mm.x, g->spacing_mm.y, g->spacing_mm.z}, want[3] = {s.x, s.y, s.z};
    char code[4];
    for (int a = 0; a < 3; a++)
        if (!(fabs(have[a] - want[a]) <= 1e-3 * want[a])) {
            found(k, MISMATCH, "geometry", c,
                  cm_strf("spacing %c is %.9g mm, the affine says %.9g mm", "xyz"[a], have[a], want[a]).s);
            return;
        }
    if (cm_affine_orientation(&g->affine, code, NULL))
        found(k, MISMATCH, "geometry", c, "the affine has no inverse");
}

/* Values that make an image useless or suspicious. */
static void check_values(struct checker *k, const cm_case *c, const cm_volume *v)
{
    const int64_t n = v->channels * cm_shape3_count(v->geometry.shape);
    const double first = cm_volume_value(v, 0);
    bool constant = true;
    int64_t not_finite = 0;
    for (int64_t i = 0; i < n; i++) {
        const double value = cm_volume_value(v, i);
        constant = constant && value == first;
        not_finite += !isfinite(value);
        if (!constant && cm_dtype_is_integer(v->dtype)) break;
    }
    if (not_finite)
        found(k, WARNING, "non-finite-values", c,
              cm_strf("%lld voxels are NaN or infinite: most tools fail on them", (long long)not_finite).s);
    else if (constant)
        found(k, WARNING, "constant-image", c, "all voxels have one value");
}

static void check_labels(struct checker *k, const cm_case *c, const cm_volume *v)
{
    const int64_t n = cm_shape3_count(v->geometry.shape);
    const uint8_t *narrow = v->dtype == CM_U8 ? v->data : NULL;
    const uint16_t *wide = v->dtype == CM_U16 ? v->data : NULL;
    int64_t outside = 0, labelled = 0;
    int first = 0;
    for (int64_t i = 0; i < n; i++) {
        const int value = narrow ? narrow[i] : wide[i];
        labelled += value != 0;
        if (!k->is_label[value] && outside++ == 0) first = value;
    }
    if (outside)
        found(k, MISMATCH, "label-outside-set", c,
              cm_strf("%lld voxels of the reference have values outside the label set, the first is %d",
                      (long long)outside, first)
                  .s);
    if (!labelled) found(k, WARNING, "empty-reference", c, "the reference is background everywhere");
}

static cm_status check_image(struct checker *k, cm_images *images, int64_t i, cm_threads *pool, cm_error *err)
{
    const cm_case *c = cm_cohort_get_case(k->cohort, i);
    cm_volume *v = NULL;
    cm_error local = {0};
    cm_status st = cm_images_load(images, i, pool, &v, &local);
    if (!st)
        check_values(k, c, v);
    else if (about_the_case(st))
        found(k, DAMAGED, "image-damaged", c, cm_strf("%s: %s", local.what, local.why).s);
    cm_volume_destroy(v);
    if (!st || about_the_case(st)) return CM_OK;
    if (err) *err = local;
    return st;
}

static cm_status check_reference(struct checker *k, cm_references *references, int64_t i, cm_threads *pool,
                                 cm_error *err)
{
    const cm_case *c = cm_cohort_get_case(k->cohort, i);
    cm_volume *v = NULL;
    cm_error local = {0};
    cm_status st = cm_references_load(references, i, pool, &v, &local);
    if (!st)
        check_labels(k, c, v);
    else if (about_the_case(st))
        found(k, DAMAGED, "reference-damaged", c, cm_strf("%s: %s", local.what, local.why).s);
    cm_volume_destroy(v);
    if (!st || about_the_case(st)) return CM_OK;
    if (err) *err = local;
    return st;
}

static cm_status check_cases(struct checker *k, int threads, cm_error *err)
{
    const bool masks = cm_cohort_get_info(k->cohort)->task == CM_TASK_SEGMENTATION;
    cm_images *images = NULL;
    cm_references *references = NULL;
    cm_threads *pool = NULL;
    cm_status st = cm_threads_create(threads > 0 ? threads : 1, &pool, err);
    if (!st) st = cm_images_open(k->cohort, &images, err);
    if (!st && masks) st = cm_references_open(k->cohort, &references, err);
    for (int64_t i = 0; !st && i < cm_cohort_count(k->cohort); i++) {
        const cm_case *c = cm_cohort_get_case(k->cohort, i);
        check_geometry(k, c);
        if (cm_date_like(c->id) || cm_date_like(c->patient))
            found(k, WARNING, "date-like-id", c,
                  "the case id or its patient looks like a date: use opaque ids");
        if (!c->has_reference)
            found(k, WARNING, "no-reference", c,
                  "there is nothing to compare with: the case is run, but not scored");
        st = check_image(k, images, i, pool, err);
        if (!st && masks && c->has_reference) st = check_reference(k, references, i, pool, err);
    }
    cm_images_close(images);
    cm_references_close(references);
    cm_threads_destroy(pool);
    return st;
}

/* ---- cases against each other ---- */

static int by_pixels(const void *a, const void *b)
{
    const cm_case *x = *(const cm_case *const *)a, *y = *(const cm_case *const *)b;
    const int order = memcmp(x->image_digest.byte, y->image_digest.byte, sizeof x->image_digest.byte);
    return order ? order : strcmp(x->id, y->id);
}

static int by_patient(const void *a, const void *b)
{
    const cm_case *x = *(const cm_case *const *)a, *y = *(const cm_case *const *)b;
    const int order = strcmp(x->patient, y->patient);
    return order ? order : strcmp(x->id, y->id);
}

static bool same_pixels(const cm_case *a, const cm_case *b)
{
    const cm_shape3 s = a->geometry.shape, t = b->geometry.shape;
    return memcmp(a->image_digest.byte, b->image_digest.byte, sizeof a->image_digest.byte) == 0 &&
           a->dtype == b->dtype && s.nz == t.nz && s.ny == t.ny && s.nx == t.nx;
}

static bool same_patient(const cm_case *a, const cm_case *b)
{
    return strcmp(a->patient, b->patient) == 0;
}

/* Goes through groups of alike cases: each but the first is told about with the group's first case, or, when
 * it has company in another split, with the first such case. */
static void check_groups(struct checker *k, const cm_case **sorted,
                         bool (*alike)(const cm_case *, const cm_case *), bool pixels)
{
    const cm_cohort_info *info = cm_cohort_get_info(k->cohort);
    const int64_t n = cm_cohort_count(k->cohort);
    for (int64_t start = 0, i = 0; i < n; i++) {
        if (!alike(sorted[start], sorted[i])) start = i;
        if (i == start) continue;
        const cm_case *c = sorted[i], *other = sorted[start];
        for (int64_t j = start; j < i && other->split == c->split; j++)
            if (sorted[j]->split != c->split) other = sorted[j];
        const bool across = other->split != c->split;
        const char *mine = info->splits[c->split], *theirs = info->splits[other->split];
        if (pixels && across)
            found(k, MISMATCH, "duplicate-across-splits", c,
                  cm_strf("in split %s, has the pixels of case %s in split %s", mine, other->id, theirs).s);
        else if (pixels)
            found(k, WARNING, "duplicate-image", c, cm_strf("has the pixels of case %s", other->id).s);
        else if (across)
            found(k, MISMATCH, "patient-in-two-splits", c,
                  cm_strf("in split %s, has the patient of case %s in split %s", mine, other->id, theirs).s);
    }
}

static cm_status compare_cases(struct checker *k, cm_error *err)
{
    const int64_t n = cm_cohort_count(k->cohort);
    const cm_case **sorted = calloc((size_t)n + 1, sizeof *sorted);
    if (!sorted) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to compare cases");
    for (int64_t i = 0; i < n; i++)
        sorted[i] = cm_cohort_get_case(k->cohort, i);
    qsort(sorted, (size_t)n, sizeof *sorted, by_pixels);
    check_groups(k, sorted, same_pixels, true);
    qsort(sorted, (size_t)n, sizeof *sorted, by_patient);
    check_groups(k, sorted, same_patient, false);
    free(sorted);
    return CM_OK;
}

cm_status cm_cohort_check(const char *folder, int threads, cm_finding_sink report, void *context,
                          cm_error *err)
{
    cm_cohort *cohort = NULL;
    struct checker *k = calloc(1, sizeof *k);
    if (!k) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory to check a cohort", .where = folder);
    cm_status st = cm_cohort_open(folder, &cohort, err);
    if (!st) {
        const cm_cohort_info *info = cm_cohort_get_info(cohort);
        k->cohort = cohort;
        k->report = report;
        k->context = context;
        for (int i = 0; i < info->n_labels; i++)
            k->is_label[info->labels[i].value] = 1;
        st = check_cases(k, threads, err);
    }
    if (!st) st = compare_cases(k, err);
    if (!st && k->errors)
        st = CM_FAIL(err, k->worst, .what = "the cohort does not pass the check", .where = folder,
                     .why = cm_strf("%lld findings are errors", (long long)k->errors).s,
                     .next = k->worst == CM_ERR_DAMAGED ? "copy the cohort again, or ingest it again"
                                                        : "correct the source and ingest it again");
    cm_cohort_close(cohort);
    free(k);
    return st;
}
