/// What the units that are written are to do.
struct UnitsPlan {
    enum Kind: String, CaseIterable {
        /// The program is the main process.
        case plain
        /// `baton run` is, and the program its child.
        case supervised
        /// The program, as instances a and b on one socket.
        case template
    }

    enum Hardening: String, CaseIterable {
        case none, basic, strict
    }

    let name: String
    let description: String
    let kind: Kind
    let isUser: Bool
    /// The version that is to run them.
    let systemd: Int
    let hardening: Hardening
    let sockets: [SocketPlan]
    /// The program's absolute path, and its arguments.
    let command: [String]
    /// Whether the program says READY=1.
    let speaks: Bool
    /// Whether it is built with Baton: it pings, leaves its connections to the next process, and hears `baton reload`.
    let isBatons: Bool
    /// The absolute path of this command.
    let baton: String
    let runtimeDirectory: String
    let stateDirectory: String?
    let memoryMax: String?
    /// How long a drain may take, in whole seconds.
    let drainSeconds: Int
    /// How long it still serves before that, in whole seconds.
    let lameDuckSeconds: Int

    var serviceName: String { kind == .template ? "\(name)@.service" : "\(name).service" }
    /// The service that a socket starts.
    var startedService: String { kind == .template ? "\(name)@a.service" : "\(name).service" }
    /// With room for what follows a drain.
    var stopSeconds: Int { lameDuckSeconds + drainSeconds + 10 }
    /// Whether the main process has a control socket, which is in the runtime directory.
    var hasControlSocket: Bool { kind == .supervised || isBatons }

    /// The files by their names, without what marks them as written here.
    var files: [(name: String, text: String)] {
        sockets.map { ("\($0.unit)", SocketUnitText.text(of: $0, in: self)) }
            + [(serviceName, ServiceUnitText.text(of: self))]
    }
}

/// A socket unit: all that listens there has one name for the program.
struct SocketPlan: Equatable {
    /// `app.socket`, or for another name than the first, `app-NAME.socket`.
    let unit: String
    /// `FileDescriptorName=`.
    let name: String
    /// As for `ListenStream=`.
    let addresses: [String]
}
