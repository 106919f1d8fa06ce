/* Energy counters read from a made-up powercap folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "engine/base/files.h"
#include "engine/run/meter.h"

static char root[] = "/tmp/cohmark-meter.XXXXXX";

static void write_counter(const char *zone, const char *name, const char *value)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, zone);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%s/%s", root, zone, name);
    assert_int_equal(cm_file_write(path, value, (int64_t)strlen(value), NULL), CM_OK);
}

static void packages_are_summed_and_wraps_handled(void **state)
{
    (void)state;
    cm_meter m;
    write_counter("intel-rapl:0", "energy_uj", "1000000\n");
    write_counter("intel-rapl:0", "max_energy_range_uj", "5000000\n");
    write_counter("intel-rapl:1", "energy_uj", "4000000\n");
    write_counter("intel-rapl:1", "max_energy_range_uj", "5000000\n");
    write_counter("intel-rapl:0:0", "energy_uj", "77\n"); /* a part of package 0: counted there already */
    write_counter("intel-rapl:0:0", "max_energy_range_uj", "100\n");
    cm_meter_open(root, false, &m);
    assert_int_equal(m.n_packages, 2);
    assert_string_equal(m.reason, "");
    cm_energy_reading before = cm_meter_read(&m);
    write_counter("intel-rapl:0", "energy_uj", "3500000\n"); /* 2.5 J */
    write_counter("intel-rapl:1", "energy_uj", "1000000\n"); /* wrapped: 1 + 1 J */
    cm_energy_reading after = cm_meter_read(&m);
    assert_true(cm_meter_joules(&m, &before, &after) == 4.5);
}

static void no_counters_is_a_reason(void **state)
{
    (void)state;
    cm_meter m;
    cm_meter_open("/nonexistent", false, &m);
    assert_string_equal(m.reason, "this machine has no RAPL counters");
    cm_energy_reading r = cm_meter_read(&m);
    assert_true(cm_meter_joules(&m, &r, &r) == -1);
    cm_meter_open(root, true, &m);
    assert_int_equal(m.n_packages, 0);
    assert_non_null(strstr(m.reason, "several ranks"));
}

static void machine_is_named_by_its_cpu(void **state)
{
    (void)state;
    char path[512], name[64];
    const char text[] =
        "processor\t: 0\nvendor_id\t: X\nmodel name\t: Example CPU 9000\nmodel name\t: second\n";
    snprintf(path, sizeof path, "%s/cpuinfo", root);
    assert_int_equal(cm_file_write(path, text, sizeof text - 1, NULL), CM_OK);
    cm_machine_name(path, name, sizeof name);
    assert_string_equal(name, "Example CPU 9000");
    cm_machine_name("/nonexistent", name, sizeof name);
    assert_string_equal(name, "unknown");
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    return cm_folder_remove(root, NULL) ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(packages_are_summed_and_wraps_handled),
                                       cmocka_unit_test(no_counters_is_a_reason),
                                       cmocka_unit_test(machine_is_named_by_its_cpu)};
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
