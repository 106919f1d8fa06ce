/* A bench meets its cohort: labels get their names, targets that were left out are filled in, and what cannot
 * be computed on this cohort is refused before anything runs. */
#include "engine/run/bench.h"

#include <stdlib.h>
#include <string.h>

static const cm_label *label_of(const cm_cohort_info *cohort, int value)
{
    for (int i = 0; i < cohort->n_labels; i++)
        if (cohort->labels[i].value == value) return &cohort->labels[i];
    return NULL;
}

/* Every label but the background; the positive class of two; every class of more. */
static bool scored_by_default(const cm_bench *b, const cm_cohort_info *cohort, const cm_label *label)
{
    if (b->task == CM_TASK_SEGMENTATION)
        return label->value != 0 && !(b->has_ignored && label->value == b->ignored);
    return cohort->n_labels != 2 || label->value == 1;
}

static cm_status default_targets(cm_bench *b, const cm_cohort_info *cohort, cm_error *err)
{
    b->targets = calloc((size_t)cohort->n_labels, sizeof *b->targets);
    if (!b->targets) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the targets");
    for (int i = 0; i < cohort->n_labels; i++) {
        if (!scored_by_default(b, cohort, &cohort->labels[i])) continue;
        cm_target *t = &b->targets[b->n_targets++];
        uint16_t *value = malloc(sizeof *value);
        if (!value) return CM_FAIL(err, CM_ERR_NOMEM, .what = "no memory for the targets");
        *value = (uint16_t)cohort->labels[i].value;
        t->values = value;
        t->n_values = 1;
    }
    if (b->n_targets == 0)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "the cohort has no label to score",
                       .why = "its label set holds the background only",
                       .next = "declare labels in cohort.xml");
    return CM_OK;
}

/* "" is a target, too: the mean over all. */
static cm_status check_target(const cm_bench *b, const char *name, const char *element, cm_error *err)
{
    if (!name[0]) return CM_OK;
    for (int i = 0; i < b->n_targets; i++)
        if (strcmp(b->targets[i].name, name) == 0) return CM_OK;
    return CM_FAIL(err, CM_ERR_MISMATCH,
                   .what = cm_strf("the ranking target %s is not among the targets", name).s,
                   .where = cm_strf("bench %s", b->id).s,
                   .next = cm_strf("name a target or a label of the cohort in <%s>", element).s);
}

static cm_status name_targets(cm_bench *b, const cm_cohort_info *cohort, cm_error *err)
{
    for (int i = 0; i < b->n_targets; i++) {
        cm_target *t = &b->targets[i];
        for (int k = 0; k < t->n_values; k++)
            if (!label_of(cohort, t->values[k]))
                return CM_FAIL(err, CM_ERR_MISMATCH,
                               .what =
                                   cm_strf("label value %d is not in the cohort's label set", t->values[k]).s,
                               .where = cm_strf("bench %s, target %d", b->id, i + 1).s,
                               .next = "see cohmark cohort show for the labels");
        if (!t->name[0]) memcpy(t->name, label_of(cohort, t->values[0])->name, sizeof t->name);
        for (int j = 0; j < i; j++)
            if (!strcmp(b->targets[j].name, t->name))
                return CM_FAIL(err, CM_ERR_MISMATCH, .what = cm_strf("two targets are called %s", t->name).s,
                               .where = cm_strf("bench %s, targets %d and %d", b->id, j + 1, i + 1).s,
                               .next = "give one of them another name, or leave it out");
    }
    cm_status st = check_target(b, b->ranking_target, "ranking", err);
    for (int i = 0; i < b->n_parts && !st; i++)
        st = check_target(b, b->parts[i].target, "combination", err);
    return st;
}

static cm_status check_subgroups(const cm_bench *b, const cm_cohort_info *cohort, cm_error *err)
{
    for (int i = 0; i < b->n_subgroups; i++) {
        bool known = false;
        for (int k = 0; k < cohort->n_attributes; k++)
            known |= strcmp(cohort->attributes[k], b->subgroups[i].name) == 0;
        if (!known)
            return CM_FAIL(err, CM_ERR_MISMATCH,
                           .what =
                               cm_strf("the cohort has no attribute %s to group by", b->subgroups[i].name).s,
                           .where = cm_strf("bench %s, cohort %s", b->id, cohort->id).s,
                           .next = "name a column attr:NAME of cases.csv, see cohmark cohort show");
    }
    return CM_OK;
}

cm_status cm_bench_bind(cm_bench *b, const cm_cohort_info *cohort, cm_error *err)
{
    if (b->task != cohort->task)
        return CM_FAIL(err, CM_ERR_MISMATCH, .what = "bench and cohort are of different tasks",
                       .where = cm_strf("bench %s, cohort %s", b->id, cohort->id).s,
                       .next = "set task in bench.xml as in cohort.xml");
    bool has_split = !b->split[0];
    for (int i = 0; i < cohort->n_splits; i++)
        has_split |= strcmp(cohort->splits[i], b->split) == 0;
    if (!has_split)
        return CM_FAIL(
            err, CM_ERR_MISMATCH, .what = cm_strf("split %s does not occur in the cohort", b->split).s,
            .where = cm_strf("bench %s, cohort %s", b->id, cohort->id).s, .next = "see cohmark cohort show");
    if (b->has_ignored && !label_of(cohort, b->ignored))
        return CM_FAIL(
            err, CM_ERR_MISMATCH,
            .what = cm_strf("the ignored label value %d is not in the cohort's label set", b->ignored).s,
            .where = cm_strf("bench %s", b->id).s, .next = "see cohmark cohort show for the labels");
    cm_status st = check_subgroups(b, cohort, err);
    if (!st && b->n_targets == 0) st = default_targets(b, cohort, err);
    if (!st) st = name_targets(b, cohort, err);
    return st;
}

cm_status cm_bench_check_units(const cm_bench *b, bool spacing_known, cm_error *err)
{
    for (int i = 0; i < b->n_metrics; i++) {
        if (b->metrics[i].definition->needs_spacing && !spacing_known)
            return CM_FAIL(
                err, CM_ERR_MISMATCH,
                .what =
                    cm_strf("metric %s counts in mm, but the cohort's spacing is unknown", b->metrics[i].id)
                        .s,
                .where = cm_strf("bench %s", b->id).s,
                .next = "give a tolerance in voxels (NSD.vox@1vox), or declare the spacing in cohort.xml");
    }
    return CM_OK;
}
