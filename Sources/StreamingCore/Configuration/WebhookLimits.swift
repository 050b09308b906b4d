/// Bounds on webhooks.
public enum WebhookLimits {
    /// Addresses that are told.
    public static let addressesMax = 8
    /// Events that wait to be told to one address; beyond, the oldest are given up.
    public static let eventsWaitingMax = 4096
    /// How many are on their way to one address at a time, each of another stream.
    public static let exchangesMax = 4
    /// How often an event is told before it is given up: with the waits between, for about an hour.
    public static let attemptsMax = 17
    /// The bound of the first wait, in milliseconds.
    public static let firstDelayMilliseconds: Int64 = 1000
    /// What waits grow to, in milliseconds.
    public static let delayMillisecondsMax: Int64 = 600_000
    /// How long a process that ends goes on for events that it has not tried to tell, in milliseconds.
    public static let farewellMilliseconds: Int64 = 3000
    /// How long an answer may take, in seconds.
    public static let answerSecondsMax = 10
    /// Longer answers count as failures; nothing in them is read.
    public static let answerBytesMax = 64 << 10
}
