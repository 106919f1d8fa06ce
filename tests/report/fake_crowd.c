/* Reports that are hard to draw: many tools and cases, one tool, nothing that worked, names that bite. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/random.h"
#include "tests/report/fake_results.h"

/* About a tool and a case: the k-th draw. */
static double noise(int tool, int64_t i, uint64_t k)
{
    return cm_random_normal((cm_random){20261122, CM_PURPOSE_TEST}, (uint64_t)i, (uint64_t)tool * 64 + k);
}

static double between(double low, double x, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* Tools 0, 1, 2 are nearly equal, then each is a little worse; hard cases are hard for all. */
static void make_values(cm_results *r, int tool, int64_t i)
{
    const double skill = 0.06 * (tool < 3 ? 0.05 * tool : 0.5 * tool), hard = fabs(noise(99, i, 0));
    for (int g = 0; g < 2; g++) {
        const double off =
            0.05 + 0.08 * g + skill + 0.05 * hard * (1 + g) + 0.02 * fabs(noise(tool, i, (uint64_t)g));
        const double d = between(0, 1 - off, 0.99),
                     far = 1 + 60 * off * off + 2 * fabs(noise(tool, i, 7 + (uint64_t)g));
        fake_value(r, tool, i, g, 0, (cm_metric_value){.value = d});
        fake_value(r, tool, i, g, 1, (cm_metric_value){.value = far});
        fake_value(r, tool, i, g, 2,
                   (cm_metric_value){.value = 0.1 * noise(tool, i, 3 + (uint64_t)g) - 0.02 * tool});
    }
    if (i % 37 == 5)
        fake_value(r, tool, i, 1, 1, (cm_metric_value){CM_VALUE_UNDEFINED, CM_PREDICTION_EMPTY, 0});
    cm_item_cost *cost = &cm_results_item(r, tool, i)->cost;
    cost->wall_s = (1 + 0.1 * fabs(noise(tool, i, 11))) * pow(1.9, 9 - tool) * 0.05;
    cost->cpu_s = 1.8 * cost->wall_s;
    cost->energy_j = 40 * cost->wall_s;
    cost->peak_bytes = (int64_t)(3e8 * (1 + (tool * 3) % 7));
}

cm_results *fake_crowd(int n_tools, int64_t n_cases)
{
    static const char *const ids[] = {"nnunet-resenc-l", "nnunet-3d-fullres", "swinunetr-v2",
                                      "segresnet",       "mednext-k5",        "totalsegmentator",
                                      "unetr",           "vnet-2016-port",    "threshold-atlas",
                                      "random-walker"};
    static const char *const sexes[] = {"F", "M", "F", "M", "M"}, *const ages[] = {
                                                                      "18-40", "41-60", "61-75", "over 75",
                                                                      "61-75", "41-60", ""};
    static const cm_ranking_part parts[] = {{"DSC", "organ", 2}, {"HD95.vox.maxdir", "lesion", 1}};
    cm_results *r = fake_segmentation(n_tools, n_cases);
    for (int t = 0; t < n_tools; t++) {
        snprintf(r->tools[t].id, sizeof r->tools[t].id, "%s", ids[t % 10]);
        snprintf(r->tools[t].name, sizeof r->tools[t].name, "Tool %d", t + 1);
        for (int64_t i = 0; i < n_cases; i++)
            make_values(r, t, i);
    }
    r->bench->n_parts = 2;
    r->bench->parts = (cm_ranking_part *)parts;
    fake_attribute(r, "sex", 5, sexes);
    fake_attribute(r, "age band", 7, ages);
    if (n_tools > 7)
        for (int64_t i = 3; i < n_cases; i += 9)
            fake_fail(r, 7, i, i % 2 ? CM_ITEM_TIMEOUT : CM_ITEM_NON_FINITE, "took 31 s of 30 s");
    return r;
}

cm_results *fake_hostile_names(void)
{
    static const char *const names[] = {"<script>alert(1)</script>",
                                        "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xE2\x80\xAE"
                                        "evil",
                                        "a\"b'c&d;--><!--"};
    cm_results *r = fake_crowd(3, 30);
    snprintf(
        r->bench->title, sizeof r->bench->title,
        "Which <b>tool</b> \"outlines\" the organ & its lesions' edge best, \xD8\xA3\xD9\x8A \xD8\xA3\xD8\xAF\xD8\xA7\xD8\xA9\xD8\x9F");
    snprintf(r->cohort.title, sizeof r->cohort.title, "</title><img src=x onerror=alert(2)>");
    snprintf(r->cohort.condition, sizeof r->cohort.condition, "javascript:alert(3)");
    for (int t = 0; t < 3; t++)
        snprintf(r->tools[t].name, sizeof r->tools[t].name, "%s", names[t]);
    snprintf(r->tools[0].id, sizeof r->tools[0].id,
             "a-tool-with-the-longest-name-that-a-package-may-have-in-its-file");
    snprintf(r->tools[1].id, sizeof r->tools[1].id, "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW");
    for (int64_t i = 0; i < r->n_cases; i++)
        if (!strcmp(r->cases[i].provider, "A"))
            snprintf(r->cases[i].provider, sizeof r->cases[i].provider,
                     "Hospital \"St. <i>Mary</i>\" & co, department of radiology");
    snprintf(r->cohort.providers[0], sizeof r->cohort.providers[0],
             "Hospital \"St. <i>Mary</i>\" & co, department of radiology");
    fake_fail(r, 1, 4, CM_ITEM_FAILED, "</td></table><script>document.title='x'</script>");
    return r;
}
