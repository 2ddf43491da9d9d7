namespace AgentFunctions;

/// <summary>Specifies the effect of a tool, which decides what may happen after a crash.</summary>
public enum ToolEffect
{
    /// <summary>Reads only. Called again freely.</summary>
    None,

    /// <summary>Changes the world, but a second call with the same idempotency key changes nothing more.</summary>
    Idempotent,

    /// <summary>Changes the world every time. Never silently repeated.</summary>
    NotIdempotent,
}
