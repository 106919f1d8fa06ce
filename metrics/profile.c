/* Compatibility profiles as a table: for each tool and column the metric of the catalogue with its
 * definition, and what the tool gives for empty masks (read in the sources of the versions named;
 * tests/real/compat_tools.py asks the tools themselves where they are installed). */
#include "metrics/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/volume.h"

const cm_profile cm_profiles[CM_PROFILE_COUNT] = {
    {"cohmark", "this program's usual choice",
     "HD95 of each direction by itself, the larger one; NSD over surface elements; lesions: PQ, 26-connected, IoU > 0.5",
     "none known"},
    {"monai", "MONAI 1.5 (2025-06) and 1.6.1",
     "voxel surfaces; HD95 of each direction by itself, the larger one; ASSD pooled (symmetric=True); NSD over voxels "
     "(use_subvoxels=False); an empty reference gives NaN (ignore_empty)",
     "computed in float32; a missed structure has HD95 NaN, which its mean leaves out, so that a tool gains by finding "
     "fewer structures"},
    {"mr-2025", "MetricsReloaded (2025-06)",
     "voxel surfaces; HD95 of each direction by itself, the larger one; ASSD pooled; NSD over voxels; two empty masks "
     "are perfect",
     "boundary IoU ignores the spacing; greedy matching takes the worst pair first; average precision is a trapezoid"},
    {"deepmind", "surface-distance (2025-02)",
     "surface elements weighted by area; HD95 without interpolation; its average distance has two directions, here "
     "their mean",
     "elements of thin structures lie on both sides, so a plate one slice off can reach NSD 0.5"},
    {"medpy", "MedPy 0.5.2",
     "voxel surfaces; HD95 of both directions pooled; ASSD pooled; two empty masks have Dice 1",
     "stops with an error when a mask is empty"},
    {"panoptica", "panoptica 2.1.7 (2026-07)",
     "voxel surfaces; HD95 pooled; its ASSD is the mean of two means (MASD); NSD is the mean of two shares; lesions: "
     "PQ, 26-connected, IoU >= 0.5",
     "its text calls the ASSD pooled, which it is not; it says itself that its NSD is not the official one; with one empty mask its HD95 is a number without meaning (here NaN)"},
    {"brats23", "BraTS-2023-Metrics, parameters of GLI",
     "Dice and HD95 of the whole mask are its legacy scores, HD95 over surface elements; lesions: lesion-wise Dice, "
     "dilation 3, lesions over 50 mm3",
     "dilation is in voxels though sizes are in mm3, so the spacing changes the score; misses cost 374 mm whatever "
     "the image; false positives count however small"},
    {"eucaim-0.1", "eucaim-metrics 0.1 (2025-05)",
     "cavities are filled, then voxel surfaces with distances in voxels; NSD counts distances strictly below the "
     "tolerance, in voxels",
     "ignores the spacing; hides cavities; with its default tolerance 0 identical masks have NSD 0; two empty masks "
     "have IoU 0 but no Dice"},
    {"nnunet", "nnU-Net 2 (2026-07)",
     "Dice and IoU of a label or region; an ignored label is in none of its counts",
     "its summary takes the mean over cases first, without those that have no value, and then over classes; two empty "
     "masks have no value and so never count as a success"},
};

const char *cm_profile_column_name(cm_profile_column column)
{
    static const char *const names[CM_COLUMN_COUNT] = {"dice", "iou", "hd", "hd95", "assd", "nsd", "lesions"};
    return names[column];
}

/* What a tool gives for two empty masks, an empty reference, an empty prediction. */
typedef enum empty_answer { FORMULA, ZERO, ONE, NOT_A_NUMBER, INFINITE, ERROR } empty_answer;

/* Which masks a row of the table works on. */
typedef enum view { AS_GIVEN, FILLED_IN_VOXELS } view;

typedef struct definition {
    const char *id; /* %s: the tolerance; NULL: no such metric */
    empty_answer empty[3];
    bool strict; /* distances below the tolerance, not at it */
} definition;

#define UNDEFINED_STAYS                                                                                      \
    {                                                                                                        \
        FORMULA, FORMULA, FORMULA                                                                            \
    }

static const struct {
    view view;
    definition columns[CM_COLUMN_COUNT];
} table[CM_PROFILE_COUNT] = {
    {AS_GIVEN,
     {{"DSC", UNDEFINED_STAYS, false},
      {"IOU", UNDEFINED_STAYS, false},
      {"HD.vox", UNDEFINED_STAYS, false},
      {"HD95.vox.maxdir", UNDEFINED_STAYS, false},
      {"ASSD.vox", UNDEFINED_STAYS, false},
      {"NSD.surfel@%s", UNDEFINED_STAYS, false},
      {"PQ.c26.iou-strict@0.5", UNDEFINED_STAYS, false}}},
    {AS_GIVEN,
     {{"DSC", {NOT_A_NUMBER, NOT_A_NUMBER, ZERO}, false},
      {"IOU", {NOT_A_NUMBER, NOT_A_NUMBER, ZERO}, false},
      {"HD.vox", {NOT_A_NUMBER, INFINITE, INFINITE}, false},
      {"HD95.vox.maxdir", {NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER}, false},
      {"ASSD.vox", {NOT_A_NUMBER, INFINITE, INFINITE}, false},
      {"NSD.vox@%s", {NOT_A_NUMBER, ZERO, ZERO}, false},
      {NULL, UNDEFINED_STAYS, false}}},
    {AS_GIVEN,
     {{"DSC", {ONE, ZERO, ZERO}, false},
      {"IOU", {NOT_A_NUMBER, ZERO, ZERO}, false},
      {"HD.vox", {ZERO, NOT_A_NUMBER, NOT_A_NUMBER}, false},
      {"HD95.vox.maxdir", {ZERO, NOT_A_NUMBER, NOT_A_NUMBER}, false},
      {"ASSD.vox", {ZERO, NOT_A_NUMBER, NOT_A_NUMBER}, false},
      {"NSD.vox@%s", {ONE, ZERO, ZERO}, false},
      {NULL, UNDEFINED_STAYS, false}}},
    {AS_GIVEN,
     {{"DSC", {NOT_A_NUMBER, ZERO, ZERO}, false},
      {NULL, UNDEFINED_STAYS, false},
      {"HD.surfel", {INFINITE, INFINITE, INFINITE}, false},
      {"HD95.surfel", {INFINITE, INFINITE, INFINITE}, false},
      {"MASD.surfel", {NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER}, false},
      {"NSD.surfel@%s", {NOT_A_NUMBER, ZERO, ZERO}, false},
      {NULL, UNDEFINED_STAYS, false}}},
    {AS_GIVEN,
     {{"DSC", {ONE, ZERO, ZERO}, false},
      {"IOU", {ONE, ZERO, ZERO}, false},
      {"HD.vox", {ERROR, ERROR, ERROR}, false},
      {"HD95.vox.pooled", {ERROR, ERROR, ERROR}, false},
      {"ASSD.vox", {ERROR, ERROR, ERROR}, false},
      {NULL, UNDEFINED_STAYS, false},
      {NULL, UNDEFINED_STAYS, false}}},
    {AS_GIVEN,
     {{"DSC", {ZERO, ZERO, ZERO}, false},
      {"IOU", {ZERO, ZERO, ZERO}, false},
      {"HD.vox", {ERROR, ERROR, ERROR}, false},
      {"HD95.vox.pooled", {ERROR, NOT_A_NUMBER, NOT_A_NUMBER}, false},
      {"MASD.vox", {NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER}, false},
      {"NSD.vox.meandir@%s", {NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER}, false},
      {"PQ.c26.iou-greedy@0.5", {ZERO, ZERO, ZERO}, false}}},
    {AS_GIVEN,
     {{"DSC", {ONE, ZERO, ZERO}, false},
      {NULL, UNDEFINED_STAYS, false},
      {NULL, UNDEFINED_STAYS, false},
      {"HD95.surfel", {ZERO, INFINITE, INFINITE}, false},
      {NULL, UNDEFINED_STAYS, false},
      {NULL, UNDEFINED_STAYS, false},
      {"BRATS23-DSC.dil3.vol50mm3", {ONE, FORMULA, FORMULA}, false}}},
    {FILLED_IN_VOXELS,
     {{"DSC", {NOT_A_NUMBER, ZERO, ZERO}, false},
      {"IOU", {ZERO, ZERO, ZERO}, false},
      {"HD.vox", {NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER}, false},
      {"HD95.vox.maxdir", {NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER}, false},
      {NULL, UNDEFINED_STAYS, false},
      {"NSD.vox@%s", {NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER}, true},
      {NULL, UNDEFINED_STAYS, false}}},
    {AS_GIVEN,
     {{"DSC", {NOT_A_NUMBER, ZERO, ZERO}, false},
      {"IOU", {NOT_A_NUMBER, ZERO, ZERO}, false},
      {NULL, UNDEFINED_STAYS, false},
      {NULL, UNDEFINED_STAYS, false},
      {NULL, UNDEFINED_STAYS, false},
      {NULL, UNDEFINED_STAYS, false},
      {NULL, UNDEFINED_STAYS, false}}},
};

/* Overlap metrics of the filling profile are of the masks as they are. */
static view view_of(int profile, int column)
{
    return column <= CM_COLUMN_IOU ? AS_GIVEN : table[profile].view;
}

/* The largest double below x > 0: a distance below x is one of at most that. */
static double just_below(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits--;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The metric of a table entry. In voxels a tolerance has the unit vox; sizes in mm3 cannot be told apart
 * then. */
static bool bind_metric(const definition *d, double tolerance, bool in_voxels, cm_metric *out)
{
    char number[32], suffix[40], id[64];
    if (!d->id) return false;
    snprintf(number, sizeof number, "%.6f", tolerance);
    snprintf(suffix, sizeof suffix, "%s%s", number, in_voxels ? "vox" : "mm");
    if (strstr(d->id, "%s"))
        snprintf(id, sizeof id, "%.*s%s", (int)strcspn(d->id, "%"), d->id, suffix);
    else
        snprintf(id, sizeof id, "%s", d->id);
    if (cm_metric_parse(id, out, NULL)) return false;
    if (in_voxels && out->definition->needs_spacing) return false;
    if (d->strict) out->tolerance = just_below(out->tolerance);
    return true;
}

static void answer_of(const definition *d, const cm_metric_value *v, bool is_own, cm_profile_value *out)
{
    static const cm_profile_answer answers[] = {
        [FORMULA] = CM_ANSWER_UNDEFINED, [ZERO] = CM_ANSWER_VALUE,        [ONE] = CM_ANSWER_VALUE,
        [NOT_A_NUMBER] = CM_ANSWER_NAN,  [INFINITE] = CM_ANSWER_INFINITE, [ERROR] = CM_ANSWER_ERROR};
    const empty_answer empty = v->empty == CM_NONE_EMPTY ? FORMULA : d->empty[v->empty - CM_BOTH_EMPTY];
    if (empty != FORMULA) {
        out->answer = answers[empty];
        out->value = empty == ONE;
        return;
    }
    out->answer = v->state == CM_VALUE_OK ? CM_ANSWER_VALUE : is_own ? CM_ANSWER_UNDEFINED : CM_ANSWER_NAN;
    out->value = v->value;
}

/* Scores the columns that want this view, all at once. */
static cm_status score_view(cm_backend *backend, const cm_pair *pair, const cm_target *target, view wanted,
                            double tolerance, cm_profile_value (*values)[CM_COLUMN_COUNT], cm_error *err)
{
    enum { ALL = CM_PROFILE_COUNT * CM_COLUMN_COUNT };
    cm_metric metrics[ALL];
    cm_metric_value scores[ALL];
    int profile_of[ALL], column_of[ALL], n = 0;
    for (int p = 0; p < CM_PROFILE_COUNT; p++)
        for (int c = 0; c < CM_COLUMN_COUNT; c++) {
            if (view_of(p, c) != wanted) continue;
            if (!bind_metric(&table[p].columns[c], tolerance, !pair->spacing_known, &metrics[n])) continue;
            profile_of[n] = p;
            column_of[n++] = c;
        }
    const cm_status st = cm_score_segmentation(backend, pair, target, 1, metrics, n, scores, NULL, err);
    for (int i = 0; i < n && !st; i++) {
        const definition *d = &table[profile_of[i]].columns[column_of[i]];
        cm_profile_value *v = &values[profile_of[i]][column_of[i]];
        answer_of(d, &scores[i], profile_of[i] == 0, v);
        if (wanted == AS_GIVEN) memcpy(v->id, metrics[i].id, sizeof v->id);
    }
    return st;
}

/* The target's masks with cavities filled, as label values 0 and 1, spacing unknown. */
static cm_status fill(const cm_pair *pair, const cm_target *target, uint16_t *maps[2], cm_error *err)
{
    const int64_t *n = pair->grid.n, n_voxels = n[0] * n[1] * n[2];
    const uint16_t *const given[2] = {pair->reference, pair->prediction};
    uint8_t *mask = malloc((size_t)n_voxels);
    cm_status st = mask ? CM_OK : CM_ERR_NOMEM;
    for (int i = 0; i < 2 && !st; i++) {
        maps[i] = malloc((size_t)n_voxels * sizeof *maps[i]);
        if (!maps[i]) {
            st = CM_ERR_NOMEM;
            break;
        }
        for (int64_t v = 0; v < n_voxels; v++) {
            mask[v] = 0;
            for (int k = 0; k < target->n_values; k++)
                mask[v] |= given[i][v] == target->values[k];
        }
        st = cm_mask_fill_holes(mask, n, err);
        for (int64_t v = 0; v < n_voxels && !st; v++)
            maps[i][v] = mask[v];
    }
    free(mask);
    if (st == CM_ERR_NOMEM && !(err && err->status))
        CM_FAIL(err, st, .what = "no memory to fill the holes of a mask");
    return st;
}

cm_status cm_profiles_score(cm_backend *backend, const cm_pair *pair, const cm_target *target,
                            double tolerance, cm_profile_value (*values)[CM_COLUMN_COUNT], cm_error *err)
{
    static const uint16_t set[1] = {1};
    const cm_target filled_target = {.name = "filled", .n_values = 1, .values = set};
    uint16_t *maps[2] = {NULL, NULL};
    cm_metric probe;
    if (pair->has_ignored) return CM_FAIL(err, CM_ERR_ARG, .what = "profiles know no ignored label value");
    if (!bind_metric(&table[0].columns[CM_COLUMN_NSD], tolerance, !pair->spacing_known, &probe) &&
        !bind_metric(&table[1].columns[CM_COLUMN_NSD], tolerance, !pair->spacing_known, &probe))
        return CM_FAIL(err, CM_ERR_ARG, .what = "a tolerance is a number above 0",
                       .why = cm_strf("%g; up to six digits on each side of the point", tolerance).s);
    for (int p = 0; p < CM_PROFILE_COUNT; p++)
        memset(values[p], 0, sizeof values[p]);
    cm_status st = score_view(backend, pair, target, AS_GIVEN, tolerance, values, err);
    if (!st) st = fill(pair, target, maps, err);
    if (!st) {
        cm_pair filled = {.reference = maps[0], .prediction = maps[1], .grid = pair->grid};
        for (int i = 0; i < 3; i++)
            filled.grid.spacing[i] = 1;
        st = score_view(backend, &filled, &filled_target, FILLED_IN_VOXELS, tolerance, values, err);
    }
    free(maps[0]);
    free(maps[1]);
    return st;
}
