internal import Synchronization

/// The end of reading a partition in order: its readers come to their end, what they committed is written, and Kafka
/// has it. Only then may another worker begin.
struct PartitionHandOver {
    /// Hears that Kafka has the last record of the partition, and with it those before; or that it will not have it.
    final class LastRecord: DeliveryObserver {
        private let outcome = Atomic(false)

        var isDone: Bool { outcome.load(ordering: .acquiring) }

        func recordDone(_ tag: Int64, bytes: Int, failure: KafkaFailure?) { outcome.store(true, ordering: .releasing) }
    }

    enum Phase {
        /// Readers have until then, in milliseconds of ``KafkaHealth/now()``; becomes `writing`.
        case finishing(until: Int64)
        /// Kafka has until then.
        case writing(LastRecord, until: Int64)
    }

    let lease: LeasedPartition
    var reading: PartitionReading
    var phase: Phase

    /// Tells the readers.
    init(_ lease: LeasedPartition, _ reading: PartitionReading, now: Int64) {
        self.lease = lease
        self.reading = reading
        phase = .finishing(until: now + KafkaLimits.handOverMilliseconds)
        for session in reading.sessions { session.take() }
    }

    /// What is next.
    enum Step {
        case wait
        /// The last checkpoints are to be written, the partition's own at their end.
        case write
        case done
    }

    func step(now: Int64) -> Step {
        switch phase {
        case .finishing(let limit):
            reading.sessions.allSatisfy(\.isFinished) || now >= limit ? .write : .wait
        case .writing(let last, let limit): last.isDone || now >= limit ? .done : .wait
        }
    }
}
