import Foundation
import Glibc
import TranscodeService

// sluice-bench [PART...]             measures what needs no socket: parsing, packaging, playlists, answers,
//                                    metrics; or all
// sluice-bench serve PORT FOLDER     serves segments of known sizes by the delivery path of production, until killed
// sluice-bench hold PORT COUNT PATH  opens connections, fetches once on each, and keeps them open until killed
// sluice-bench ladder CLIP copy|encode FOLDER  makes the default ladder of an FLV file into a folder, at full speed
// sluice-bench publish CLIP URL SECONDS        publishes an FLV file in real time and prints when each picture left
// sluice-bench kafka BROKERS                    measures frames and events through a broker that nobody else uses
// sluice-bench queries POSTGRES                 measures what /metrics/{id} asks of the databases
// sluice-bench load                            has viewers watch, as the environment says: see scripts/load.sh
//
// scripts/bench.sh runs the first four, with nginx and FFmpeg beside, scripts/latency.sh the last.

refuseDebugBuild()
let arguments = Array(CommandLine.arguments.dropFirst())
let parts = ["parsing", "packaging", "playlists", "answers", "metrics"]
switch arguments.first {
case "serve":
    guard arguments.count == 3, let port = UInt16(arguments[1]) else { refuseArguments() }
    try await serveSegments(port: port, folder: arguments[2])
case "hold":
    guard arguments.count == 4, let port = UInt16(arguments[1]), let count = Int(arguments[2]) else {
        refuseArguments()
    }
    try await holdConnections(count, to: port, path: arguments[3])
case "ladder":
    guard arguments.count == 4, let policy = CopyPolicy(rawValue: arguments[2]) else { refuseArguments() }
    try await makeLadder(of: arguments[1], policy: policy, folder: arguments[3])
case "publish":
    guard arguments.count == 4, let seconds = Int(arguments[3]) else { refuseArguments() }
    try await publishClip(arguments[1], to: arguments[2], seconds: seconds)
case "kafka":
    guard arguments.count == 2 else { refuseArguments() }
    try await measureKafka(arguments[1])
case "queries":
    guard arguments.count == 2 else { refuseArguments() }
    try await measureQueries(postgres: arguments[1])
case "load":
    do {
        try await loadServer(ProcessInfo.processInfo.environment)
    } catch let failure as LoadFailure {
        print("sluice-bench load: \(failure)")
        exit(1)
    }
default:
    guard arguments.allSatisfy(parts.contains) else { refuseArguments() }
    for part in arguments.isEmpty ? parts : arguments {
        switch part {
        case "parsing": try await measureParsing()
        case "packaging": try await measurePackaging()
        case "playlists": try await measurePlaylists()
        case "metrics": try await measureMetrics()
        default: try await measureAnswers()
        }
    }
}

func refuseArguments() -> Never {
    print(
        "usage: sluice-bench [parsing] [packaging] [playlists] [answers] [metrics] | serve PORT FOLDER"
            + " | hold PORT COUNT PATH | ladder CLIP copy|encode FOLDER | publish CLIP URL SECONDS"
            + " | kafka BROKERS | queries POSTGRES | load")
    exit(EX_USAGE)
}

/// Figures of an unoptimised build say nothing, and somebody would quote them.
func refuseDebugBuild() {
    #if DEBUG
        print("sluice-bench: this is a debug build; figures come from: swift build -c release --product sluice-bench")
        exit(EX_USAGE)
    #endif
}
