import Foundation
import SystemdTestKit
import Testing

/// What can be said of a machine before one boots.
struct MachineFilesTests {
    @Test func aProgramThatIsNotThereIsNamed() async {
        let error = await #expect(throws: MachineError.self) { try await Machine.boot(binaries: ["/nowhere/app"]) }
        #expect(error?.description.contains("/nowhere/app") == true)
    }

    @Test func unitsOfAFolder() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (file, text) in ["one.service": "1", "two.socket": "2s", "two@.service": "2"] {
            try Data(text.utf8).write(to: folder.appendingPathComponent(file))
        }
        let one = try UnitPair(named: "one", in: folder.path)
        #expect(one.service == "1" && one.socket == nil && !one.isTemplate)
        let two = try UnitPair(named: "two", in: folder.path)
        #expect(two.service == "2" && two.socket == "2s" && two.isTemplate)
        #expect(throws: (any Error).self) { try UnitPair(named: "three", in: folder.path) }
    }
}
