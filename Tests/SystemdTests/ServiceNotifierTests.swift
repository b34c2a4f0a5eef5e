import Glibc
import SystemPackage
import Testing

@testable import Systemd

/// In processes of their own: the environment is changed, and that is safe only while there is one thread that uses it.
@Suite struct ServiceNotifierTests {
    @Test func whatIsSentArrivesAndChildrenInheritNothing() async {
        await #expect(processExitsWith: .success) {
            let manager = ServiceManagerSocket()
            setenv("NOTIFY_SOCKET", manager.address, 1)
            let notifier = ServiceNotifier.take()
            demand(getenv("NOTIFY_SOCKET") == nil, "the variable is still there")
            demand(notifier.ready(status: "a\nb") == .sent, "READY is not sent")
            demand(manager.receive() == "READY=1\nSTATUS=a b", "READY has not arrived")
            demand(notifier.stopping(status: "c") == .sent, "STOPPING is not sent")
            demand(manager.receive() == "STOPPING=1\nSTATUS=c", "STOPPING has not arrived")
            demand(notifier.status("d") == .sent && manager.receive() == "STATUS=d", "STATUS has not arrived")
            demand(getenv("NOTIFY_SOCKET") == nil, "the variable is back")
            demand(system("env | grep -q NOTIFY_SOCKET") != 0, "a child has it")
        }
    }

    @Test func takingTwiceLeadsToTheSameManager() async {
        await #expect(processExitsWith: .success) {
            let manager = ServiceManagerSocket()
            setenv("NOTIFY_SOCKET", manager.address, 1)
            _ = ServiceNotifier.take()
            demand(ServiceNotifier.take().status("again") == .sent, "not sent")
            demand(manager.receive() == "STATUS=again", "not arrived")
        }
    }

    @Test func withoutAManagerThereIsNobodyToTell() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            demand(ServiceNotifier.take().ready(status: "") == .nobodyToTell, "somebody was told")
        }
    }

    @Test func aManagerThatIsNotThereIsAFailureWithItsErrno() async {
        await #expect(processExitsWith: .success) {
            setenv("NOTIFY_SOCKET", "/no/such/socket", 1)
            demand(ServiceNotifier.take().ready(status: "") == .failed(.noSuchFileOrDirectory), "no ENOENT")
        }
        await #expect(processExitsWith: .success) {
            setenv("NOTIFY_SOCKET", "@baton-nobody-\(getpid())", 1)
            demand(ServiceNotifier.take().ready(status: "") == .failed(.connectionRefused), "no ECONNREFUSED")
        }
    }
}
