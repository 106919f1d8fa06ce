/* fake_report KIND AUDIENCE FOLDER: writes the documents (and openebench-full.json) of a run that never
 * happened, for tests that hold them against schemas from outside. KIND: segmentation, classification,
 * lesions (a segmentation with a FROC score), failed, tiny, crowd (ten tools on 100 cases), single (one
 * tool), broken (no tool predicted anything), hostile (names that bite). */
#include <stdio.h>
#include <string.h>

#include "engine/report/openebench.h"
#include "engine/report/report.h"
#include "tests/report/fake_results.h"

static cm_results *results_of(const char *kind)
{
    if (!strcmp(kind, "classification")) return fake_classification(40);
    if (!strcmp(kind, "crowd")) return fake_crowd(10, 100);
    if (!strcmp(kind, "single")) return fake_crowd(1, 20);
    if (!strcmp(kind, "hostile")) return fake_hostile_names();
    static const char *const sexes[] = {"F", "M"}, *const scanners[] = {"a", "a", "a", "b", "b", ""};
    cm_results *r = fake_segmentation(3, !strcmp(kind, "tiny") ? 3 : 24);
    static cm_ranking_part parts[] = {{"DSC", "", 2}, {"HD95.vox.maxdir", "lesion", 1}};
    r->bench->n_parts = 2;
    r->bench->margin = 0.02;
    r->bench->parts = parts;
    fake_attribute(r, "sex", 2, sexes);
    fake_attribute(r, "scanner", 6, scanners);
    if (!strcmp(kind, "lesions")) fake_lesions(r);
    for (int k = 0; !strcmp(kind, "broken") && k < 3 * r->n_cases; k++)
        fake_fail(r, k % 3, k / 3, CM_ITEM_MEMORY, "needs 9.1 GiB, 8 GiB are allowed");
    if (!strcmp(kind, "failed")) {
        for (int64_t i = 0; i < r->n_cases; i++)
            fake_fail(r, 1, i, i % 2 ? CM_ITEM_TIMEOUT : CM_ITEM_CRASH, "took 31 s of 30 s");
        fake_value(r, 0, 2, 1, 1, (cm_metric_value){CM_VALUE_UNDEFINED, CM_BOTH_EMPTY, 0});
        fake_fail(r, 2, 7, CM_ITEM_OPEN, "");
    }
    return r;
}

static cm_str path_in(const char *folder, const char *name)
{
    return cm_strf("%s/%s", folder, name);
}

int main(int argc, char **argv)
{
    cm_error err = {0};
    if (argc != 4) return 2;
    cm_results *r = results_of(argv[1]);
    cm_report_options options = {
        .audience = !strcmp(argv[2], "public") ? CM_AUDIENCE_PUBLIC : CM_AUDIENCE_SITE, .threads = 1};
    cm_status status = cm_report_write(r, argv[3], argv[3], &options, &err);
    if (!status)
        status = cm_openebench_full_write(path_in(argv[3], "report.xml").s, NULL,
                                          path_in(argv[3], "openebench-full.json").s, &err);
    if (status) fprintf(stderr, "%s: %s: %s\n", err.where, err.what, err.why);
    fake_results_free(r);
    return status ? 1 : 0;
}
