#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>

/* Declared by glibc for GNU sources only, which Swift's own view of it is not. */
extern int pthread_setname_np(pthread_t thread, const char *name);

static inline int sluice_kafka_name_thread(const char *name) {
    return pthread_setname_np(pthread_self(), name);
}

/* The flags of production are macros. Without the one to copy, the payload stays the caller's until its report. */
static inline int sluice_kafka_produce(rd_kafka_topic_t *topic, int32_t partition, const void *payload, size_t length,
                                       const void *key, size_t key_length, void *opaque) {
    return rd_kafka_produce(topic, partition, 0, (void *)payload, length, key, key_length, opaque);
}

static inline int32_t sluice_kafka_any_partition(void) { return RD_KAFKA_PARTITION_UA; }
static inline int64_t sluice_kafka_offset_beginning(void) { return RD_KAFKA_OFFSET_BEGINNING; }
static inline int64_t sluice_kafka_offset_invalid(void) { return RD_KAFKA_OFFSET_INVALID; }
static inline int sluice_kafka_purge_all(void) { return RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT; }
