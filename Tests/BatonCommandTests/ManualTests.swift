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

    @Test(arguments: [("baton-run.1", RunCommand.helpMessage()), ("baton-probe.1", ProbeCommand.helpMessage())])
    func everyOptionIsInItsManual(name: String, help: String) throws {
        let page = try page(name)
        let options = help.matches(of: /^  --([a-z0-9-]+)/.anchorsMatchLineEndings()).map(\.output.1)
        #expect(options.count > 15)
        for option in options { #expect(page.contains(".It Fl -\(option)"), "--\(option) is missing") }
        let documented = page.matches(of: /^\.It Fl -([a-z0-9-]+)/.anchorsMatchLineEndings()).map(\.output.1)
        for option in documented { #expect(options.contains(option), "--\(option) is in the manual only") }
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
