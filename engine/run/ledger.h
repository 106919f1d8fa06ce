/* run.db: what was to be done, what was tried, what came of it. SQLite; one writer (rank 0's main thread). A
 * result counts when its transaction has committed. Tables: docs/formats.md. */
#ifndef CM_ENGINE_RUN_LEDGER_H
#define CM_ENGINE_RUN_LEDGER_H

#include <sqlite3.h>
#include <stddef.h>

#include "engine/run/item.h"
#include "engine/run/results.h"

typedef struct cm_ledger {
    sqlite3 *db;
    sqlite3_stmt *put_item, *put_value, *put_score, *put_evidence, *drop_values, *drop_scores, *put_attempt,
        *end_attempt;
} cm_ledger;

/* Creates run.db in a new run folder, with the cohort's description and the cases and tools to run. */
cm_status cm_ledger_create(const char *run_folder, const cm_bench *bench, const cm_cohort *cohort,
                           const int64_t *case_index, int64_t n_cases, const cm_tool_info *tools,
                           const cm_tool_cost *costs, int n_tools, cm_ledger *out, cm_error *err);
/* Opens an existing one; read_only for status and reports. CM_ERR_NOT_FOUND, CM_ERR_FORMAT (another schema
 * version). */
cm_status cm_ledger_open(const char *run_folder, bool read_only, cm_ledger *out, cm_error *err);
void cm_ledger_close(cm_ledger *ledger); /* zeroed struct is fine */

cm_status cm_ledger_begin(cm_ledger *ledger, cm_error *err);
cm_status cm_ledger_commit(cm_ledger *ledger, cm_error *err);

/* A start of the program. *launch: its number; *first_shard: shard numbers first_shard + rank belong to it.
 */
cm_status cm_ledger_launch_begin(cm_ledger *ledger, int ranks, int threads, const char *variant,
                                 const char *machine, const char *energy_reason, int *launch,
                                 int *first_shard, cm_error *err);
cm_status cm_ledger_launch_end(cm_ledger *ledger, int launch, double wall_s, cm_error *err);

cm_status cm_ledger_put_attempt(cm_ledger *ledger, int launch, int rank, const cm_work *work, cm_error *err);
cm_status cm_ledger_put_result(cm_ledger *ledger, const cm_outcome *outcome, int n_targets, int n_metrics,
                               cm_error *err);

/* State of each item, [tool][case]; suspects[i] = 1 where an attempt never ended. Arrays given by the caller.
 */
cm_status cm_ledger_states(cm_ledger *ledger, int64_t n_cases, uint8_t *states, uint8_t *suspects,
                           cm_error *err);
/* Takes an item back to open (its prediction was lost with a killed writer). */
cm_status cm_ledger_reopen(cm_ledger *ledger, int tool, int64_t case_number, cm_error *err);

/* meta: one text per key. get: "" when absent. */
cm_status cm_ledger_put_meta(cm_ledger *ledger, const char *key, const char *value, cm_error *err);
cm_status cm_ledger_get_meta(cm_ledger *ledger, const char *key, char *buf, int64_t size, cm_error *err);
cm_status cm_ledger_put_pictures(cm_ledger *ledger, const cm_picture *pictures, int n, cm_error *err);

/* Small SQLite helpers shared by the ledger's files: prepare with the message in err; step that expects done;
 * end of a reading row by row, which fails (CM_ERR_IO) when it was not the last row that ended it: a damaged
 * ledger must not look like a shorter one. `st` is what the reader itself found, and goes first. */
cm_status cm_sql_prepare(cm_ledger *ledger, const char *sql, sqlite3_stmt **out, cm_error *err);
cm_status cm_sql_done(cm_ledger *ledger, sqlite3_stmt *statement, cm_error *err);
cm_status cm_sql_end(cm_ledger *ledger, sqlite3_stmt *statement, cm_status st, cm_error *err);
cm_status cm_sql_run(cm_ledger *ledger, const char *sql, cm_error *err);
/* Text column copied, always terminated. */
void cm_sql_text(sqlite3_stmt *row, int column, char *buf, size_t size);

#endif
