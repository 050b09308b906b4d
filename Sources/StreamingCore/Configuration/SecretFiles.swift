/// Secrets that come in files, as orchestrators mount them: `ADMIN_TOKEN_FILE=/run/secrets/admin-token` stands for
/// `ADMIN_TOKEN` with what is in that file. A line's end behind it does not belong to it.
struct SecretFiles {
    /// Reads a file as text; `nil` when it cannot be had.
    typealias Reading = (String) -> String?

    /// The longest secret, in bytes: a certificate chain's worth, where a few hundred bytes are usual.
    static let bytesMax = 64 << 10

    /// All variables, with those from files in their places.
    private(set) var values: [String: String]
    private(set) var mistakes: [ConfigurationMistake] = []

    /// - Parameter names: The variables that may come in files.
    init(_ values: [String: String], names: [String], reading: Reading) {
        self.values = values
        for name in names {
            let variable = name + "_FILE"
            guard let path = values[variable], !path.isEmpty else { continue }
            guard values[name, default: ""].isEmpty else {
                mistakes.append(ConfigurationMistake(variable: variable, reason: "must not be set with \(name)"))
                continue
            }
            guard let text = reading(path) else {
                mistakes.append(
                    ConfigurationMistake(variable: variable, reason: "names a file that cannot be read: '\(path)'"))
                continue
            }
            guard text.utf8.count <= Self.bytesMax else {
                mistakes.append(
                    ConfigurationMistake(variable: variable, reason: "names a file above \(Self.bytesMax) bytes"))
                continue
            }
            self.values[name] = text.last?.isNewline == true ? String(text.dropLast()) : text
        }
    }
}
