/* Results that lie in a temporary file, because there are too many of them for memory, make the same
 * documents to the byte, and are computed again from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/files.h"
#include "engine/report/verify.h"
#include "engine/report/report.h"
#include "tests/report/fake_results.h"

typedef struct folders {
    char *top, *memory, *file, *temporary;
} folders;

static int make_folders(void **state)
{
    char name[] = "/tmp/cohmark-spill.XXXXXX";
    folders *f = calloc(1, sizeof *f);
    *state = f;
    if (!f || !mkdtemp(name)) return -1;
    f->top = strdup(name);
    f->memory = cm_path_join(name, "memory");
    f->file = cm_path_join(name, "file");
    f->temporary = cm_path_join(name, "temporary");
    return cm_folder_create(f->memory, true, NULL) || cm_folder_create(f->file, true, NULL) ||
           cm_folder_create(f->temporary, true, NULL);
}

static int remove_folders(void **state)
{
    folders *f = *state;
    cm_folder_remove(f->top, NULL);
    free(f->top);
    free(f->memory);
    free(f->file);
    free(f->temporary);
    free(f);
    return 0;
}

static void move_evidence(cm_results *r, const cm_results *old)
{
    cm_error err = {0};
    for (int t = 0; t < r->n_tools; t++)
        for (int64_t i = 0; i < r->n_cases; i++)
            for (int place = 0; place < (int)r->places; place++) {
                cm_evidence e;
                bool substituted;
                if (!cm_results_evidence(old, t, i, place, &e, &substituted) || substituted) continue;
                if (cm_results_set_evidence(r, t, i, place, e.x, e.n, &err))
                    fail_msg("%s: %s", err.what, err.why);
            }
}

/* The same results with their arrays in a file. */
static void move_into_file(cm_results *r, const char *temporary)
{
    const cm_spill_rule rule = {temporary, 0};
    const int64_t items = r->n_tools * r->n_cases, labels = r->cohort.n_labels;
    const cm_results old = *r;
    cm_error err = {0};
    memset(r->store, 0, sizeof r->store);
    r->evidence = NULL;
    r->value = r->scores = NULL;
    if (cm_results_reserve(r, &rule, &err)) fail_msg("%s: %s", err.what, err.why);
    memcpy(r->items, old.items, (size_t)items * sizeof *r->items);
    if (r->value) {
        memcpy(r->value, old.value, (size_t)(items * r->places) * sizeof *r->value);
        memcpy(r->value_kind, old.value_kind, (size_t)(items * r->places) * sizeof *r->value_kind);
    } else {
        memcpy(r->scores, old.scores, (size_t)(items * labels) * sizeof *r->scores);
        memcpy(r->decided, old.decided, (size_t)items * sizeof *r->decided);
    }
    cm_results_release(r);
    move_evidence(r, &old);
    cm_results before = old;
    cm_results_free_evidence(&before);
    for (int k = 0; k < 3; k++)
        cm_spill_destroy(old.store[k]);
    cm_results_release(r);
}

static cm_results *make(int kind)
{
    cm_results *r = kind == 0   ? fake_crowd(4, 30)
                    : kind == 1 ? fake_classification(40)
                                : fake_segmentation(3, 24);
    r->bench->replicates = 20;
    if (kind == 0) r->bench->ranking_target[0] = '\0'; /* the mean over targets */
    if (kind == 1) fake_fail(r, 1, 4, CM_ITEM_CRASH, "signal");
    if (kind == 2) {
        fake_lesions(r);
        fake_fail(r, 1, 3, CM_ITEM_TIMEOUT, "took 31 s of 30 s");
        fake_value(r, 0, 2, 1, 1, (cm_metric_value){CM_VALUE_UNDEFINED, CM_BOTH_EMPTY, 0});
    }
    return r;
}

static void write_report(const cm_results *r, const char *folder, cm_audience audience)
{
    cm_error err = {0};
    const cm_report_options options = {.audience = audience, .threads = 2, .created = "2026-02-03T04:05:06Z"};
    if (cm_report_write(r, folder, folder, &options, &err)) fail_msg("%s: %s", err.what, err.why);
}

static void check_same(const folders *f, const char *name)
{
    char *a = cm_path_join(f->memory, name), *b = cm_path_join(f->file, name);
    char *text_a = fake_file(a), *text_b = fake_file(b);
    assert_true(text_a && text_b && strlen(text_a) > 1000);
    if (strcmp(text_a, text_b) != 0) fail_msg("%s differs", name);
    free(a);
    free(b);
    free(text_a);
    free(text_b);
}

static void check_empty(const char *folder)
{
    char **names;
    int64_t n;
    assert_int_equal(cm_folder_list(folder, &names, &n, NULL), CM_OK);
    assert_int_equal(n, 0);
    cm_names_free(names, n);
}

static void check_reports(const folders *f, int kind, cm_audience audience)
{
    cm_results *in_memory = make(kind), *in_file = make(kind);
    move_into_file(in_file, f->temporary);
    check_empty(f->temporary);
    write_report(in_memory, f->memory, audience);
    write_report(in_file, f->file, audience);
    fake_results_free(in_memory);
    fake_results_free(in_file);
    check_same(f, "report.xml");
    check_same(f, "report.html");
    check_same(f, "openebench.json");
}

static void documents_are_the_same_to_the_byte(void **state)
{
    for (int kind = 0; kind < 3; kind++)
        check_reports(*state, kind, CM_AUDIENCE_SITE);
}

static void public_documents_too(void **state)
{
    check_reports(*state, 0, CM_AUDIENCE_PUBLIC);
}

static void a_report_is_computed_again_from_a_file(void **state)
{
    const folders *f = *state;
    cm_remarks remarks = {0};
    const cm_spill_rule rule = {f->temporary, 0};
    cm_results *r = make(0);
    bool same = false;
    write_report(r, f->memory, CM_AUDIENCE_SITE);
    fake_results_free(r);
    char *path = cm_path_join(f->memory, "report.xml");
    assert_int_equal(cm_verify(path, &(cm_verify_options){.threads = 2, .spill = &rule}, &remarks, NULL),
                     CM_OK);
    for (int k = 0; k < remarks.n; k++)
        same |= !strcmp(remarks.list[k].topic, "recomputed") && strstr(remarks.list[k].text, "byte for byte");
    assert_true(same);
    assert_int_equal(remarks.count[CM_REMARK_BROKEN], 0);
    check_empty(f->temporary);
    cm_remarks_fini(&remarks);
    free(path);
}

static void without_a_folder_it_says_so(void **state)
{
    const folders *f = *state;
    cm_remarks remarks = {0};
    cm_error err = {0};
    char *nowhere = cm_path_join(f->top, "not-there"), *path = cm_path_join(f->memory, "report.xml");
    const cm_spill_rule rule = {nowhere, 0}, roomy = {nowhere, 1 << 30};
    cm_results *r = make(0);
    write_report(r, f->memory, CM_AUDIENCE_SITE);
    fake_results_free(r);
    assert_int_equal(cm_verify(path, &(cm_verify_options){.spill = &rule}, &remarks, &err), CM_ERR_IO);
    assert_string_equal(err.where, nowhere);
    cm_remarks_fini(&remarks);
    assert_int_equal(cm_verify(path, &(cm_verify_options){.spill = &roomy}, &remarks, NULL), CM_OK);
    cm_remarks_fini(&remarks);
    free(nowhere);
    free(path);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make_folders, remove_folders)
    const struct CMUnitTest claims[] = {
        CLAIM(documents_are_the_same_to_the_byte), CLAIM(public_documents_too),
        CLAIM(a_report_is_computed_again_from_a_file), CLAIM(without_a_folder_it_says_so)};
    return cmocka_run_group_tests_name("unit.report.spill", claims, NULL, NULL);
}
