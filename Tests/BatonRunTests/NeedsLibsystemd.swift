import Testing

extension Trait where Self == ConditionTrait {
    /// For tests of what does nothing in a build without the package trait Libsystemd.
    static var needsLibsystemd: Self {
        #if Libsystemd
        .enabled(if: true)
        #else
        .disabled("built without libsystemd")
        #endif
    }
}
