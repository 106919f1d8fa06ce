/* Helper of test scripts: looks at stored predictions, and makes a mask.
 *   predictions count RUN TOOL CASE            voxels per label value: "VALUE COUNT" lines
 *   predictions dice RUN TOOL_A TOOL_B CASE    Dice per label value of two tools' predictions: "VALUE DICE"
 * lines predictions positive IN OUT                writes OUT = (IN > 0) as a uint8 NIfTI mask predictions
 * value RUN TOOL CASE TARGET METRIC   one metric value, or "undefined" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/files.h"
#include "engine/image/reader.h"
#include "engine/run/folder.h"
#include "engine/run/results.h"

static int complain(const cm_error *err)
{
    char line[2048];
    cm_error_format(err, line, sizeof line);
    fprintf(stderr, "predictions: %s\n", line);
    return 1;
}

static int tool_named(const cm_results *r, const char *id)
{
    for (int t = 0; t < r->n_tools; t++)
        if (strcmp(r->tools[t].id, id) == 0) return t;
    fprintf(stderr, "predictions: no tool %s\n", id);
    exit(1);
}

static int64_t case_named(const cm_results *r, const char *id)
{
    for (int64_t i = 0; i < r->n_cases; i++)
        if (strcmp(r->cases[i].id, id) == 0) return i;
    fprintf(stderr, "predictions: no case %s\n", id);
    exit(1);
}

static cm_status load(const char *run, const cm_results *r, int tool, int64_t i, uint16_t **values,
                      int64_t *n, cm_error *err)
{
    cm_predictions *file = NULL;
    cm_geometry geometry;
    const cm_item *item = cm_results_item(r, tool, i);
    char *path = cm_run_folder_shard(run, item->shard);
    cm_status st = cm_predictions_open(path, &file, err);
    if (!st) st = cm_predictions_load(file, tool, i, &item->prediction_digest, values, &geometry, err);
    if (!st) *n = cm_shape3_count(geometry.shape);
    if (file) cm_predictions_close(file, NULL);
    free(path);
    return st;
}

static int count(const char *run, const char *tool, const char *id)
{
    static int64_t counts[65536];
    cm_error err = {0};
    cm_results *r;
    uint16_t *values;
    int64_t n = 0;
    if (cm_results_load(run, NULL, &r, &err)) return complain(&err);
    if (load(run, r, tool_named(r, tool), case_named(r, id), &values, &n, &err)) return complain(&err);
    for (int64_t i = 0; i < n; i++)
        counts[values[i]]++;
    for (int v = 0; v < 65536; v++)
        if (counts[v]) printf("%d %lld\n", v, (long long)counts[v]);
    free(values);
    cm_results_destroy(r);
    return 0;
}

static int dice(const char *run, const char *tool_a, const char *tool_b, const char *id)
{
    static int64_t in_a[65536], in_b[65536], in_both[65536];
    cm_error err = {0};
    cm_results *r;
    uint16_t *a, *b;
    int64_t n = 0, m = 0;
    if (cm_results_load(run, NULL, &r, &err)) return complain(&err);
    int64_t i = case_named(r, id);
    if (load(run, r, tool_named(r, tool_a), i, &a, &n, &err) ||
        load(run, r, tool_named(r, tool_b), i, &b, &m, &err))
        return complain(&err);
    for (int64_t k = 0; k < n && n == m; k++) {
        in_a[a[k]]++;
        in_b[b[k]]++;
        if (a[k] == b[k]) in_both[a[k]]++;
    }
    for (int v = 0; v < 65536; v++)
        if (in_a[v] + in_b[v]) printf("%d %.6f\n", v, 2.0 * (double)in_both[v] / (double)(in_a[v] + in_b[v]));
    free(a);
    free(b);
    cm_results_destroy(r);
    return 0;
}

static int positive(const char *in, const char *out)
{
    const cm_read_options options = {.strip_text = true};
    cm_read_notes notes;
    cm_error err = {0};
    cm_volume *image, *mask;
    if (cm_image_read(in, &options, &image, &notes, &err)) return complain(&err);
    if (cm_volume_create(&image->geometry, 1, CM_U8, (int64_t)1 << 32, &mask, &err)) return complain(&err);
    for (int64_t i = 0; i < mask->bytes; i++)
        ((uint8_t *)mask->data)[i] = cm_volume_value(image, i) > 0;
    if (cm_nifti_write(out, mask, &err)) return complain(&err);
    cm_volume_destroy(image);
    cm_volume_destroy(mask);
    return 0;
}

static int value(char **a)
{
    cm_error err = {0};
    cm_results *r;
    if (cm_results_load(a[0], NULL, &r, &err)) return complain(&err);
    const int tool = tool_named(r, a[1]);
    const int64_t i = case_named(r, a[2]);
    for (int t = 0; t < r->bench->n_targets; t++)
        for (int m = 0; m < r->bench->n_metrics; m++) {
            if (strcmp(r->bench->targets[t].name, a[3]) != 0 || strcmp(r->bench->metrics[m].id, a[4]) != 0 ||
                !cm_results_item(r, tool, i)->scored)
                continue;
            const cm_metric_value v = cm_results_value(r, tool, i, t * r->bench->n_metrics + m);
            if (v.state == CM_VALUE_OK)
                printf("%.9f\n", v.value);
            else
                printf("%s\n", cm_value_state_name(v.state));
        }
    cm_results_destroy(r);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "count") == 0) return count(argv[2], argv[3], argv[4]);
    if (argc == 6 && strcmp(argv[1], "dice") == 0) return dice(argv[2], argv[3], argv[4], argv[5]);
    if (argc == 4 && strcmp(argv[1], "positive") == 0) return positive(argv[2], argv[3]);
    if (argc == 7 && strcmp(argv[1], "value") == 0) return value(argv + 2);
    fprintf(stderr, "usage: predictions count|dice|positive|value ...\n");
    return 2;
}
