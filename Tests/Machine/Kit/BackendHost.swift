public import SystemdTestKit

/// A host beside others: a network namespace of the machine's with `baton run` in it, and a cable to the machine's own network.
public struct BackendHost: Sendable {
    /// Its service, which holds the listen socket by itself: nobody does when it is stopped.
    public let server: Server
    /// Its address; the server listens on port 8080.
    public let address: String

    private var machine: Machine { server.machine }
    private var name: String { server.units.name }

    /// Lays the cable and starts the server.
    ///
    /// - Parameters:
    ///   - number: 1 or above: the one of `hostN.service`.
    ///   - machine: Where it is.
    public static func start(_ number: Int, in machine: Machine) async throws -> BackendHost {
        let (name, network) = ("host\(number)", "10.88.\(number)")
        try await machine.check("sh", "-c", takeAway(name))
        let script = """
            set -e
            ip netns add \(name)
            ip link add to-\(name) type veth peer name eth0 netns \(name)
            ip address add \(network).1/30 dev to-\(name)
            ip link set to-\(name) up
            ip -netns \(name) address add \(network).2/30 dev eth0
            ip -netns \(name) link set eth0 up
            """
        try await machine.check("sh", "-c", script)
        let service = """
            [Service]
            Type=notify
            NetworkNamespacePath=/run/netns/\(name)
            RuntimeDirectory=\(name)
            ExecStart=/usr/local/bin/baton run --notify --port 8080 -- /usr/local/bin/app --lame-duck 5s
            TimeoutStopSec=60
            LimitNOFILE=8192

            """
        let units = UnitPair(name: name, socket: nil, service: service)
        return BackendHost(server: try await Server.install(units, in: machine), address: "\(network).2")
    }

    /// Stops the server, and takes the cable away.
    public func remove() async throws {
        try await server.systemctl("stop")
        try await machine.check("sh", "-c", Self.takeAway(name))
    }

    private static func takeAway(_ name: String) -> String {
        // The cable goes with the namespace, but some time later.
        "ip link delete to-\(name) 2>/dev/null; ip netns delete \(name) 2>/dev/null; true"
    }

    /// A shell command that brings the next generation in place.
    public var replaceCommand: String { "baton restart --control /run/\(name)/baton-run --until-drained" }
    /// A shell command that kills all of its processes at once.
    public var killCommand: String {
        "kill -KILL $(cat /sys/fs/cgroup$(systemctl show --property=ControlGroup --value \(server.service))/cgroup.procs)"
    }
}
