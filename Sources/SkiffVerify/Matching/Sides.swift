/// A thing for each of two models.
struct Sides<Thing> {
    var candidate: Thing
    var reference: Thing
}

extension Sides: Sendable where Thing: Sendable {}
