import Bytes

/// Who may play, who is believed, and who is told.
extension Variables {
    static let trustedProxies = ConfigurationVariable<[AddressPrefix]>(
        name: "TRUSTED_PROXIES", fallback: "",
        help: "addresses of proxies whose X-Forwarded-For or Forwarded counts, such as 10.0.0.0/8,::1; empty is none"
    ) { text throws(ConfigurationReason) in
        try list(text, max: 64) { item throws(ConfigurationReason) in
            guard let prefix = AddressPrefix(item) else {
                throw ConfigurationReason("must list addresses such as 10.0.0.0/8 or 2001:db8::1, not '\(item)'")
            }
            return prefix
        }
    }
    static let playbackSecret = secret(
        "PLAYBACK_SECRET", "what playback is signed with, 16 characters or more; empty lets everybody play")
    static let webhookURLs = ConfigurationVariable<[String]>(
        name: "WEBHOOK_URLS", fallback: "",
        help: "addresses that are told when broadcasts begin and end, separated by commas; empty is none"
    ) { text throws(ConfigurationReason) in
        try list(text, max: WebhookLimits.addressesMax) { item throws(ConfigurationReason) in
            guard item.hasPrefix("https://") || item.hasPrefix("http://"),
                item.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
            else { throw ConfigurationReason("must list addresses such as https://example.org/hook") }
            return item
        }
    }
    static let webhookSecret = secret(
        "WEBHOOK_SECRET", "what webhooks are signed with, 16 characters or more; needed with WEBHOOK_URLS")

    static var accessHelp: [(name: String, fallback: String, help: String)] {
        [
            (trustedProxies.name, trustedProxies.fallback, trustedProxies.help),
            (playbackSecret.name, playbackSecret.fallback, playbackSecret.help),
            (webhookURLs.name, webhookURLs.fallback, webhookURLs.help),
            (webhookSecret.name, webhookSecret.fallback, webhookSecret.help),
        ]
    }

    private static func list<Item>(
        _ text: String, max: Int, _ read: (String) throws(ConfigurationReason) -> Item
    ) throws(ConfigurationReason) -> [Item] {
        var items: [Item] = []
        for piece in text.split(separator: ",") {
            let item = piece.drop { $0 == " " }
            items.append(try read(String(item.prefix { $0 != " " })))
        }
        guard items.count <= max else { throw ConfigurationReason("must list at most \(max)") }
        return items
    }

    private static func secret(_ name: String, _ help: String) -> ConfigurationVariable<Secret?> {
        ConfigurationVariable(name: name, fallback: "", help: help) { text throws(ConfigurationReason) in
            guard !text.isEmpty else { return nil }
            let secret = Secret(text)
            guard !secret.isGuessable else { throw ConfigurationReason("must have 16 characters or more") }
            return secret
        }
    }
}
