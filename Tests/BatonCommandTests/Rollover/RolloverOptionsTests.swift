import ArgumentParser
import Testing

@testable import BatonCommand

/// What `baton rollover` can be told.
@Suite struct RolloverOptionsTests {
    @Test func withoutOptions() throws {
        let options = try RolloverCommand.parse(["app"]).options
        #expect(try options.template() == "app" && options.target() == nil)
        #expect(options.canary == .seconds(2) && options.healthPath == "/health")
    }

    @Test(arguments: [
        (["app@a.service"], "'app@a.service': it is a template's name"), (["app.socket"], "'app.socket': it is"),
        (["a b"], "'a b': it is a template's name"), (["app", "--canary", "soon"], "it is a number of seconds"),
        (["app", "--health-path", "health"], "--health-path 'health': it begins with /"),
        (["app", "--check", "true", "--url", "http://localhost"], "--check and --url: give one of them"),
        (["app", "--url", "localhost:8080"], "--url: URL 'localhost:8080' does not begin with http://"),
        (["app", "--check", ""], "--check '': it is a shell command"), ([], "Missing expected argument '<name>'"),
    ])
    func wrongUsage(arguments: [String], reason: String) throws {
        let error = #expect(throws: (any Error).self) { try RolloverCommand.parse(arguments) }
        let message = RolloverCommand.message(for: try #require(error))
        #expect(message.contains(reason), "\(message)")
        #expect(RolloverCommand.exitCode(for: try #require(error)) == .validationFailure)
    }

    @Test(arguments: [
        (["[::]:8080 (Stream)"], "http://[::1]:8080"), (["0.0.0.0:80 (Stream)"], "http://127.0.0.1:80"),
        (["[2001:db8::1]:53 (Datagram)", "10.0.0.1:8443 (Stream)"], "http://10.0.0.1:8443"),
        (["/run/app.sock (Stream)"], "unix:/run/app.sock"),
    ])
    func whereToAsk(listen: [String], target: String) throws {
        #expect(try pair(listen).target().words == target)
    }

    @Test func nowhereToAsk() throws {
        let error = #expect(throws: RolloverRefused.self) { try pair(["[::]:53 (Datagram)"]).target() }
        #expect(error?.description.hasPrefix("nothing of [::]:53 (Datagram) can be asked over HTTP") == true)
    }

    private func pair(_ listen: [String]) throws -> InstancePair {
        let (first, second) = (try #require(UnitName("app@a")), try #require(UnitName("app@b")))
        return InstancePair(
            serving: first,
            other: second,
            isServingUp: true,
            isOtherUp: false,
            isEnabled: false,
            sockets: [],
            started: first,
            listen: listen,
            file: ""
        )
    }
}
