#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import Logging
import SystemPackage

/// What the file of `--config` says; all of it may be left out.
struct AppConfiguration: Decodable, Hashable {
    /// With what `GET /` begins.
    var greeting = "app"
    /// The least severe level that is logged.
    var logLevel = Logger.Level.info

    /// A file that cannot be used: which, where in it, and what to do.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let longest = 65_537

    private struct Key: CodingKey {
        static let greeting = Key(stringValue: "greeting")
        static let logLevel = Key(stringValue: "logLevel")

        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let known = [Key.greeting.stringValue, Key.logLevel.stringValue]
        for key in container.allKeys where !known.contains(key.stringValue) {
            throw Failure(
                description: "there is no setting '\(key.stringValue)'; there are: \(known.joined(separator: ", "))"
            )
        }
        greeting = try container.decodeIfPresent(String.self, forKey: .greeting) ?? greeting
        if let name = try container.decodeIfPresent(String.self, forKey: .logLevel) {
            guard let level = Logger.Level(rawValue: name) else {
                let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(description: "logLevel is '\(name)'; it can be: \(levels)")
            }
            logLevel = level
        }
    }

    /// Reads a file.
    static func read(_ path: String) throws(Failure) -> AppConfiguration {
        do {
            return try JSONDecoder().decode(Self.self, from: contents(path))
        } catch let failure as Failure {
            throw Failure(description: "--config \(path): \(failure)")
        } catch let errno as Errno {
            throw Failure(description: "--config \(path): it cannot be read: \(errno)")
        } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
            let setting = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw Failure(description: "--config \(path): \(setting): \(context.debugDescription)")
        } catch {
            throw Failure(description: "--config \(path): the file is not the JSON of an object: \(error)")
        }
    }

    private static func contents(_ path: String) throws -> Data {
        let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
        return try file.closeAfter {
            var data = Data(count: longest)
            let count = try data.withUnsafeMutableBytes { try file.read(into: $0) }
            guard count < longest else { throw Failure(description: "it is larger than \(longest - 1) bytes") }
            return data.prefix(count)
        }
    }
}
