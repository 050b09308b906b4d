import Glibc

// sluice-bench                       measures everything that needs no socket
// sluice-bench serve PORT FOLDER     serves segments of known sizes by the delivery path of production, until killed
// sluice-bench hold PORT COUNT PATH  opens connections, fetches once on each, and keeps them open until killed
//
// scripts/bench.sh runs all of it, with nginx beside.

refuseDebugBuild()
let arguments = Array(CommandLine.arguments.dropFirst())
switch (arguments.first, arguments.count) {
case (nil, 0):
    try await measureParsing()
    try await measurePackaging()
    try await measurePlaylists()
    try await measureAnswers()
case ("serve", 3):
    guard let port = UInt16(arguments[1]) else { fallthrough }
    try await serveSegments(port: port, folder: arguments[2])
case ("hold", 4):
    guard let port = UInt16(arguments[1]), let count = Int(arguments[2]) else { fallthrough }
    try await holdConnections(count, to: port, path: arguments[3])
default:
    print("usage: sluice-bench [serve PORT FOLDER | hold PORT COUNT PATH]")
    exit(EX_USAGE)
}

/// Figures of an unoptimised build say nothing, and somebody would quote them.
func refuseDebugBuild() {
    #if DEBUG
        print("sluice-bench: this is a debug build; figures come from: swift build -c release --product sluice-bench")
        exit(EX_USAGE)
    #endif
}
