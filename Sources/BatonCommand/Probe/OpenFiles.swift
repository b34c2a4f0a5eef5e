#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How many files this process may have open: `RLIMIT_NOFILE`, setrlimit(2).
enum OpenFiles {
    #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let resource = RLIMIT_NOFILE
    #endif

    /// As far as a process can raise its own limit.
    static var hardLimit: Int { Int(clamping: limits.rlim_max) }

    static var softLimit: Int { Int(clamping: limits.rlim_cur) }

    /// What is wrong with a plan that needs more than can be had, and what to do about it.
    static func objection(to plan: ProbePlan, hardLimit: Int) -> String? {
        guard plan.descriptors > hardLimit else { return nil }
        let wishes = [
            ("--connections", plan.connections), ("--websocket", plan.webSockets), ("--drip", plan.drip),
            ("--idle", plan.idle),
        ].filter { $0.1 > 0 }
        return wishes.map { "\($0.0) \($0.1)" }.joined(separator: " and ")
            + " can need \(plan.descriptors) open files, and the hard limit is \(hardLimit): raise that (`ulimit -Hn`, "
            + "LimitNOFILE=) or ask for fewer connections"
    }

    /// Raises the soft limit to `count`, if it is lower.
    ///
    /// - Returns: 0, or the errno of setrlimit(2).
    static func raise(to count: Int) -> CInt {
        var limits = limits
        guard count > Int(clamping: limits.rlim_cur) else { return 0 }
        limits.rlim_cur = rlim_t(count)
        return setrlimit(resource, &limits) == 0 ? 0 : errno
    }

    private static var limits: rlimit {
        var limits = rlimit()
        return getrlimit(resource, &limits) == 0 ? limits : rlimit(rlim_cur: .max, rlim_max: .max)
    }
}
