namespace AgentFunctions.Tools;

/// <summary>
/// Says how long the host waits at least before it looks at the work of a call again. A job attaches it to its call.
/// </summary>
/// <param name="After">How long.</param>
internal sealed record NextLook(TimeSpan After);
