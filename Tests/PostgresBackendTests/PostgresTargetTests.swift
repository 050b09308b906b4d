import StreamingCore
import Testing

@testable import PostgresBackend

@Suite struct PostgresTargetTests {
    @Test(
        arguments: [
            ("postgres://u:p@db.example:5433/sluice?sslmode=require", "db.example:5433/sluice"),
            ("postgresql://db.example", "db.example:5432/"), ("postgres:///sluice", "localhost:5432/sluice"),
            ("postgres://a,b:5433/x?target_session_attrs=read-write", "a,b:,5433/x"),
        ])
    func `the address has neither user nor password`(_ url: String, _ address: String) throws {
        #expect(try PostgresTarget(url: Secret(url)).address == address)
    }

    @Test(
        arguments: [
            "mysql://u:hunter2@h/d", "hunter2", "", "postgres://u:hunter2%zz@h/d", "postgres://u:p@h/d?hunter2=1",
            "postgres://u:p@[hunter2/d", "postgres://u:hunter2@h:5432:1/d?=",
        ])
    func `what is no URL is refused without repeating it`(_ url: String) {
        let failure = #expect(throws: StreamError.self) { try PostgresTarget(url: Secret(url)) }
        guard case .invalidValue("DATABASE_URL", let reason) = failure else {
            Issue.record("\(String(describing: failure)) instead of a wrong value")
            return
        }
        #expect(!reason.contains("hunter2"))
    }

    @Test func `a password in a reason is taken out`() throws {
        let target = try PostgresTarget(url: Secret("postgres://u:hunter%202@h/d?sslpassword=s3cret"))
        #expect(target.redacted("no: hunter 2\nLOCATION:  a.c:1\nnor s3cret\n") == "no: <secret>; nor <secret>")
    }

    @Test func `nothing that prints a target prints the password`() throws {
        let target = try PostgresTarget(url: Secret("postgres://u:hunter2@h/d"))
        #expect(!"\(target)".contains("hunter2"))
        var dumped = ""
        dump(target, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }
}
