import Foundation

extension DoctorReport {
    private struct Document: Encodable {
        let service: String
        let sockets: [String]
        let systemd: Int
        let exposure: Double?
        let findings: [Entry]
        let unchecked: [Examination.Unchecked]
    }

    private struct Entry: Encodable {
        let id: FindingID
        let severity: Severity
        let unit: String
        let message: String
        /// Where to write.
        let file: String
        let section: String?
        let write: String?
        let run: String?
        /// The line that is the reason.
        let line: Int?
        let source: String
    }

    /// One JSON object with sorted snake_case keys.
    func json() throws -> String {
        let document = Document(
            service: "\(service)",
            sockets: sockets.map(\.description),
            systemd: systemd,
            exposure: exposure,
            findings: findings.map { finding in
                Entry(
                    id: finding.id,
                    severity: finding.severity,
                    unit: "\(finding.unit)",
                    message: finding.message,
                    file: finding.place?.file ?? finding.target,
                    section: finding.change?.section,
                    write: finding.change?.line,
                    run: finding.command,
                    line: finding.place?.line,
                    source: finding.source
                )
            },
            unchecked: unchecked
        )
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }
}
