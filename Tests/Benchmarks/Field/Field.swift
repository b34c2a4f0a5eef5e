import ArgumentParser
import Foundation
import MachineKit
import SystemdTestKit

/// Measures what a restart costs by each of the ways in the field, in one private machine and with one client.
@main
struct Field: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Tests/compare",
        abstract: "Measures restarts of app against those of other servers, each as good as it can be set up.",
        discussion: """
            In rounds, one after the other: each is started, answers its first request, is under load for a while, and is restarted under \
            `baton probe`. The table is Markdown, and says which machine it is of.
            """
    )

    @Option(help: "How many rounds.")
    var rounds = 4

    @Option(help: "How many restarts in a round.")
    var restarts = 5

    @Option(help: "Seconds of load for the throughput in a round, and as many for what it is compared with.")
    var seconds = 3

    @Option(help: "Only those whose name contains this.")
    var only: String?

    func validate() throws {
        for (name, value) in [("--rounds", rounds), ("--restarts", restarts), ("--seconds", seconds)] where value < 1 {
            throw ValidationError("\(name) \(value): must be 1 at least")
        }
    }

    func run() async throws {
        let machine = try await Machine.shared
        try Programs.copy(into: machine)
        let contenders = try Contender.all(in: machine).filter { contender in
            only.map { contender.name.contains($0) } ?? true
        }
        guard !contenders.isEmpty else { throw ValidationError("--only \(only ?? ""): there is none of that name") }
        _ = try await Server.install(Contender.reference.units, in: machine)
        var results = contenders.map { _ in Result() }
        for round in 1...rounds {
            for (index, contender) in contenders.enumerated() {
                FileHandle.standardError.write(Data("round \(round) of \(rounds): \(contender.name)\n".utf8))
                try await Measurement(contender: contender, machine: machine, restarts: restarts, seconds: seconds)
                    .run(into: &results[index])
            }
        }
        print("\n\(try await FieldTable.machine(machine))\n")
        print(FieldTable.text(contenders.map(\.name), results))
    }
}
