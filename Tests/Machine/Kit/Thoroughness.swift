import Foundation

/// How much a run does of what it could do for as long as one likes.
public enum Thoroughness {
    /// `BATON_LONG_CASES=1`: load and soak for as long as the promises say; else for as long as a build may take.
    public static let isLong = ProcessInfo.processInfo.environment["BATON_LONG_CASES"] == "1"
    /// `CI=true`, or for as long as the promises say: nobody sits and waits.
    public static let isUnattended = isLong || ProcessInfo.processInfo.environment["CI"] == "true"
    /// So often, or for so long; half of that where somebody sits and waits.
    public static func count(_ all: Int) -> Int { isUnattended ? all : all / 2 }
    /// `BATON_MACHINE_ONLY=1`: another systemd has been tested in this build, and what does not depend on systemd with it.
    public static let isSystemdOnly = ProcessInfo.processInfo.environment["BATON_MACHINE_ONLY"] == "1"
}
