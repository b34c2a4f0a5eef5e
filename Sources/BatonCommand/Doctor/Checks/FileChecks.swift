/// What the files of the units have that systemd passes over.
enum FileChecks {
    static func findings(_ examination: Examination) -> [Finding] {
        ([examination.service] + examination.sockets).flatMap { unit in
            unit.ignored.map { ignored in
                var finding = Finding(
                    .lineIgnored,
                    unit,
                    "systemd ignores a line: \(ignored.reason)",
                    source: "systemd.syntax(7)"
                )
                finding.place = ignored
                return finding
            }
        }
    }
}
