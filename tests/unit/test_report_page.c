/* report.html as text: what goes in, and what has no room. How it looks: cli.report.page. */
#include "tests/scratch.h"

#include <sys/stat.h>

#include "engine/report/document_internal.h"
#include "engine/report/report.h"
#include "tests/report/fake_results.h"

enum { PICTURE_BYTES = 250000 };

static int count(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

/* Thirty pictures of 250 kB, worst, median and best of ten tools: 10 MB as text. */
static void add_pictures(cm_results *r)
{
    char *bytes = calloc(PICTURE_BYTES, 1);
    assert_non_null(bytes);
    assert_int_equal(mkdir("pictures", 0700), 0);
    r->pictures = calloc((size_t)r->n_tools * CM_PICTURE_KINDS, sizeof *r->pictures);
    assert_non_null(r->pictures);
    for (int k = 0; k < CM_PICTURE_KINDS; k++)
        for (int t = 0; t < r->n_tools; t++) {
            cm_picture *p = &r->pictures[r->n_pictures++];
            *p = (cm_picture){.tool = t, .case_index = k, .kind = (cm_picture_kind)k};
            snprintf(p->file, sizeof p->file, "pictures/%d-%d.png", t, k);
            bytes[0] = (char)r->n_pictures;
            scratch_write(p->file, bytes, PICTURE_BYTES);
            assert_int_equal(cm_sha256_of(bytes, PICTURE_BYTES, &p->digest), CM_OK);
        }
    free(bytes);
}

static void a_page_takes_the_pictures_it_has_room_for(void **state)
{
    (void)state;
    cm_results *r = fake_crowd(10, 12);
    cm_report_options options = {.audience = CM_AUDIENCE_SITE, .threads = 1};
    add_pictures(r);
    assert_int_equal(cm_report_write(r, ".", ".", &options, NULL), CM_OK);
    char *html = fake_file("report.html");
    assert_non_null(html);
    assert_true(strlen(html) < 5000000);
    const char *worst = strstr(html, "The worst case of every tool"),
               *median = strstr(html, "The median case of every tool");
    assert_true(worst && median && worst < median);
    const int drawn = count(html, "<img ");
    assert_true(strlen(html) > 4500000 && drawn < 30); /* the room is used, and there is not enough */
    assert_int_equal(count(html, "<img ") - count(median, "<img "), 10); /* the worst cases went first */
    assert_int_equal(count(html, "too heavy"), 30 - drawn);              /* and the others are named */
    assert_int_equal(count(html, "pictures/9-2.png"), 1);
    free(html);
    fake_results_free(r);
}

/* Nine cases: no median and no quartile is published, and the page draws what is left. */
static void a_public_page_of_few_cases_has_no_boxes(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 9);
    r->bench->replicates = 50;
    cm_report_options options = {.audience = CM_AUDIENCE_PUBLIC, .threads = 1};
    assert_int_equal(mkdir("few", 0700), 0);
    assert_int_equal(cm_report_write(r, ".", "few", &options, NULL), CM_OK);
    char *html = fake_file("few/report.html");
    assert_int_equal(count(html, "class=\"mean\""), 2 * 2 * 3); /* tools, targets, metrics */
    assert_int_equal(count(html, "class=\"median\""), 0);
    assert_int_equal(count(html, "NaN"), 0);
    assert_int_equal(count(html, "Infinity"), 0);
    free(html);
    fake_results_free(r);
}

/* Twelve cases with two lesions each: the lines of the free-response curves, in thousandths of the plot from
 * its upper left corner. The first tool finds half at volume 100 and all at 40, without a false one before
 * volume 20; the other finds half after one false one a case. */
static void free_response_curves_are_drawn(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 12);
    fake_lesions(r);
    cm_report_options options = {.audience = CM_AUDIENCE_SITE, .threads = 1};
    assert_int_equal(cm_report_write(r, ".", ".", &options, NULL), CM_OK);
    char *html = fake_file("report.html"), *xml = fake_file("report.xml");
    assert_int_equal(count(xml, "<curve kind=\"froc\" tool=\"good\""), 2);
    assert_int_equal(count(xml, "<point x=\"0\" y=\"1\" threshold=\"40\"/>"), 2);
    assert_int_equal(count(xml, "<point x=\"1\" y=\"0.5\" threshold=\"60\"/>"), 2);
    assert_int_equal(count(html, "<title>FROC curve, organ</title>"), 1);
    assert_int_equal(count(html, "<title>FROC curve, lesion</title>"), 1);
    assert_int_equal(count(html, "<path class=\"curve\" d=\"M0 1000L0 500L0 0L1000 0\""), 2);
    assert_int_equal(count(html, "<path class=\"curve\" d=\"M0 1000L1000 1000L1000 500\""), 2);
    free(html);
    free(xml);
    fake_results_free(r);
}

/* What a site report draws of cases, a public one does not. */
static void points_are_for_the_house_alone(void **state)
{
    (void)state;
    cm_results *r = fake_crowd(2, 20);
    cm_report_options options = {.audience = CM_AUDIENCE_SITE, .threads = 1};
    assert_int_equal(mkdir("site", 0700) | mkdir("public", 0700), 0);
    assert_int_equal(cm_report_write(r, ".", "site", &options, NULL), CM_OK);
    options.audience = CM_AUDIENCE_PUBLIC;
    assert_int_equal(cm_report_write(r, ".", "public", &options, NULL), CM_OK);
    char *site = fake_file("site/report.html"), *public = fake_file("public/report.html");
    assert_int_equal(count(site, "class=\"cloud\" d=\"M"), 2 * 2 * 3); /* tools, targets, metrics */
    assert_int_equal(count(public, "class=\"cloud\""), 0);
    assert_int_equal(count(public, "class=\"median\""), 2 * 2 * 3);
    assert_non_null(strstr(site, "case-0"));
    assert_null(strstr(public, "case-0"));
    free(site);
    free(public);
    fake_results_free(r);
}

/* Values that differ in their last bit: an axis of that length would have a step that changes no number. */
static void an_axis_ends_however_close_the_values_are(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 12);
    const double values[] = {0.3, 0x1.3333333333334p-2};
    r->bench->replicates = 20;
    for (int t = 0; t < 2; t++)
        for (int64_t i = 0; i < r->n_cases; i++)
            for (int place = 0; place < r->bench->n_targets * r->bench->n_metrics; place++)
                cm_results_set_value(r, t, i, place,
                                     (cm_metric_value){.value = values[t], .state = CM_VALUE_OK});
    cm_report_options options = {.audience = CM_AUDIENCE_SITE, .threads = 1};
    assert_int_equal(cm_report_write(r, ".", ".", &options, NULL), CM_OK);
    char *html = fake_file("report.html");
    assert_non_null(html);
    assert_true(strlen(html) < 1000000);
    assert_int_equal(count(html, "NaN"), 0);
    free(html);
    fake_results_free(r);
}

static int decimals(const char *number)
{
    const char *point = strchr(number, '.');
    assert_non_null(point);
    return (int)strspn(point + 1, "0123456789");
}

/* A ratio has three decimals, a length two (from ten on one), an interval as many as the number it belongs
 * to, a minus is no hyphen, and what is smaller than the last decimal is said to be so. */
static void numbers_are_rounded_by_their_metric(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 12);
    r->bench->replicates = 50;
    for (int t = 0; t < 2; t++)
        for (int64_t i = 0; i < r->n_cases; i++)
            for (int place = 0; place < r->bench->n_targets * r->bench->n_metrics; place++) {
                const double lengths[] = {i % 2 ? 0.4 : 2.16, 12.34}; /* mean 1.28 */
                const double values[3][2] = {{0.9, 0.99996}, {lengths[0], lengths[1]}, {-0.25, -0.0001}};
                cm_results_set_value(
                    r, t, i, place,
                    (cm_metric_value){.value = values[place % r->bench->n_metrics][t], .state = CM_VALUE_OK});
            }
    cm_report_options options = {.audience = CM_AUDIENCE_SITE, .threads = 1};
    assert_int_equal(cm_report_write(r, ".", ".", &options, NULL), CM_OK);
    char *html = fake_file("report.html");
    assert_non_null(html);
    assert_true(count(html, ">0.900</span><span class=\"interval\">[0.900, 0.900]<") > 0);
    assert_true(count(html, ">1.000</span><span class=\"interval\">[1.000, 1.000]<") > 0);
    assert_true(count(html, ">12.3</span><span class=\"interval\">[12.3, 12.3]<") > 0);
    /* RVD is best at zero: its distance from that, and the mean with its sign below it */
    assert_true(count(html, ">0.250</span><span class=\"interval\">[0.250, 0.250]<") > 0);
    assert_true(count(html, "bias \xE2\x88\x92"
                            "0.250 ") > 0);
    assert_true(count(html, ">&lt;0.001</span><span class=\"interval\">[0.000, 0.000]<") > 0);
    assert_true(count(html, "bias &gt;\xE2\x88\x92"
                            "0.001 ") > 0);
    const char *length = strstr(html, ">1.28</span><span class=\"interval\">[");
    assert_non_null(length);
    const char *low = strchr(length, '['), *high = strchr(low, ',');
    assert_int_equal(decimals(low), 2);
    assert_int_equal(decimals(high), 2);
    /* the verdict rounds as the page does: the leader's 0.99996 */
    assert_true(count(html, "1.000 (95 % interval 1.000 to 1.000)") > 0);
    free(html);
    fake_results_free(r);
}

/* Three cases are too few to publish anything: no frame of a plot without a plot, no legend to it. */
static void a_page_with_nothing_to_show_draws_nothing(void **state)
{
    (void)state;
    cm_results *r = fake_segmentation(2, 3);
    r->bench->replicates = 20;
    cm_report_options options = {.audience = CM_AUDIENCE_PUBLIC, .threads = 1};
    assert_int_equal(mkdir("hidden", 0700), 0);
    assert_int_equal(cm_report_write(r, ".", "hidden", &options, NULL), CM_OK);
    char *html = fake_file("hidden/report.html");
    assert_non_null(html);
    assert_true(count(html, "not published") > 0);
    assert_int_equal(count(html, "<figure") + count(html, "role=\"img\""), 0);
    assert_int_equal(count(html, "Dot: ") + count(html, "of them. Dot"), 0);
    free(html);
    fake_results_free(r);
}

/* A page that would get too heavy leaves out the points of cases, then more, and says what. */
static void a_heavy_page_leaves_out_what_is_farthest(void **state)
{
    (void)state;
    cm_results *r = fake_crowd(3, 40);
    r->bench->replicates = 20;
    cm_report_options options = {.audience = CM_AUDIENCE_SITE, .threads = 1};
    assert_int_equal(cm_report_write(r, ".", ".", &options, NULL), CM_OK);
    fake_results_free(r);
    char *whole = fake_file("report.html");
    assert_non_null(whole);
    assert_int_equal(count(whole, "To keep this page light"), 0);
    xmlDocPtr doc = NULL;
    assert_int_equal(cm_document_read("report.xml", &doc, NULL), CM_OK);
    int64_t bytes = (int64_t)strlen(whole);
    for (int step = 0; step < 2; step++) {
        assert_int_equal(cm_document_to_html_within(doc, ".", bytes - 1, "less.html", NULL), CM_OK);
        char *less = fake_file("less.html");
        assert_non_null(less);
        assert_true((int64_t)strlen(less) < bytes);
        bytes = (int64_t)strlen(less);
        assert_int_equal(count(less, "no plot has a point for every case"), 1);
        assert_int_equal(count(less, "class=\"cloud\"") + count(less, "class=\"sortable values\""), 0);
        assert_int_equal(count(less, " is shown for <b>organ</b> alone"), step);
        assert_int_equal(count(less, "<summary>How the cases spread: "), 2 - step);
        assert_int_equal(count(less, "<summary>All metrics by provider: "), 2 - step);
        assert_int_equal(count(less, "<h3>lesion</h3>"), 1); /* its results stay */
        free(less);
    }
    xmlFreeDoc(doc);
    free(whole);
}

/* How often a piece of text stands between a beginning and the next end. */
static int count_within(const char *html, const char *beginning, const char *end, const char *piece)
{
    int n = 0;
    for (const char *t = html; (t = strstr(t, beginning)); t++) {
        const char *stop = strstr(t, end);
        assert_non_null(stop);
        n += count(t, piece) - count(stop, piece);
    }
    return n;
}

static int count_in_value_tables(const char *html, const char *piece)
{
    return count_within(html, "<table class=\"sortable values\">", "</table>", piece);
}

/* What is drawn in thousands of points has a table of the same points. */
static void every_point_is_in_a_table(void **state)
{
    (void)state;
    cm_results *r = fake_classification(40);
    r->bench->replicates = 20;
    cm_report_options options = {.audience = CM_AUDIENCE_SITE, .threads = 1};
    assert_int_equal(cm_report_write(r, ".", ".", &options, NULL), CM_OK);
    char *html = fake_file("report.html"), *xml = fake_file("report.xml");
    assert_true(html && xml);
    const int points = count(xml, "<point x=");
    assert_true(points > 400);
    /* the four kinds of curves of two classes have a table each, and a row for every point */
    assert_int_equal(count_in_value_tables(html, "<caption>"), 8);
    assert_int_equal(count_in_value_tables(html, "<th scope=\"row\">"), points);
    free(html);
    free(xml);
    fake_results_free(r);

    r = fake_crowd(3, 40);
    r->bench->replicates = 20;
    assert_int_equal(cm_report_write(r, ".", ".", &options, NULL), CM_OK);
    html = fake_file("report.html");
    xml = fake_file("report.xml");
    assert_true(html && xml);
    /* a table per target and metric, a row per case, a cell for every point of the box plots; a dash where
     * there is none */
    const int values = count(xml, "<value target=");
    assert_true(values > 700 && values < 3 * 40 * 6);
    assert_int_equal(count_in_value_tables(html, "<caption>"), 6);
    assert_int_equal(count_in_value_tables(html, "<th scope=\"row\">"), 6 * 40);
    assert_int_equal(count_in_value_tables(html, "<td>"), 6 * 40 * 3);
    assert_int_equal(count_in_value_tables(html, "<td>\xE2\x80\x93<"), 6 * 40 * 3 - values);
    assert_int_equal(count_within(html, "<path class=\"cloud\"", ">", "h0"), values);
    free(html);
    free(xml);
    fake_results_free(r);
}

/* More tools than fit over columns, colours or a sentence. */
static void a_page_of_many_tools_has_room_for_them(void **state)
{
    (void)state;
    enum { TOOLS = 26 };
    cm_results *r = fake_crowd(TOOLS, 12);
    r->bench->replicates = 20;
    cm_report_options options = {.audience = CM_AUDIENCE_SITE, .threads = 1};
    assert_int_equal(cm_report_write(r, ".", ".", &options, NULL), CM_OK);
    char *html = fake_file("report.html");
    assert_non_null(html);
    assert_true(count(html, "Which of 26 tools segments ") == 1);
    /* the significance map: columns by number, a sign for every pair in both directions */
    assert_int_equal(count(html, "class=\"sign\"><abbr "), TOOLS);
    assert_int_equal(count(html, "<td class=\" sign\">") + count(html, "<td class=\"wins sign\">+<") +
                         count(html, "<td class=\"loses sign\">\xE2\x88\x92<"),
                     TOOLS * (TOOLS - 1));
    assert_int_equal(count(html, "<td class=\"wins sign\">"), count(html, "<td class=\"loses sign\">"));
    assert_true(count(html, "class=\"swatch c0 s0\"") > 0); /* the ninth tool has the first one's colour */
    assert_true(count(html, "class=\"swatch c0 s1\"") > 0);
    /* forest plots of nine tools are open, those of the others folded; then those of three metrics and two
     * targets by three attributes, with the first twelve tools in each */
    const char *folded = strstr(html, "<summary>The other tools by provider (17)");
    assert_non_null(folded);
    assert_int_equal(count(html, "<title>Forest plot of ") - count(folded, "<title>Forest plot of "), 9);
    assert_int_equal(count(html, "<path class=\"reach dots fixed\" d=\"M"), 12 * 2 * 3 * 3);
    assert_int_equal(count(html, "<summary>All metrics by provider: "), 2);
    /* more places than fit over columns: a row for every blob */
    const char *blobs = strstr(html, "<summary>How often each tool took each place"),
               *end = strstr(blobs, "</table>");
    assert_true(blobs && end);
    assert_int_equal(count(blobs, "<tr>") - count(end, "<tr>"), 1 + count(html, "<circle class=\"blob\""));
    assert_true(count(html, "<circle class=\"blob\"") > TOOLS);
    free(html);
    fake_results_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page_of_many_tools_has_room_for_them, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(a_page_with_nothing_to_show_draws_nothing, scratch_enter,
                                        scratch_leave),
        cmocka_unit_test_setup_teardown(a_heavy_page_leaves_out_what_is_farthest, scratch_enter,
                                        scratch_leave),
        cmocka_unit_test_setup_teardown(every_point_is_in_a_table, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(numbers_are_rounded_by_their_metric, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(a_page_takes_the_pictures_it_has_room_for, scratch_enter,
                                        scratch_leave),
        cmocka_unit_test_setup_teardown(a_public_page_of_few_cases_has_no_boxes, scratch_enter,
                                        scratch_leave),
        cmocka_unit_test_setup_teardown(free_response_curves_are_drawn, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(points_are_for_the_house_alone, scratch_enter, scratch_leave),
        cmocka_unit_test_setup_teardown(an_axis_ends_however_close_the_values_are, scratch_enter,
                                        scratch_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
