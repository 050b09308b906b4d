import DeliveryService
import Foundation
import HTTP
import KafkaBackend
import Network
import StreamingCore
import Synchronization

/// What ten thousand viewers do, on the whole way: each request is answered and counted by the delivery path of
/// production, told once a second through the broker, and read by who draws the numbers together. It ends when what
/// was read is exactly what was answered.
func measureViewerEvents(_ cluster: KafkaCluster, count: Int) async throws {
    let viewers = 10_000
    let told = Atomic(0)
    let reports = Atomic(0)
    let following = Task {
        await cluster.reports.follow { _, report in
            guard case .audience(let audience) = report else { return }
            told.store(Int(audience.bytesSent), ordering: .relaxed)
            reports.add(1, ordering: .relaxed)
        }
    }
    let stage = try await DeliveryStage(reports: cluster.reports)
    let serving = Task { try await stage.service.run() }
    try await stage.announce()
    let sample = stage.samples[0]
    let requests = (0..<viewers).map { viewer in
        HTTPRequest(
            method: .get, path: sample.path,
            fields: ["cookie": "sluice_viewer=\(String(viewer, radix: 16))0123456789abcdef"])
    }
    // A follower hears what is appended after it has found the end of the log.
    var asked = 0
    try await until("the follower hears") {
        _ = await stage.service.respond(to: requests[0])
        asked += 1
        return reports.load(ordering: .relaxed) > 0
    }
    // On event loops, as in production: what never waits would keep everything else from the cooperative pool.
    let loops = try EventLoopGroup()
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let began = ContinuousClock.now
    await withTaskGroup(of: Void.self) { group in
        for core in 0..<cores {
            group.addTask(executorPreference: loops.any()) {
                for number in 0..<count / cores {
                    _ = await stage.service.respond(to: requests[(number * cores + core) % viewers])
                }
            }
        }
    }
    let sum = (asked + count / cores * cores) * sample.byteCount
    try await until("all is told") { told.load(ordering: .relaxed) >= sum }
    let seconds = began.duration(to: .now) / .seconds(1)
    try BenchmarkFailure.check("bytes told", told.load(ordering: .relaxed), is: sum)
    print(
        "events of \(viewers) viewers, answered, counted, told through the broker and read: "
            + "\(Int(Double(count) / seconds))/s, in \(reports.load(ordering: .relaxed)) records")
    serving.cancel()
    following.cancel()
    _ = await serving.result
    await following.value
    await loops.shutdown()
}
