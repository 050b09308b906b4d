internal import StreamingCore

/// Keeps the leases of one worker: a beat after the other, until all is given back.
struct LeaseKeeper {
    private let leases: any PartitionLeases
    private let mailbox: LeaseMailbox
    private let group: String
    private let worker: String
    private let leaseMilliseconds: Int64
    private let logger: Logger

    /// How long to wait for the number of partitions before it is looked for again; news end the wait.
    private static let countMilliseconds: Int64 = 1000

    /// - Parameter worker: Another name for every start.
    init(
        _ leases: any PartitionLeases, _ mailbox: LeaseMailbox, _ configuration: KafkaConfiguration, worker: String,
        logger: Logger
    ) {
        self.leases = leases
        self.mailbox = mailbox
        group = configuration.prefix + configuration.group
        self.worker = worker
        leaseMilliseconds = configuration.leaseMilliseconds
        self.logger = logger
    }

    /// Runs until it was told to leave and everything was handed over, also when its task is cancelled.
    func run() async {
        defer { mailbox.end() }
        guard var machine = await begin() else { return }
        var isSilent = false
        while true {
            let news = mailbox.takeNews()
            for lease in news.handedOver { machine.handedOver(lease) }
            if news.isLeaving { mailbox.post(machine.leave()) }
            let began = KafkaHealth.now()
            do throws(StreamError) {
                let view = try await leases.beat(machine.beat)
                mailbox.post(machine.answered(view, streams: news.streams))
                if isSilent { logger.info("leases are renewed again") }
                isSilent = false
            } catch {
                machine.unanswered()
                if !isSilent { logger.error("leases are not renewed", ["error": LogValue(error)]) }
                isSilent = true
                // What is not given back is claimed when its lease is over.
                if machine.isDone { return }
            }
            mailbox.beatEnded(began: began)
            if machine.hasLeft { return }
            await mailbox.pause(milliseconds: machine.pauseMilliseconds)
        }
    }

    /// - Returns: `nil` when it is to end before it is known how many partitions there are.
    private func begin() async -> LeaseMachine? {
        while true {
            let news = mailbox.takeNews()
            if news.isLeaving { return nil }
            if let count = news.partitionCount {
                return LeaseMachine(
                    group: group, worker: worker, leaseMilliseconds: leaseMilliseconds, partitionCount: count)
            }
            await mailbox.pause(milliseconds: Self.countMilliseconds)
        }
    }
}
