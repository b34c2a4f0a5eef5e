import Foundation

extension ProbeReport {
    /// One JSON object with sorted snake_case keys and a newline at its end.
    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// - Parameter path: `-` is standard output.
    /// - Throws: When the file cannot be written.
    func writeJSON(to path: String) throws {
        let data = try json()
        if path == "-" {
            try FileHandle.standardOutput.write(contentsOf: data)
        } else {
            try OutputFile(path: path).write(data)
        }
    }
}

// The synthesized encoding leaves a key out where the value is nil; a reader is better served with a key that is always
// there.

extension ProbeReport.Restart {
    private enum CodingKeys: CodingKey {
        case number, startedAtSeconds, tookSeconds, ended, exitStatus, succeeded
        case longestGapMilliseconds, longestNewConnectionGapMilliseconds
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(number, forKey: .number)
        try container.encode(startedAtSeconds, forKey: .startedAtSeconds)
        try container.encode(tookSeconds, forKey: .tookSeconds)
        try container.encode(ended, forKey: .ended)
        try container.encode(exitStatus, forKey: .exitStatus)
        try container.encode(succeeded, forKey: .succeeded)
        try container.encode(longestGapMilliseconds, forKey: .longestGapMilliseconds)
        try container.encode(longestNewConnectionGapMilliseconds, forKey: .longestNewConnectionGapMilliseconds)
    }
}

extension ProbeReport.Gaps {
    private enum CodingKeys: CodingKey {
        case medianMilliseconds, worstMilliseconds, quietMilliseconds
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(medianMilliseconds, forKey: .medianMilliseconds)
        try container.encode(worstMilliseconds, forKey: .worstMilliseconds)
        try container.encode(quietMilliseconds, forKey: .quietMilliseconds)
    }
}
