import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Notifications from and about more processes than one.
    @Suite struct NotificationsOfOthers {
        @Test func theMainProcessCanBecomeAnother() async throws {
            let speaker = try await SpeakerService.install(
                command: "/bin/sh -c 'sleep 1000 & exec speaker ready+main-pid=$$! hang'"
            )
            let pid = try #require(try await speaker.server.mainPID())
            // The shell's child is that some time after the fork.
            try await speaker.machine.waitUntil {
                try await speaker.machine.check("cat", "/proc/\(pid)/comm") == "sleep"
            }
        }

        /// Without privileges it must be one of the service's own.
        @Test func aProcessOfAnotherServiceCannotBecomeTheMainProcess() async throws {
            let speaker = try await SpeakerService.install(
                command:
                    "/bin/sh -c 'exec speaker ready+main-pid=$(pidof systemd-journald) barrier=10000 say=told hang'",
                settings: "User=nobody"
            )
            try await speaker.machine.waitUntil { try await speaker.said().contains("told") }
            let pid = try #require(try await speaker.server.mainPID())
            #expect(try await speaker.machine.check("cat", "/proc/\(pid)/comm") == "speaker")
        }

        /// NotifyAccess=main: from a child it counts only in the name of the main process.
        @Test(.timeLimit(.minutes(1)))
        func aChildCanSpeakForTheMainProcess() async throws {
            let settings = "NotifyAccess=main\nTimeoutStartSec=5"
            func command(_ words: String) -> String {
                "/bin/sh -c 'speaker \(words) barrier=10000 exit=0 & exec sleep 1000'"
            }
            _ = try await SpeakerService.install(command: command("for=$$$$ ready"), settings: settings)
            let own = try await SpeakerService.install(command: command("ready"), settings: settings, start: false)
            #expect(try await own.machine.run("systemctl", "start", "speaker.service").status != 0)
            #expect(try await own.property("Result") == "timeout")
        }

        @Test func withoutPrivilegesNobodySpeaksForAnother() async throws {
            let speaker = try await SpeakerService.install(
                "for=1",
                "status=1",
                "for=0",
                "ready",
                "hang",
                settings: "User=nobody"
            )
            #expect(try await speaker.said() == ["status=1 failed(Operation not permitted)"])
        }

        /// A process that is gone when PID 1 reads its message belongs to no service any more.
        @Test(.timeLimit(.minutes(2)))
        func whatIsSaidBeforeABarrierIsHeardThoughTheProcessIsGone() async throws {
            let command = "/bin/sh -c 'speaker ready barrier=10000 exit=0 & wait; exec sleep 1000'"
            let speaker = try await SpeakerService.install(
                command: command,
                settings: "NotifyAccess=all\nTimeoutStartSec=10"
            )
            for _ in 1...20 { try await speaker.server.systemctl("restart") }
            #expect(Set(try await speaker.said()) == ["barrier sent"])
        }
    }
}
