import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// For each notification, what systemd has made of it.
    @Suite struct Notifications {
        private func version() async throws -> Int { try await Machine.shared.systemdVersion }

        @Test func readyEndsTheStart() async throws {
            let speaker = try await SpeakerService.install("say=here", "wait=USR1", "ready", "hang", start: false)
            try await speaker.machine.check("systemctl", "start", "--no-block", "speaker.service")
            // Before its first word it awaits the signal, which would end it earlier.
            try await speaker.machine.waitUntil { try await speaker.said().contains("here") }
            #expect(try await speaker.property("ActiveState") == "activating")
            #expect(try await speaker.property("SubState") == "start")
            #expect(try await speaker.property("Job") != "")
            try await speaker.goOn()
            try await speaker.server.wait(for: "SubState", toBe: "running")
            #expect(try await speaker.property("ActiveState") == "active")
            #expect(try await speaker.property("Job") == "")
        }

        /// RELOADING=1 in a service of Type=notify; READY=1 ends the state.
        @Test func reloadingIsAStateThatReadyEnds() async throws {
            let speaker = try await SpeakerService.install(
                "ready",
                "wait=USR1",
                "reloading+status=reads",
                "wait=USR1",
                "ready+status=has read",
                "hang"
            )
            try await speaker.goOn()
            try await speaker.server.wait(for: "ActiveState", toBe: "reloading")
            #expect(try await speaker.property("StatusText") == "reads")
            let subState = try await speaker.property("SubState")
            #expect(subState == (try await version() >= 253 ? "reload-notify" : "reload"))
            try await speaker.goOn()
            try await speaker.server.wait(for: "SubState", toBe: "running")
            #expect(try await speaker.property("StatusText") == "has read")
        }

        /// `systemctl reload` of Type=notify-reload takes the MONOTONIC_USEC= of RELOADING=1 for its answer, and waits for READY=1.
        @Test func reloadOfTypeNotifyReloadWaitsForReady() async throws {
            let speaker = try await SpeakerService.install(
                "ready",
                "wait=HUP",
                "reloading",
                "wait=USR1",
                "ready",
                "hang",
                settings: "Type=notify-reload"
            )
            guard try await version() >= 253 else {
                // 252 does not know the type, and goes by the setting before.
                #expect(try await speaker.property("Type") == "notify")
                #expect(try await speaker.machine.run("systemctl", "reload", "speaker.service").status != 0)
                return
            }
            async let reload = speaker.machine.run("systemctl", "reload", "speaker.service")
            try await speaker.server.wait(for: "SubState", toBe: "reload-notify")
            #expect(try await speaker.property("Job") != "")
            try await speaker.goOn()
            #expect(try await reload.status == 0)
            #expect(try await speaker.property("SubState") == "running")
        }

        @Test func stoppingIsAStateWhileTheProcessLives() async throws {
            let speaker = try await SpeakerService.install("ready", "wait=USR1", "stopping+status=bye", "hang")
            let pid = try await speaker.server.mainPID()
            try await speaker.goOn()
            try await speaker.server.wait(for: "ActiveState", toBe: "deactivating")
            #expect(try await speaker.property("SubState") == "stop-sigterm")
            #expect(try await speaker.property("StatusText") == "bye")
            #expect(try await speaker.server.mainPID() == pid)
        }

        @Test(arguments: ["hällö wörld 😀 \"%n\" = $HOME \\", "", String(repeating: "é", count: 1536)])
        func statusIsStatusText(text: String) async throws {
            let speaker = try await SpeakerService.install("ready+status=\(text)", "barrier=10000", "hang")
            #expect(try await speaker.property("StatusText") == text)
        }

        @Test func errorsAreProperties() async throws {
            let speaker = try await SpeakerService.install(
                "ready+errno=2+bus-error=org.freedesktop.DBus.Error.TimedOut+varlink-error=org.example-1.Bad",
                "hang"
            )
            #expect(try await speaker.property("StatusErrno") == "2")
            let isNew = try await version() >= 257
            #expect(
                try await speaker.property("StatusBusError") == (isNew ? "org.freedesktop.DBus.Error.TimedOut" : "")
            )
            #expect(try await speaker.property("StatusVarlinkError") == (isNew ? "org.example-1.Bad" : ""))
        }

        @Test func watchdogTimeoutIsAProperty() async throws {
            let speaker = try await SpeakerService.install("ready+watchdog-timeout=5000", "hang")
            #expect(try await speaker.property("WatchdogUSec") == "5s")
        }

        @Test(.timeLimit(.minutes(1)))
        func pingsKeepItAliveAndWithoutThemItEnds() async throws {
            let pings = Array(repeating: ["sleep=500", "ping"], count: 16).flatMap { $0 }
            let words = (["ready"] + pings + ["say=alive", "hang"]).map { "\"\($0)\"" }.joined(separator: " ")
            let speaker = try await SpeakerService.install(
                command: "/usr/local/bin/speaker \(words)",
                settings: "WatchdogSec=4"
            )
            let first = UInt64(try await speaker.property("WatchdogTimestampMonotonic")) ?? 0
            // After READY=1 the first counts from there.
            try await speaker.server.waitForProperty("WatchdogTimestampMonotonic") {
                (UInt64($0) ?? 0) > first + 5_000_000
            }
            try await speaker.server.wait(for: "ActiveState", toBe: "failed")
            #expect(try await speaker.property("Result") == "watchdog")
            #expect(try await speaker.said() == ["watchdog 4.0 seconds", "alive"])
        }

        @Test func watchdogTriggerEndsIt() async throws {
            let speaker = try await SpeakerService.install("ready", "wait=USR1", "trigger", "hang")
            try await speaker.goOn()
            try await speaker.server.wait(for: "ActiveState", toBe: "failed")
            #expect(try await speaker.property("Result") == "watchdog")
        }

        @Test(.timeLimit(.minutes(1)))
        func aStartMayTakeAsLongAsItSays() async throws {
            let settings = "TimeoutStartSec=3"
            let late = try await SpeakerService.install("sleep=4500", "ready", "hang", settings: settings, start: false)
            #expect(try await late.machine.run("systemctl", "start", "speaker.service").status != 0)
            #expect(try await late.property("Result") == "timeout")
            try await late.change("extend=10000", "sleep=4500", "ready", "hang")
            try await late.server.systemctl("start")
        }

        @Test(.timeLimit(.minutes(1)))
        func aStopMayTakeAsLongAsItSays() async throws {
            let settings = "TimeoutStopSec=3"
            let speaker = try await SpeakerService.install(
                "ready",
                "wait=TERM",
                "stopping+extend=10000",
                "sleep=4500",
                "say=in peace",
                "exit=0",
                settings: settings
            )
            try await speaker.server.systemctl("stop")
            #expect(try await speaker.property("Result") == "success")
            #expect(try await speaker.said() == ["in peace"])
            try await speaker.change("ready", "wait=TERM", "stopping", "sleep=4500", "say=not heard", "exit=0")
            try await speaker.server.systemctl("start")
            try await speaker.server.systemctl("stop")
            #expect(try await speaker.property("Result") == "timeout")
            #expect(try await speaker.said() == ["in peace"])
        }

        /// Which processes may speak: from 254 on a property, and of no effect before.
        @Test func accessIsWhoMaySpeak() async throws {
            let speaker = try await SpeakerService.install(
                "ready+access=none",
                "status=not heard",
                "barrier=10000",
                "say=told",
                "hang"
            )
            try await speaker.machine.waitUntil { try await speaker.said().contains("told") }
            let isKnown = try await version() >= 254
            #expect(try await speaker.property("NotifyAccess") == (isKnown ? "none" : "main"))
            #expect(try await speaker.property("StatusText") == (isKnown ? "" : "not heard"))
        }

        @Test(.timeLimit(.minutes(1)))
        func resettingRestartsSetsTheirCounterTo0() async throws {
            let speaker = try await SpeakerService.install(
                "ready",
                "wait=USR1",
                "reset-restarts+status=reset",
                "hang",
                settings: "Restart=always\nRestartSec=10ms"
            )
            for count in 1...2 {
                try await speaker.server.kill("KILL")
                try await speaker.server.wait(for: "NRestarts", toBe: "\(count)")
                try await speaker.server.wait(for: "SubState", toBe: "running")
            }
            try await speaker.goOn()
            try await speaker.server.wait(for: "StatusText", toBe: "reset")
            #expect(try await speaker.property("NRestarts") == (try await version() >= 258 ? "0" : "2"))
        }
    }
}
