internal import Foundation

/// A service unit, and the socket unit that starts it, if there is one.
public struct UnitPair: Sendable {
    /// The name that both units share, without suffix.
    public let name: String
    /// The text of the socket unit; nil for a service that opens its own sockets.
    public let socket: String?
    /// The text of the service unit.
    public let service: String
    /// Whether the service unit is a template, `NAME@.service`: with `Accept=yes` each connection gets an instance of it.
    public let isTemplate: Bool

    /// Units with these texts.
    public init(name: String, socket: String?, service: String, isTemplate: Bool = false) {
        self.name = name
        self.socket = socket
        self.service = service
        self.isTemplate = isTemplate
    }

    /// The units of a folder, as they are: `NAME.service`, or `NAME@.service` where that is not there, and `NAME.socket` if
    /// there is one.
    ///
    /// - Parameters:
    ///   - name: The name without suffix.
    ///   - folder: Where the files are.
    /// - Throws: If there is no service unit, or a file can not be read.
    public init(named name: String, in folder: String) throws {
        func isThere(_ file: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(file)") }
        func text(_ file: String) throws -> String { try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8) }
        let isTemplate = !isThere("\(name).service") && isThere("\(name)@.service")
        self.init(
            name: name,
            socket: isThere("\(name).socket") ? try text("\(name).socket") : nil,
            service: try text(isTemplate ? "\(name)@.service" : "\(name).service"),
            isTemplate: isTemplate
        )
    }
}
