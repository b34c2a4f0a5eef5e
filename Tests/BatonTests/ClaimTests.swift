import Testing

@testable import Baton
@testable import Systemd

/// Which sockets a server gets, and by which names.
@Suite struct ClaimTests {
    private func activation(_ origin: Activation.Origin, _ names: [String]) throws -> Activation {
        var sockets = ListenSockets()
        for name in names {
            sockets.append(owning: try ListenAddress.tcp(host: "127.0.0.1", port: 0).listen(), name: name)
        }
        return Activation(origin: origin, notifier: ServiceNotifier { _ in .sent }, sockets: sockets)
    }

    /// The names of what is claimed and of what is left over, or the error.
    private func claim(
        _ names: [String],
        of origin: Activation.Origin = .serviceManager,
        _ asked: String...
    ) throws -> [String] {
        let activation = try activation(origin, names)
        var said: [String] = []
        do {
            let claimed = try activation.claim(asked[0], and: Array(asked.dropFirst())) {
                said.append("not \($0.name)")
            }
            return claimed.descriptions.map(\.name) + said
        } catch {
            return ["\(error)"]
        }
    }

    @Test func socketsOfSeveralNamesKeepTheirOrder() throws {
        #expect(try claim(["https", "admin", "http"], "http", "https") == ["https", "http", "not admin"])
    }

    /// A service without a socket unit puts its listen socket into the store by the name by which the next process asks for it.
    @Test func onlyWhatWasPassedIsInTheStore() throws {
        let own = try activation(.bound, ["http"]).store.namesInUse
        #expect(own == [])
        let passed = try activation(.serviceManager, ["http"]).store.namesInUse
        #expect(passed == ["http"])
    }

    @Test func eachNameMustBeThere() throws {
        let said = try claim(["http"], "http", "https")
        #expect(said.count == 1 && said[0].contains("https") && said[0].contains("http[0]"), "\(said)")
    }

    @Test func aSupervisorsPortsAreTheFirstNamesButForThoseThatAreAskedFor() throws {
        #expect(try claim(["8080", "8443"], of: .serverStarter, "http", "8443") == ["8080", "8443"])
        let said = try claim(["8080", "8443"], of: .serverStarter, "http", "https")
        #expect(said.count == 1 && said[0].contains("https"), "else TLS would be served nowhere: \(said)")
    }
}
