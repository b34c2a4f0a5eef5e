import Glibc
import SystemPackage
import Testing

@testable import Systemd

/// In processes of their own: the environment is changed, and that is safe only while there is one thread that uses it.
@Suite(.needsLibsystemd) struct ServiceNotifierTests {
    @Test func whatIsSentArrivesAndChildrenInheritNothing() async {
        await #expect(processExitsWith: .success) {
            // Pipes and files come and go: they are the testing library's.
            let sockets = "exit $(ls -l /proc/self/fd | grep -c socket:)"
            let inherited = system(sockets)
            let manager = ManagerSocket()
            setenv("NOTIFY_SOCKET", manager.address, 1)
            let notifier = ServiceNotifier.take()
            demand(getenv("NOTIFY_SOCKET") == nil, "the variable is still there")
            demandEqual(notifier.send(.ready.status(flattening: "a\nb")), .sent)
            let message = manager.receive()
            demandEqual(message?.text, "READY=1\nSTATUS=a b")
            demandEqual(message?.pid, getpid())
            demandEqual(message?.descriptors, [])
            demandEqual(notifier.send(.stopping), .sent)
            demandEqual(manager.text(), "STOPPING=1")
            demand(getenv("NOTIFY_SOCKET") == nil, "the variable is back")
            demand(system("env | grep -q NOTIFY_SOCKET") != 0, "a child has it")
            demandEqual(system(sockets), inherited)
        }
    }

    @Test func takingTwiceLeadsToTheSameManager() async {
        await #expect(processExitsWith: .success) {
            let manager = ManagerSocket()
            setenv("NOTIFY_SOCKET", manager.address, 1)
            _ = ServiceNotifier.take()
            demandEqual(ServiceNotifier.take().send(.watchdogPing), .sent)
            demandEqual(manager.text(), "WATCHDOG=1")
        }
    }

    @Test func anAddressCanBeAPath() async {
        await #expect(processExitsWith: .success) {
            let manager = ManagerSocket(path: "/tmp/baton-manager-\(getpid())")
            setenv("NOTIFY_SOCKET", manager.address, 1)
            demandEqual(ServiceNotifier.take().send(.ready), .sent)
            demandEqual(manager.text(), "READY=1")
        }
    }

    @Test(arguments: ["unset", "empty"])
    func withoutAManagerThereIsNobodyToTell(how: String) async {
        await #expect(processExitsWith: .success) { [how] in
            unsetenv("NOTIFY_SOCKET")
            if how == "empty" { setenv("NOTIFY_SOCKET", "", 1) }
            let notifier = ServiceNotifier.take()
            demandEqual(notifier.send(.ready), .nobodyToTell)
            demandEqual(notifier.send(.ready, onBehalfOf: 1), .nobodyToTell)
            demandEqual(notifier.barrier(within: .seconds(1)), .nobodyToTell)
            demand(system("env | grep -q NOTIFY_SOCKET") != 0, "a child has it")
        }
    }

    /// What is not a UNIX socket goes to libsystemd, whose errors differ from version to version.
    @Test(arguments: [
        ("/no/such/socket", ENOENT), ("@baton-nobody", ECONNREFUSED), ("@", ECONNREFUSED), ("/dev/null", ECONNREFUSED),
        ("/" + String(repeating: "p", count: 107), ENAMETOOLONG),
        ("@" + String(repeating: "a", count: 108), ENAMETOOLONG),
        ("vsock:1:9", 0), ("vsock:", 0), ("vsock:x:y", 0), ("relative", 0),
    ])
    func aManagerThatIsNotThereIsAFailure(address: String, errno: CInt) async {
        await #expect(processExitsWith: .success) { [address, errno] in
            setenv("NOTIFY_SOCKET", address, 1)
            let notifier = ServiceNotifier.take()
            for _ in 1...2 {
                guard case .failed(let found) = notifier.send(.ready) else { return demand(false, "no failure") }
                if errno != 0 { demandEqual(found.rawValue, errno) }
                demand(found.rawValue > 0, "\(found)")
            }
            demand(notifier.barrier(within: .seconds(1)) != .sent, "a barrier without a manager")
            demand(getenv("NOTIFY_SOCKET") == nil, "the variable is still there")
            demand(system("env | grep -q NOTIFY_SOCKET") != 0, "a child has it")
        }
    }

    /// The longest names that fit must not be refused as too long.
    @Test func theLongestAddressesAreNotTooLong() {
        let path = ServiceNotifier(connectedTo: "/" + String(repeating: "p", count: 106))
        #expect(path.send(.ready) == .failed(.noSuchFileOrDirectory))
        let abstract = ServiceNotifier(connectedTo: "@" + String(repeating: "a", count: 107))
        #expect(abstract.send(.ready) == .failed(.connectionRefused))
    }
}
