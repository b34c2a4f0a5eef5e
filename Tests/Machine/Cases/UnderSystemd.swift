import Testing

/// All cases that need a real systemd. They share one machine and one port, so they run one after the other.
@Suite(.serialized)
enum UnderSystemd {}
