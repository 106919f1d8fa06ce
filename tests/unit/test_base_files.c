/* Files: caps before memory, whole or not at all, no way out of a folder. */
#include "tests/scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void assert_holds(const char *path, const char *expected)
{
    char *data = NULL;
    int64_t bytes = 0;
    assert_int_equal(cm_file_read(path, 1 << 20, &data, &bytes, NULL), CM_OK);
    assert_true(bytes == (int64_t)strlen(expected));
    assert_string_equal(data, expected);
    free(data);
}

static void assert_folder_holds(const char *path, int64_t n, const char *const *expected)
{
    char **names = NULL;
    int64_t count = 0;
    assert_int_equal(cm_folder_list(path, &names, &count, NULL), CM_OK);
    assert_true(count == n);
    for (int64_t i = 0; i < n; i++)
        assert_string_equal(names[i], expected[i]);
    cm_names_free(names, count);
}

static void reading_has_a_cap_and_wants_regular_files(void **state)
{
    (void)state;
    char *data = NULL;
    int64_t bytes = -1;
    cm_error err = {0};
    scratch_write("ten", "0123456789", 10);
    scratch_write("none", "", 0);
    assert_holds("ten", "0123456789");
    assert_holds("none", "");
    assert_int_equal(cm_file_read("ten", 9, &data, &bytes, &err), CM_ERR_LIMIT);
    assert_non_null(strstr(err.why, "10 bytes, at most 9 allowed"));
    assert_int_equal(cm_file_read("absent", 9, &data, &bytes, NULL), CM_ERR_NOT_FOUND);
    assert_int_equal(cm_file_read("ten/below", 9, &data, &bytes, NULL), CM_ERR_NOT_FOUND);
    assert_int_equal(cm_file_read(".", 9, &data, &bytes, NULL), CM_ERR_POLICY);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(cm_file_read("pipe", 9, &data, &bytes, NULL), CM_ERR_POLICY); /* and does not wait */
    assert_null(data);
    assert_true(bytes == -1);
}

static void writing_is_whole_or_not_at_all(void **state)
{
    (void)state;
    cm_new_file *f = NULL;
    FILE *file = NULL;
    cm_error err = {0};
    assert_int_equal(cm_file_write("a", "old", 3, NULL), CM_OK);
    assert_int_equal(cm_new_file_open("a", &f, &file, NULL), CM_OK);
    fputs("half", file);
    fflush(file);
    assert_holds("a", "old");
    cm_new_file_abandon(f);
    cm_new_file_abandon(NULL);
    assert_holds("a", "old");
    assert_int_equal(cm_file_write("a", "new!", 4, NULL), CM_OK);
    assert_holds("a", "new!");
    assert_int_equal(cm_file_write("empty", NULL, 0, NULL), CM_OK);
    assert_holds("empty", "");
    assert_int_equal(cm_file_write("absent/a", "x", 1, &err), CM_ERR_IO);
    assert_string_equal(err.where, "absent/a");
    assert_folder_holds(".", 2, (const char *const[]){"a", "empty"});
}

/* The file system stops us after 1,000 bytes: the old content stays and nothing else is left. */
static void a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    struct rlimit before, small;
    char *large = calloc(1, 100000);
    assert_non_null(large);
    assert_int_equal(cm_file_write("a", "old", 3, NULL), CM_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    cm_status st = cm_file_write("a", large, 100000, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(st, CM_ERR_IO);
    assert_holds("a", "old");
    assert_folder_holds(".", 1, (const char *const[]){"a"});
    free(large);
}

static void a_link_in_the_place_of_the_temporary_is_not_followed(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "a.tmp.%ld", (long)getpid());
    scratch_write("victim", "safe", 4);
    assert_int_equal(symlink("victim", name), 0);
    assert_int_equal(cm_file_write("a", "x", 1, NULL), CM_OK);
    assert_holds("victim", "safe");
    assert_holds("a", "x");
}

static void copies_are_equal(void **state)
{
    (void)state;
    const int64_t bytes = 700001; /* more than two blocks */
    char *data = malloc((size_t)bytes), *copy = NULL;
    int64_t copied = 0;
    assert_non_null(data);
    for (int64_t i = 0; i < bytes; i++)
        data[i] = (char)(i * 31 % 251);
    scratch_write("from", data, (size_t)bytes);
    assert_int_equal(cm_file_copy("from", "to", NULL), CM_OK);
    assert_int_equal(cm_file_read("to", bytes, &copy, &copied, NULL), CM_OK);
    assert_true(copied == bytes);
    assert_memory_equal(copy, data, (size_t)bytes);
    free(copy);
    free(data);
    assert_int_equal(cm_file_copy("absent", "to2", NULL), CM_ERR_NOT_FOUND);
    assert_int_equal(cm_file_copy(".", "to2", NULL), CM_ERR_POLICY);
    assert_false(cm_path_exists("to2"));
}

static void folders_are_made_and_removed_without_following_links(void **state)
{
    (void)state;
    cm_error err = {0};
    assert_int_equal(cm_folder_create("f", true, NULL), CM_OK);
    assert_int_equal(cm_folder_create("f", true, &err), CM_ERR_EXISTS);
    assert_int_equal(cm_folder_create("f", false, NULL), CM_OK);
    assert_int_equal(cm_folder_create("x/y", false, NULL), CM_ERR_IO);
    scratch_write("plain", "", 0);
    assert_int_equal(cm_folder_create("plain", false, NULL), CM_ERR_IO);
    assert_int_equal(cm_folder_create("outside", true, NULL), CM_OK);
    scratch_write("outside/keep", "k", 1);
    assert_int_equal(cm_folder_create("f/g", true, NULL), CM_OK);
    assert_int_equal(cm_folder_create("f/g/h", true, NULL), CM_OK);
    scratch_write("f/g/h/file", "x", 1);
    assert_int_equal(symlink("../../outside", "f/g/link"), 0);
    assert_int_equal(symlink("f", "link-to-f"), 0);
    assert_int_equal(cm_folder_remove("link-to-f", NULL), CM_ERR_IO);
    assert_true(cm_path_exists("f/g/h/file"));
    assert_int_equal(cm_folder_remove("f", NULL), CM_OK);
    assert_false(cm_path_exists("f"));
    assert_true(cm_path_exists("link-to-f")); /* the dangling link itself */
    assert_false(cm_path_is_folder("link-to-f"));
    assert_true(cm_path_is_folder("outside"));
    assert_holds("outside/keep", "k");
    assert_int_equal(cm_folder_remove("f", NULL), CM_ERR_NOT_FOUND);
}

static void names_come_sorted(void **state)
{
    (void)state;
    char **names = NULL;
    int64_t count = 0;
    const char *const expected[] = {".hidden", "B", "a", "a1", "a10", "a2"};
    for (size_t i = 0; i < 6; i++)
        scratch_write(expected[(i * 5 + 2) % 6], "", 0);
    assert_folder_holds(".", 6, expected);
    assert_int_equal(cm_folder_create("f", true, NULL), CM_OK);
    assert_folder_holds("f", 0, NULL);
    assert_int_equal(cm_folder_list("absent", &names, &count, NULL), CM_ERR_NOT_FOUND);
    cm_names_free(NULL, 0);
}

static cm_status beneath(const char *relative, const char *expected)
{
    char *path = NULL;
    cm_status st = cm_path_beneath("root", relative, &path, NULL);
    if (expected)
        assert_string_equal(path, expected);
    else
        assert_null(path);
    free(path);
    return st;
}

static void paths_stay_beneath_their_root(void **state)
{
    (void)state;
    assert_int_equal(mkdir("root", 0700), 0);
    assert_int_equal(mkdir("root/sub", 0700), 0);
    assert_int_equal(mkdir("root/..hidden", 0700), 0);
    scratch_write("secret", "s", 1);
    scratch_write("root/a", "a", 1);
    scratch_write("root/sub/b", "b", 1);
    scratch_write("root/..hidden/c", "c", 1);
    assert_int_equal(symlink("../secret", "root/out"), 0);
    assert_int_equal(symlink("a", "root/in"), 0);
    assert_int_equal(symlink("sub", "root/folder-link"), 0);
    assert_int_equal(beneath("a", "root/a"), CM_OK);
    assert_int_equal(beneath("sub/b", "root/sub/b"), CM_OK);
    assert_int_equal(beneath("./sub/b", "root/./sub/b"), CM_OK);
    assert_int_equal(beneath("..hidden/c", "root/..hidden/c"), CM_OK);
    assert_int_equal(beneath("absent", NULL), CM_ERR_NOT_FOUND);
    assert_int_equal(beneath("a/b", NULL), CM_ERR_NOT_FOUND);
    const char *const refused[] = {
        "",  "/etc/passwd", "../secret", "sub/../a",      "..",     "sub/..",          "sub//b", "sub/",
        "/", "out",         "in",        "folder-link/b", "sub/b/", "sub/../../secret"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(beneath(refused[i], NULL), CM_ERR_POLICY);
    char *path = NULL;
    assert_int_equal(cm_path_beneath("absent", "a", &path, NULL), CM_ERR_NOT_FOUND);
    assert_null(path);
    path = cm_path_join("a/", "b");
    assert_string_equal(path, "a/b");
    free(path);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(reading_has_a_cap_and_wants_regular_files),
        IN_SCRATCH(writing_is_whole_or_not_at_all),
        IN_SCRATCH(a_failed_write_leaves_the_old_file),
        IN_SCRATCH(a_link_in_the_place_of_the_temporary_is_not_followed),
        IN_SCRATCH(copies_are_equal),
        IN_SCRATCH(folders_are_made_and_removed_without_following_links),
        IN_SCRATCH(names_come_sorted),
        IN_SCRATCH(paths_stay_beneath_their_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
