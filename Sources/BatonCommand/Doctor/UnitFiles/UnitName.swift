/// A unit's name, as in `app.service`, `app@.service` and `app@blue.service`.
struct UnitName: Hashable, CustomStringConvertible {
    enum Kind: String {
        case service, socket
    }

    /// What is before the suffix.
    let stem: Substring
    let kind: Kind

    /// - Parameter text: Without a suffix it is a service, as for systemctl(1). Nil for the name of another kind of unit, and for what
    ///   is no name.
    init?(_ text: some StringProtocol) {
        let text = String(text)
        if let dot = text.lastIndex(of: "."), let kind = Kind(rawValue: String(text[text.index(after: dot)...])) {
            self.init(stem: text[..<dot], kind: kind)
        } else if !Self.others.contains(where: text.hasSuffix) {
            self.init(stem: text[...], kind: .service)
        } else {
            return nil
        }
        let isAllowed = stem.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || ":-_.\\@".utf8.contains(byte)
        }
        guard isAllowed, !stem.isEmpty, stem.first != "@", text.utf8.count <= 255 else { return nil }
    }

    private init(stem: Substring, kind: Kind) {
        (self.stem, self.kind) = (stem, kind)
    }

    private static let others = [
        ".target", ".timer", ".path", ".mount", ".automount", ".swap", ".slice", ".scope", ".device",
    ]

    var description: String { "\(stem).\(kind.rawValue)" }

    /// What is before the `@`; all of it where there is none.
    var prefix: Substring { stem.prefix { $0 != "@" } }

    /// What is behind the `@`, empty for the template itself; nil where there is none.
    var instance: Substring? { stem.firstIndex(of: "@").map { stem[stem.index(after: $0)...] } }

    var isTemplate: Bool { instance?.isEmpty ?? false }

    /// The template of an instance; nil for what is none.
    var template: UnitName? {
        guard let instance, !instance.isEmpty else { return nil }
        return UnitName(stem: "\(prefix)@", kind: kind)
    }

    /// The unit of the same name and another kind.
    func with(_ kind: Kind) -> UnitName { UnitName(stem: stem, kind: kind) }

    /// Whether both are the same unit, or one is the template of the other.
    func isSameOrTemplate(of other: UnitName) -> Bool {
        self == other || template == other || other.template == self
    }

    /// The folders of drop-ins for it, without `.d`, the most specific one first (systemd.unit(5)).
    var dropInNames: [String] {
        var names = [description] + (template.map { [$0.description] } ?? [])
        var rest = prefix
        while let dash = rest.dropLast().lastIndex(of: "-"), dash > rest.startIndex {
            rest = rest[...dash]
            names.append("\(rest).\(kind.rawValue)")
        }
        return names
    }
}
