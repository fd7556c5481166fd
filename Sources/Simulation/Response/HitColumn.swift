/// One field of hits, as if it stood in a list of its own.
public struct HitColumn<Field: HitField>: RandomAccessCollection, Equatable, Sendable {
  private let hits: [DetectorHit]

  init(_ hits: [DetectorHit]) { self.hits = hits }

  /// The first place.
  public var startIndex: Int { 0 }
  /// The place behind the last one.
  public var endIndex: Int { hits.count }

  /// The field of a hit.
  public subscript(place: Int) -> Field.Value { Field.value(of: hits[place]) }

  /// Whether the field is the same in all hits.
  public static func == (a: Self, b: Self) -> Bool { a.elementsEqual(b) }

  /// Whether the hits have these values.
  public static func == (a: Self, b: [Field.Value]) -> Bool { a.elementsEqual(b) }
}

/// A field of a hit.
public protocol HitField {
  associatedtype Value: Equatable & Sendable
  /// The field of one hit.
  static func value(of hit: DetectorHit) -> Value
}

/// The fields of hits, for `HitColumn`.
public enum HitFields {
  /// `DetectorHit.channel`.
  public enum Channel: HitField {
    /// The field of one hit.
    public static func value(of hit: DetectorHit) -> Int32 { hit.channel }
  }
  /// `DetectorHit.leading`.
  public enum Leading: HitField {
    /// The field of one hit.
    public static func value(of hit: DetectorHit) -> Double { hit.leading }
  }
  /// `DetectorHit.trailing`.
  public enum Trailing: HitField {
    /// The field of one hit.
    public static func value(of hit: DetectorHit) -> Double { hit.trailing }
  }
  /// `DetectorHit.amplitude`.
  public enum Amplitude: HitField {
    /// The field of one hit.
    public static func value(of hit: DetectorHit) -> Float { hit.amplitude }
  }
  /// `DetectorHit.event`.
  public enum Event: HitField {
    /// The field of one hit.
    public static func value(of hit: DetectorHit) -> UInt64 { hit.event }
  }
  /// `DetectorHit.particle`.
  public enum Particle: HitField {
    /// The field of one hit.
    public static func value(of hit: DetectorHit) -> Int32 { hit.particle }
  }
}
