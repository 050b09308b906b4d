/// Finds the handler for a request by method and path.
///
/// Paths that match nothing get 404, methods that a path does not have 405 with `Allow`. `HEAD` is served by `GET`,
/// `OPTIONS` and preflights are answered here, and every response gets what the CORS policy says. Literal segments go
/// before parameters, and parameters before the rest of a path, whatever the order of the routes.
public struct Router: HTTPHandler {
    /// Answers the requests of one route.
    public typealias Handler = @Sendable (HTTPRequest, PathParameters) async -> HTTPResponse

    /// A place in the tree of segments; `nodes[0]` is the root.
    private struct Node {
        var literals: [(text: String, node: Int)] = []
        var parameter: Int?
        var rest: Int?
        var routes: [Route] = []
    }

    private struct Route {
        let method: HTTPMethod
        let handler: Handler
        /// The names of the pattern's parameters, in order; routes of one node may name them differently.
        let names: [String]
    }

    private enum Decision {
        case handler(Handler, PathParameters)
        case answer(HTTPResponse)
    }

    /// What was added, in order: for what describes the routes.
    public private(set) var patterns: [(method: HTTPMethod, pattern: String)] = []
    private var nodes = [Node()]
    private let cors: CORSPolicy?

    /// - Parameter cors: Who may read the responses from another origin; nil for nobody.
    public init(cors: CORSPolicy? = nil) {
        self.cors = cors
    }

    /// Adds a route. Two routes with the same method and the same shape of pattern are a mistake of ours.
    ///
    /// - Parameter pattern: `/streams/{id}`, where `{id}` stands for one segment; `{path...}` at the end for the rest.
    public mutating func on(_ method: HTTPMethod, _ pattern: String, _ handler: @escaping Handler) {
        var node = 0
        var names: [String] = []
        for segment in RoutePattern(pattern).segments {
            switch segment {
            case .literal(let text): node = literalChild(text, of: node)
            case .parameter(let name):
                names.append(name)
                node = child(\.parameter, of: node)
            case .rest(let name):
                names.append(name)
                node = child(\.rest, of: node)
            }
        }
        precondition(!nodes[node].routes.contains { $0.method == method }, "two routes for one method and path")
        nodes[node].routes.append(Route(method: method, handler: handler, names: names))
        patterns.append((method, pattern))
    }

    private mutating func literalChild(_ text: String, of parent: Int) -> Int {
        if let known = nodes[parent].literals.first(where: { $0.text == text }) { return known.node }
        nodes.append(Node())
        nodes[parent].literals.append((text, nodes.count - 1))
        return nodes.count - 1
    }

    private mutating func child(_ kind: WritableKeyPath<Node, Int?>, of parent: Int) -> Int {
        if let known = nodes[parent][keyPath: kind] { return known }
        nodes.append(Node())
        nodes[parent][keyPath: kind] = nodes.count - 1
        return nodes.count - 1
    }

    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        var response =
            switch decide(request) {
            case .handler(let handler, let parameters): await handler(request, parameters)
            case .answer(let answer): answer
            }
        if let cors, !CORSPolicy.isPreflight(request) { cors.apply(to: &response, for: request) }
        return response
    }

    private func decide(_ request: HTTPRequest) -> Decision {
        if request.path == "*" { return .answer(allowed(HTTPMethod.allCases, .noContent)) }
        var captured: [Substring] = []
        guard let node = find(request.path.utf8[...], from: 0, &captured) else {
            return .answer(ProblemDocument(.notFound).response())
        }
        let routes = nodes[node].routes
        let route =
            routes.first { $0.method == request.method }
            ?? (request.method == .head ? routes.first { $0.method == .get } : nil)
        if let route {
            return .handler(route.handler, PathParameters(names: route.names, values: captured))
        }
        let methods = methods(of: routes)
        guard request.method == .options else { return .answer(allowed(methods, .methodNotAllowed)) }
        if let cors, CORSPolicy.isPreflight(request) {
            return .answer(cors.preflightResponse(to: request, methods: methods))
        }
        return .answer(allowed(methods, .noContent))
    }

    /// The node that the rest of a path leads to, which has routes; `path` is empty or starts with a slash.
    ///
    /// Steps back when a literal leads nowhere; a pattern's depth bounds the steps, not the path's length.
    private func find(_ path: Substring.UTF8View, from index: Int, _ captured: inout [Substring]) -> Int? {
        guard !path.isEmpty else { return nodes[index].routes.isEmpty ? nil : index }
        let segment = path.dropFirst().prefix { $0 != ASCII.slash }
        let rest = path[segment.endIndex...]
        for literal in nodes[index].literals where literal.text.utf8.elementsEqual(segment) {
            if let found = find(rest, from: literal.node, &captured) { return found }
            break
        }
        if let parameter = nodes[index].parameter, !segment.isEmpty {
            captured.append(Substring(segment))
            if let found = find(rest, from: parameter, &captured) { return found }
            captured.removeLast()
        }
        let remainder = path.dropFirst()
        guard let end = nodes[index].rest, !remainder.isEmpty else { return nil }
        captured.append(Substring(remainder))
        return end
    }

    private func methods(of routes: [Route]) -> [HTTPMethod] {
        HTTPMethod.allCases.filter { method in
            method == .options || routes.contains { $0.method == method || method == .head && $0.method == .get }
        }
    }

    private func allowed(_ methods: [HTTPMethod], _ status: HTTPStatus) -> HTTPResponse {
        let fields: HTTPFields = ["allow": methods.map(\.rawValue).joined(separator: ", ")]
        guard status == .methodNotAllowed else { return HTTPResponse(status, fields: fields) }
        return ProblemDocument(status).response(fields: fields)
    }
}
