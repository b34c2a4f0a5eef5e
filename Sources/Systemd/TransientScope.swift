/// A scope: a unit of processes that systemd has not started itself.
package struct TransientScope: Sendable {
    /// Its name, with `.scope`.
    package var name: String
    /// What `systemctl status` shows.
    package var description: String
    /// The slice that it is in.
    package var slice: String
    /// After that time it is stopped.
    package var limit: Duration
    /// How long its processes may then take to end before they are killed.
    package var stopTimeout: Duration
    /// The service that lends it its limits.
    package var lender: ServiceUnit
    /// The properties of the service that it has, too, as far as this version of systemd knows them.
    package var lent: [String] = TransientScope.limits

    package init(
        name: String,
        description: String,
        slice: String,
        limit: Duration,
        stopTimeout: Duration,
        lender: ServiceUnit
    ) {
        self.name = name
        self.description = description
        self.slice = slice
        self.limit = limit
        self.stopTimeout = stopTimeout
        self.lender = lender
    }

    /// What a unit's cgroup may use and reach: everything of systemd.resource-control(5) that a service can hand on as it is.
    package static let limits = [
        "CPUAccounting", "CPUWeight", "StartupCPUWeight", "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec", "AllowedCPUs",
        "AllowedMemoryNodes",
        "MemoryAccounting", "MemoryMin", "MemoryLow", "MemoryHigh", "MemoryMax", "MemorySwapMax", "MemoryZSwapMax",
        "TasksAccounting", "TasksMax",
        "IOAccounting", "IOWeight", "StartupIOWeight", "IODeviceWeight", "IOReadBandwidthMax", "IOWriteBandwidthMax",
        "IOReadIOPSMax", "IOWriteIOPSMax",
        "IPAccounting", "IPAddressAllow", "IPAddressDeny", "RestrictNetworkInterfaces",
        "DevicePolicy", "DeviceAllow",
        "ManagedOOMSwap", "ManagedOOMMemoryPressure", "ManagedOOMMemoryPressureLimit", "ManagedOOMPreference",
        "KillSignal",
    ]
}
