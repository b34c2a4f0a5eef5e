import Foundation
import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// Everything that socket units can pass, as the program finds it.
    @Suite struct PassedSockets {
        private static let all: [(setting: String, found: String)] = [
            ("ListenStream=127.0.0.1:9101", "stream listening at 127.0.0.1:9101"),
            ("ListenStream=[::1]:9101", "stream listening at [::1]:9101"),
            ("ListenStream=/run/speaker.stream", "stream listening at /run/speaker.stream"),
            ("ListenStream=@speaker", "stream listening at @speaker"),
            ("ListenDatagram=127.0.0.1:9101", "datagram at 127.0.0.1:9101"),
            ("ListenDatagram=/run/speaker.datagram", "datagram at /run/speaker.datagram"),
            ("ListenSequentialPacket=/run/speaker.packet", "sequential-packet listening at /run/speaker.packet"),
            ("ListenFIFO=/run/speaker.fifo", "FIFO"),
            ("ListenSpecial=/dev/pts/ptmx", "special file"),
            ("ListenMessageQueue=/speaker", "message queue"),
            ("ListenNetlink=route 1361", "netlink socket at (address family 16) from (address family 16)"),
        ]

        @Test func ofOneUnitTheyHaveItsNameInItsOrder() async throws {
            let speaker = try await SpeakerService.install(
                "ready",
                "hang",
                socket: "FileDescriptorName=all\nRemoveOnStop=yes\n"
                    + Self.all.map(\.setting).joined(separator: "\n")
            )
            let said = try await speaker.said()
            // The queue and the FIFOs come behind the sockets, whatever the order in the unit.
            #expect(
                Set(said.map { $0.replacing(/\[[0-9]+\]/, with: "") }) == Set(Self.all.map { "passed all \($0.found)" })
            )
            #expect(said.enumerated().allSatisfy { $1.hasPrefix("passed all[\($0)] ") }, "\(said)")
            try await speaker.machine.check("systemctl", "stop", "speaker.socket", "speaker.service")
        }

        @Test func ofSeveralUnitsEachHasItsName() async throws {
            let machine = try await Machine.shared
            let folder = machine.path("/run/systemd/system")
            let names = (0..<Self.all.count).map { "speaker-\($0)" }
            for (name, (setting, _)) in zip(names, Self.all) {
                let unit =
                    "[Socket]\n\(setting)\nFileDescriptorName=\(name).name\nService=speaker.service\nRemoveOnStop=yes\n"
                try unit.write(toFile: "\(folder)/\(name).socket", atomically: true, encoding: .utf8)
            }
            let units = names.map { "\($0).socket" }
            let speaker = try await SpeakerService.install(
                "ready",
                "hang",
                settings: "Sockets=\(units.joined(separator: " "))"
            )
            let said = try await speaker.said()
            #expect(Set(said) == Set(zip(names, Self.all).map { "passed \($0).name[0] \($1.found)" }))
            for unit in units { try await machine.check("systemctl", "stop", unit) }
            for unit in units { try FileManager.default.removeItem(atPath: "\(folder)/\(unit)") }
            try await machine.check("systemctl", "daemon-reload")
        }

        @Test func withoutANameTheyHaveThatOfTheUnit() async throws {
            let speaker = try await SpeakerService.install(
                "ready",
                "hang",
                socket: "ListenStream=127.0.0.1:9101"
            )
            #expect(try await speaker.said() == ["passed speaker.socket[0] stream listening at 127.0.0.1:9101"])
        }

        /// Accept=yes: systemd passes one connection, with the addresses of both ends. On 252 it is called `connection` in any
        /// case, later only if the unit gives it no name.
        @Test(.timeLimit(.minutes(1)), arguments: [nil, "mine"])
        func aConnectionIsPassedWithItsPeer(name: String?) async throws {
            let isNamed = try await Machine.shared.systemdVersion >= 257
            let expected = isNamed ? name ?? "connection" : "connection"
            let speaker = try await SpeakerService.install(
                "answer=\(expected):hello",
                "exit=0",
                settings: "Type=simple",
                socket: "ListenStream=127.0.0.1:9101\nAccept=yes\nFileDescriptorName=\(name ?? "")",
                isTemplate: true,
                start: false
            )
            for _ in 1...2 {
                let client = try await Connection.open(to: 9101, in: speaker.machine)
                #expect(String(decoding: try await client.receive(), as: UTF8.self) == "hello\n")
                #expect(try await client.receive().isEmpty)
            }
            try await speaker.machine.waitUntil { try await speaker.said().count == 2 }
            let said = try await speaker.said()
            let peers = said.compactMap { line in
                line.wholeMatch(of: /passed ([a-z]+)\[0\] stream at 127.0.0.1:9101 from 127.0.0.1:([0-9]+)/)
                    .flatMap { $0.1 == expected ? $0.2 : nil }
            }
            #expect(Set(peers).count == 2, "\(said)")
        }

        @Test func theVariablesAndDescriptorsDoNotReachItsChildren() async throws {
            let speaker = try await SpeakerService.install(
                "ready",
                "child=env",
                "child=ls /proc/self/fd",
                "hang",
                settings: "WatchdogSec=1h\nFileDescriptorStoreMax=8",
                socket: "ListenStream=127.0.0.1:9101\nListenDatagram=127.0.0.1:9101"
            )
            try await speaker.machine.waitUntil { try await speaker.said().count { $0 == "child: 0" } == 2 }
            let said = try await speaker.said()
            let names = said.compactMap { $0.wholeMatch(of: /([A-Z_]+)=.*/)?.1 }
            #expect(names.contains("PATH"))
            for name in names {
                #expect(!["LISTEN_", "NOTIFY_", "WATCHDOG_", "FDSTORE"].contains { name.hasPrefix($0) }, "\(name)")
            }
            // Those of ls: the fourth is the folder.
            #expect(said.filter { Int($0) != nil } == ["0", "1", "2", "3"])
        }
    }
}
