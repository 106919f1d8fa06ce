/* Writes the binary part of the seed corpus (tests/fuzz/corpus/onnx, tool_pack, image) into a folder; the
 * graphs come from the texts of corpus/plan: make_corpus CORPUS OUT. A test compares the committed files with
 * what this writes; the build target `fuzz_corpus` renews them. Inputs that a fuzzer found are named found-*
 * and are not made here. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/net_text.h"
#include "tests/image_files.h"

static const char *out_folder;

static void save(const char *kind, const char *name, const void *data, int64_t size)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", out_folder, kind);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", out_folder, kind, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(data, 1, (size_t)size, f) != (size_t)size || fclose(f)) {
        perror(path);
        exit(1);
    }
}

static void save_model(const char *name, ow_buf *model)
{
    save("onnx", name, model->data, model->size);
    ow_free(model);
}

/* -- ONNX -- */

static void texts_as_models(const char *corpus)
{
    char path[1200], name[300];
    static char text[65536];
    snprintf(path, sizeof path, "%s/plan", corpus);
    DIR *folder = opendir(path);
    if (!folder) exit(1);
    for (struct dirent *e; (e = readdir(folder));) {
        if (e->d_name[0] == '.' || !strncmp(e->d_name, "found-", 6)) continue;
        snprintf(path, sizeof path, "%s/plan/%s", corpus, e->d_name);
        FILE *f = fopen(path, "rb");
        if (!f) exit(1);
        const size_t n = fread(text, 1, sizeof text, f);
        fclose(f);
        net made = net_from_text(text, n);
        snprintf(name, sizeof name, "%s.onnx", e->d_name);
        save_model(name, &made.model);
    }
    closedir(folder);
}

static ow_buf start(void)
{
    ow_buf g = {0};
    ow_input(&g, "x", OW_FLOAT, 4, (const int64_t[]){1, 3, 8, 8});
    return g;
}

static ow_buf finish(ow_buf *g)
{
    ow_output(g, "y", OW_FLOAT, 4, (const int64_t[]){1, 3, 8, 8});
    return ow_model(g, 13);
}

/* x + w */
static void save_weight(const char *name, ow_buf *w)
{
    ow_buf g = start();
    ow_initializer(&g, w);
    ow_node(&g, "Add", "x,w", "y", NULL);
    ow_buf model = finish(&g);
    save_model(name, &model);
}

static void hostile_weights(void)
{
    ow_buf w = ow_tensor("w", OW_FLOAT, 1, (const int64_t[]){3}), entry = {0};
    ow_string(&entry, 1, "location");
    ow_string(&entry, 2, "../../../../etc/hostname");
    ow_message(&w, 13, &entry);
    ow_int(&w, 14, 1);
    save_weight("external.onnx", &w);
    const int64_t wrap[3] = {INT64_C(1) << 32, INT64_C(1) << 32, 4}, negative[3] = {3, -1, 1};
    w = ow_tensor("w", OW_FLOAT, 3, wrap);
    save_weight("overflow.onnx", &w);
    w = ow_tensor("w", OW_FLOAT, 3, negative);
    save_weight("negative.onnx", &w);
    w = ow_tensor("w", OW_FLOAT, 1, (const int64_t[]){2}); /* typed fields */
    ow_float(&w, 4, 0.5f);
    ow_float(&w, 4, -0.5f);
    save_weight("typed.onnx", &w);
    w = ow_tensor("w", OW_BFLOAT16, 1, (const int64_t[]){1});
    ow_int(&w, 5, 0x3f80);
    save_weight("bfloat.onnx", &w);
    w = ow_tensor_raw("w", OW_DOUBLE, 1, (const int64_t[]){1}, &(double){0.5}, 8);
    save_weight("double.onnx", &w);
    w = ow_tensor("w", OW_STRING, 1, (const int64_t[]){1});
    ow_string(&w, 6, "text");
    save_weight("string.onnx", &w);
}

static void hostile_graphs(void)
{
    ow_buf g = start(), body = start(), a = {0}, list = {0};
    ow_string(&a, 1, "body");
    ow_message(&a, 6, &body);
    ow_int(&a, 20, 5);
    ow_message(&list, 5, &a);
    ow_node(&g, "Loop", "x", "y", &list);
    ow_buf model = finish(&g);
    save_model("loop.onnx", &model);
    g = start();
    ow_node(&g, "Add", "x,b", "a", NULL);
    ow_node(&g, "Relu", "a", "b", NULL);
    ow_node(&g, "Identity", "b", "y", NULL);
    model = finish(&g);
    save_model("cycle.onnx", &model);
    g = start();
    ow_node(&g, "Relu", "x", "y", NULL);
    model = finish(&g);
    ow_buf part = {0};
    ow_string(&part, 1, "f");
    ow_message(&model, 25, &part);
    save_model("function.onnx", &model);
}

/* Two branches chosen by the number of rows, one of them with an If of its own. */
static void branches(void)
{
    const int64_t one[] = {1};
    ow_buf g = {0}, yes = {0}, no = {0}, inner[2] = {{0}, {0}}, a = {0};
    ow_input(&g, "x", OW_FLOAT, 2, (const int64_t[]){-1, 2});
    ow_buf t = ow_tensor_i64("first", 1, one, (const int64_t[]){0});
    ow_initializer(&g, &t);
    t = ow_tensor_i64("one", 1, one, one);
    ow_initializer(&g, &t);
    ow_node(&g, "Shape", "x", "s", NULL);
    ow_node(&g, "Gather", "s,first", "d", NULL);
    ow_node(&g, "Equal", "d,one", "c", NULL);
    t = ow_tensor_f32("w", 1, one, (const float[]){2});
    ow_initializer(&yes, &t);
    ow_node(&yes, "Mul", "x,w", "r", NULL);
    ow_output(&yes, "r", OW_FLOAT, 0, NULL);
    for (int i = 0; i < 2; i++) {
        ow_node(&inner[i], i ? "Neg" : "Abs", "x", "q", NULL);
        ow_output(&inner[i], "q", OW_FLOAT, 0, NULL);
    }
    ow_attr_graph(&a, "then_branch", &inner[0]);
    ow_attr_graph(&a, "else_branch", &inner[1]);
    ow_node(&no, "If", "c", "r", &a);
    ow_output(&no, "r", OW_FLOAT, 0, NULL);
    ow_attr_graph(&a, "then_branch", &yes);
    ow_attr_graph(&a, "else_branch", &no);
    ow_node(&g, "If", "c", "y", &a);
    ow_output(&g, "y", OW_FLOAT, 0, NULL);
    ow_buf model = ow_model(&g, 17);
    save_model("branches.onnx", &model);
}

/* -- packed tools: ustar members of 64 bytes each -- */

static void archive_member(bytes *b, const char *name, const char *content)
{
    char h[512] = {0};
    unsigned sum = 0;
    const size_t n = strlen(content);
    snprintf(h, 100, "%s", name);
    memcpy(h + 100, "0000644", 8);
    memcpy(h + 108, "0000000", 8);
    memcpy(h + 116, "0000000", 8);
    snprintf(h + 124, 12, "%011o", (unsigned)n);
    memcpy(h + 136, "00000000000", 12);
    memset(h + 148, ' ', 8);
    h[156] = '0';
    memcpy(h + 257, "ustar\00000", 8);
    for (int i = 0; i < 512; i++)
        sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
    bytes_add(b, h, 512);
    bytes_add(b, content, (int64_t)n);
    bytes_add_zeros(b, (int64_t)(512 - n % 512) % 512);
}

static void archives(void)
{
    bytes b = {0};
    archive_member(&b, "tool.xml", "<tool/>");
    archive_member(&b, "model.onnx", "not a model");
    archive_member(&b, "LICENSE", "words");
    bytes_add_zeros(&b, 1024);
    save("tool_pack", "three.tool", b.data, b.count);
    bytes_free(&b);
    archive_member(&b, "../tool.xml", "<tool/>");
    bytes_add_zeros(&b, 1024);
    save("tool_pack", "up.tool", b.data, b.count);
    bytes_free(&b);
}

/* -- images -- */

static void nifti_images(void)
{
    uint8_t voxels[120];
    for (int i = 0; i < 120; i++)
        voxels[i] = (uint8_t)(i * 7);
    for (int kind = 0; kind < 8; kind++) {
        const nifti_spec s = {.version = 1 + (kind & 1),
                              .other_endian = kind & 2,
                              .datatype = 4,
                              .bitpix = 16,
                              .dim = {4, 3, 4, 5, 1, 1, 1, 1},
                              .pixdim = {1, 1, 2, 3, 1},
                              .slope = 2,
                              .intercept = 1,
                              .units = 2,
                              .qform_code = 1,
                              .sform_code = kind & 4 ? 1 : 0,
                              .srow = {{-1, 0, 0, 0}, {0, -2, 0, 0}, {0, 0, 3, 0}},
                              .descrip = kind == 3 ? "text" : NULL};
        char name[32];
        bytes file = nifti_file(&s, voxels, sizeof voxels);
        if (kind & 4) {
            bytes packed = gzip_of(&file, kind == 7 ? "name" : NULL, NULL);
            bytes_free(&file);
            file = packed;
        }
        snprintf(name, sizeof name, "nifti-%d%s", kind, kind & 4 ? ".nii.gz" : ".nii");
        save("image", name, file.data, file.count);
        bytes_free(&file);
    }
}

static void png_images(void)
{
    static const struct {
        int depth, colour, width;
    } kinds[] = {{8, 0, 12}, {8, 2, 4}, {16, 0, 6}, {8, 3, 12}};
    static const uint8_t palette[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    uint8_t rows[13 * 13] = {0};
    for (int y = 0; y < 13; y++)
        for (int x = 1; x < 13; x++)
            rows[13 * y + x] = (uint8_t)((x * y) % 4);
    for (int kind = 0; kind < 4; kind++) {
        char name[32];
        bytes file = {0};
        png_begin(&file, (uint32_t)kinds[kind].width, 13, kinds[kind].depth, kinds[kind].colour);
        if (kind == 3) png_add_chunk(&file, "PLTE", palette, sizeof palette);
        if (kind == 1) png_add_chunk(&file, "tEXt", "k\0v", 3);
        png_add_rows(&file, rows, sizeof rows);
        png_end(&file);
        snprintf(name, sizeof name, "png-%d.png", kind);
        save("image", name, file.data, file.count);
        bytes_free(&file);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    out_folder = argv[2];
    mkdir(out_folder, 0777);
    texts_as_models(argv[1]);
    hostile_weights();
    hostile_graphs();
    branches();
    archives();
    nifti_images();
    png_images();
    return 0;
}
