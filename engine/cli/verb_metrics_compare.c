/* cohmark metrics compare: one pair of masks as cohmark and as other tools measure it. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/cli.h"
#include "engine/cli/verb_metrics.h"
#include "engine/image/labels.h"
#include "engine/image/reader.h"
#include "engine/run/score_read.h"
#include "metrics/profile.h"

enum { MAX_VALUES = 65536, COLUMN = 11 };

typedef cm_profile_value row[CM_COLUMN_COUNT];

/* -- input --------------------------------------------------------------------------------------------------
 */

static cm_status read_map(const char *path, cm_geometry *geometry, uint16_t **labels, cm_error *err)
{
    const cm_read_options options = {.strip_text = true, .palette_index = true};
    cm_read_notes notes;
    cm_volume *volume = NULL;
    cm_status st = cm_image_read(path, &options, &volume, &notes, err);
    if (!st) {
        *geometry = volume->geometry;
        st = cm_volume_labels(volume, labels, err);
        if (st) cm_error_context(err, path);
    }
    cm_volume_destroy(volume);
    return st;
}

/* "1,3" into values; false for anything else. */
static bool parse_values(const char *text, uint16_t *values, int *n)
{
    for (*n = 0; *n < MAX_VALUES; text++) {
        char *end;
        errno = 0;
        const long v = strtol(text, &end, 10);
        if (end == text || errno || v < 0 || v > 65535 || *text < '0' || *text > '9') return false;
        values[(*n)++] = (uint16_t)v;
        if (!*end) return true;
        if (*end != ',') return false;
        text = end;
    }
    return false;
}

/* Every value but 0 that occurs in either map. */
static void values_that_occur(const cm_pair *pair, uint16_t *values, int *n)
{
    static const int n_values = 65536;
    uint8_t *seen = calloc((size_t)n_values, 1);
    const int64_t n_voxels = pair->grid.n[0] * pair->grid.n[1] * pair->grid.n[2];
    *n = 0;
    for (int64_t i = 0; i < n_voxels && seen; i++)
        seen[pair->reference[i]] = seen[pair->prediction[i]] = 1;
    for (int v = 1; v < n_values && seen; v++)
        if (seen[v]) values[(*n)++] = (uint16_t)v;
    if (*n == 0) values[(*n)++] = 1; /* two empty maps are an answer, too */
    free(seen);
}

/* -- output -------------------------------------------------------------------------------------------------
 */

static const char *answer_text(const cm_profile_value *v, char *buf, size_t size)
{
    switch (v->answer) {
    case CM_ANSWER_NONE:
        return "-";
    case CM_ANSWER_NAN:
        return "NaN";
    case CM_ANSWER_INFINITE:
        return "inf";
    case CM_ANSWER_ERROR:
        return "error";
    case CM_ANSWER_UNDEFINED:
        return "undefined";
    case CM_ANSWER_VALUE:
        break;
    }
    snprintf(buf, size, "%.6g", v->value);
    return buf;
}

static void print_text(const cm_pair *pair, double tolerance, row *rows)
{
    char buf[32], nsd[32];
    const char *unit = pair->spacing_known ? "mm" : "voxels";
    snprintf(nsd, sizeof nsd, "NSD@%g", tolerance);
    printf(
        "%lld x %lld x %lld voxels (x, y, z) of %g x %g x %g %s; distances in %s (eucaim-0.1: in voxels)\n\n",
        (long long)pair->grid.n[2], (long long)pair->grid.n[1], (long long)pair->grid.n[0],
        pair->grid.spacing[2], pair->grid.spacing[1], pair->grid.spacing[0], unit, unit);
    printf("%-12s%-*s%-*s%-*s%-*s%-*s%-*s%s\n", "profile", COLUMN, "Dice", COLUMN, "IoU", COLUMN, "HD",
           COLUMN, "HD95", COLUMN, "ASSD", COLUMN, nsd, "lesions");
    for (int p = 0; p < CM_PROFILE_COUNT; p++) {
        printf("%-12s", cm_profiles[p].name);
        for (int c = 0; c < CM_COLUMN_COUNT; c++)
            printf("%-*s", c + 1 < CM_COLUMN_COUNT ? COLUMN : 0, answer_text(&rows[p][c], buf, sizeof buf));
        putchar('\n');
    }
    printf(
        "\nWhy they differ (a profile recomputes what a tool would print; -: the tool has no such metric):\n");
    for (int p = 0; p < CM_PROFILE_COUNT; p++) {
        printf("  %s, %s: %s.\n", cm_profiles[p].name, cm_profiles[p].tool, cm_profiles[p].rules);
        if (p) printf("      known defects: %s.\n", cm_profiles[p].defects);
    }
}

static json_t *profile_json(const cm_profile *profile, const cm_profile_value *values)
{
    static const char *const states[] = {"not-offered", "value", "nan", "infinite", "error", "undefined"};
    json_t *columns = json_object();
    for (int c = 0; c < CM_COLUMN_COUNT; c++) {
        const cm_profile_value *v = &values[c];
        json_object_set_new(columns, cm_profile_column_name((cm_profile_column)c),
                            json_pack("{s:s, s:o, s:o}", "state", states[v->answer], "value",
                                      v->answer == CM_ANSWER_VALUE ? json_real(v->value) : json_null(),
                                      "metric", v->id[0] ? json_string(v->id) : json_null()));
    }
    return json_pack("{s:s, s:s, s:b, s:s, s:s, s:o}", "profile", profile->name, "tool", profile->tool,
                     "compat", profile != cm_profiles, "rules", profile->rules, "knownDefects",
                     profile->defects, "columns", columns);
}

static int print_json(const cm_pair *pair, double tolerance, row *rows)
{
    const cm_error no_memory = {.status = CM_ERR_NOMEM, .what = "no memory to print the comparison"};
    json_t *profiles = json_array();
    for (int p = 0; p < CM_PROFILE_COUNT; p++)
        json_array_append_new(profiles, profile_json(&cm_profiles[p], rows[p]));
    json_t *doc = json_pack("{s:s, s:f, s:o}", "distanceUnit", pair->spacing_known ? "mm" : "voxel",
                            "nsdTolerance", tolerance, "profiles", profiles);
    char *text = doc ? json_dumps(doc, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(doc);
    if (!text) return cm_print_error(&no_memory);
    puts(text);
    free(text);
    return CM_EXIT_OK;
}

/* -- the comparison -----------------------------------------------------------------------------------------
 */

static cm_grid grid_of(const cm_geometry *g)
{
    return (cm_grid){{g->shape.nz, g->shape.ny, g->shape.nx},
                     {g->spacing_mm.z, g->spacing_mm.y, g->spacing_mm.x}};
}

int cm_metrics_compare(const cm_compare_request *request)
{
    static uint16_t values[MAX_VALUES];
    cm_geometry geometry[2];
    uint16_t *maps[2] = {NULL, NULL};
    cm_target target = {.name = "mask", .values = values};
    row rows[CM_PROFILE_COUNT];
    cm_error err = {0};
    char *end = NULL;
    const double tolerance = request->tolerance ? strtod(request->tolerance, &end) : 2;
    if (request->tolerance && (*end || end == request->tolerance || !(tolerance > 0 && tolerance < 1e6)))
        return cm_usage_error("metrics", "--tolerance is a number above 0, not \"%s\"", request->tolerance);
    if (request->values && !parse_values(request->values, values, &target.n_values))
        return cm_usage_error("metrics", "--label takes label values such as 1 or 1,3, not \"%s\"",
                              request->values);
    cm_status st = read_map(request->reference, &geometry[0], &maps[0], &err);
    if (!st) st = read_map(request->prediction, &geometry[1], &maps[1], &err);
    if (!st) {
        cm_scored_file prediction = {.geometry = geometry[1], .labels = maps[1]};
        st = cm_scored_turn(&prediction, &geometry[0], &err);
        maps[1] = prediction.labels;
        if (st) cm_error_context(&err, request->prediction);
    }
    cm_backend *backend = NULL;
    int code = CM_EXIT_OK;
    if (!st) st = cm_backend_cpu_create(NULL, -1, &backend, &err);
    if (!st) {
        const cm_pair pair = {.reference = maps[0],
                              .prediction = maps[1],
                              .grid = grid_of(&geometry[0]),
                              .spacing_known = geometry[0].spacing_known};
        if (!request->values) values_that_occur(&pair, values, &target.n_values);
        st = cm_profiles_score(backend, &pair, &target, tolerance, rows, &err);
        if (!st && request->as_json)
            code = print_json(&pair, tolerance, rows);
        else if (!st)
            print_text(&pair, tolerance, rows);
    }
    cm_backend_destroy(backend);
    free(maps[0]);
    free(maps[1]);
    return st ? cm_print_error(&err) : code;
}
