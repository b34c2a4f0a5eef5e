import Glibc
import Testing

@testable import Systemd

/// In processes of their own: what is passed starts at descriptor 3, and variables are set.
@Suite struct InheritedSocketsTests {
    @Test func areTakenOnceWithTheirNames() async {
        await #expect(processExitsWith: .success) {
            pass(count: 3, names: "http:admin:http")
            let sockets = try ListenSockets.takeInherited()
            let names = sockets.descriptions.map { "\($0.name)[\($0.index)] \($0.kind.rawValue)" }
            demand(names == ["http[0] datagram", "admin[0] datagram", "http[1] datagram"], "\(names)")
            for variable in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] {
                demand(getenv(variable) == nil, "\(variable) is still there")
            }
            for descriptor: CInt in 3...5 {
                demand(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0, "\(descriptor) leaks to children")
            }
            demand(try ListenSockets.takeInherited().isEmpty, "taken twice")
        }
    }

    @Test func withoutNamesTheyAreUnknown() async {
        await #expect(processExitsWith: .success) {
            pass(count: 2, names: nil)
            let sockets = try ListenSockets.takeInherited()
            demand(sockets.descriptions.map(\.name) == ["unknown", "unknown"], "\(sockets.descriptions)")
            demand(sockets.descriptions.map(\.index) == [0, 1], "\(sockets.descriptions)")
        }
    }

    @Test func thoseOfAnotherProcessAreLeftAlone() async {
        await #expect(processExitsWith: .success) {
            pass(count: 1, names: "http")
            setenv("LISTEN_PID", "1", 1)
            demand(try ListenSockets.takeInherited().isEmpty, "taken")
            demand(fcntl(3, F_GETFD) >= 0, "closed")
        }
    }

    @Test func whatIsMalformedIsNamedAndCleared() async {
        await #expect(processExitsWith: .success) {
            for value in ["abc", "-1", "1x", "99999", "2147483648"] {
                pass(count: 1, names: nil)
                setenv("LISTEN_FDS", value, 1)
                do {
                    _ = try ListenSockets.takeInherited()
                    demand(false, "\(value) was taken")
                } catch let error as ListenSocketError {
                    demand(error.code == .badEnvironment, "\(error.code)")
                    demand(error.description.contains("LISTEN_FDS=\(value):"), error.description)
                }
                demand(getenv("LISTEN_FDS") == nil, "still there")
            }
        }
    }
}
