// A Kafka broker for programs that are tested from outside: librdkafka's mock cluster behind a fixed port.
//
//   kafka-broker PORT [PARTITIONS] [stay]
//
// Clients begin at 127.0.0.1:PORT, which passes connections on to the cluster; from its answers they learn the
// cluster's own port and go there. Says `ready 127.0.0.1:PORT` when it is. Then takes a word per line on standard
// input, and answers each with `ok`:
//
//   down            ends all connections and takes no new ones; so does SIGUSR1
//   up              takes them again; so does SIGUSR2
//   delay MS        has every answer take longer
//   refuse N CODE   answers the next N appends with an error of Kafka's
//
// It ends with SIGTERM and, unless it is to stay, with the process that started it. Records are in memory alone: a
// restart forgets them.

import Dispatch
import Glibc
import TestKit

func say(_ text: String, to descriptor: Int32 = 1) {
    let line = Array((text + "\n").utf8)
    _ = write(descriptor, line, line.count)
}

func fail(_ text: String) -> Never {
    say("kafka-broker: \(text)", to: 2)
    exit(2)
}

guard CommandLine.arguments.count >= 2, let port = UInt16(CommandLine.arguments[1]) else {
    fail("usage: kafka-broker PORT [PARTITIONS] [stay]")
}
let partitions = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 4 : 4

if !CommandLine.arguments.contains("stay") {
    // Whoever started us and is gone wants no broker any more.
    let parent = getppid()
    Thread.detach {
        while getppid() == parent { sleep(1) }
        exit(0)
    }
}
signal(SIGPIPE, SIG_IGN)
for number in [SIGUSR1, SIGUSR2] { signal(number, SIG_IGN) }

let broker = KafkaBroker()
for topic in ["stream-frames", "stream-checkpoints", "stream-timeline", "stream-events", "stream-reports"] {
    broker.makeTopic(topic, partitions: partitions)
}
guard let inner = broker.bootstrap.split(separator: ":").last.flatMap({ UInt16($0) }) else {
    fail("the cluster has no port")
}

let signals = [(SIGUSR1, { broker.goDown() }), (SIGUSR2, { broker.comeUp() })].map { number, act in
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler(handler: act)
    source.resume()
    return source
}

guard let listener = Forwarder.listen(on: port) else { fail("port \(port) is taken") }
Thread.detach { Forwarder.run(listener, to: inner) }
say("ready 127.0.0.1:\(port)")

while let line = readLine() {
    let words = line.split(separator: " ")
    switch (words.first, words.count) {
    case ("down", 1): broker.goDown()
    case ("up", 1): broker.comeUp()
    case ("delay", 2): broker.delay(milliseconds: Int(words[1]) ?? 0)
    case ("refuse", 3):
        let count = min(Int(words[1]) ?? 1, 10_000)
        broker.refuse(.produce, with: Array(repeating: Int32(words[2]) ?? 7, count: max(0, count)))
    default:
        say("unknown: \(line)")
        continue
    }
    say("ok")
}
// Without standard input it goes on until it is told to end.
withExtendedLifetime(signals) {
    while true { pause() }
}
