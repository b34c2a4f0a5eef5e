#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The common logarithm, from the system's library of mathematics.
enum Decades {
    static func log10(_ value: Double) -> Double {
        #if canImport(Darwin)
        Darwin.log10(value)
        #elseif canImport(Glibc)
        Glibc.log10(value)
        #else
        Musl.log10(value)
        #endif
    }
}
