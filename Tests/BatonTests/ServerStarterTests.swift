import Systemd
import Testing

@testable import Baton

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite struct ServerStarterTests {
    @Test(arguments: [
        ("", []),
        ("8080=4", ["8080 4"]),
        (
            "8080=4;127.0.0.1:80=5;[::1]:8080=0;/run/a=b.sock=12",
            ["8080 4", "127.0.0.1:80 5", "[::1]:8080 0", "/run/a=b.sock 12"]
        ),
    ])
    func parsesWhatStartServerWrites(value: String, expected: [String]) throws {
        #expect(try ServerStarter.parse(value).map { "\($0.name) \($0.descriptor)" } == expected)
    }

    @Test(arguments: [
        ("8080", "'8080' has no '=' and descriptor"),
        ("8080=", "'' of '8080' is not a descriptor number"),
        ("8080=x", "'x' of '8080' is not a descriptor number"),
        ("8080=-1", "'-1' of '8080' is not a descriptor number"),
        ("8080=+4", "'+4' of '8080' is not a descriptor number"),
        ("8080=99999999999", "descriptor '99999999999' of '8080' is too large"),
        ("=4", "'=4' has no port or path before its '='"),
        ("8080=4;", "an entry is empty"),
        ("8080=4;;8081=5", "an entry is empty"),
        ("8080=4;8081=4", "descriptor 4 is given to both '8080' and '8081'"),
    ])
    func saysWhatIsMalformed(value: String, reason: String) {
        let error = #expect(throws: ActivationError.self) { try ServerStarter.parse(value) }
        #expect(error?.code == .badEnvironment)
        #expect(error?.description.hasPrefix("SERVER_STARTER_PORT='\(value)': \(reason); ") == true)
    }

    /// In a process of its own: the environment is changed.
    @Test func aSecondNumberOfASocketThatWasPassedIsNoOtherSocket() async {
        await #expect(processExitsWith: .success) {
            let passed = try ListenAddress.tcp(host: "127.0.0.1", port: 0).listen()
            let other = try ListenAddress.tcp(host: "127.0.0.1", port: 0).listen()
            let second = dup(passed)
            setenv("SERVER_STARTER_PORT", "80=\(second);81=\(other)", 1)
            guard let taken = try ServerStarter.take(besides: passed..<passed + 1),
                taken.descriptions.map(\.name) == ["81"], fcntl(passed, F_GETFD) >= 0, fcntl(second, F_GETFD) < 0
            else { exit(EXIT_FAILURE) }
            exit(EXIT_SUCCESS)
        }
    }
}
