#pragma once

#include <avro.h>
#include <stdlib.h>

/* The calls on values are macros over a table of functions. */
static inline int sluice_avro_reset(avro_value_t *value) { return avro_value_reset(value); }
static inline void sluice_avro_decref(avro_value_t *value) { avro_value_decref(value); }
static inline void sluice_avro_decref_iface(avro_value_iface_t *iface) { avro_value_iface_decref(iface); }
static inline avro_type_t sluice_avro_type(const avro_value_t *value) { return avro_value_get_type(value); }
static inline avro_schema_t sluice_avro_schema(const avro_value_t *value) { return avro_value_get_schema(value); }
static inline int sluice_avro_size(const avro_value_t *value, size_t *size) { return avro_value_get_size(value, size); }
static inline int sluice_avro_by_index(const avro_value_t *value, size_t index, avro_value_t *child) {
    return avro_value_get_by_index(value, index, child, NULL);
}
static inline int sluice_avro_by_name(const avro_value_t *value, const char *name, avro_value_t *child) {
    return avro_value_get_by_name(value, name, child, NULL);
}
static inline int sluice_avro_append(avro_value_t *value, avro_value_t *child) {
    return avro_value_append(value, child, NULL);
}
static inline int sluice_avro_set_branch(avro_value_t *value, int branch, avro_value_t *child) {
    return avro_value_set_branch(value, branch, child);
}
static inline int sluice_avro_current_branch(const avro_value_t *value, avro_value_t *child) {
    return avro_value_get_current_branch(value, child);
}
static inline int sluice_avro_set_null(avro_value_t *value) { return avro_value_set_null(value); }
static inline int sluice_avro_set_int(avro_value_t *value, int32_t number) { return avro_value_set_int(value, number); }
static inline int sluice_avro_set_long(avro_value_t *value, int64_t number) {
    return avro_value_set_long(value, number);
}
static inline int sluice_avro_set_double(avro_value_t *value, double number) {
    return avro_value_set_double(value, number);
}
/* libavro counts the terminating zero in. */
static inline int sluice_avro_set_string(avro_value_t *value, const char *text, size_t length) {
    return avro_value_set_string_len(value, (char *)text, length + 1);
}
static inline int sluice_avro_get_int(const avro_value_t *value, int32_t *number) {
    return avro_value_get_int(value, number);
}
static inline int sluice_avro_get_long(const avro_value_t *value, int64_t *number) {
    return avro_value_get_long(value, number);
}
static inline int sluice_avro_get_double(const avro_value_t *value, double *number) {
    return avro_value_get_double(value, number);
}
static inline int sluice_avro_get_string(const avro_value_t *value, const char **text, size_t *length) {
    return avro_value_get_string(value, text, length);
}

/* Lengths on the wire are a stranger's word, and libavro reserves memory for them: this is the most it gets at once. */
static inline void *sluice_avro_reserve(void *unused, void *old, size_t old_size, size_t size) {
    (void)unused;
    (void)old_size;
    if (size == 0) {
        free(old);
        return NULL;
    }
    return size > ((size_t)16 << 20) ? NULL : realloc(old, size);
}
static inline void sluice_avro_bound_memory(void) { avro_set_allocator(sluice_avro_reserve, NULL); }
