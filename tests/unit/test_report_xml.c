/* report.xml: valid, equal to a direct computation, the same bytes however it ran, and silent where a public
 * report must be. Expected numbers are worked out by hand from the formulas in fake_results.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/report/document_internal.h"
#include "engine/report/report.h"
#include "metrics/statistics/summary.h"
#include "tests/report/fake_results.h"

#define CELL(tool, target, metric)                                                                           \
    "//r:result[@tool='" tool "' and @target='" target "' and @metric='" metric "']/r:of-all"

typedef struct scratch {
    char folder[64], other[64];
} scratch;

static int make_folders(void **state)
{
    scratch *s = calloc(1, sizeof *s);
    strcpy(s->folder, "/tmp/cohmark-report.XXXXXX");
    strcpy(s->other, "/tmp/cohmark-report.XXXXXX");
    *state = s;
    return mkdtemp(s->folder) && mkdtemp(s->other) ? 0 : -1;
}

static int remove_folders(void **state)
{
    scratch *s = *state;
    cm_folder_remove(s->folder, NULL);
    cm_folder_remove(s->other, NULL);
    free(s);
    return 0;
}

static void write_report(const cm_results *r, const char *folder, cm_audience audience, int threads)
{
    cm_error err = {0};
    cm_report_options options = {.audience = audience, .threads = threads, .created = "2026-02-03T04:05:06Z"};
    if (cm_report_write(r, folder, folder, &options, &err)) {
        char text[1500];
        cm_error_format(&err, text, sizeof text);
        fail_msg("%s", text);
    }
}

static char *path_in(const char *folder, const char *name)
{
    char *path = cm_path_join(folder, name);
    assert_non_null(path);
    return path;
}

/* The whole document, cases and all. */
static xmlDocPtr read_whole(const char *folder)
{
    char *path = path_in(folder, "report.xml");
    xmlDocPtr doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
    free(path);
    assert_non_null(doc);
    return doc;
}

static xmlXPathObjectPtr evaluate(xmlDocPtr doc, const char *xpath)
{
    xmlXPathContextPtr context = xmlXPathNewContext(doc);
    xmlXPathRegisterNs(context, BAD_CAST "r", BAD_CAST "urn:cohmark:report:1");
    xmlXPathObjectPtr object = xmlXPathEvalExpression(BAD_CAST xpath, context);
    xmlXPathFreeContext(context);
    assert_non_null(object);
    return object;
}

static double number_at(xmlDocPtr doc, const char *xpath)
{
    xmlXPathObjectPtr object = evaluate(doc, xpath);
    double value = xmlXPathCastToNumber(object);
    xmlXPathFreeObject(object);
    return value;
}

static void assert_text_at(xmlDocPtr doc, const char *xpath, const char *expected)
{
    xmlXPathObjectPtr object = evaluate(doc, xpath);
    xmlChar *text = xmlXPathCastToString(object);
    assert_string_equal((const char *)text, expected);
    xmlFree(text);
    xmlXPathFreeObject(object);
}

static void assert_near(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-12)) fail_msg("got %.17g, expected %.17g", got, expected);
}

static void numbers_equal_a_direct_computation(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_segmentation(2, 12);
    write_report(r, s->folder, CM_AUDIENCE_SITE, 1);
    xmlDocPtr doc = read_whole(s->folder);
    /* good, organ: 0.90, 0.89 ... 0.79. Type 7 quartiles at positions 2.75 and 8.25 of 0..11. Variance of
     * 0.01 times 0..11 with n-1: 1e-4 * 13. */
    assert_near(number_at(doc, CELL("good", "organ", "DSC") "/r:summary/@mean"), 0.845);
    assert_near(number_at(doc, CELL("good", "organ", "DSC") "/r:summary/@median"), 0.845);
    assert_near(number_at(doc, CELL("good", "organ", "DSC") "/r:summary/@q1"), 0.8175);
    assert_near(number_at(doc, CELL("good", "organ", "DSC") "/r:summary/@q3"), 0.8725);
    assert_near(number_at(doc, CELL("good", "organ", "DSC") "/r:summary/@sd"), 0.01 * sqrt(13));
    assert_near(number_at(doc, CELL("good", "organ", "DSC") "/r:summary/@minimum"), 0.79);
    assert_near(number_at(doc, CELL("weak", "lesion", "HD95.vox.maxdir") "/r:summary/@mean"), 8.5);
    assert_near(number_at(doc, CELL("good", "organ", "DSC") "/@n"), 12);
    assert_near(number_at(doc, "count(//r:result)"), 2 * 2 * 3);
    /* Mean over targets: organ 0.845, lesion 0.795. */
    assert_near(number_at(doc, "//r:standing[@tool='good']/r:value"), 0.82);
    assert_near(number_at(doc, "//r:standing[@tool='weak']/r:difference/@value"), 0.82 - (0.69 + 0.64) / 2);
    assert_near(number_at(doc, "//r:standing[@tool='weak']/@place"), 2);
    assert_text_at(doc, "//r:verdict/@outcome", "clear");
    /* Lower is better for a distance, closer to zero for RVD: 0.055 against -0.1. */
    assert_near(
        number_at(doc, "//r:result[@tool='good' and @target='organ' and @metric='HD95.vox.maxdir']/@place"),
        1);
    assert_near(number_at(doc, "//r:result[@tool='good' and @target='organ' and @metric='RVD']/@place"), 1);
    /* Provider C has cases 5 and 11. */
    assert_near(number_at(doc, "//r:result[@tool='good' and @target='organ' and @metric='DSC']"
                               "/r:of-provider[@provider='C']/r:summary/@mean"),
                0.82);
    xmlFreeDoc(doc);
    fake_results_free(r);
}

static void the_interval_is_the_declared_bootstrap(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_segmentation(2, 12);
    write_report(r, s->folder, CM_AUDIENCE_SITE, 2);
    xmlDocPtr doc = read_whole(s->folder);
    double values[12], scratch_space[200], means[200];
    cm_random random = {r->bench->seed, CM_PURPOSE_BOOTSTRAP};
    for (int i = 0; i < 12; i++)
        values[i] = 0.9 - 0.01 * i;
    for (uint64_t b = 0; b < 200; b++) {
        double sum = 0;
        for (uint64_t j = 0; j < 12; j++)
            sum += values[cm_random_below(random, b, j, 12)];
        means[b] = sum / 12;
    }
    assert_near(number_at(doc, CELL("good", "organ", "DSC") "/r:interval/@low"),
                cm_quantile7(means, 200, 0.025, scratch_space));
    assert_near(number_at(doc, CELL("good", "organ", "DSC") "/r:interval/@high"),
                cm_quantile7(means, 200, 0.975, scratch_space));
    xmlFreeDoc(doc);
    fake_results_free(r);
}

static void results_do_not_depend_on_how_it_ran(void **state)
{
    scratch *s = *state;
    cm_results *a = fake_segmentation(3, 20), *b = fake_segmentation(3, 20);
    for (int64_t k = 0; k < 3 * 20; k++) {
        b->items[k].cost = (cm_item_cost){9, 9, 12.5, 1, 2};
        b->items[k].rank = 3;
        b->items[k].shard = 7;
    }
    strcpy(b->machine, "another");
    strcpy(b->created, "2027-01-01T00:00:00Z");
    strcpy(b->engine_commit, "");
    b->launches[0].ranks = 4;
    b->launches[0].ended[0] = '\0';
    fake_fail(a, 1, 3, CM_ITEM_TIMEOUT, "30.1 s");
    fake_fail(b, 1, 3, CM_ITEM_TIMEOUT, "30.7 s");
    write_report(a, s->folder, CM_AUDIENCE_SITE, 1);
    write_report(b, s->other, CM_AUDIENCE_SITE, 2);
    char *path_a = path_in(s->folder, "report.xml"), *path_b = path_in(s->other, "report.xml");
    char *text_a = fake_results_element(path_a), *text_b = fake_results_element(path_b);
    assert_non_null(text_a);
    assert_true(strlen(text_a) > 10000);
    assert_string_equal(text_a, text_b);
    /* and the id is the hash of exactly these bytes */
    cm_digest digest;
    char hex[65];
    cm_sha256_of(text_a, (int64_t)strlen(text_a), &digest);
    cm_digest_hex(&digest, hex);
    xmlDocPtr doc = read_whole(s->folder);
    assert_text_at(doc, "substring-after(/r:report/@id, 'sha256:')", hex);
    xmlFreeDoc(doc);
    free(text_a);
    free(text_b);
    free(path_a);
    free(path_b);
    fake_results_free(a);
    fake_results_free(b);
}

static void every_case_is_counted_once(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_segmentation(2, 12);
    fake_value(r, 0, 0, 1, 1, (cm_metric_value){CM_VALUE_UNDEFINED, CM_BOTH_EMPTY, 0});
    fake_value(r, 0, 1, 1, 1, (cm_metric_value){CM_VALUE_UNDEFINED, CM_PREDICTION_EMPTY, 0});
    fake_value(r, 0, 2, 1, 1, (cm_metric_value){CM_VALUE_UNDEFINED, CM_REFERENCE_EMPTY, 0});
    fake_fail(r, 0, 3, CM_ITEM_CRASH, "signal 11");
    fake_fail(r, 0, 4, CM_ITEM_DAMAGED_INPUT, "hash");
    r->cases[5].has_reference = false;
    fake_fail(r, 0, 5, CM_ITEM_NO_REFERENCE, "");
    fake_fail(r, 1, 5, CM_ITEM_NO_REFERENCE, "");
    write_report(r, s->folder, CM_AUDIENCE_SITE, 1);
    xmlDocPtr doc = read_whole(s->folder);
    const char *counts = CELL("good", "lesion", "HD95.vox.maxdir") "/r:counts/@";
    static const struct {
        const char *name;
        double expected;
    } rows[] = {{"ok", 6},
                {"both-empty", 1},
                {"reference-empty", 1},
                {"prediction-empty", 1},
                {"missing", 1},
                {"damaged-input", 1},
                {"open", 0},
                {"no-reference", 1},
                {"substituted", 3},
                {"excluded", 1},
                {"undefined-otherwise", 0}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        assert_near(number_at(doc, cm_strf("%s%s", counts, rows[k].name).s), rows[k].expected);
    /* worst distance = the diagonal, 100: cases 1, 2, 3; ok: cases 6..11 with 1 + i. */
    assert_near(number_at(doc, CELL("good", "lesion", "HD95.vox.maxdir") "/r:summary/@mean"),
                (300 + 57.0) / 9);
    assert_near(number_at(doc, CELL("good", "lesion", "HD95.vox.maxdir") "/@cases"), 11);
    assert_near(number_at(doc, CELL("good", "lesion", "HD95.vox.maxdir") "/@n"), 9);
    /* RVD has no finite worst value: the crash is left out. */
    assert_near(number_at(doc, CELL("good", "lesion", "RVD") "/r:counts/@excluded"), 1);
    assert_near(number_at(doc, "count(//r:failure)"), 2);
    assert_near(number_at(doc, "count(//r:undefined[@metric='HD95.vox.maxdir' and @reason='both-empty'])"),
                1);
    xmlFreeDoc(doc);
    fake_results_free(r);
}

static void a_public_report_hides_small_groups_and_their_neighbour(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_segmentation(2, 24); /* A 12, B 8, C 4: C is small, B gives it away */
    write_report(r, s->folder, CM_AUDIENCE_PUBLIC, 1);
    xmlDocPtr doc = read_whole(s->folder);
    assert_text_at(doc, "//r:cohort/r:provider[@name='A']/@cases", "12");
    assert_text_at(doc, "//r:cohort/r:provider[@name='B']/@hidden", "complementary");
    assert_text_at(doc, "//r:cohort/r:provider[@name='C']/@hidden", "small");
    assert_near(number_at(doc, "count(//r:of-provider[@provider='C' and @hidden='small' and not(*)])"), 12);
    assert_near(
        number_at(doc, "count(//r:of-provider[@provider='B' and @hidden='complementary' and not(*)])"), 12);
    /* of RVD, which is best at zero, groups show the distance alone */
    assert_near(number_at(doc, "count(//r:of-provider[@provider='A' and not(@hidden)]/r:summary)"), 8);
    assert_near(number_at(doc, "count(//r:of-provider[@provider='A' and not(@hidden)]/r:distance)"), 4);
    assert_near(
        number_at(doc, "count(//r:cases | //r:pictures | //r:failures | //r:item-costs | //@minimum)"), 0);
    assert_text_at(doc, "//r:verdict/@outcome", "clear");
    xmlFreeDoc(doc);
    fake_results_free(r);
}

static void a_public_quantile_stands_for_as_many_cases_as_the_minimum(void **state)
{
    static const struct {
        int cases;
        bool median, quartiles, outer;
    } of[] = {{9, false, false, false},
              {10, true, false, false},
              {19, true, false, false},
              {20, true, true, false},
              {50, true, true, true}};
    const double all = 2 * 6; /* tools, targets and metrics */
    for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
        scratch *s = *state;
        cm_results *r = fake_segmentation(2, of[k].cases);
        r->bench->replicates = 50;
        write_report(r, s->folder, CM_AUDIENCE_PUBLIC, 1);
        xmlDocPtr doc = read_whole(s->folder);
        assert_near(number_at(doc, "count(//r:of-all/r:summary/@mean)"), all);
        assert_near(number_at(doc, "count(//r:of-all/r:summary/@median)"), of[k].median ? all : 0);
        assert_near(number_at(doc, "count(//r:of-all/r:summary[@q1 and @q3])"), of[k].quartiles ? all : 0);
        assert_near(number_at(doc, "count(//r:of-all/r:summary[@p10 and @p90])"), of[k].outer ? all : 0);
        assert_near(number_at(doc, "count(//r:method[@name='mean-then-rank']/r:place/@score)"), 2);
        assert_near(number_at(doc, "count(//r:method[@name='median-then-rank']/r:place/@score)"),
                    of[k].median ? 2 : 0);
        assert_near(number_at(doc, "count(//r:pair/@shift)"), of[k].median ? 1 : 0);
        assert_near(number_at(doc, "count(//r:pair[@shift-low and @shift-high])"), of[k].quartiles ? 1 : 0);
        assert_near(number_at(doc, "count(//r:of-provider//@se)"), 0);
        const double costs = number_at(doc, "count(//r:cost/*[@mean])");
        assert_near(costs, 2 * 4); /* tools, and all quantities but energy */
        assert_near(number_at(doc, "count(//r:cost/*/@median)"), of[k].median ? costs : 0);
        assert_near(number_at(doc, "count(//r:cost/r:planned)"), of[k].median ? 2 : 0);
        assert_near(number_at(doc, "count(//r:cost/*[@q1 and @q3])"), of[k].quartiles ? costs : 0);
        assert_near(number_at(doc, "count(//r:cost/*/@p90)"), of[k].outer ? costs : 0);
        assert_near(number_at(doc, "count(//r:cost/*/@maximum)"), 0);
        xmlFreeDoc(doc);
        fake_results_free(r);
    }
}

/* A tool that ran to an end on fewer cases than the minimum. */
static void public_costs_of_few_cases_are_not_shown(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_segmentation(2, 24);
    r->bench->replicates = 50;
    for (int64_t i = 4; i < r->n_cases; i++)
        fake_fail(r, 1, i, CM_ITEM_CRASH, "signal 11");
    for (int64_t i = 0; i < r->n_cases; i++)
        cm_results_item(r, 1, i)->cost.energy_j = 7;
    write_report(r, s->folder, CM_AUDIENCE_PUBLIC, 1);
    xmlDocPtr doc = read_whole(s->folder);
    assert_near(number_at(doc, "count(//r:cost[1]/*[@mean])"), 4);
    assert_near(number_at(doc, "count(//r:cost[2]/*[@mean])"), 0);
    assert_text_at(doc, "//r:cost[2]/r:energy-absent/@reason", "too few cases to publish");
    xmlFreeDoc(doc);
    fake_results_free(r);
}

static void a_public_report_of_a_tiny_cohort_says_nothing(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_segmentation(2, 4);
    write_report(r, s->folder, CM_AUDIENCE_PUBLIC, 1);
    xmlDocPtr doc = read_whole(s->folder);
    assert_text_at(doc, "//r:verdict/@outcome", "hidden");
    assert_near(
        number_at(doc, "count(//r:summary | //r:standing/r:value | //r:interval | //@cases-with-reference)"),
        0);
    assert_near(number_at(doc, "count(//r:outcome[@validation='ok'])"), 2);
    assert_near(number_at(doc, "count(//r:outcome/@message | //r:state | //r:costs//@cases)"), 0);
    xmlFreeDoc(doc);
    fake_results_free(r);
}

static void no_report_names_a_patient_and_no_public_one_a_case(void **state)
{
    scratch *s = *state;
    static const char *const files[] = {"report.xml", "report.html", "openebench.json"};
    cm_results *r = fake_segmentation(2, 24);
    fake_fail(r, 1, 3, CM_ITEM_FAILED, "operator text");
    write_report(r, s->folder, CM_AUDIENCE_SITE, 1);
    write_report(r, s->other, CM_AUDIENCE_PUBLIC, 1);
    for (int f = 0; f < 3; f++) {
        char *site_path = path_in(s->folder, files[f]), *public_path = path_in(s->other, files[f]);
        char *site = fake_file(site_path), *public = fake_file(public_path);
        assert_non_null(site);
        assert_non_null(public);
        assert_null(strstr(site, "secret-patient"));
        assert_null(strstr(public, "secret-patient"));
        assert_null(strstr(public, "case-0"));
        assert_null(strstr(public, "operator text"));
        if (f == 0) assert_non_null(strstr(site, "case-0003"));
        free(site);
        free(public);
        free(site_path);
        free(public_path);
    }
    fake_results_free(r);
}

static void nothing_done_and_everything_failed_are_reports_too(void **state)
{
    scratch *s = *state;
    cm_results *open = fake_segmentation(2, 8), *failed = fake_segmentation(2, 8);
    for (int t = 0; t < 2; t++)
        for (int64_t i = 0; i < 8; i++) {
            fake_fail(open, t, i, CM_ITEM_OPEN, "");
            fake_fail(failed, t, i, CM_ITEM_MEMORY, "needs 20 GiB");
        }
    write_report(open, s->folder, CM_AUDIENCE_SITE, 1);
    write_report(failed, s->other, CM_AUDIENCE_SITE, 1);
    xmlDocPtr doc = read_whole(s->folder);
    assert_text_at(doc, "//r:verdict/@outcome", "incomplete");
    assert_text_at(doc, "//r:outcome[@tool='good'][@validation='interrupted']/@message",
                   "0 of 8 cases have a prediction; 8 open");
    assert_near(number_at(doc, "count(//r:of-all/r:undefined[@reason='nothing-left'])"), 12);
    xmlFreeDoc(doc);
    doc = read_whole(s->other);
    assert_text_at(doc, "//r:outcome[@tool='good'][@validation='corrupted']/@message",
                   "0 of 8 cases have a prediction; 8 memory-limit");
    /* all values are the worst, by policy: nobody shares a first place */
    assert_text_at(doc, "//r:verdict/@outcome", "no-value");
    assert_near(number_at(doc, "count(//r:verdict/r:best)"), 0);
    assert_near(number_at(doc, CELL("good", "organ", "DSC") "/r:summary/@mean"), 0);
    assert_near(number_at(doc, CELL("good", "organ", "HD95.vox.maxdir") "/r:summary/@mean"), 100);
    assert_text_at(doc, CELL("good", "organ", "RVD") "/r:undefined/@reason", "nothing-left");
    assert_near(number_at(doc, "count(//r:warning[@code='machine-dependent'])"), 2);
    xmlFreeDoc(doc);
    fake_results_free(open);
    fake_results_free(failed);
}

static void a_single_tool_and_no_case_at_all(void **state)
{
    scratch *s = *state;
    cm_results *one = fake_segmentation(1, 12), *none = fake_segmentation(2, 0);
    write_report(one, s->folder, CM_AUDIENCE_SITE, 1);
    write_report(none, s->other, CM_AUDIENCE_SITE, 1);
    xmlDocPtr doc = read_whole(s->folder);
    assert_text_at(doc, "//r:verdict/@outcome", "single");
    xmlFreeDoc(doc);
    doc = read_whole(s->other);
    assert_text_at(doc, "//r:verdict/@outcome", "no-value");
    assert_near(number_at(doc, "count(//r:of-all/r:undefined[@reason='no-cases'])"), 12);
    xmlFreeDoc(doc);
    fake_results_free(one);
    fake_results_free(none);
}

static void tools_that_could_swap_places_are_not_called_better(void **state)
{
    scratch *s = *state;
    cm_results *near = fake_segmentation(2, 12), *few = fake_segmentation(2, 5),
               *same = fake_segmentation(2, 12);
    for (int64_t i = 0; i < 12; i++)
        for (int g = 0; g < 2; g++) {
            double good = cm_results_value(near, 0, i, g * 3).value;
            /* five cases better by 0.02, seven worse by 0.02 */
            fake_value(near, 1, i, g, 0, (cm_metric_value){.value = good + (i < 5 ? 0.02 : -0.02)});
            fake_value(same, 1, i, g, 0, (cm_metric_value){.value = good});
        }
    write_report(near, s->folder, CM_AUDIENCE_SITE, 1);
    xmlDocPtr doc = read_whole(s->folder);
    assert_text_at(doc, "//r:verdict/@outcome", "not-clear");
    assert_text_at(doc, "//r:standing[@tool='weak']/r:difference/@apart", "false");
    xmlFreeDoc(doc);
    write_report(few, s->folder, CM_AUDIENCE_SITE, 1);
    doc = read_whole(s->folder);
    assert_text_at(doc, "//r:verdict/@outcome", "too-few-cases");
    xmlFreeDoc(doc);
    write_report(same, s->folder, CM_AUDIENCE_SITE, 1);
    doc = read_whole(s->folder);
    assert_text_at(doc, "//r:verdict/@outcome", "equal");
    assert_near(number_at(doc, "count(//r:verdict/r:best)"), 2);
    assert_near(number_at(doc, "count(//r:standing[@place=1])"), 2);
    xmlFreeDoc(doc);
    fake_results_free(near);
    fake_results_free(few);
    fake_results_free(same);
}

static void warnings_are_given_where_they_apply(void **state)
{
    scratch *s = *state;
    cm_results *few = fake_segmentation(2, 12), *many = fake_segmentation(2, 24),
               *classes = fake_classification(24);
    few->distances_in_voxels = classes->distances_in_voxels = true;
    strcpy(few->cases[1].patient, few->cases[0].patient);
    write_report(few, s->folder, CM_AUDIENCE_SITE, 1);
    xmlDocPtr doc = read_whole(s->folder);
    assert_near(number_at(doc, "//r:warning[@code='few-cases']/@cases"), 12);
    assert_near(number_at(doc, "count(//r:warning[@code='distances-in-voxels'])"), 1);
    assert_near(number_at(doc, "//r:warning[@code='repeated-patients']/@cases"), 1);
    assert_near(number_at(doc, "//r:cohort/@patients"), 11);
    assert_text_at(doc, "//r:metric[@id='HD95.vox.maxdir']/@unit", "voxel");
    assert_near(number_at(doc, "count(//r:verdict/r:text[contains(., 'too narrow')])"), 1);
    xmlFreeDoc(doc);
    write_report(many, s->folder, CM_AUDIENCE_SITE, 1);
    doc = read_whole(s->folder);
    assert_near(number_at(doc, "count(//r:warning)"), 1); /* provider C has 4 cases */
    assert_text_at(doc, "//r:warning/@code", "small-groups");
    assert_near(number_at(doc, "count(//r:verdict/r:text[contains(., 'clearly ahead of every other')])"), 1);
    xmlFreeDoc(doc);
    write_report(classes, s->folder, CM_AUDIENCE_SITE, 1); /* no distance among its metrics */
    doc = read_whole(s->folder);
    assert_near(number_at(doc, "count(//r:warning[@code='distances-in-voxels'])"), 0);
    xmlFreeDoc(doc);
    fake_results_free(few);
    fake_results_free(many);
    fake_results_free(classes);
}

static void hostile_names_stay_text(void **state)
{
    scratch *s = *state;
    static const char nasty[] =
        "<b>\"&'</b>]]>\x01\x7f\xff\xc3\xa9\xed\xa0\x80\n\t\xef\xbf\xbf<script>alert(1)</script>";
    cm_results *r = fake_segmentation(2, 12);
    snprintf(r->bench->title, sizeof r->bench->title, "%s", nasty);
    snprintf(r->tools[0].name, sizeof r->tools[0].name, "%s", nasty);
    snprintf(r->cohort.providers[1], sizeof r->cohort.providers[1], "%s", "A&B <\xff>");
    for (int64_t i = 0; i < 12; i++)
        if (!strcmp(r->cases[i].provider, "B"))
            snprintf(r->cases[i].provider, sizeof r->cases[i].provider, "%s", "A&B <\xff>");
    fake_fail(r, 1, 2, CM_ITEM_FAILED, nasty);
    write_report(r, s->folder, CM_AUDIENCE_SITE, 1);
    xmlDocPtr doc = read_whole(s->folder);
    /* U+FFFD stands for the control, each stray byte and U+FFFF; DEL is allowed in XML. */
    assert_text_at(
        doc, "//r:bench/@title",
        "<b>\"&'</b>]]>\xef\xbf\xbd\x7f\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n\t"
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd<script>alert(1)</script>");
    assert_near(number_at(doc, "count(//r:of-provider[@provider='A&B <\xef\xbf\xbd>'])"), 12);
    xmlFreeDoc(doc);
    char *path = path_in(s->folder, "report.html"), *html = fake_file(path);
    const char *script = strstr(html, "<script>"); /* the page's own, and no other */
    assert_non_null(script);
    assert_null(strstr(script + 1, "<script"));
    assert_null(strstr(html, "<b>\""));
    free(html);
    free(path);
    fake_results_free(r);
}

static void repeated_tool_ids_get_names_of_their_own(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_segmentation(3, 12);
    for (int t = 0; t < 3; t++)
        strcpy(r->tools[t].id, "unet");
    strcpy(r->tools[2].version, r->tools[1].version);
    write_report(r, s->folder, CM_AUDIENCE_SITE, 1);
    xmlDocPtr doc = read_whole(s->folder);
    assert_text_at(doc, "//r:tool[@order=1]/@key", "unet-1.0");
    assert_text_at(doc, "//r:tool[@order=2]/@key", "unet-1.1-2");
    assert_text_at(doc, "//r:tool[@order=3]/@key", "unet-1.1-3");
    xmlFreeDoc(doc);
    fake_results_free(r);
}

static void site_and_public_never_replace_each_other(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_segmentation(2, 12);
    cm_error err = {0};
    cm_report_options public = {.audience = CM_AUDIENCE_PUBLIC, .threads = 1};
    write_report(r, s->folder, CM_AUDIENCE_SITE, 1);
    char *path = path_in(s->folder, "report.xml"), *before = fake_file(path);
    assert_int_equal(cm_report_write(r, s->folder, s->folder, &public, &err), CM_ERR_EXISTS);
    char *after = fake_file(path);
    assert_string_equal(before, after);
    free(before);
    free(after);
    free(path);
    write_report(r, s->folder, CM_AUDIENCE_SITE, 1); /* the same audience again is fine */
    fake_results_free(r);
}

static void nothing_but_the_three_files_is_left(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_segmentation(2, 12);
    char **names = NULL;
    int64_t count = 0;
    write_report(r, s->folder, CM_AUDIENCE_SITE, 1);
    assert_int_equal(cm_folder_list(s->folder, &names, &count, NULL), CM_OK);
    assert_int_equal(count, 3);
    cm_names_free(names, count);
    /* a picture that is not there fails the whole report and leaves nothing */
    r->n_pictures = 1;
    r->pictures = calloc(1, sizeof *r->pictures);
    strcpy(r->pictures[0].file, "pictures/none.png");
    cm_report_options options = {.audience = CM_AUDIENCE_SITE, .threads = 1};
    cm_error err = {0};
    assert_int_equal(cm_report_write(r, s->other, s->other, &options, &err), CM_ERR_NOT_FOUND);
    assert_int_equal(cm_folder_list(s->other, &names, &count, NULL), CM_OK);
    assert_int_equal(count, 0);
    cm_names_free(names, count);
    fake_results_free(r);
}

static void a_failed_case_is_the_worst_for_a_classifier(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_classification(14);
    fake_fail(r, 0, 0, CM_ITEM_TIMEOUT, ""); /* a healthy case */
    write_report(r, s->folder, CM_AUDIENCE_SITE, 2);
    xmlDocPtr doc = read_whole(s->folder);
    /* sharp: 7 healthy (0, 2, 4 ... 12), 7 tumour. Case 6 (healthy) scores 0.8 for tumour, case 13 (tumour)
     * 0.2; case 0 counts as healthy with a tumour score of 1. Tumour scores: tumour 0.9 x6, 0.2; healthy 0.1
     * x5, 0.8, 1. Pairs won by tumour: 0.9 beats 0.1 x5 and 0.8 -> 6 each -> 36; 0.2 beats 0.1 x5 -> 5. 41
     * of 49. */
    assert_near(number_at(doc, CELL("sharp", "tumour", "AUROC") "/r:value"), 41.0 / 49);
    /* right: healthy 5 of 7, tumour 6 of 7 */
    assert_near(number_at(doc, CELL("sharp", "tumour", "BACC") "/r:value"), (5.0 / 7 + 6.0 / 7) / 2);
    /* squared errors: 11 x 0.01, two x 0.64, one x 1 */
    assert_near(number_at(doc, CELL("sharp", "tumour", "BRIER.binary") "/r:value"), (0.11 + 1.28 + 1) / 14);
    assert_near(number_at(doc, CELL("sharp", "macro", "AUROC") "/r:value"), 41.0 / 49);
    assert_near(number_at(doc, CELL("sharp", "tumour", "AUROC") "/r:counts/@substituted"), 1);
    assert_near(number_at(doc, "count(//r:summary)"), 0);
    assert_near(number_at(doc, "count(//r:item/r:scores)"), 27);
    /* the interval of the ranking is the one of its cell */
    assert_near(number_at(doc, "//r:standing[@tool='sharp']/r:interval/@low"),
                number_at(doc, CELL("sharp", "macro", "AUROC") "/r:interval/@low"));
    xmlFreeDoc(doc);
    fake_results_free(r);
}

static void left_out_by_policy_is_counted(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_classification(14);
    r->bench->policies.missing = CM_POLICY_EXCLUDE;
    fake_fail(r, 0, 0, CM_ITEM_TIMEOUT, "");
    fake_fail(r, 0, 5, CM_ITEM_DAMAGED_INPUT, "");
    write_report(r, s->folder, CM_AUDIENCE_SITE, 1);
    xmlDocPtr doc = read_whole(s->folder);
    assert_text_at(doc, "//r:outcome[@tool='sharp'][@validation='ok']/@message",
                   "12 of 14 cases have a prediction; 1 timeout, 1 damaged-input");
    assert_near(number_at(doc, CELL("sharp", "tumour", "AUROC") "/@n"), 12);
    assert_near(number_at(doc, CELL("sharp", "tumour", "AUROC") "/r:counts/@excluded"), 1);
    assert_near(number_at(doc, CELL("sharp", "tumour", "AUROC") "/r:value"), 35.0 / 36);
    xmlFreeDoc(doc);
    fake_results_free(r);
}

#define ROC "//r:curve[@kind='roc'][@tool='sharp'][@target='tumour']"

/* Tumour scores of sharp: six of seven tumours 0.9, one 0.2; six of seven healthy 0.1, one 0.8. */
static void curves_are_drawn_and_say_less_in_public(void **state)
{
    scratch *s = *state;
    cm_results *r = fake_classification(14);
    write_report(r, s->folder, CM_AUDIENCE_SITE, 1);
    xmlDocPtr doc = read_whole(s->folder);
    assert_near(number_at(doc, "count(//r:curve)"), 2 * 4 * r->bench->n_targets);
    assert_near(number_at(doc, "count(" ROC "/r:point)"), 5);
    assert_near(number_at(doc, ROC "/r:point[2]/@threshold"), 0.9);
    assert_near(number_at(doc, ROC "/r:point[3]/@x"), 1.0 / 7);
    assert_near(number_at(doc, ROC "/r:point[3]/@y"), 6.0 / 7);
    assert_near(number_at(doc, "count(//r:curve[@kind='decision'][1]/r:point)"), 99);
    xmlFreeDoc(doc);
    write_report(r, s->other, CM_AUDIENCE_PUBLIC, 1); /* a step is of five cases or more */
    doc = read_whole(s->other);
    assert_near(number_at(doc, "count(" ROC "/r:point)"), 3);
    assert_near(number_at(doc, ROC "/r:point[2]/@y"), 6.0 / 7);
    assert_near(number_at(doc, "count(//r:curve[@kind != 'calibration']/r:point/@threshold)"), 0);
    assert_near(number_at(doc, "count(//r:curve/r:point[@n < 5])"), 0);
    xmlFreeDoc(doc);
    fake_results_free(r);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make_folders, remove_folders)
    const struct CMUnitTest claims[] = {CLAIM(numbers_equal_a_direct_computation),
                                        CLAIM(the_interval_is_the_declared_bootstrap),
                                        CLAIM(results_do_not_depend_on_how_it_ran),
                                        CLAIM(every_case_is_counted_once),
                                        CLAIM(a_public_report_hides_small_groups_and_their_neighbour),
                                        CLAIM(a_public_quantile_stands_for_as_many_cases_as_the_minimum),
                                        CLAIM(public_costs_of_few_cases_are_not_shown),
                                        CLAIM(a_public_report_of_a_tiny_cohort_says_nothing),
                                        CLAIM(no_report_names_a_patient_and_no_public_one_a_case),
                                        CLAIM(nothing_done_and_everything_failed_are_reports_too),
                                        CLAIM(a_single_tool_and_no_case_at_all),
                                        CLAIM(tools_that_could_swap_places_are_not_called_better),
                                        CLAIM(warnings_are_given_where_they_apply),
                                        CLAIM(hostile_names_stay_text),
                                        CLAIM(repeated_tool_ids_get_names_of_their_own),
                                        CLAIM(site_and_public_never_replace_each_other),
                                        CLAIM(nothing_but_the_three_files_is_left),
                                        CLAIM(a_failed_case_is_the_worst_for_a_classifier),
                                        CLAIM(left_out_by_policy_is_counted),
                                        CLAIM(curves_are_drawn_and_say_less_in_public)};
    return cmocka_run_group_tests_name("unit.report.xml", claims, NULL, NULL);
}
