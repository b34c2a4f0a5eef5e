/// The two instances of a template, and the sockets they share, as the manager has them.
struct InstancePair {
    /// The one that serves; where none or both do, the one that connections start.
    let serving: UnitName
    let other: UnitName
    /// Whether any process of it runs.
    let isServingUp: Bool
    /// A rollover that was interrupted leaves it so.
    let isOtherUp: Bool
    /// Whether one of them is started at boot.
    let isEnabled: Bool
    let sockets: [UnitName]
    /// The one that connections start.
    let started: UnitName
    /// Where the sockets listen, as in `[::]:8080 (Stream)`.
    let listen: [String]
    /// The template's file.
    let file: String

    static func read(_ name: Substring, _ systemctl: Systemctl) throws -> InstancePair {
        let units = ["a", "b"].compactMap { UnitName("\(name)@\($0).service") }
        guard units.count == 2 else { throw RolloverRefused(description: "'\(name)' is too long for a unit's name") }
        let wanted = ["LoadState", "ActiveState", "UnitFileState", "TriggeredBy", "FragmentPath"]
        let states = try units.map { try systemctl.show($0, wanted) }
        for (unit, state) in zip(units, states) where state["LoadState"]?.first != "loaded" {
            throw RolloverRefused(
                description: "\(unit): LoadState=\(state["LoadState"]?.first ?? ""); "
                    + "`baton units --kind template --name \(name) … --install` writes and installs a template"
            )
        }
        let names = states.compactMap { $0["TriggeredBy"]?.first }.flatMap { $0.split(separator: " ").map(String.init) }
        var (sockets, listen): ([(unit: UnitName, started: UnitName)], [String]) = ([], [])
        // The one of the same name first: it is asked, if nothing else is told.
        let own = "\(name).socket"
        let all = Set(names).sorted()
        for unit in (all.filter { $0 == own } + all.filter { $0 != own }).compactMap({ UnitName($0) }) {
            let socket = try systemctl.show(unit, ["ActiveState", "Listen"])
            let setting = try StartedInstance.setting(of: unit, systemctl)
            guard let started = units.first(where: { "\($0)" == setting }) else { continue }
            guard socket["ActiveState"]?.first == "active" else {
                throw RolloverRefused(description: "\(unit) does not listen: systemctl start \(unit)")
            }
            sockets.append((unit, started))
            listen += socket["Listen"] ?? []
        }
        guard let started = sockets.first?.started else {
            throw RolloverRefused(
                description:
                    "no socket unit starts \(units[0]) or \(units[1]): write Service=\(units[0]) into the [Socket] "
                    + "section of \(name).socket, and Sockets=\(name).socket into the [Service] section of the template"
            )
        }
        let isUp = states.map { !["inactive", "failed"].contains($0["ActiveState"]?.first ?? "") }
        let index = isUp[0] != isUp[1] ? (isUp[0] ? 0 : 1) : (started == units[0] ? 0 : 1)
        return InstancePair(
            serving: units[index],
            other: units[1 - index],
            isServingUp: isUp[index],
            isOtherUp: isUp[1 - index],
            isEnabled: states.contains { $0["UnitFileState"]?.first == "enabled" },
            sockets: sockets.map(\.unit),
            started: started,
            listen: listen,
            file: states[0]["FragmentPath"]?.first ?? ""
        )
    }

    /// Where requests are made.
    func target() throws -> ProbeTarget {
        let streams = listen.compactMap { $0.hasSuffix(" (Stream)") ? $0.dropLast(" (Stream)".count) : nil }
        for address in streams {
            if address.hasPrefix("/") { return .unix(path: String(address)) }
            guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]) else {
                continue
            }
            let host = address[..<colon].trimmingBrackets
            let own = ["0.0.0.0": "127.0.0.1", "::": "::1", "*": "127.0.0.1"]
            return .tcp(host: own[host] ?? host, port: port)
        }
        throw RolloverRefused(
            description: "nothing of \(listen.joined(separator: ", ")) can be asked over HTTP: give --url, or --check"
        )
    }

    /// The sockets, for people.
    var socketNames: String { sockets.map(\.description).joined(separator: ", ") }

    /// For people.
    var text: String {
        let serves = isServingUp ? "\(serving) serves" : "neither \(serving) nor \(other) runs"
        let beside = isOtherUp ? ", and \(other) runs beside it (a rollover was interrupted, or is under way)" : ""
        return "\(serves)\(beside); a connection to \(socketNames) starts \(started)"
    }
}

extension Substring {
    fileprivate var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : String(self)
    }
}
