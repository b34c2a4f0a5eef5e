/// A unit with its drop-ins, as its files are.
struct Unit {
    typealias Assignment = UnitFile.Assignment

    let name: UnitName
    /// The unit file, then the drop-ins in the order in which they count.
    let files: [UnitFile]
    /// Units that links in `NAME.requires/` make it require.
    var requiredLinks: [String] = []

    /// Where a setting is to be changed: the unit file itself, or, if that is the distribution's, a drop-in.
    var path: String { files.first?.path ?? "\(name)" }

    /// All assignments of a setting, under all its names.
    private func assignments(_ setting: Setting) -> [Assignment] {
        guard let section = setting.section(in: name.kind) else { return [] }
        let names = [(section: section, key: setting.rawValue)] + setting.otherNames
        return files.flatMap(\.assignments).filter { assignment in
            names.contains { $0.section == assignment.section && $0.key == assignment.key }
        }
    }

    /// The assignment that counts: the last one that systemd takes. Nil if there is none, or it was taken back.
    func last(_ setting: Setting) -> Assignment? {
        let last = assignments(setting).last { $0.value.isEmpty || setting.takes($0.value) }
        return last?.value.isEmpty ?? true ? nil : last
    }

    /// The assignments that add up: those after the last empty one.
    func all(_ setting: Setting) -> [Assignment] {
        let all = assignments(setting)
        let start = all.lastIndex { $0.value.isEmpty }.map { $0 + 1 } ?? 0
        return Array(all[start...])
    }

    func text(_ setting: Setting) -> String? { last(setting)?.value }
    func boolean(_ setting: Setting) -> Bool { text(setting).flatMap(UnitText.boolean) ?? false }
    func number(_ setting: Setting) -> UInt32? { text(setting).flatMap { UInt32($0) } }
    func span(_ setting: Setting) -> TimeSpan? { text(setting).flatMap { TimeSpan($0) } }
    func signal(_ setting: Setting) -> CInt? { text(setting).flatMap(UnitText.signal) }

    /// The words of all assignments that add up, with specifiers replaced.
    func words(_ setting: Setting, _ specifiers: Specifiers) -> [(word: String, assignment: Assignment)] {
        all(setting).flatMap { assignment in
            UnitText.words(assignment.value).map { (specifiers.resolve($0), assignment) }
        }
    }

    /// Lines that systemd ignores, of those that it ought to understand.
    var ignored: [UnitFile.Ignored] {
        let malformed = files.flatMap(\.ignored)
        let refused = Setting.allCases.flatMap { setting in
            assignments(setting).filter { !$0.value.isEmpty && !setting.takes($0.value) }
        }
        return malformed
            + refused.map { assignment in
                UnitFile.Ignored(
                    file: assignment.file,
                    line: assignment.line,
                    reason: "'\(assignment.key)=\(assignment.value)' has no value that systemd takes"
                )
            }
    }
}
