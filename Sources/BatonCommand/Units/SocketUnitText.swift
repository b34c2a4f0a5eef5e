/// The text of a socket unit.
enum SocketUnitText {
    static func text(of socket: SocketPlan, in plan: UnitsPlan) -> String {
        var unit = UnitWriter()
        unit.head(
            "The listen socket of \(plan.startedService). systemd holds it, so \(socket.addresses[0].hasPrefix("/") ? "it" : "the port") "
                + "stays open while no server runs: connections wait in the kernel's queue for the next one."
        )
        unit.section("Unit")
        unit.set("Description", "Listen socket of \(plan.name)" + (plan.sockets.count > 1 ? ": \(socket.name)" : ""))
        unit.section("Socket")
        let hasBoth = socket.addresses.contains { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        for (index, address) in socket.addresses.enumerated() {
            unit.set(
                "ListenStream",
                UnitWriter.literal(address),
                because: index == 0 && hasBoth ? "Without an address: IPv6 and IPv4, on every interface." : nil
            )
        }
        if plan.startedService != "\(socket.unit.dropLast(".socket".count)).service" {
            unit.set(
                "Service",
                plan.startedService,
                because: plan.kind == .template
                    ? "The instance that a connection starts when none runs."
                    : "The default would be a service of the same name."
            )
        }
        unit.set(
            "FileDescriptorName",
            socket.name,
            because:
                "The name by which the program asks for this socket. The default, the unit's name, would change whenever the "
                + "unit is renamed or instantiated."
        )
        unit.set(
            "Backlog",
            4096,
            because:
                "How many connections may wait during a restart. The kernel cuts this to net.core.somaxconn, and a connection "
                + "beyond it is answered only after a retransmit of a second or more."
        )
        unit.set(
            "TriggerLimitIntervalSec",
            0,
            because:
                "The default (20 triggers in 2 s) closes the socket for good when the service dies quickly, and clients are "
                + "refused until an administrator acts. RestartSec= of the service is the brake instead."
        )
        unit.section("Install")
        unit.set("WantedBy", "sockets.target")
        return unit.text
    }
}
