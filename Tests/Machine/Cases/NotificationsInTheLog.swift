import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// PID 1 writes every notification to its debug log, also those that it does nothing with.
    @Suite struct NotificationsInTheLog {
        @Test func everyNotificationArrivesAsItWasMeant() async throws {
            let machine = try await Machine.shared
            try await machine.check("systemd-analyze", "log-level", "debug")
            let result: Result<[String], any Error>
            do { result = .success(try await log()) } catch { result = .failure(error) }
            try await machine.check("systemd-analyze", "log-level", "info")
            let lines = try result.get()
            for text in [
                "STATUS=hällö", "RELOADING=1, MONOTONIC_USEC=", "READY=1", "ERRNO=2",
                "BUSERROR=org.freedesktop.DBus.Error.TimedOut", "VARLINKERROR=org.varlink.service.InvalidParameter",
                "EXIT_STATUS=7", "NOTIFYACCESS=main", "WATCHDOG=1", "WATCHDOG_USEC=60000000",
                "EXTEND_TIMEOUT_USEC=60000000", "RESTART_RESET=1", "FDSTORE=1, FDNAME=m",
                "FDSTORE=1, FDNAME=p, FDPOLL=0",
                "FDSTOREREMOVE=1, FDNAME=m", "STOPPING=1",
            ] {
                #expect(lines.contains { $0.contains(text) }, "\(text): \(lines)")
            }
        }

        private func log() async throws -> [String] {
            let speaker = try await SpeakerService.install(
                "ready",
                "status=hällö",
                "reloading",
                "ready",
                "errno=2",
                "bus-error=org.freedesktop.DBus.Error.TimedOut",
                "varlink-error=org.varlink.service.InvalidParameter",
                "exit-status=7",
                "access=main",
                "ping",
                "watchdog-timeout=60000",
                "extend=60000",
                "reset-restarts",
                "put-memory=m:text",
                "put-pipe=p:bytes",
                "remove=m",
                "stopping",
                "hang",
                settings: "FileDescriptorStoreMax=8"
            )
            // It is the last one.
            try await speaker.server.wait(for: "ActiveState", toBe: "deactivating")
            // "Got notification message from PID 7 (READY=1)", from 257 on "… from PID 7: READY=1".
            return try await speaker.systemdSaid().filter { $0.contains("Got notification message from PID ") }
        }
    }
}
