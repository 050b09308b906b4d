import RedisBackend
import StreamingCore
import Testing

@Suite struct RedisSettingsTests {
    private func settings(_ url: String) throws -> RedisSettings { try RedisSettings(url: Secret(url)) }

    @Test func `a host alone is enough`() throws {
        let settings = try settings("redis://cache.example")
        #expect(settings.address == .tcp(host: "cache.example", port: 6379))
        #expect(settings.protection == .none)
        #expect(settings.database == 0)
        #expect(settings.user == nil && settings.password == nil)
        #expect(settings.connectionCount == 10)
    }

    @Test func `everything can be said in one address`() throws {
        let settings = try settings("rediss://live%40home:p%3A%2F%3F@10.1.2.3:7000/5?ssl_ca_certs=/etc/ca%20x.pem")
        #expect(settings.address == .tcp(host: "10.1.2.3", port: 7000))
        #expect(settings.protection == .tls(authoritiesFile: "/etc/ca x.pem"))
        #expect(settings.database == 5)
        #expect(settings.user == "live@home")
        #expect(settings.password == Secret("p:/?"))
    }

    @Test func `a password needs no user`() throws {
        let settings = try settings("redis://:se:c@ret@[::1]:6380/")
        #expect(settings.address == .tcp(host: "::1", port: 6380))
        #expect(settings.address.description == "[::1]:6380")
        #expect(settings.user == nil)
        #expect(settings.password == Secret("se:c@ret"))
    }

    @Test func `a socket in the file system is an address`() throws {
        let settings = try settings("unix://:secret@/run/redis/redis.sock?db=3")
        #expect(settings.address == .unixSocket(path: "/run/redis/redis.sock"))
        #expect(settings.database == 3)
        #expect(settings.password == Secret("secret"))
    }

    @Test(arguments: [
        "", "redis", "redis:/host", "http://hunter2@host", "redis://", "redis://:hunter2@", "redis://:hunter2@:6379",
        "redis://hunter2@host", "redis://user:@host", "redis://:hunter2@host:0", "redis://:hunter2@host:70000",
        "redis://:hunter2@host:+1", "redis://:hunter2@host:", "redis://:hunter2@host/x", "redis://:hunter2@host/-1",
        "redis://:hunter2@host/0/1", "redis://:hunter2@ho st", "redis://:hunter2@host?x=1", "redis://:hunter2%2@host",
        "redis://:hunter2%+1@host", "redis://:hunter2%00@host", "redis://:hunter2%ff@host", "redis://:hun#ter2@host",
        "redis://:hunter2@host?ssl_ca_certs=/x", "unix://:hunter2@host/path", "unix://:hunter2@",
        "unix://:hunter2@/" + String(repeating: "x", count: 107), "redis://:hunter2@[::1", "redis://:hunter2@[::1]x",
    ])
    func `what is no address is refused without being told`(_ url: String) {
        do {
            _ = try settings(url)
            Issue.record("\(url) was taken")
        } catch {
            guard case StreamError.invalidValue(field: "REDIS_URL", reason: _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!"\(error)".contains("hunter2"))
        }
    }

    @Test func `the password does not print`() throws {
        let settings = try settings("redis://user:hunter2@host")
        #expect(!"\(settings)".contains("hunter2"))
        #expect(!String(reflecting: settings).contains("hunter2"))
    }
}
