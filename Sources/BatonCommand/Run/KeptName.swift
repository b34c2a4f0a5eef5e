/// The names by which the service manager keeps what generations have stored: a socket among them is none of a socket unit's.
enum KeptName {
    private static let kept = "baton-kept."
    private static let watched = "baton-watched."

    /// How much longer a name gets.
    static let longestPrefix = watched.utf8.count

    static func forManager(_ name: String, isWatched: Bool) -> String { (isWatched ? watched : kept) + name }

    /// The names by which it may be kept: also that of a descriptor that was stored before the program had a manager.
    static func all(for name: String) -> [String] {
        // No generation knows what it is kept by here; of that name, there would be another one's.
        [kept + name, watched + name] + (ofGeneration(name) == nil ? [name] : [])
    }

    /// The name that the generations know, and whether it is dropped when its peer hangs up; nil for what they have not stored.
    static func ofGeneration(_ name: String) -> (name: String, isWatched: Bool)? {
        for (prefix, isWatched) in [(kept, false), (watched, true)] where name.hasPrefix(prefix) {
            return (String(name.dropFirst(prefix.count)), isWatched)
        }
        return nil
    }
}
