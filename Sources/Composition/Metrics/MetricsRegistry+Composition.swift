import DeliveryService
import IngestService
import KafkaBackend
import LocalBackend
import Network
import PostgresBackend
import S3Backend
import StreamingCore

// What is read at a scrape, from those who know it anyway.

extension MetricsRegistry {
    func addBuild(_ roles: Role) {
        ProcessMetrics.register(in: self)
        let version = Invocation.versionNumber
        gauges("sluice_build_info", "Always 1; its label is the version.", label: "version", childrenMax: 1) {
            [(version, 1)]
        }
    }

    func addConnections(_ listener: TCPListener, port: String, max: Int) {
        gauge("sluice_\(port)_connections", "Connections that are open.") { Double(listener.connectionCount) }
        gauge("sluice_\(port)_connections_max", "Connections that may be open.") { Double(max) }
    }

    func addBroadcasts(_ registry: BroadcastRegistry) {
        gauge("sluice_ingest_broadcasts", "Broadcasts whose encoder is connected.") {
            Double(registry.counts.published)
        }
        gauge("sluice_ingest_waiting_broadcasts", "Broadcasts whose encoder is gone and may come back.") {
            Double(registry.counts.waiting)
        }
    }

    func addDelivery(_ service: DeliveryService) {
        gauge("sluice_delivery_held_requests", "Requests that are held for what is about to come.") {
            Double(service.heldRequestCount)
        }
        gauge("sluice_delivery_streams", "Streams that can be asked for.") { Double(service.streamCounts.known) }
        gauge("sluice_delivery_live_streams", "Those of them that are on air, or may come back.") {
            Double(service.streamCounts.live)
        }
    }

    func addFrameLog(_ log: LocalFrameLog) {
        gauge("sluice_framelog_waiting_entries", "Frames that wait to be read.") { Double(log.backlog.entries) }
        gauge("sluice_framelog_waiting_bytes", "Payload of the frames that wait to be read.") {
            Double(log.backlog.bytes)
        }
    }

    func addSegments(_ store: TieredSegmentStore, bytesMax: Int) {
        gauge("sluice_segments_memory_bytes", "Memory that segments take, within their budget.") {
            Double(store.counters.memoryBytes)
        }
        gauge("sluice_segments_memory_max_bytes", "The budget of that memory.") { Double(bytesMax) }
        gauge("sluice_segments_spilling_bytes", "Segments on their way from memory to the disk or to another store.") {
            Double(store.counters.spillingBytes)
        }
        counter("sluice_segments_spilled_total", "Segments that memory had no room for, and that were written.") {
            Double(store.counters.spilledSegments)
        }
        counter("sluice_segments_dropped_total", "Segments forgotten because there was no room for them anywhere.") {
            Double(store.counters.droppedSegments)
        }
        counter("sluice_segments_failed_total", "Segments lost because they could not be written.") {
            Double(store.counters.failedSegments)
        }
    }

    func addPool(_ database: PostgresDatabase, max: Int) {
        gauge("sluice_database_connections", "Connections to the database that are open, or about to be.") {
            Double(database.occupancy.connections)
        }
        gauge("sluice_database_connections_busy", "Those of them that are in use.") { Double(database.occupancy.busy) }
        gauge("sluice_database_connections_max", "Connections that may be open.") { Double(max) }
        gauge("sluice_database_waiting_calls", "Calls that wait for a connection.") {
            Double(database.occupancy.waiting)
        }
    }

    func addKafka(_ cluster: KafkaCluster, bytesMax: Int) {
        gauge("sluice_kafka_waiting_records", "Records that wait for Kafka in this process.") {
            Double(cluster.waitingRecords)
        }
        gauge("sluice_kafka_waiting_bytes", "Bytes that wait for Kafka in this process.") {
            Double(cluster.waitingBytes)
        }
        gauge("sluice_kafka_waiting_max_bytes", "How many may; then frames are dropped.") { Double(bytesMax) }
    }

    func addUploads(_ uploader: S3Uploader) {
        gauge("sluice_s3_waiting_uploads", "Objects that wait to be uploaded, or are being.") {
            Double(uploader.counters.pendingCount)
        }
        gauge("sluice_s3_waiting_bytes", "Their bytes.") { Double(uploader.counters.pendingBytes) }
        counter("sluice_s3_uploads_total", "Objects uploaded.") { Double(uploader.counters.storedCount) }
        counter("sluice_s3_uploaded_bytes_total", "Bytes of objects uploaded.") {
            Double(uploader.counters.storedBytes)
        }
        counter("sluice_s3_failed_attempts_total", "Uploads that failed and were tried again.") {
            Double(uploader.counters.failedAttemptCount)
        }
        counter(
            "sluice_s3_lost_uploads_total", "Objects given up: no room for them while the store was away, or refused."
        ) {
            Double(uploader.counters.droppedCount + uploader.counters.refusedCount)
        }
    }
}
