/* cohmark doctor: what this machine offers, what is missing, and what to do about it. Asks every library for
 * its own version; starts neither MPI nor a model. */
#include "engine/cli/doctor_internal.h"

#include <dlfcn.h>
#include <getopt.h>
#include <hdf5.h>
#include <jansson.h>
#include <libdeflate.h>
#include <libxml/parser.h>
#include <libxslt/xslt.h>
#include <mpi.h>
#include <openssl/crypto.h>
#include <png.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "engine/base/xml.h"
#include "engine/cli/cli.h"

enum { MAX_FINDINGS = 32 };

static const char *const state_names[] = {"ok", "warn", "missing"};

typedef struct findings {
    cm_finding item[MAX_FINDINGS];
    int count;
} findings;

static void add(findings *all, cm_finding finding)
{
    if (all->count < MAX_FINDINGS) all->item[all->count++] = finding;
}

static void print_help(void)
{
    printf("Usage: cohmark doctor [--format text|json]\n"
           "\n"
           "Says what this machine offers: MPI and launcher, PMIx, libraries and their versions, processor,\n"
           "whether its fastest kernels give the same bits as the plain definition, memory, energy counter,\n"
           "GPU driver, built-in schemas, and whether files can be written here and in TMPDIR. Starts\n"
           "nothing and leaves nothing behind.\n"
           "\n"
           "Each line is ok, warn (it works, with less) or missing (it does not work), with what to do.\n"
           "\n"
           "  --format text|json   how to print (default text)\n"
           "  --help               this text\n"
           "\n"
           "Exit code: 0 when nothing is missing, 7 otherwise.\n"
           "\n"
           "Example: srun -n 1 cohmark doctor\n");
}

static cm_finding check_mpi(void)
{
    cm_finding f = {.name = "MPI"};
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0, version = 0, subversion = 0;
    /* Both may be called before MPI_Init (MPI 3.1, section 8.7). */
    if (MPI_Get_library_version(text, &length) || MPI_Get_version(&version, &subversion)) {
        f.state = CM_FINDING_MISSING;
        f.found = cm_strf("the MPI library does not answer");
        f.advice = cm_strf("Load the MPI module that cohmark was built with");
        return f;
    }
    f.found = cm_strf("MPI %d.%d, %.*s", version, subversion, (int)strcspn(text, ",\n"), text);
    if (version < 3) {
        f.state = CM_FINDING_MISSING;
        f.advice = cm_strf("MPI 3.0 or later is needed");
    }
    return f;
}

/* By the variables that launchers set for each process they start; cohmark run looks at the first three. */
static cm_finding check_launcher(void)
{
    static const struct {
        const char *variable, *name;
    } launchers[] = {{"OMPI_COMM_WORLD_SIZE", "Open MPI"},
                     {"PMIX_RANK", "a PMIx launcher"},
                     {"PMI_RANK", "a PMI launcher"}};
    cm_finding f = {.name = "launcher"};
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        if (getenv(launchers[i].variable)) {
            f.found = cm_strf("started by %s", launchers[i].name);
            return f;
        }
    }
    if (getenv("SLURM_STEP_ID")) {
        f.state = CM_FINDING_WARN;
        f.found = cm_strf("srun, but without PMIx or PMI: each task would run alone");
        f.advice = cm_strf("Use srun --mpi=pmix (srun --mpi=list shows what there is)");
    } else if (getenv("SLURM_JOB_ID")) {
        f.found = cm_strf("none, inside a Slurm job: runs as one rank (start with srun for more)");
    } else {
        f.found = cm_strf("none: runs as one rank (start with mpirun or srun for more)");
    }
    return f;
}

static cm_finding check_pmix(void)
{
    cm_finding f = {.name = "PMIx"};
    void *library = dlopen("libpmix.so.2", RTLD_LAZY | RTLD_LOCAL);
    const char *(*version)(void) = NULL;
    if (library) /* POSIX's way to turn an object pointer into a function pointer */
        *(void **)&version = dlsym(library, "PMIx_Get_version");
    if (version) {
        f.found = cm_strf("%.*s", (int)strcspn(version(), "\n"), version());
    } else {
        f.state = CM_FINDING_WARN;
        f.found = cm_strf("no libpmix.so.2 found");
        f.advice = cm_strf("Only needed for srun --mpi=pmix; mpirun works without it");
    }
    if (library) dlclose(library);
    return f;
}

static cm_finding check_hdf5(void)
{
    cm_finding f = {.name = "HDF5"};
    unsigned major = 0, minor = 0, release = 0;
    hbool_t thread_safe = 0;
    if (H5get_libversion(&major, &minor, &release) < 0 || H5is_library_threadsafe(&thread_safe) < 0) {
        f.state = CM_FINDING_MISSING;
        f.found = cm_strf("the HDF5 library does not answer");
        return f;
    }
#ifdef H5_HAVE_PARALLEL
    const char *parallel = "parallel";
#else
    const char *parallel = "serial";
#endif
    f.found = cm_strf("%u.%u.%u, %s, %s (neither matters: one thread of one rank writes a file)", major,
                      minor, release, parallel, thread_safe ? "thread-safe" : "not thread-safe");
    if (major != H5_VERS_MAJOR || minor != H5_VERS_MINOR) {
        f.state = CM_FINDING_MISSING;
        f.advice =
            cm_strf("Built with HDF5 %d.%d: load that module, or build again", H5_VERS_MAJOR, H5_VERS_MINOR);
    }
    return f;
}

static void check_libraries(findings *all)
{
    char png_version[32], xslt_version[32], deflate_version[32];
    const png_uint_32 png = png_access_version_number();
    snprintf(png_version, sizeof png_version, "%u.%u.%u", (unsigned)(png / 10000),
             (unsigned)(png / 100 % 100), (unsigned)(png % 100));
    snprintf(xslt_version, sizeof xslt_version, "%d.%d.%d", xsltLibxsltVersion / 10000,
             xsltLibxsltVersion / 100 % 100, xsltLibxsltVersion % 100);
    snprintf(deflate_version, sizeof deflate_version, "%s (when built)", LIBDEFLATE_VERSION_STRING);
    const struct {
        const char *name, *version;
    } libraries[] = {
        {"libxml2", LIBXML_DOTTED_VERSION},
        {"libxslt", xslt_version},
        {"SQLite", sqlite3_libversion()},
        {"libdeflate", deflate_version},
        {"zlib", zlibVersion()},
        {"libpng", png_version},
        {"jansson", jansson_version_str()},
        {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
    };
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        add(all, (cm_finding){.name = libraries[i].name, .found = cm_strf("%s", libraries[i].version)});
}

/* The schemas as the parts embed them. */
extern const unsigned char cm_cohort_xsd[], cm_cohort_xsd_end[];
extern const unsigned char cm_tool_xsd[], cm_tool_xsd_end[];
extern const unsigned char cm_bench_xsd[], cm_bench_xsd_end[];
extern const unsigned char cm_report_xsd[], cm_report_xsd_end[];
static const cm_schema schemas[] = {
    {"cohort.xsd", cm_cohort_xsd, cm_cohort_xsd_end},
    {"tool.xsd", cm_tool_xsd, cm_tool_xsd_end},
    {"bench.xsd", cm_bench_xsd, cm_bench_xsd_end},
    {"report.xsd", cm_report_xsd, cm_report_xsd_end},
};

/* A document that is no instance of any schema must be refused for that reason; anything else means that the
 * schema itself is broken. */
static cm_finding check_schemas(void)
{
    cm_finding f = {.name = "schemas"};
    cm_str names = {""};
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        xmlDocPtr doc = NULL;
        cm_error err = {0};
        const cm_status st = cm_xml_parse("<none/>", 7, "doctor", &schemas[i], &doc, &err);
        xmlFreeDoc(doc);
        if (st != CM_ERR_SCHEMA) {
            f.state = CM_FINDING_MISSING;
            f.found = cm_strf("%s: %s", schemas[i].name, err.why);
            f.advice = cm_strf("The program is damaged, or libxml2 is too old: build it again");
            return f;
        }
        names = cm_strf("%s%s%s", names.s, i ? ", " : "", schemas[i].name);
    }
    f.found = cm_strf("%s parse", names.s);
    return f;
}

static void examine(findings *all)
{
    add(all, check_mpi());
    add(all, check_launcher());
    add(all, check_pmix());
    add(all, check_hdf5());
    check_libraries(all);
    add(all, cm_doctor_processor());
    add(all, cm_doctor_kernels());
    add(all, cm_doctor_cores());
    add(all, cm_doctor_memory());
    add(all, cm_doctor_energy());
    add(all, cm_doctor_gpu());
    add(all, check_schemas());
    add(all, cm_doctor_folder("this folder", "."));
    add(all, cm_doctor_folder("temporary files", cm_temporary_folder()));
}

static void print_text(const findings *all, cm_finding_state worst)
{
    static const char *const verdicts[] = {"All is there.", "It works; see the lines marked warn.",
                                           "Something is missing; see the lines marked so."};
    printf("cohmark %s\n", CM_VERSION);
    for (int i = 0; i < all->count; i++) {
        const cm_finding *f = &all->item[i];
        printf("%-8s %-16s %s\n", state_names[f->state], f->name, f->found.s);
        if (f->advice.s[0]) printf("%-25s -> %s\n", "", f->advice.s);
    }
    printf("%s\n", verdicts[worst]);
}

static cm_status print_json(const findings *all, cm_finding_state worst)
{
    json_t *checks = json_array();
    for (int i = 0; i < all->count; i++) {
        const cm_finding *f = &all->item[i];
        json_array_append_new(checks,
                              json_pack("{s:s, s:s, s:s, s:s}", "name", f->name, "state",
                                        state_names[f->state], "found", f->found.s, "advice", f->advice.s));
    }
    json_t *document =
        json_pack("{s:s, s:s, s:o}", "version", CM_VERSION, "state", state_names[worst], "checks", checks);
    const bool printed = document && json_array_size(checks) == (size_t)all->count &&
                         json_dumpf(document, stdout, JSON_INDENT(2)) == 0;
    json_decref(document);
    printf("\n");
    return printed ? CM_OK : CM_ERR_NOMEM;
}

int cm_verb_doctor(int argc, char **argv)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool json = false;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            print_help();
            return CM_EXIT_OK;
        }
        if (c != 'f') return cm_option_error("doctor", c, argv);
        if (cm_parse_format("doctor", optarg, &json)) return CM_EXIT_USAGE;
    }
    if (optind < argc) return cm_usage_error("doctor", "takes no argument, but got \"%s\"", argv[optind]);

    findings *all = calloc(1, sizeof *all);
    if (!all) {
        cm_error err = {0};
        (void)CM_FAIL(&err, CM_ERR_NOMEM, .what = "no memory");
        return cm_print_error(&err);
    }
    examine(all);
    cm_finding_state worst = CM_FINDING_OK;
    for (int i = 0; i < all->count; i++) {
        if (all->item[i].state > worst) worst = all->item[i].state;
    }
    cm_status st = CM_OK;
    if (json)
        st = print_json(all, worst);
    else
        print_text(all, worst);
    free(all);
    if (st) return cm_exit_code(st);
    return worst == CM_FINDING_MISSING ? CM_EXIT_ENVIRONMENT : CM_EXIT_OK;
}
