import Foundation
import FoundationNetworking
import Synchronization
import TestKit

/// A viewer whose requests reach several deliveries in turn, as a load balancer would have it.
actor WanderingViewer {
    /// What it shows with its requests, by which it is known at all deliveries.
    private enum Mark: Int {
        case measurements, parameter, cookie, address
    }

    enum Mood {
        case watching
        /// It says goodbye, and is silent from then on.
        case leaving
        case silent
    }

    /// Cookies are kept here, each viewer's apart.
    private static let session: URLSession = {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpShouldSetCookies = false
        configuration.httpCookieAcceptPolicy = .never
        configuration.timeoutIntervalForRequest = 10
        return URLSession(configuration: configuration)
    }()

    private let number: Int
    private let mark: Mark
    private let stream: String
    private let ports: [Int]
    private var turn: Int
    private var cookie: String?
    private var fetchedAt: ContinuousClock.Instant?
    private(set) var mood = Mood.watching
    /// The longest time in which it fetched nothing while it watched.
    private(set) var longestPause = Duration.zero

    init(_ number: Int, of stream: String, at ports: [Int]) {
        self.number = number
        self.stream = stream
        self.ports = ports
        // Every fourth of a kind, so that half of each kind begins at either delivery.
        mark = Mark(rawValue: number / 2 % 4) ?? .address
        turn = number
    }

    func become(_ mood: Mood) { self.mood = mood }

    /// Does what it is in the mood for, once.
    ///
    /// - Returns: Whether a delivery had what it wanted.
    @discardableResult func act() async throws -> Bool {
        switch mood {
        case .watching: return try await fetch()
        case .leaving:
            mood = .silent
            let members = name.map { #""session": "\#($0)", "# } ?? ""
            return try await ask("POST", "beacon", body: "{\(members)\"leaving\": true}")
        case .silent: return true
        }
    }

    private func fetch() async throws -> Bool {
        let needsCookie = mark == .cookie && cookie == nil
        let isFetched = try await ask("GET", needsCookie ? "master.m3u8" : "source/playlist.m3u8")
        let now = ContinuousClock.now
        if let fetchedAt { longestPause = max(longestPause, now - fetchedAt) }
        if isFetched { fetchedAt = now }
        return isFetched
    }

    /// The name that it has for itself.
    private var name: String? { mark == .measurements || mark == .parameter ? "viewer-\(number)" : nil }

    /// Asks the delivery whose turn it is, and the next one where that is gone.
    private func ask(_ method: String, _ file: String, body: String? = nil) async throws -> Bool {
        for _ in ports {
            turn += 1
            do { return try await ask(ports[turn % ports.count], method, file, body: body) } catch is URLError {
                continue
            }
        }
        return false
    }

    private func ask(_ port: Int, _ method: String, _ file: String, body: String?) async throws -> Bool {
        let query =
            switch mark {
            case .measurements: "?CMCD=sid%3D%22viewer-\(number)%22"
            case .parameter: "?session=viewer-\(number)"
            case .cookie, .address: ""
            }
        guard let url = URL(string: "http://127.0.0.1:\(port)/hls/\(stream)/\(file)\(query)") else { return false }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        request.setValue(mark == .address ? "Player/\(number)" : "Player", forHTTPHeaderField: "User-Agent")
        if let cookie { request.setValue(cookie, forHTTPHeaderField: "Cookie") }
        let (_, response) = try await Self.session.data(for: request)
        guard let response = response as? HTTPURLResponse, 200...299 ~= response.statusCode else { return false }
        if mark == .cookie, let set = response.value(forHTTPHeaderField: "Set-Cookie") {
            cookie = set.split(separator: ";").first.map(String.init)
        }
        return true
    }
}
