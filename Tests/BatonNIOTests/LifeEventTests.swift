import Testing

@testable import BatonNIO

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite struct LifeEventTests {
    /// `journalctl -x` has something to say of each event, and of none that there is not.
    @Test func theCatalogueHasThemAll() throws {
        let path = #filePath.components(separatedBy: "/Tests/")[0] + "/units/baton.catalog"
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let ids = lines.filter { $0.hasPrefix("-- ") }.map { String($0.dropFirst(3)) }
        #expect(Set(ids) == Set(LifeEvent.allCases.map(\.rawValue)))
        #expect(ids.count == LifeEvent.allCases.count)
        #expect(lines.count { $0.hasPrefix("Subject: ") } == ids.count)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{32}/) != nil })
    }
}
