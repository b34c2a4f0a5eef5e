import Testing

@testable import BatonCommand

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

struct RestartCommandTests {
    private func run(_ command: String, timeout: Duration = .seconds(60)) async -> RestartExit {
        await RestartCommand(command, timeout: timeout, descriptors: 1024).run()
    }

    @Test(arguments: [
        ("true", RestartExit.exited(0)), ("exit 7", .exited(7)), ("kill -TERM $$", .signalled(SIGTERM)),
        ("no-such-command-anywhere 2>&-", .exited(127)),
    ])
    func tellsHowItEnded(command: String, exit: RestartExit) async {
        #expect(await run(command) == exit)
    }

    @Test func onlyExitZeroIsSuccess() {
        #expect(RestartExit.exited(0).succeeded)
        for exit in [RestartExit.exited(1), .signalled(SIGKILL), .killed, .couldNotStart(errno: ENOENT)] {
            #expect(!exit.succeeded)
        }
    }

    @Test func isKilledWithItsChildrenAfterItsTime() async {
        let clock = ContinuousClock()
        var exit: RestartExit?
        let took = await clock.measure { exit = await run("sleep 60; true", timeout: .milliseconds(100)) }
        #expect(exit == .killed)
        #expect(took < .seconds(30))
    }

    @Test func readsNothing() async {
        #expect(await run("if read line; then exit 1; else exit 0; fi") == .exited(0))
    }

    /// A client's connection must not stay open in the child when the client has closed it.
    @Test func inheritsNoDescriptor() async throws {
        let descriptor = open("/dev/null", O_RDONLY)
        try #require(descriptor >= 3)
        defer { close(descriptor) }
        #expect(await run("test ! -e /dev/fd/\(descriptor)") == .exited(0))
    }

    @Test func signalsAreAsUsual() async {
        signal(SIGPIPE, SIG_IGN)
        #expect(await run("kill -PIPE $$; exit 3") == .signalled(SIGPIPE))
    }
}
