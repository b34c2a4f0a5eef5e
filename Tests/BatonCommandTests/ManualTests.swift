import ArgumentParser
import Foundation
import Testing

@testable import BatonCommand

/// The manual pages say what the commands can be told.
@Suite struct ManualTests {
    private func page(_ name: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("units/man/\(name)"), encoding: .utf8)
    }

    private static let pages: [(page: String, command: any ParsableCommand.Type, options: Int)] = [
        ("baton-run.1", RunCommand.self, 15), ("baton-doctor.1", DoctorCommand.self, 5),
        ("baton-probe.1", ProbeCommand.self, 15), ("baton-rollover.1", RolloverCommand.self, 5),
        ("baton-units.1", UnitsCommand.self, 15),
    ]

    @Test(arguments: pages.indices) func everyOptionIsInItsManual(index: Int) throws {
        let entry = Self.pages[index]
        let page = try page(entry.page)
        let options = entry.command.helpMessage().matches(of: /^  --([a-z0-9-]+)/.anchorsMatchLineEndings())
            .map(\.output.1).filter { $0 != "version" }
        #expect(options.count > entry.options)
        for option in options { #expect(page.contains(".It Fl -\(option)"), "--\(option) is missing") }
        let documented = page.matches(of: /^\.It Fl -([a-z0-9-]+)/.anchorsMatchLineEndings()).map(\.output.1)
        for option in documented { #expect(options.contains(option), "--\(option) is in the manual only") }
    }

    @Test func everyFindingOfDoctorIsInItsManual() throws {
        let page = try page("baton-doctor.1")
        let sections = page.split(separator: "\n.Ss ").dropFirst()
        #expect(sections.count == Severity.allCases.count)
        for (section, severity) in zip(sections, Severity.allCases.reversed()) {
            #expect(section.lowercased().hasPrefix(severity.rawValue))
            let documented = section.matches(of: /^\.It Cm ([a-z-]+)$/.anchorsMatchLineEndings()).map {
                String($0.output.1)
            }
            #expect(Set(documented) == Set(FindingID.allCases.filter { $0.severity == severity }.map(\.rawValue)))
        }
    }

    @Test func everyCommandIsInTheManual() throws {
        let page = try page("baton.1")
        let commands =
            BatonCommand.configuration.groupedSubcommands.flatMap(\.subcommands)
            + BatonCommand.configuration.ungroupedSubcommands
        #expect(commands.count > 5)
        for command in commands {
            let name = try #require(command.configuration.commandName)
            #expect(page.contains(".It Cm \(name)"), "\(name) is missing")
        }
    }
}
