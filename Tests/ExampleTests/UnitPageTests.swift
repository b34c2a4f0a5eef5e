import Foundation
import MachineKit
import Testing

/// The page about the unit files is about all that is in them.
struct UnitPageTests {
    @Test(arguments: ["app.socket", "app.service", "app-supervised.service"])
    func eachLineHasItsReason(unit: String) throws {
        let page = try SourceTree.text("Sources/Baton/Documentation.docc/UnitFiles.md")
        let lines = try SourceTree.text("units/\(unit)").components(separatedBy: "\n")
        let settings = lines.filter { !$0.isEmpty && !$0.hasPrefix("#") && !$0.hasPrefix("[") }
        #expect(!settings.isEmpty)
        for setting in settings { #expect(page.contains("| `\(setting)` |"), "\(setting)") }
    }

    @Test func eachErrorOfTheDoctorIsASymptom() throws {
        let page = try SourceTree.text("Sources/Baton/Documentation.docc/Troubleshooting.md")
        let manual = try SourceTree.text("units/man/baton-doctor.1")
        let findings = manual.components(separatedBy: "\n.Ss ")
        let errors = try #require(findings.first { $0.hasPrefix("Errors\n") })
        let names = errors.matches(of: /\n\.It Cm ([a-z-]+)/).map { String($0.output.1) }
        #expect(names.contains("stop-timeout"))
        for name in names { #expect(page.contains("`\(name)`"), "\(name)") }
    }
}
