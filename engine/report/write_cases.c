/* The part of <results> that a site keeps to itself: pictures and the values of every case. */
#include <string.h>

#include "engine/report/write_internal.h"

static bool is_zero(const cm_digest *digest)
{
    static const cm_digest zero;
    return !memcmp(digest, &zero, sizeof zero);
}

static void write_value(cm_xml_out *out, const cm_aggregates *a, cm_metric_value v, int target, int metric)
{
    const char *element = v.state == CM_VALUE_OK ? "value" : "undefined";
    cm_xml_out_open(out, element);
    cm_xml_out_attribute(out, "target", cm_aggregates_target_name(a, target));
    cm_xml_out_attribute(out, "metric", a->results->bench->metrics[metric].id);
    if (v.state == CM_VALUE_OK) {
        if (v.empty != CM_NONE_EMPTY) cm_xml_out_attribute(out, "empty", cm_emptiness_name(v.empty));
        cm_xml_out_text_number(out, v.value);
    } else if (v.state == CM_VALUE_UNDEFINED) {
        cm_xml_out_attribute(out, "reason",
                             v.empty == CM_NONE_EMPTY ? "not-defined" : cm_emptiness_name(v.empty));
    } else {
        cm_xml_out_attribute(out, "reason", cm_value_state_name(v.state));
    }
    cm_xml_out_close(out, element);
}

static void write_scores(cm_xml_out *out, const cm_results *r, int tool, int64_t i)
{
    const double *scores = cm_results_scores(r, tool, i);
    cm_xml_out_open(out, "scores");
    cm_xml_out_integer(out, "decided", *cm_results_decided(r, tool, i));
    for (int c = 0; c < r->cohort.n_labels; c++) {
        cm_xml_out_open(out, "score");
        cm_xml_out_integer(out, "class", c);
        cm_xml_out_text_number(out, scores[c]);
        cm_xml_out_close(out, "score");
    }
    cm_xml_out_close(out, "scores");
}

void cm_write_pictures(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_results *r = a->results;
    cm_xml_out_open(out, "pictures");
    for (int p = 0; p < r->n_pictures; p++) {
        const cm_picture *picture = &r->pictures[p];
        const bool scored = cm_results_item(r, picture->tool, picture->case_index)->scored;
        const bool classes = r->bench->task == CM_TASK_CLASSIFICATION;
        cm_xml_out_open(out, "picture");
        cm_xml_out_attribute(out, "kind", cm_picture_kind_name(picture->kind));
        cm_xml_out_attribute(out, "tool", a->keys[picture->tool]);
        cm_xml_out_attribute(out, "case", r->cases[picture->case_index].id);
        if (picture->target >= 0)
            cm_xml_out_attribute(out, "target", cm_aggregates_target_name(a, picture->target));
        if (scored && classes && r->cases[picture->case_index].has_reference)
            cm_xml_out_integer(out, "class", r->cases[picture->case_index].class_value);
        cm_xml_out_attribute(out, "file", picture->file);
        cm_xml_out_digest(out, "sha256", &picture->digest);
        if (scored && classes)
            write_scores(out, r, picture->tool, picture->case_index);
        else if (scored && picture->target >= 0)
            write_value(out, a,
                        cm_results_value(r, picture->tool, picture->case_index,
                                         picture->target * a->n_metrics + a->ranking_metric),
                        picture->target, a->ranking_metric);
        cm_xml_out_close(out, "picture");
    }
    cm_xml_out_close(out, "pictures");
}

static void write_item(cm_xml_out *out, const cm_aggregates *a, int tool, int64_t i)
{
    const cm_item *item = cm_results_item(a->results, tool, i);
    bool segmentation = a->results->bench->task == CM_TASK_SEGMENTATION;
    cm_xml_out_open(out, "item");
    cm_xml_out_attribute(out, "tool", a->keys[tool]);
    cm_xml_out_attribute(out, "state", cm_item_state_name(item->state));
    if (!is_zero(&item->prediction_digest))
        cm_xml_out_digest(out, "prediction-sha256", &item->prediction_digest);
    if (item->state == CM_ITEM_OK && item->scored && segmentation)
        for (int g = 0; g < a->n_targets; g++)
            for (int m = 0; m < a->n_metrics; m++)
                write_value(out, a, cm_results_value(a->results, tool, i, g * a->n_metrics + m), g, m);
    if ((item->state == CM_ITEM_OK || item->state == CM_ITEM_NO_REFERENCE) && item->scored && !segmentation)
        write_scores(out, a->results, tool, i);
    cm_xml_out_close(out, "item");
}

void cm_write_cases(cm_xml_out *out, const cm_aggregates *a)
{
    const cm_results *r = a->results;
    cm_xml_out_open(out, "cases");
    for (int64_t i = 0; i < r->n_cases; i++) {
        const cm_result_case *c = &r->cases[i];
        cm_xml_out_open(out, "case");
        cm_xml_out_attribute(out, "id", c->id);
        cm_xml_out_attribute(out, "provider", c->provider);
        if (a->draw_unit == CM_DRAW_PATIENTS) cm_xml_out_integer(out, "patient", a->patient_of_case[i] + 1);
        cm_xml_out_flag(out, "reference", c->has_reference);
        cm_xml_out_integer(out, "voxels", c->voxels);
        if (c->diagonal > 0) cm_xml_out_number(out, "diagonal", c->diagonal);
        if (r->bench->task == CM_TASK_CLASSIFICATION && c->has_reference)
            cm_xml_out_integer(out, "class", c->class_value);
        for (int k = 0; k < r->n_attributes && c->attributes; k++) {
            cm_xml_out_open(out, "attribute");
            cm_xml_out_attribute(out, "name", r->attribute_names[k]);
            cm_xml_out_attribute(out, "value", c->attributes[k]);
            cm_xml_out_close(out, "attribute");
        }
        for (int t = 0; t < r->n_tools; t++)
            write_item(out, a, t, i);
        if (i % CM_CASES_AT_ONCE == CM_CASES_AT_ONCE - 1) cm_results_release(r);
        cm_xml_out_close(out, "case");
    }
    cm_xml_out_close(out, "cases");
}
