#pragma once

#include <postgresql/libpq-fe.h>
#include <sys/prctl.h>

/* PG_DIAG_... are character literals, which Swift imports as another type than the function takes. */
static inline const char *sluice_pq_sql_state(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

static inline const char *sluice_pq_message(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}

/* prctl is variadic. */
static inline int sluice_pq_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
