/// What the command line of every executable asks for.
public enum Invocation: Sendable, Equatable {
    case run
    case help
    case version
    /// Bring the database up to date, and end.
    case migrate
    /// An argument that means nothing; carries it.
    case mistake(String)

    /// The version of all executables.
    public static let versionNumber = "0.1.0"

    /// - Parameter arguments: The command line without the program's name.
    public init(arguments: some Sequence<String>) {
        for argument in arguments {
            switch argument {
            case "--help", "-h": self = .help
            case "--version", "-V": self = .version
            case "migrate": self = .migrate
            default: self = .mistake(argument)
            }
            return
        }
        self = .run
    }

    /// The text of `--help`.
    public static func helpText(program: String, summary: String) -> String {
        let width = Configuration.help.map(\.name.count).max() ?? 0
        let variables = Configuration.help.map { variable in
            let name = variable.name + String(repeating: " ", count: width - variable.name.count)
            let fallback = variable.fallback.isEmpty ? "" : " [\(variable.fallback)]"
            return "  \(name)  \(variable.help)\(fallback)"
        }
        return """
            \(program) \(versionNumber): \(summary)

            Usage: \(program) [migrate | --help | --version]

            With migrate it brings the database up to date and ends; at every start it does so, too.

            It is configured by the environment, over an optional .env file in the working directory.
            What is secret may also come in a file: NAME_FILE in place of NAME, for
            \(Configuration.secretNames.joined(separator: ", ")).
            A configuration mistake ends it with status 78 and names every variable that is wrong.

            \(variables.joined(separator: "\n"))
            """
    }
}
