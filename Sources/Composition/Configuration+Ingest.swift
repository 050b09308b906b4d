import IngestService
import StreamingCore

extension Configuration {
    /// How ingest behaves.
    var ingest: IngestService.Configuration {
        // Half of a short time is for the encoders, and half to say goodbye.
        let drain = min(2000, handsOver ? shutdownGraceMilliseconds / 2 : shutdownGraceMilliseconds)
        return IngestService.Configuration(
            idleMilliseconds: rtmpIdleMilliseconds, readIntervalMilliseconds: rtmpReadIntervalMilliseconds,
            drainMilliseconds: drain,
            handOver: handsOver
                ? IngestService.HandOver(
                    address: reconnectURL, patienceMilliseconds: shutdownGraceMilliseconds - drain) : nil)
    }

    /// Whether other processes can go on with what is on air here: they share the frames and who has which broadcast,
    /// and wait for encoders at all.
    private var handsOver: Bool {
        !backends.kafkaBrokers.isEmpty && backends.databaseURL != nil && reconnectGraceMilliseconds > 0
    }
}
