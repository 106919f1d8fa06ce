/* A checked graph: nodes in the order they run, values by number. Shared inside engine/model only. */
#ifndef CM_ENGINE_MODEL_GRAPH_H
#define CM_ENGINE_MODEL_GRAPH_H

#include "engine/model/memory.h"
#include "engine/model/model.h"

typedef struct cm_operator cm_operator; /* operator.h */

/* Caps that no caller changes; docs/limits.md lists them with those of cm_model_limits. */
enum {
    CM_CAP_NAME = 256,              /* bytes in a name */
    CM_CAP_LINKS = 4096,            /* inputs, and outputs, of one node */
    CM_CAP_ALL_LINKS = 1000000,     /* inputs and outputs of all nodes together */
    CM_CAP_ATTRIBUTES = 32,         /* of one node */
    CM_CAP_ATTRIBUTE_ITEMS = 65536, /* numbers in one attribute */
    CM_CAP_INITIALIZERS = 100000,
    CM_CAP_BRANCH_DEPTH = 4, /* branches of If inside branches */
    CM_CAP_GRAPH_IO = 64,    /* graph outputs, and graph inputs that are not initialisers */
    CM_OPSET_MIN = 6,
    CM_OPSET_MAX = 23
};

/* AttributeProto.AttributeType, those that are read */
typedef enum cm_attribute_kind {
    CM_ATTRIBUTE_FLOAT = 1,
    CM_ATTRIBUTE_INT = 2,
    CM_ATTRIBUTE_STRING = 3,
    CM_ATTRIBUTE_TENSOR = 4,
    CM_ATTRIBUTE_FLOATS = 6,
    CM_ATTRIBUTE_INTS = 7
} cm_attribute_kind;

typedef struct cm_attribute {
    const char *name;
    cm_attribute_kind kind;
    double f;
    int64_t i;
    const char *s;
    int64_t count; /* of floats or ints */
    const double *floats;
    const int64_t *ints;
    const cm_tensor *tensor;
} cm_attribute;

typedef struct cm_node {
    const char *name; /* as the file has it, may be "" */
    const char *type; /* operator name */
    const cm_operator *op;
    int64_t position; /* in the file, from 0; inside a branch, that of its If */
    int32_t scope;    /* the branch it belongs to; 0 = none */
    int n_inputs, n_outputs, n_attributes;
    int32_t *inputs, *outputs; /* value numbers; -1 = left out */
    cm_attribute *attributes;
} cm_node;

typedef struct cm_value {
    const char *name;
    const cm_tensor *constant; /* initialiser or Constant; NULL otherwise */
    int32_t producer;          /* node that writes it, -1 for inputs and initialisers */
} cm_value;

/* A branch of an If: where its names are known, and when its nodes are run. */
typedef struct cm_scope {
    int32_t parent;    /* -1 for scope 0, the graph itself */
    bool when;         /* the condition is to be this */
    int32_t condition; /* value number */
    int depth;
} cm_scope;

struct cm_model {
    cm_memory memory;
    cm_model_limits limits; /* it was opened with */
    const uint8_t *file;
    int64_t file_bytes;
    bool is_borrowed; /* file belongs to somebody else */
    bool is_mapped;   /* file is a private mapping that nobody writes to: pages given back come again */
    cm_digest digest;
    int opset;
    int64_t parameters, initializer_bytes;
    int64_t n_nodes;
    cm_node *nodes;
    int64_t n_scopes;
    cm_scope *scopes;
    int64_t n_values;
    cm_value *values;
    int n_inputs, n_outputs;
    cm_model_io *inputs, *outputs;
    int32_t *input_values, *output_values;
};

/* Constants that are read as they are get an aligned copy where the file holds them unaligned; weights of
 * convolutions and matrix products, which are packed anyway, stay where they are. Errors: CM_ERR_NOMEM. */
cm_status cm_model_align_constants(cm_model *model, cm_error *err);
/* The pages that lie within these bytes of the file leave memory; reading them fetches them again. */
void cm_model_give_back(const cm_model *model, const void *data, int64_t bytes);

/* "node 37 "up4/Conv" (Conv)" for the where of an error. */
cm_str cm_node_where(const cm_node *node);

#endif
