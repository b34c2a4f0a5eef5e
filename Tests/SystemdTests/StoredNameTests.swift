import Testing

@testable import Systemd

@Suite struct StoredNameTests {
    @Test(arguments: ["a", " ", "~", "a b=c;/", String(repeating: "n", count: 255)])
    func aLegalNameIsTaken(name: String) throws {
        #expect(try StoredName(name).description == name)
    }

    @Test(arguments: [
        "", "a:b", ":", "a\\b", "a\nb", "a\rb", "a\0b", "\u{7F}", "\u{1F}", "é", "stored",
        String(repeating: "n", count: 256),
    ])
    func anIllegalOneIsAnErrorThatShowsIt(name: String) {
        let error = #expect(throws: FDStoreError.self) { try StoredName(name) }
        #expect(error?.code == .badName)
        let expected = "\(name.debugDescription) cannot name stored descriptors: 1 to 255"
        #expect(error?.description.hasPrefix(expected) == true)
    }
}
