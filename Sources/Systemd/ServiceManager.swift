internal import CSystemd
internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A connection to systemd, to ask about units and to start scopes. The corresponding C functions are those of `sd-bus(3)`.
package struct ServiceManager: ~Copyable {
    /// The interfaces whose properties can be asked for.
    package enum Interface: String, Sendable {
        /// What all units have.
        case unit = "org.freedesktop.systemd1.Unit"
        /// What services have.
        case service = "org.freedesktop.systemd1.Service"
    }

    private let connection: OpaquePointer

    /// Connects: as root to PID 1 itself, else over the message bus.
    ///
    /// - Parameter limit: How long all that is asked may take together.
    /// - Throws: ``ServiceManagerError``; also in a build without libsystemd.
    package init(within limit: Duration) throws(ServiceManagerError) {
        var connection: OpaquePointer?
        let result = csystemd_manager_connect(&connection, limit.boundedMilliseconds)
        guard result == 0, let connection else {
            throw ServiceManagerError(
                "systemd cannot be reached at /run/systemd/private or over D-Bus",
                answer: csystemd_is_built_in() == 0 ? "this was built without libsystemd" : nil,
                errno: Errno(rawValue: -result)
            )
        }
        self.connection = connection
    }

    deinit {
        csystemd_manager_disconnect(connection)
    }

    /// The unit that a process belongs to.
    package borrowing func unit(of pid: CInt) throws(ServiceManagerError) -> ServiceUnit {
        ServiceUnit(
            path: try text("systemd was asked for the unit of process \(pid)") {
                csystemd_manager_unit(connection, pid, &$0)
            }
        )
    }

    /// A property that is a text.
    package borrowing func text(
        _ name: String,
        _ interface: Interface,
        of unit: ServiceUnit
    ) throws(ServiceManagerError) -> String {
        try text("systemd was asked for \(name) of \(unit.path)") {
            csystemd_manager_text(connection, unit.path, interface.rawValue, name, &$0)
        }
    }

    /// A property that is a number without a sign.
    package borrowing func number(
        _ name: String,
        _ interface: Interface,
        of unit: ServiceUnit
    ) throws(ServiceManagerError) -> UInt64 {
        var number: UInt64 = 0
        let result = csystemd_manager_number(connection, unit.path, interface.rawValue, name, &number)
        try check(result, "systemd was asked for \(name) of \(unit.path)")
        return number
    }

    /// The type of the job that runs or waits for a unit, as in `restart`; nil if there is none.
    package borrowing func jobType(of unit: ServiceUnit) throws(ServiceManagerError) -> String? {
        let type = try text("systemd was asked for the job of \(unit.path)") {
            csystemd_manager_job_type(connection, unit.path, &$0)
        }
        return type.isEmpty ? nil : type
    }

    /// How many units there are whose names match a pattern as of `fnmatch(3)`.
    package borrowing func countUnits(matching pattern: String) throws(ServiceManagerError) -> Int {
        var count: CUnsignedInt = 0
        try check(
            csystemd_manager_count_units(connection, pattern, &count),
            "systemd was asked for the units \(pattern)"
        )
        return Int(count)
    }

    /// Moves processes into a new scope.
    ///
    /// - Returns: The job that does it, for ``wait(for:)``.
    /// - Throws: ``ServiceManagerError``, with `EEXIST` if there is a unit of that name, with `ESRCH` if there is no such
    ///   process any more; then nothing has been moved.
    package borrowing func start(_ scope: TransientScope, with pids: [CInt]) throws(ServiceManagerError) -> String {
        try text("systemd was asked for \(scope.name)") { job in
            withStrings([scope.name, scope.description, scope.slice, scope.lender.path] + scope.lent) { strings in
                pids.withUnsafeBufferPointer { pids in
                    var request = csystemd_scope()
                    request.name = strings[0]
                    request.description = strings[1]
                    request.slice = strings[2]
                    request.unit = strings[3]
                    request.copied = strings + 4
                    request.runtime_max = scope.limit.wholeMicroseconds ?? .max
                    request.timeout_stop = scope.stopTimeout.wholeMicroseconds ?? .max
                    request.pids = pids.baseAddress
                    request.count = CUnsignedInt(pids.count)
                    return csystemd_manager_start_scope(connection, &request, &job)
                }
            }
        }
    }

    /// Waits until a job is over.
    ///
    /// - Returns: `done`, or why not.
    package borrowing func wait(for job: String) throws(ServiceManagerError) -> String {
        try text("systemd was waited for, to do \(job)") { csystemd_manager_wait_for_job(connection, job, &$0) }
    }

    /// Moves processes into a scope that there is.
    package borrowing func attach(_ pids: [CInt], to scope: TransientScope) throws(ServiceManagerError) {
        let result = pids.withUnsafeBufferPointer {
            csystemd_manager_attach(connection, scope.name, $0.baseAddress, CUnsignedInt($0.count))
        }
        try check(result, "systemd was asked to move processes \(pids) to \(scope.name)")
    }

    private borrowing func check(_ result: CInt, _ what: @autoclosure () -> String) throws(ServiceManagerError) {
        guard result < 0 else { return }
        throw ServiceManagerError(
            what(),
            answer: csystemd_manager_failure(connection).map { String(cString: $0) },
            errno: Errno(rawValue: -result)
        )
    }

    private borrowing func text(
        _ what: @autoclosure () -> String,
        _ call: (inout UnsafeMutablePointer<CChar>?) -> CInt
    ) throws(ServiceManagerError) -> String {
        var value: UnsafeMutablePointer<CChar>?
        try check(call(&value), what())
        defer { free(value) }
        return value.map { String(cString: $0) } ?? ""
    }
}

/// Lends C strings, NULL after the last of them.
private func withStrings<Result>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies.map { UnsafePointer($0) } + [nil])
}
