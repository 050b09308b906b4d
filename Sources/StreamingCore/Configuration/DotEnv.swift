/// The values of a `.env` file: `NAME=value` lines, `#` comments, optional `export`, optional quotes.
struct DotEnv {
    private(set) var values: [String: String] = [:]
    private(set) var mistakes: [ConfigurationMistake] = []

    init(_ text: String) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var line = trimmed(line)
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("export ") { line = trimmed(line.dropFirst(7)) }
            guard let equals = line.firstIndex(of: "="), equals != line.startIndex else {
                mistakes.append(ConfigurationMistake(variable: ".env line \(index + 1)", reason: "must be NAME=value"))
                continue
            }
            values[String(trimmed(line[..<equals]))] = unquoted(trimmed(line[line.index(after: equals)...]))
        }
    }
}

private func trimmed(_ text: Substring) -> Substring {
    var text = text
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
}

private func unquoted(_ text: Substring) -> String {
    for quote in ["\"", "'"] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
        return String(text.dropFirst().dropLast())
    }
    // A comment may follow an unquoted value behind a space.
    if let comment = text.firstRange(of: " #") { return String(trimmed(text[..<comment.lowerBound])) }
    return String(text)
}
