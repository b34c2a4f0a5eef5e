import MachineKit
import SystemdTestKit
import Testing

extension UnderSystemd {
    /// gRPC over restarts; the client is gRPC's own.
    @Suite(.needsGRPC) struct GRPC {
        @Test(.timeLimit(.minutes(2)))
        func twentyRestartsLoseNoCall() async throws {
            let machine = try await Machine.shared
            let server = try await Server.install(.grpc(), in: machine)
            let mark = try await machine.markJournal()
            let result = try await machine.run(
                "/usr/local/bin/grpc-client",
                "\(server.units.port)",
                "4",
                "5",
                "20",
                "250",
                "systemctl restart \(server.service)",
                seconds: 90
            )
            print(result.output)
            #expect(result.status == 0, "\(result)")
            let counts = result.output.matches(of: /([A-Za-z]+) ([0-9]+)/)
                .reduce(into: [:]) { $0[String($1.1)] = Int($1.2) }
            #expect(counts["lost"] == 0, "\(result)")
            for kind in ["Get", "Expand", "Update"] { #expect(counts[kind] ?? 0 > 300, "\(result)") }
            #expect(counts["processes"] ?? 0 > 20, "\(result)")
            #expect(counts["goaways"] ?? 0 >= 4 * 20, "each connection of each generation is told: \(result)")
            let journal = try await server.journal(since: mark)
            let drained = journal.count { $0.message.hasSuffix("drained: every request was answered") }
            #expect(drained >= 20, "\(journal)")
            #expect(!journal.contains { $0.message.contains("its deadline") }, "\(journal)")
            try await machine.check("systemctl", "stop", server.service, server.socket)
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// For what needs programs that are built with the package trait GRPC, as `Tests/run` builds them.
    static var needsGRPC: Self {
        #if GRPC
        .enabled(if: true)
        #else
        .disabled("built without the package trait GRPC: swift build --build-tests --traits default,GRPC")
        #endif
    }
}
