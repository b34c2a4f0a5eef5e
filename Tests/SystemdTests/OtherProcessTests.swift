import Glibc
import SystemPackage
import Testing

@testable import Systemd

/// `sd_pid_notify_with_fds`: speaking for another process.
@Suite(.needsLibsystemd) struct OtherProcessTests {
    @Test(.enabled("needs root") { getuid() == 0 })
    func whatIsSentForAnotherProcessArrivesInItsName() throws {
        let manager = ManagerSocket()
        let notifier = ServiceNotifier(connectedTo: manager.address)
        #expect(notifier.send(.ready, onBehalfOf: getppid()) == .sent)
        let message = try #require(manager.receive())
        #expect(message.text == "READY=1" && message.pid == getppid())
        #expect(notifier.send(.ready, onBehalfOf: getpid()) == .sent)
        #expect(manager.receive()?.pid == getpid())
    }

    @Test(.enabled("needs root") { getuid() == 0 })
    func descriptorsAndTheOtherProcessGoTogether() throws {
        let manager = ManagerSocket()
        let notifier = ServiceNotifier(connectedTo: manager.address)
        let opened = open("/dev/null", O_RDONLY)
        defer { close(opened) }
        let many = [CInt](repeating: opened, count: 253)
        #expect(notifier.send("FDSTORE=1", onBehalfOf: getppid(), descriptors: many) == .sent)
        let message = try #require(manager.receive())
        #expect(message.pid == getppid() && message.descriptors.count == 253)
        for descriptor in message.descriptors { close(descriptor) }
        #expect(notifier.send("FDSTORE=1", onBehalfOf: nil, descriptors: many + [opened]) == .failed(.argListTooLong))
        #expect(manager.receive(milliseconds: 0) == nil)
    }

    @Test(.enabled("needs root") { getuid() == 0 })
    func aProcessThatIsNotThereCannotBeSpokenFor() {
        let manager = ManagerSocket()
        let notifier = ServiceNotifier(connectedTo: manager.address)
        #expect(notifier.send(.ready, onBehalfOf: CInt.max) == .failed(.noSuchProcess))
        #expect(notifier.send(.ready, onBehalfOf: -1) == .failed(.noSuchProcess))
        #expect(manager.receive(milliseconds: 0) == nil)
    }

    @Test(.enabled("needs root") { getuid() == 0 })
    func withoutPrivilegesItFailsInsteadOfBeingSentInOurOwnName() async {
        await #expect(processExitsWith: .success) {
            let manager = ManagerSocket()
            let notifier = ServiceNotifier(connectedTo: manager.address)
            demand(setgid(65534) == 0 && setuid(65534) == 0, "still root")
            demandEqual(notifier.send(.ready, onBehalfOf: getppid()), .failed(.notPermitted))
            demand(manager.receive(milliseconds: 0) == nil, "something has arrived")
            demandEqual(notifier.send(.ready, onBehalfOf: getpid()), .sent)
            demandEqual(manager.receive()?.pid, getpid())
        }
    }
}
