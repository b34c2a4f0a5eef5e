import Foundation

extension CocoaError {
    /// What the system said, and of which file.
    var reason: String {
        let path = filePath.map { "\($0): " } ?? ""
        guard let code = (underlying as? POSIXError)?.code.rawValue else { return path + localizedDescription }
        return path + String(cString: strerror(code))
    }
}
