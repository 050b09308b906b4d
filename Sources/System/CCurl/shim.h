#pragma once

#include <curl/curl.h>
#include <sys/prctl.h>

/* Options and facts have variadic setters and getters, which Swift cannot import. */
static inline CURLcode sluice_curl_set_number(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode sluice_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

/* libcurl copies the text. */
static inline CURLcode sluice_curl_set_text(CURL *handle, CURLoption option, const char *text) {
    return curl_easy_setopt(handle, option, text);
}

/* libcurl keeps the list, which must live until the transfer is over. */
static inline CURLcode sluice_curl_set_fields(CURL *handle, struct curl_slist *fields) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, fields);
}

typedef size_t (*sluice_curl_bytes)(char *bytes, size_t size, size_t count, void *context);
typedef int (*sluice_curl_seek)(void *context, curl_off_t offset, int origin);

static inline void sluice_curl_set_callbacks(
    CURL *handle, void *context, sluice_curl_bytes field, sluice_curl_bytes body, sluice_curl_bytes source,
    sluice_curl_seek seek) {
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, field);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, source);
    curl_easy_setopt(handle, CURLOPT_READDATA, context);
    curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, seek);
    curl_easy_setopt(handle, CURLOPT_SEEKDATA, context);
}

static inline long sluice_curl_status(CURL *handle) {
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static inline CURLMcode sluice_curl_limit_connections(CURLM *multi, long connections) {
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections);
    return curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
}

/* Of a finished transfer; the structure holds a union. */
static inline CURL *sluice_curl_finished(CURLM *multi, CURLcode *result) {
    int waiting = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &waiting)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}

/* A macro of flags that are casts. */
static inline CURLcode sluice_curl_start(void) { return curl_global_init(CURL_GLOBAL_ALL); }

static inline int sluice_curl_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
