import HTTP
import StreamingCore

// What who shows no name is given with the playlist or manifest that it begins with:
//
//   the first from an address and User-Agent    a cookie. Who does not keep it goes on by address
//   another one, which wants HLS                a cookie, and the same name in the addresses of its playlists
//
// Documents are thus the same for nearly everybody, and players without cookies are told apart where they must be.

/// A name that we give a viewer.
struct GivenName {
    let text = ViewerCaller.freshName()
    let fingerprint: UInt64
    /// Whether somebody else may be meant by the address that it comes from.
    let isInAddresses: Bool

    /// How long browsers keep it, in seconds.
    private static let seconds = 86_400

    init(salt: UInt64, isInAddresses: Bool) {
        fingerprint = ViewerCaller.fingerprint(of: text, salt: salt)
        self.isInAddresses = isInAddresses
    }

    /// What to answer in place of a request: the same, asked for under the name where addresses carry it.
    func asked(_ request: HTTPRequest) -> HTTPRequest {
        guard isInAddresses else { return request }
        var request = request
        // In front, where it counts whatever follows.
        let rest = request.query.isEmpty ? "" : "&\(request.query)"
        request.query = "\(ViewerCaller.parameterName)=\(text)\(rest)"
        // Nobody gets two pieces of it under the same name.
        request.fields.remove("range")
        return request
    }

    /// This one answer is for one viewer.
    func add(to response: inout HTTPResponse) {
        response.fields.append(
            "set-cookie",
            "\(ViewerCaller.cookieName)=\(text); Path=/; Max-Age=\(Self.seconds); HttpOnly; SameSite=Lax")
        response.fields.set("cache-control", "private, no-store")
    }
}
