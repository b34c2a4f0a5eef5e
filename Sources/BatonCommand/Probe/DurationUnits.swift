extension Duration {
    /// Saturates at about 292 years.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : product &+ attoseconds / 1_000_000_000
    }

    var wholeMicroseconds: Int64 { wholeNanoseconds / 1000 }

    var inMilliseconds: Double { Double(wholeNanoseconds) / 1e6 }

    var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}
