import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// What SystemdTestKit promises to those who test a service of their own.
    @Suite struct KitForUsers {
        @Test func theVersionIsThatOfTheMachine() async throws {
            let machine = try await Machine.shared
            let said = try await machine.check("systemctl", "--version")
            #expect(said.hasPrefix("systemd \(machine.systemdVersion) "), "\(said)")
        }

        @Test(.timeLimit(.minutes(1)))
        func aServiceWithoutASocketUnit() async throws {
            let machine = try await Machine.shared
            let units = UnitPair(name: "own", socket: nil, service: "[Service]\nExecStart=/usr/bin/sleep 1000\n")
            let own = try await Server.install(units, in: machine)
            #expect(try await own.property("ActiveState") == "active")
            try await own.systemctl("stop")
        }

        @Test(.timeLimit(.minutes(2)))
        func anotherMachineEndsWithItsLastReference() async throws {
            let shared = try await Machine.shared
            let before = try await shared.run("systemctl", "is-system-running").output
            var other: Machine? = try await Machine.boot()
            let leader = try #require(other?.leader)
            #expect(leader != shared.leader)
            other = nil
            while FileManager.default.fileExists(atPath: "/proc/\(leader)") {
                try await Task.sleep(for: .milliseconds(10))
            }
            let after = try await shared.run("systemctl", "is-system-running").output
            #expect(after == before)
        }
    }
}
