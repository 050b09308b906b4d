// One worker of several that read frames, as a process that tests can kill, stop and resume.
//
//   kafka-reader BROKERS PREFIX DATABASE_URL LEASE_MILLISECONDS ENTRIES_PER_COMMIT FETCH_WAIT_MILLISECONDS
//
// Writes a line for all that happens:
//
//   read STREAM FENCE POSITION      a reading begins; POSITION of the checkpoint, or `none`
//   entry STREAM POSITION LOST LABEL
//   commit STREAM POSITION
//   closed STREAM taken|over
//
// It leaves in order with SIGTERM.

import Bytes
import Foundation
import KafkaBackend
import Media
import PostgresBackend
import StreamingCore

func say(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(1, line, line.count)
}

extension BroadcastEntry {
    var label: String {
        switch self {
        case .began(let origin): "began \(origin.firstSegmentNumber)"
        case .frame(let frame): "\(frame.track.kind) \(frame.decodeTime)"
        case .interrupted: "interrupted"
        case .ended: "ended"
        }
    }
}

func read(_ reader: any FrameLogReader, entriesPerCommit: Int) async {
    let stream = reader.stream
    say("read \(stream) \(reader.fence) \(reader.checkpoint.map { String($0.position) } ?? "none")")
    var sinceCommit = 0
    while let batch = await reader.next() {
        for (index, entry) in batch.entries.enumerated() {
            let position = batch.firstPosition + Int64(index)
            say("entry \(stream) \(position) \(index == 0 ? batch.lostEntries : 0) \(entry.label)")
            sinceCommit += 1
            guard sinceCommit >= entriesPerCommit else { continue }
            sinceCommit = 0
            say("commit \(stream) \(position + 1)")
            reader.commit(FrameLogCheckpoint(position: position + 1, state: Bytes(utf8: String(position + 1))))
        }
    }
    say("closed \(stream) \(reader.wasTaken ? "taken" : "over")")
}

guard CommandLine.arguments.count == 7, let lease = Int64(CommandLine.arguments[4]),
    let entriesPerCommit = Int(CommandLine.arguments[5]), let fetchWait = Int(CommandLine.arguments[6])
else {
    say("usage: kafka-reader BROKERS PREFIX DATABASE_URL LEASE_MILLISECONDS ENTRIES_PER_COMMIT FETCH_WAIT_MILLISECONDS")
    exit(2)
}
var configuration = KafkaConfiguration(brokers: CommandLine.arguments[1])
configuration.prefix = CommandLine.arguments[2]
configuration.partitions = 4
configuration.leaseMilliseconds = lease
configuration.fetchWaitMilliseconds = fetchWait

let parent = getppid()
Foundation.Thread.detachNewThread {
    while getppid() == parent { sleep(1) }
    exit(0)
}
let signals = TerminationSignals()
let logger = Logger(service: "reader", level: .info)
let database = Secret(CommandLine.arguments[3])
let cluster = try await KafkaCluster.open(
    configuration, leases: try PostgresPartitionLeases(url: database, logger: logger), logger: logger)
let following = Task { await cluster.frames.follow { await read($0, entriesPerCommit: entriesPerCommit) } }
await signals.wait()
following.cancel()
await following.value
await cluster.close()
say("left")
