/// Which service is meant, and which sockets it has.
struct UnitFinder {
    /// A service that a socket is for, and its sockets.
    struct Found {
        let name: UnitName
        /// Nil if there is none of that name.
        let service: Unit?
        let sockets: [Unit]
        /// Socket units that cannot be read, which may be others'.
        let unreadable: [SmallFileError]
    }

    /// What was asked for is not there, or not clear.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let folders: UnitFolders

    /// The unit of that name, a service or a socket.
    func find(_ text: String) throws -> Found {
        guard let name = UnitName(text) else {
            throw Failure(description: "'\(text)' is no name of a service or a socket, as in app.service")
        }
        let all = Sockets(folders)
        let sockets = all.units
        if name.kind == .socket {
            guard let socket = try sockets.first(where: { $0.name == name }) ?? folders.unit(name) else {
                throw missing(name)
            }
            return try find(Self.target(of: socket), among: all)
        }
        if try folders.unit(name) == nil, !sockets.contains(where: { Self.target(of: $0) == name }) {
            // What is called app may be an app@.service.
            if name.instance == nil, let template = UnitName("\(name.stem)@.service"), try folders.unit(template) != nil
            {
                return try find(template, among: all)
            }
            throw missing(name)
        }
        return try find(name, among: all)
    }

    /// The only one with a socket unit that an administrator has installed.
    func findOnly() throws -> Found {
        let all = Sockets(folders)
        let own = all.units.filter { Self.isOfAdministrator($0.path, root: folders.root) }
        let names = Set(own.map(Self.target))
        guard let name = names.first, names.count == 1 else {
            let list = names.map(\.description).sorted().joined(separator: ", ")
            throw Failure(
                description: "which service? there \(names.isEmpty ? "is none with a socket unit" : "are \(list)")"
            )
        }
        return try find(name, among: all)
    }

    /// All socket units, and those that cannot be read.
    private struct Sockets {
        let units: [Unit]
        let unreadable: [SmallFileError]

        init(_ folders: UnitFolders) {
            var unreadable: [SmallFileError] = []
            units = folders.sockets(unreadable: &unreadable)
            self.unreadable = unreadable
        }
    }

    private func find(_ name: UnitName, among all: Sockets) throws -> Found {
        // Of a template, the instance that a socket starts.
        let instance = all.units.map(Self.target).first { $0.template == name }
        let name = instance ?? name
        let service = try folders.unit(name)
        let specifiers = Specifiers(name: name)
        let listed = service?.words(.sockets, specifiers).map(\.word) ?? []
        let sockets = all.units.filter { socket in
            Self.target(of: socket).isSameOrTemplate(of: name) || listed.contains("\(socket.name)")
        }
        return Found(name: name, service: service, sockets: sockets, unreadable: all.unreadable)
    }

    private func missing(_ name: UnitName) -> Failure {
        Failure(description: "there is no \(name) in \(folders.folders.joined(separator: ", "))")
    }

    /// The service that a socket starts.
    static func target(of socket: Unit) -> UnitName {
        if let told = socket.text(.service).flatMap({ UnitName(Specifiers(name: socket.name).resolve($0)) }) {
            return told
        }
        let name = socket.name.with(.service)
        guard socket.boolean(.accept), name.instance == nil else { return name }
        return UnitName("\(name.stem)@.service") ?? name
    }

    /// Not of the distribution.
    static func isOfAdministrator(_ path: String, root: String) -> Bool {
        let path = path.dropFirst(root.count)
        return !["/usr/", "/lib/", "/run/systemd/generator"].contains(where: path.hasPrefix)
    }
}
