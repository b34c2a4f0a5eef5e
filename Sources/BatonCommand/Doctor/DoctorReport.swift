/// What `baton doctor` has found.
struct DoctorReport {
    let service: UnitName
    let sockets: [UnitName]
    let systemd: Int
    let exposure: Double?
    let findings: [Finding]
    let unchecked: [Examination.Unchecked]

    /// 0 with hints or nothing, 1 with warnings, 2 with errors.
    var exitStatus: Int32 {
        switch findings.map(\.severity).max() {
        case .error: 2
        case .warning: 1
        case .hint, nil: 0
        }
    }

    /// For people.
    func text(_ style: TextStyle) -> String {
        var lines = [title(style)]
        for finding in findings {
            lines.append("")
            let severity = style.severity(finding.severity)
            lines.append("\(severity)  \(style.bold(finding.id.rawValue))  \(finding.unit)")
            lines += TextStyle.wrapped(finding.message, indent: 2)
            if let change = finding.change {
                lines.append("  write  \(style.bold(change.line))")
                lines.append("         in [\(change.section)] of \(finding.target)")
                if let place = finding.place { lines.append("         now \(place.reason), line \(place.line)") }
            } else if let place = finding.place {
                lines.append("  in     \(place.file), line \(place.line)")
            }
            if let command = finding.command { lines.append("  run    \(style.bold(command))") }
            lines.append("  see    \(finding.source)")
        }
        if !unchecked.isEmpty {
            lines.append("")
            lines += unchecked.flatMap { TextStyle.wrapped("not checked: \($0.what): \($0.why)", indent: 0) }
        }
        return lines.joined(separator: "\n")
    }

    private func title(_ style: TextStyle) -> String {
        let counts = Severity.allCases.reversed().compactMap { severity -> String? in
            let count = findings.count { $0.severity == severity }
            return count == 0 ? nil : NumberText.count(count, severity.rawValue)
        }
        let units = ([service] + sockets).map(\.description).joined(separator: ", ")
        let facts = ["systemd \(systemd)"] + (exposure.map { ["exposure \($0) of 10"] } ?? [])
        return style.bold(units) + ": "
            + (counts.isEmpty ? "nothing to complain about" : counts.joined(separator: ", "))
            + " (\(facts.joined(separator: ", ")))"
    }
}

extension Finding {
    /// The file to write to: where the setting is, or the unit; in place of one of the distribution's, a drop-in.
    var target: String {
        let path = change == nil ? file : place?.file ?? file
        guard ["/usr/lib/", "/lib/"].contains(where: path.hasPrefix) else { return path }
        let folder = path.contains("/systemd/user/") ? "~/.config/systemd/user" : "/etc/systemd/system"
        return "\(folder)/\(unit).d/override.conf"
    }
}
