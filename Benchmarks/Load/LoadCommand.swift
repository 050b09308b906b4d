import Foundation
import Network

/// What a load is made of.
struct LoadPlan {
    var server: SocketAddress
    /// Ids of streams that are on air; viewers are spread over them.
    var streams: [String] = []
    var viewers = 100
    var seconds = 30
    /// How many viewers begin in a second.
    var viewersPerSecond = 500
    /// Whether viewers fetch the parts that they are told of, or the playlists alone.
    var fetchesMedia = true
    /// Whether each viewer also has the page's WebSocket open.
    var opensPages = false
    /// The rendition that is watched; the first of the master playlist when `nil`.
    var rendition: String?

    /// Reads `VIEWERS=1000 SECONDS=60 STREAMS=id,id …` from the environment.
    init(_ environment: [String: String]) throws {
        guard let url = URLComponents(string: environment["SERVER"] ?? "http://127.0.0.1:8080"), let host = url.host
        else {
            throw LoadFailure("SERVER must be an address such as http://127.0.0.1:8080")
        }
        server = try SocketAddress(host: host, port: UInt16(url.port ?? 80))
        streams = (environment["STREAMS"] ?? "").split(separator: ",").map(String.init)
        viewers = environment["VIEWERS"].flatMap { Int($0) } ?? viewers
        seconds = environment["SECONDS"].flatMap { Int($0) } ?? seconds
        viewersPerSecond = max(1, environment["VIEWERS_PER_SECOND"].flatMap { Int($0) } ?? viewersPerSecond)
        fetchesMedia = environment["MEDIA"] != "no"
        opensPages = environment["PAGES"] == "yes"
        rendition = environment["RENDITION"]
        guard !streams.isEmpty else { throw LoadFailure("STREAMS must list ids of streams that are on air") }
    }
}

struct LoadFailure: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

/// Has viewers watch as players of LL-HLS do, and prints how they fared.
///
/// Each is a connection that asks for the playlist with the next part in it, is held, fetches the part, and asks again.
func loadServer(_ environment: [String: String]) async throws {
    EventLoopGroup.raiseDescriptorLimit()
    let plan = try LoadPlan(environment)
    let processes = (environment["PIDS"] ?? "").split(separator: " ").compactMap { Int32($0) }
    let loops = try EventLoopGroup(count: environment["THREADS"].flatMap { Int($0) } ?? 1)
    let ledger = LoadLedger()
    let before = ProcessUsage(processes)
    let ours = ProcessUsage([getpid()])
    let began = ContinuousClock.now
    let end = began + .seconds(plan.seconds)
    try await withThrowingTaskGroup { group in
        for number in 0..<plan.viewers {
            let loop = loops.any()
            let start = began + .seconds(Double(number) / Double(plan.viewersPerSecond))
            group.addTask {
                try? await Task.sleep(until: start, clock: .continuous)
                await LoadViewer(number, plan, ledger).watch(on: loop, until: end)
            }
            if plan.opensPages {
                group.addTask {
                    try? await Task.sleep(until: start, clock: .continuous)
                    await LoadPage(number, plan, ledger).listen(on: loop, until: end)
                }
            }
        }
        let ramp = Double(plan.viewers) / Double(plan.viewersPerSecond)
        // What is measured begins when all are there and have settled.
        try await Task.sleep(until: began + .seconds(min(ramp + 3, Double(plan.seconds) / 2)), clock: .continuous)
        ledger.beginMeasuring()
        let (middle, usage, own) = (ContinuousClock.now, ProcessUsage(processes), ProcessUsage([getpid()]))
        try await Task.sleep(until: end - .milliseconds(200), clock: .continuous)
        let report = ledger.report(over: middle.duration(to: .now))
        let usageNow = ProcessUsage(processes)
        let ownNow = ProcessUsage([getpid()])
        print(report)
        print(usageNow.line("server", since: usage, before: before, viewers: plan.viewers))
        print(ownNow.line("this program", since: own, before: ours, viewers: plan.viewers))
        group.cancelAll()
        try await group.waitForAll()
    }
    if ledger.errorCount > 0 { throw LoadFailure("\(ledger.errorCount) errors") }
}
